import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { openEtcd } from '../../../../src/storage/etcd/backend.ts';
import { type Method, methods } from '../../../../src/storage/etcd/messages.ts';
import { faultOfVersion } from '../../../../src/storage/etcd/version.ts';

suite('versions of etcd', () => {
  const versions: [string, boolean][] = [
    ['3.3.27', false],
    ['3.4.24', false],
    ['3.4.25', true],
    ['3.4.43', true],
    ['3.5.0-rc.1', false],
    ['3.5.7', false],
    ['3.5.8', true],
    ['3.5.21', true],
    ['3.6.0', true],
    ['3.6.16', true],
    ['3.10.0', true],
    ['4.0.0', true],
    ['2.3.8', false],
    ['', true],
    ['not a version', true],
  ];
  for (const [version, good] of versions) {
    test(`${version || 'none'}: ${good ? 'can be the store' : 'too old'}`, () => {
      const fault = faultOfVersion(version);
      if (good) assert.equal(fault, undefined);
      else assert.match(fault!, new RegExp(`^etcd ${version} .*3\\.4\\.25, 3\\.5\\.8 or newer is needed$`));
    });
  }

  test('a store that is too old is not ready, and says why', async t => {
    const server = new Server();
    t.after(() => server.forceShutdown());
    // An old etcd, as far as the question whether it is well goes.
    answers(server, methods.range, { header: { revision: 7 } });
    answers(server, methods.status, { version: '3.5.6' });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const store = openEtcd({ endpoints: [`127.0.0.1:${port}`] });
    await assert.rejects(store.check(), /etcd 3\.5\.6 cannot tell how far a watch has got/);
    await store.close();
  });
});

function answers<Q, R>(server: Server, { path, request, response }: Method<Q, R>, answer: object): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const definition = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Partial<Q>) => request.encode(value),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (value: Partial<R>) => response.encode(value),
    responseDeserialize: (bytes: Buffer) => response.decode(bytes),
  };
  const handler = (_call: unknown, respond: (error: null, value: object) => void) => respond(null, answer);
  server.addService({ [name]: definition }, { [name]: handler });
}
