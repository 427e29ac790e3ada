import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { http1 } from '../conformance/http/client.ts';
import { placeOf } from '../differential/oracle-side.ts';
import { openWebSocket, type Place } from '../differential/websocket.ts';
import { negotiatedProtocol } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { kubectlScript } from './kubectl-script.ts';
import { endToEnd } from './suite.ts';
import { type Deployed, deployBase } from './tortie.ts';

endToEnd('kubectl through kube-apiserver', {}, suite => {
  let deployed: Deployed;
  let kubectl: Kubectl;
  let place: Place;
  before(async () => {
    const cluster = await suite.startCluster();
    place = await placeOf(cluster.adminKubeconfig);
    deployed = await deployBase(suite, cluster);
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
  });

  describe('which speaks HTTP/2 with the server', () => {
    test('the protocol is the one meant', async () => {
      assert.equal(await negotiatedProtocol(`https://127.0.0.1:${deployed.port}`), 'h2');
    });
    test('a watch as a WebSocket', () => watchesAsWebSocket(place, 'over-http2'));
    kubectlScript({ kubectl: () => kubectl, served: 'tortie' });
  });

  describe('which speaks HTTP/1.1 with the server', () => {
    before(() => deployed.restart(['--disable-http2-serving']));
    test('the protocol is the one meant', async () => {
      assert.equal(await negotiatedProtocol(`https://127.0.0.1:${deployed.port}`), 'http/1.1');
    });
    test('a watch as a WebSocket', () => watchesAsWebSocket(place, 'over-http1'));
    kubectlScript({ kubectl: () => kubectl, served: 'tortie' });
  });
});

/** kube-apiserver passes the upgrade on, on a connection of its own. */
async function watchesAsWebSocket(place: Place, name: string): Promise<void> {
  const path = '/apis/projectcalico.org/v3/globalnetworksets';
  const watch = await openWebSocket(place, `${path}?watch=true&fieldSelector=metadata.name=${name}`, {});
  assert.equal(watch.code, 101);
  const client = http1.connect(place.port, place.tls);
  const body = JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkSet',
    metadata: { name },
    spec: { nets: ['192.0.2.0/24'] },
  });
  const created = await client.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body,
  });
  assert.equal(created.code, 201, created.text);
  await client.request({ method: 'DELETE', path: `${path}/${name}` });
  const [added, deleted] = [await watch.next(), await watch.next()];
  assert.deepEqual([added?.type, deleted?.type], ['ADDED', 'DELETED']);
  assert.deepEqual(added?.object, created.json());
  watch.cancel();
  client.close();
}
