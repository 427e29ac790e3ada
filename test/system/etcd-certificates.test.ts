import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAuthority } from '../e2e/certificates.ts';
import { clientOf, eventually } from '../e2e/client.ts';
import { startEtcd } from '../e2e/etcd.ts';
import { endToEnd } from '../e2e/suite.ts';
import { startStandalone } from '../e2e/tortie.ts';
import { Follower } from '../faults/follower.ts';
import { networkSet } from '../faults/two-servers.ts';

const sets = '/apis/projectcalico.org/v3/globalnetworksets';

endToEnd('certificates of etcd that are replaced', {}, suite => {
  test('are read again: a server whose old ones are worth nothing any more goes on with the new ones', async () => {
    const folder = join(suite.folder, 'pki');
    await mkdir(folder);
    const path = (name: string) => join(folder, name);
    /** In one step each, as whoever replaces certificates should. */
    const put = async (name: string, content: string) => {
      await writeFile(path(`${name}.new`), content);
      await rename(path(`${name}.new`), path(name));
    };
    /** Everything of one CA: what etcd has, and what its clients have. */
    const makeAll = async (name: string) => {
      const authority = await createAuthority(name);
      const server = await authority.issueServer('etcd', ['127.0.0.1']);
      const client = await authority.issueClient({ name: 'calico' });
      return { ca: authority.certificate, server, client };
    };
    const putServer = async ({ ca, server }: Awaited<ReturnType<typeof makeAll>>) => {
      await put('etcd-ca.pem', ca);
      await put('etcd.pem', server.certificate);
      await put('etcd.key', server.key);
    };
    const putClient = async ({ ca, client }: Awaited<ReturnType<typeof makeAll>>) => {
      await put('ca.pem', ca);
      await put('client.pem', client.certificate);
      await put('client.key', client.key);
    };

    const first = await makeAll('first');
    await putServer(first);
    await putClient(first);
    const etcd = await startEtcd({
      binary: suite.binaries.etcd,
      folder: suite.folder,
      scheme: 'https',
      args: [
        `--cert-file=${path('etcd.pem')}`,
        `--key-file=${path('etcd.key')}`,
        `--trusted-ca-file=${path('etcd-ca.pem')}`,
        '--client-cert-auth',
      ],
    });
    suite.processes.push(etcd.process);
    const server = await startStandalone(suite, {
      folder: join(suite.folder, 'data'),
      args: [
        '--datastore=etcd',
        `--etcd-endpoints=${etcd.url}`,
        `--etcd-ca-cert=${path('ca.pem')}`,
        `--etcd-cert=${path('client.pem')}`,
        `--etcd-key=${path('client.key')}`,
      ],
    });
    const client = await clientOf(server.kubeconfig);
    const create = (name: string) => client.request('POST', sets, { body: JSON.stringify(networkSet(name)) });
    const readyz = () => client.request('GET', '/readyz');
    const follower = new Follower(client, sets);
    assert.equal((await create('before')).status, 201);

    const second = await makeAll('second');
    await putServer(second);
    etcd.process.signal('SIGKILL');
    await etcd.process.exited;
    const again = await etcd.restart();
    suite.processes.push(again.process);
    await eventually('/readyz that fails', readyz, ({ status }) => status !== 200);

    await putClient(second);
    await eventually('/readyz', readyz, ({ status }) => status === 200);
    const created = await create('after');
    assert.equal(created.status, 201, created.text);
    await eventually(
      'the event of the new object',
      async () => follower.model,
      model => model.has('after') && model.has('before'),
    );
    assert.equal(follower.relists, 0);
    await follower.stop();
    client.close();
  });
});
