import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Client, clientOf } from '../e2e/client.ts';
import { type RunningProcess, startProcess } from '../e2e/process.ts';

export const root = resolve(import.meta.dirname, '../..');

/** A server of its own, started as `npm start` starts it, on a data directory. */
export interface Started {
  process: RunningProcess;
  url: string;
  kubeconfig: string;
  client: Client;
}

/** The part of a test's context that cleans up after it. */
interface Cleanup {
  after(work: () => unknown): void;
}

/** An empty folder, removed when the test is over. */
export function temporaryFolder(test: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the server from `sources` (this checkout's) and waits until it says that it is ready. It ends with the test at the latest. */
export async function startServer(
  test: Cleanup,
  options: {
    data: string;
    folder: string;
    args?: string[];
    env?: Record<string, string>;
    sources?: string;
    /** A shell line that runs first, in the process that becomes the server. */
    before?: string;
  },
): Promise<Started> {
  const args = [
    join(options.sources ?? root, 'src/main.ts'),
    'serve',
    `--data-dir=${options.data}`,
    '--secure-port=0',
    ...(options.args ?? []),
  ];
  const process_ = await startProcess({
    name: 'tortie',
    folder: options.folder,
    env: { PATH: process.env.PATH, ...options.env },
    ...(options.before
      ? { command: 'bash', args: ['-c', `${options.before}; exec "$@"`, 'bash', process.execPath, ...args] }
      : { command: process.execPath, args }),
  });
  test.after(() => process_.stop());
  const [url] = await process_.waitForLine(/https:\/\/127\.0\.0\.1:\d+/);
  const kubeconfig = join(options.data, 'kubeconfig');
  const client = await clientOf(kubeconfig);
  test.after(() => client.close());
  return { process: process_, url, kubeconfig, client };
}

/** A small NetworkSet: the cheapest object there is. */
export function networkSet(name: string): string {
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace: 'default' },
    spec: { nets: ['192.0.2.0/24'] },
  });
}

export const networkSets = '/apis/projectcalico.org/v3/namespaces/default/networksets';
