import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { parse } from 'yaml';
import { http1, http2 } from '../conformance/http/client.ts';
import { startOracle } from '../e2e/oracle.ts';
import type { Suite } from '../e2e/suite.ts';
import type { Side } from './side.ts';
import type { Place } from './websocket.ts';

/** A kube-apiserver with Calico's CRDs: what it answers is the measure. */
export async function startOracleSide(suite: Suite): Promise<Side> {
  const cluster = await startOracle(suite);
  return oracleSide(cluster.adminKubeconfig, cluster.etcdUrl);
}

/** The same, of one that runs already. */
export async function oracleSide(kubeconfig: string, etcdUrl: string): Promise<Side> {
  const { port, tls } = await placeOf(kubeconfig);
  const connections = { 'HTTP/1.1': http1.connect(port, tls), 'HTTP/2': http2.connect(port, tls) };
  await compact(etcdUrl);
  return {
    name: 'kube-apiserver',
    place: { port, tls },
    connections,
    createNamespace: async name => {
      const answer = await connections['HTTP/2'].request({
        method: 'POST',
        path: '/api/v1/namespaces',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
      });
      if (answer.code !== 201) throw new Error(`namespace ${name}: ${answer.text}`);
    },
    close: async () => {
      for (const connection of Object.values(connections)) connection.close();
    },
  };
}

/** The server of a kubeconfig, and the client certificate in it. */
export async function placeOf(kubeconfig: string): Promise<Place> {
  const config = parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': authority } = config.clusters[0].cluster;
  const { user } = config.users[0];
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  return {
    port: Number(new URL(server).port),
    tls: {
      ca: decode(authority),
      cert: decode(user['client-certificate-data']),
      key: decode(user['client-key-data']),
    },
  };
}

/** Forgets the history of the store up to now, through etcd's gateway, so that there are versions too old to be told. */
async function compact(etcdUrl: string): Promise<void> {
  const { header } = await ask(`${etcdUrl}/v3/kv/range`, { key: 'AA==' });
  await ask(`${etcdUrl}/v3/kv/compaction`, { revision: header.revision });
}

function ask(url: string, body: unknown): Promise<{ header: { revision: string } }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`etcd: ${text}`));
      });
    });
    call.on('error', reject).end(JSON.stringify(body));
  });
}
