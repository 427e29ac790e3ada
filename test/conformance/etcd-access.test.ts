import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openEtcd } from '../../src/storage/etcd/backend.ts';
import { EtcdClient } from '../../src/storage/etcd/client.ts';
import type { TlsFiles } from '../../src/storage/etcd/endpoint.ts';
import { bytes, integer, message, part, text } from '../../src/storage/etcd/protobuf.ts';
import { createAuthority } from '../e2e/certificates.ts';
import { type Etcd, folderForEtcd, startEtcd } from '../e2e/etcd.ts';
import { etcdBinary, noEtcd } from './etcd-store.ts';
import { create, fails, Recorder } from './storage/recorder.ts';

const nothing = message({});
const call = <Q>(path: string, request: Q) => ({
  path: `/etcdserverpb.Auth/${path}`,
  request,
  response: nothing,
});
const permission = message({ type: integer(1), key: bytes(2), rangeEnd: bytes(3) });
const auth = {
  userAdd: call('UserAdd', message({ name: text(1), password: text(2) })),
  userGrantRole: call('UserGrantRole', message({ user: text(1), role: text(2) })),
  roleAdd: call('RoleAdd', message({ name: text(1) })),
  roleGrant: call('RoleGrantPermission', message({ name: text(1), permission: part(2, permission) })),
  enable: call('AuthEnable', nothing),
};
const readWrite = 2;

/** Users as they would be set up for Calico: one who may everything, one who may what lies under /calico/, one who may nothing. */
async function addUsers(client: EtcdClient): Promise<void> {
  for (const name of ['root', 'calico', 'guest']) {
    await client.call(auth.userAdd, { name, password: `${name}'s` });
    await client.call(auth.roleAdd, { name });
    await client.call(auth.userGrantRole, { user: name, role: name });
  }
  const calico = {
    type: readWrite,
    key: Buffer.from('/calico/'),
    rangeEnd: Buffer.from('/calico0'),
  };
  await client.call(auth.roleGrant, { name: 'calico', permission: calico });
  await client.call(auth.enable, {});
}

describe('users of etcd', { skip: noEtcd }, () => {
  const { folder, remove } = folderForEtcd();
  let etcd: Etcd;
  before(async () => {
    etcd = await startEtcd({ binary: etcdBinary!, folder, args: ['--auth-token-ttl=2'] });
    const admin = new EtcdClient({ endpoints: [etcd.url] });
    await addUsers(admin);
    admin.close();
  });
  after(async () => {
    await etcd.process.stop();
    remove();
  });
  const as = (name: string, password = `${name}'s`) =>
    openEtcd({ endpoints: [etcd.url], user: { name, password } });

  test("one who may what is Calico's reads, writes and watches it", async () => {
    const store = as('calico');
    await store.check();
    const watch = await Recorder.start(store, '/calico/x/');
    const { revision } = await create(store, '/calico/x/a');
    await watch.reaches(revision);
    assert.ok((await watch.progress()) >= revision);
    assert.equal((await store.list('/calico/')).entries.length, 1);
    const error = await fails(store.get('/elsewhere'), 'Unavailable');
    assert.match(error.message, /permission denied/);
    await store.close();
  });

  test('a token that is not known any more is replaced, for writes too, and a watch can be opened again', async () => {
    const store = as('calico');
    await create(store, '/calico/before');
    // Tokens are not kept over a restart.
    etcd.process.signal('SIGKILL');
    await etcd.process.exited;
    etcd = await etcd.restart();
    const { revision } = await create(store, '/calico/after');
    await Recorder.start(store, '/calico/', revision);
    const again = as('calico');
    const watch = await Recorder.start(again, '/calico/', revision);
    assert.deepEqual(watch.changes, []);
    for (const each of [store, again]) await each.close();
  });

  test('another password holds from the moment that it is told', async () => {
    const endpoints = [etcd.url];
    const client = new EtcdClient({ endpoints, user: { name: 'calico', password: 'old' } });
    const store = openEtcd({ endpoints }, client);
    await fails(store.revision(), 'Unavailable');
    client.renew({ user: { name: 'calico', password: "calico's" } });
    const { revision } = await create(store, '/calico/renewed');
    assert.equal(await store.revision(), revision);
    client.renew({ user: { name: 'calico', password: 'wrong' } });
    await fails(store.revision(), 'Unavailable');
    await store.close();
  });

  test('whoever may nothing, or is not who he says, is told so', async () => {
    const cases: [name: string, password: string | undefined, message: RegExp][] = [
      ['guest', undefined, /refuses access.*permission denied/],
      ['calico', 'wrong', /invalid user ID or password/],
    ];
    for (const [name, password, expected] of cases) {
      const store = as(name, password);
      for (const attempt of [
        () => store.revision(),
        () => create(store, '/calico/z'),
        () => store.check(),
        () => Recorder.start(store, '/calico/', 1),
      ]) {
        assert.match((await fails(attempt(), 'Unavailable')).message, expected);
      }
      await store.close();
    }
    const nobody = openEtcd({ endpoints: [etcd.url] });
    assert.match((await fails(nobody.revision(), 'Unavailable')).message, /user name is empty/);
    await nobody.close();
  });
});

describe('etcd over TLS', { skip: noEtcd }, () => {
  const { folder, remove } = folderForEtcd();
  let etcd: Etcd;
  let tls: Required<TlsFiles>;
  before(async () => {
    const authority = await createAuthority('etcd-ca');
    const server = await authority.issueServer('etcd', ['127.0.0.1', 'localhost']);
    const client = await authority.issueClient({ name: 'calico' });
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const ca = file('ca.pem', authority.certificate);
    tls = {
      ca: Buffer.from(authority.certificate),
      cert: Buffer.from(client.certificate),
      key: Buffer.from(client.key),
    };
    etcd = await startEtcd({
      binary: etcdBinary!,
      folder,
      scheme: 'https',
      args: [
        `--cert-file=${file('server.pem', server.certificate)}`,
        `--key-file=${file('server.key', server.key)}`,
        `--trusted-ca-file=${ca}`,
        '--client-cert-auth',
      ],
    });
  });
  after(async () => {
    await etcd.process.stop();
    remove();
  });

  test('with a certificate of its CA', async () => {
    const store = openEtcd({ endpoints: [etcd.url], tls });
    await store.check();
    const { revision } = await create(store, '/a');
    assert.equal((await store.list('/')).revision, revision);
    await store.close();
  });

  test('certificates that are none change nothing', async () => {
    const endpoints = [etcd.url];
    const client = new EtcdClient({ endpoints, tls });
    const store = openEtcd({ endpoints }, client);
    const other = await (await createAuthority('other')).issueClient({ name: 'calico' });
    assert.throws(() => client.renew({ tls: { ...tls, key: Buffer.from(other.key) } }));
    assert.throws(() => client.renew({ tls: { ...tls, cert: Buffer.from('none') } }));
    await store.revision();
    client.renew({ tls });
    await store.revision();
    await store.close();
  });

  test('without one, or where its own is not trusted, nothing can be had', async () => {
    for (const files of [{ ca: tls.ca }, { cert: tls.cert, key: tls.key }, {}]) {
      const store = openEtcd({ endpoints: [etcd.url], tls: files });
      await fails(store.revision(), 'Unavailable');
      await store.close();
    }
  });
});
