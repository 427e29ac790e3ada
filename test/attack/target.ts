import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type RunningProcess, startProcess } from '../e2e/process.ts';
import { root, temporaryFolder } from '../system/server.ts';
import { authority, client, type Issued } from '../unit/access/certificates.ts';
import type { Credential, Target } from './attack.ts';
import { limitMemory, type MemoryLimit } from './cgroup.ts';

export interface StartedTarget extends Target {
  good: Credential;
  process: RunningProcess;
  memory: MemoryLimit;
}

interface Cleanup {
  after(work: () => unknown): void;
}

export interface TargetOptions {
  memoryBytes: number;
  args?: string[];
}

/**
 * Starts a server within so much memory, as a member of a cluster whose reviews a thread of this process answers (cluster.ts).
 */
export async function startTarget(test: Cleanup, options: TargetOptions): Promise<StartedTarget> {
  const folder = temporaryFolder(test);
  const memory = limitMemory(test, options.memoryBytes);
  const clusterThread = new Worker(new URL('cluster.ts', import.meta.url));
  test.after(() => clusterThread.terminate());
  const [cluster] = (await once(clusterThread, 'message')) as [{ url: string; ca: string }];
  const clients = await authority('clients');
  const proxies = await authority('proxies');
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    clusters: [
      {
        name: 'it',
        cluster: {
          server: cluster.url,
          'certificate-authority-data': Buffer.from(cluster.ca).toString('base64'),
        },
      },
    ],
    users: [{ name: 'it', user: { token: 'reviewer' } }],
  });
  const args = [
    join(root, 'src/main.ts'),
    'serve',
    `--data-dir=${join(folder, 'data')}`,
    '--secure-port=0',
    `--client-ca-file=${file('clients.pem', clients.pem)}`,
    `--requestheader-client-ca-file=${file('proxies.pem', proxies.pem)}`,
    '--authentication-skip-lookup',
    '--allow-separate-datastore',
    `--kubeconfig=${file('kubeconfig', kubeconfig)}`,
    ...(options.args ?? []),
  ];
  const process_ = await startProcess({
    name: 'tortie',
    folder,
    env: { PATH: process.env.PATH },
    command: 'bash',
    args: ['-c', `${memory.before}; exec "$@"`, 'bash', process.execPath, ...args],
  });
  test.after(() => process_.stop());
  const [url] = await process_.waitForLine(/https:\/\/127\.0\.0\.1:\d+/);
  const ca = readFileSync(join(folder, 'data/ca.crt'), 'utf8');
  const user = async (name: string, group: string) =>
    pair(await client(clients, [{ O: [group] }, { CN: [name] }]));
  return {
    url,
    ca,
    pid: process_.pid,
    process: process_,
    memory,
    good: await user('good', 'people'),
    credentials: {
      admin: await user('root', 'system:masters'),
      user: await user('mallory', 'people'),
      frontProxy: pair(await client(proxies, 'front-proxy-client')),
    },
  };
}

function pair({ pem, keyPem }: Issued): Credential {
  return { cert: pem, key: keyPem };
}
