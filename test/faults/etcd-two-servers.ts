import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, clientOf } from '../e2e/client.ts';
import { startEtcd } from '../e2e/etcd.ts';
import { endToEnd } from '../e2e/suite.ts';
import { startStandalone } from '../e2e/tortie.ts';
import { twoServers } from './two-servers.ts';

/** A suite: two servers on one etcd, and 16 clients that write through both. */
export function etcdTwoServers(extent: { writes: number; increments: number }): void {
  endToEnd('two servers on one etcd', { minutes: 20 }, suite => {
    test('16 clients lose nothing, and both servers say the same', async t => {
      const etcd = await startEtcd({ binary: suite.binaries.etcd, folder: suite.folder });
      suite.processes.push(etcd.process);
      const args = ['--datastore=etcd', `--etcd-endpoints=${etcd.url}`, '-v=1'];
      const start = async (name: string): Promise<Client> => {
        const { kubeconfig } = await startStandalone(suite, { folder: join(suite.folder, name), args });
        return clientOf(kubeconfig);
      };
      const clients: [Client, Client] = [await start('a'), await start('b')];
      await twoServers(t, clients, extent);
      for (const client of clients) client.close();
    });
  });
}
