import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it, type TestContext } from 'node:test';
import { openClusters } from '../../../src/cli/clusters.ts';
import { parseOptions } from '../../../src/config/parse.ts';
import { temporaryFolder } from '../kube/folder.ts';
import { json, type StandIn, silentLog, standIn } from '../kube/standin.ts';

let cluster: StandIn | undefined;
afterEach(() => cluster?.close());

/** Opens the cluster that answers the question for Calico's CRDs in this way. Returns what was logged as a warning. */
async function open(t: TestContext, answer: number | 'cut off', args: string[] = []): Promise<string[]> {
  cluster = await standIn((_received, response) => {
    if (answer === 'cut off') response.destroy();
    else json(response, answer, { kind: 'Status' });
  });
  const folder = await temporaryFolder(t);
  const kubeconfig = join(folder, 'kubeconfig');
  const ca = Buffer.from(cluster.ca.pem).toString('base64');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: cluster.url, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const lines: string[] = [];
  const options = parseOptions([`--kubeconfig=${kubeconfig}`, ...args], {});
  const clusters = await openClusters(options, silentLog(lines));
  await clusters!.close();
  assert.deepEqual(
    cluster.received.map(({ method, url }) => `${method} ${url}`).slice(0, 1),
    args.length > 0 ? [] : ['GET /apis/crd.projectcalico.org/v1'],
  );
  return lines.filter(line => line.startsWith('warn'));
}

describe('a store of its own beside the CRDs that Calico’s agents read', { timeout: 30_000 }, () => {
  it('is refused, and the message says what to do', async t => {
    await assert.rejects(
      open(t, 200),
      /what is written to the embedded datastore .* --allow-separate-datastore/,
    );
  });

  it('is fine where there are none: nothing is said', async t => {
    assert.deepEqual(await open(t, 404), []);
  });

  it('is not looked for where it is meant', async t => {
    assert.deepEqual(await open(t, 200, ['--allow-separate-datastore']), []);
  });

  for (const answer of [401, 403]) {
    it(`is not known of after ${answer}: the server starts, and says so`, async t => {
      const [warning] = await open(t, answer);
      assert.match(warning!, new RegExp(`whether the cluster has CRDs of Calico is not known .*${answer}`));
    });
  }

  it('is not known of when the cluster does not answer: the server starts, and says so', async t => {
    const [warning] = await open(t, 'cut off');
    assert.match(warning!, /whether the cluster has CRDs of Calico is not known/);
  });
});
