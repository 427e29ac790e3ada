import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { before, describe, it, type TestContext } from 'node:test';
import { loadInCluster, loadKubeconfig } from '../../../src/kube/kubeconfig.ts';
import { authority, client, type Issued } from '../access/certificates.ts';
import { temporaryFolder } from './folder.ts';
import { silentLog } from './standin.ts';

let ca: Issued;
let user: Issued;
before(async () => {
  ca = await authority('ca');
  user = await client(ca, 'al');
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

interface Parts {
  cluster?: object;
  user?: object;
  context?: object;
  config?: object;
}

function kubeconfig({ cluster, user: who, context, config }: Parts): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [
      { name: 'there', context: { cluster: 'x', user: 'x' } },
      { name: 'here', context: { cluster: 'c', user: 'u', ...context } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user: who ?? {} }],
    ...config,
  });
}

async function load(t: TestContext, parts: Parts | string, files: Record<string, string> = {}) {
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) await writeFile(`${folder}/${name}`, content);
  await writeFile(`${folder}/config`, typeof parts === 'string' ? parts : kubeconfig(parts));
  const clock = { nowMs: 0 };
  const lines: string[] = [];
  const options = { log: silentLog(lines), now: () => clock.nowMs };
  return { folder, clock, lines, access: await loadKubeconfig(`${folder}/config`, options) };
}

describe('loadKubeconfig', () => {
  it('reads YAML', async t => {
    const { access } = await load(
      t,
      `
apiVersion: v1
clusters:
- cluster: {server: "https://example:6443/prefix/", tls-server-name: kubernetes}
  name: c
contexts:
- {name: x, context: {cluster: c, user: u}}
current-context: x
users:
- name: u
  user:
    token: abc
`,
    );
    assert.equal(access.server, 'https://example:6443/prefix');
    const { headers, tls } = await access.credentials();
    assert.deepEqual([headers, tls], [{ authorization: 'Bearer abc' }, { servername: 'kubernetes' }]);
  });

  const users: [string, object, Record<string, string | string[]>][] = [
    ['nobody', {}, {}],
    ['a token', { token: 'abc' }, { authorization: 'Bearer abc' }],
    [
      'a token file, which goes before a token',
      { token: 'abc', tokenFile: 'token' },
      { authorization: 'Bearer def' },
    ],
    ['a password', { username: 'al', password: 'pw:1' }, { authorization: `Basic ${base64('al:pw:1')}` }],
    [
      'impersonation',
      {
        token: 'abc',
        as: 'bo',
        'as-uid': '7',
        'as-groups': ['g', 'h'],
        'as-user-extra': { Scopes: ['a', 'b'] },
      },
      {
        authorization: 'Bearer abc',
        'impersonate-user': 'bo',
        'impersonate-uid': '7',
        'impersonate-group': ['g', 'h'],
        'impersonate-extra-scopes': ['a', 'b'],
      },
    ],
  ];
  for (const [name, who, expected] of users) {
    it(`headers of ${name}`, async t => {
      const { access } = await load(t, { user: who }, { token: 'def\n' });
      assert.deepEqual((await access.credentials()).headers, expected);
    });
  }

  it('certificates from data, before those from files', async t => {
    const { access } = await load(
      t,
      {
        cluster: { 'certificate-authority-data': base64(ca.pem), 'certificate-authority': 'nowhere' },
        user: { 'client-certificate-data': base64(user.pem), 'client-key-data': base64(user.keyPem) },
      },
      {},
    );
    const { tls } = await access.credentials();
    assert.deepEqual([String(tls.ca), String(tls.cert), String(tls.key)], [ca.pem, user.pem, user.keyPem]);
  });

  it('certificates from files beside the kubeconfig, read again', async t => {
    const { access, clock, folder, lines } = await load(
      t,
      {
        cluster: { 'certificate-authority': 'ca.crt' },
        user: { 'client-certificate': './al.crt', 'client-key': 'al.key', tokenFile: 'token' },
      },
      { 'ca.crt': ca.pem, 'al.crt': user.pem, 'al.key': user.keyPem, token: 'one' },
    );
    const first = await access.credentials();
    assert.deepEqual([String(first.tls.ca), String(first.tls.cert)], [ca.pem, user.pem]);
    const other = await authority('other');
    await writeFile(`${folder}/token`, 'two');
    assert.equal((await access.credentials()).headers.authorization, 'Bearer one');
    clock.nowMs += 10_000;
    const second = await access.credentials();
    assert.equal(second.headers.authorization, 'Bearer two');
    assert.equal(second.tls, first.tls, 'the same connections serve on');
    await writeFile(`${folder}/ca.crt`, other.pem);
    clock.nowMs += 10_000;
    assert.equal(String((await access.credentials()).tls.ca), other.pem);
    await writeFile(`${folder}/token`, '');
    clock.nowMs += 10_000;
    assert.equal((await access.credentials()).headers.authorization, 'Bearer two');
    assert.match(lines.join('\n'), /token is empty/);
  });

  it('renew reads at once, but not again and again', async t => {
    const { access, clock, folder } = await load(t, { user: { tokenFile: 'token' } }, { token: 'one' });
    const authorization = async () => (await access.credentials()).headers.authorization;
    assert.equal(await authorization(), 'Bearer one');
    await writeFile(`${folder}/token`, 'two');
    access.renew();
    assert.equal(await authorization(), 'Bearer two');
    await writeFile(`${folder}/token`, 'three');
    access.renew();
    assert.equal(await authorization(), 'Bearer two');
    clock.nowMs += 1000;
    access.renew();
    assert.equal(await authorization(), 'Bearer three');
  });

  it('insecure, proxy', async t => {
    const cluster = { 'insecure-skip-tls-verify': true, 'proxy-url': 'http://proxy:3128' };
    const { access } = await load(t, { cluster });
    assert.equal(access.proxyUrl, 'http://proxy:3128');
    assert.deepEqual((await access.credentials()).tls, { rejectUnauthorized: false });
  });

  const refused: [string, Parts | string, RegExp][] = [
    ['no YAML', '{', /./],
    ['no current context', { config: { 'current-context': '' } }, /no current-context/],
    ['a context that is not there', { config: { 'current-context': 'else' } }, /no context named "else"/],
    ['a cluster that is not there', { context: { cluster: 'else' } }, /no cluster named "else"/],
    ['a user that is not there', { context: { user: 'else' } }, /no user named "else"/],
    ['no server', { cluster: { server: '' } }, /has no server/],
    ['a list that is none', { config: { clusters: 'c' } }, /no cluster named "c"/],
  ];
  for (const [name, parts, message] of refused) {
    it(`refuses ${name}`, async t => {
      await assert.rejects(load(t, parts), message);
    });
  }

  it('says which credential is missing', async t => {
    const { access } = await load(t, { user: { tokenFile: 'nowhere' } });
    await assert.rejects(access.credentials(), /credentials for https:\/\/10\.0\.0\.1:6443: .*nowhere/);
  });
});

describe('plugins', { timeout: 60_000 }, () => {
  /** A plugin that counts its runs in a file beside it and gives what `status` says, with $run replaced. */
  const plugin = (status: object) => {
    const credential = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status };
    return `#!${process.execPath}
const fs = require('node:fs');
const file = __dirname + '/runs';
const runs = (fs.existsSync(file) ? Number(fs.readFileSync(file)) : 0) + 1;
fs.writeFileSync(file, String(runs));
const { KUBERNETES_EXEC_INFO, MINE } = process.env;
fs.writeFileSync(__dirname + '/seen', JSON.stringify([KUBERNETES_EXEC_INFO, MINE, process.argv.slice(2)]));
console.log(${JSON.stringify(JSON.stringify(credential))}.replaceAll('$run', runs));
`;
  };

  async function loadWithPlugin(t: TestContext, status: object, exec: object = {}) {
    const loaded = await load(t, {
      cluster: { 'certificate-authority-data': base64(ca.pem) },
      user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin.cjs', ...exec } },
    });
    await mkdir(`${loaded.folder}/bin`);
    await writeFile(`${loaded.folder}/bin/plugin.cjs`, plugin(status));
    await chmod(`${loaded.folder}/bin/plugin.cjs`, 0o755);
    return loaded;
  }

  it('an exec plugin gives a token; it is asked again on renew, not before', async t => {
    const { access, clock } = await loadWithPlugin(t, { token: 'run-$run' });
    const authorization = async () => (await access.credentials()).headers.authorization;
    assert.equal(await authorization(), 'Bearer run-1');
    clock.nowMs += 60_000;
    assert.equal(await authorization(), 'Bearer run-1');
    access.renew();
    assert.equal(await authorization(), 'Bearer run-2');
  });

  it('an expired credential is fetched again', async t => {
    const { access, clock } = await loadWithPlugin(t, {
      token: 'run-$run',
      expirationTimestamp: '2020-01-01T00:00:00Z',
    });
    assert.equal((await access.credentials()).headers.authorization, 'Bearer run-1');
    clock.nowMs += 60_000;
    assert.equal((await access.credentials()).headers.authorization, 'Bearer run-2');
  });

  it('an exec plugin gives a certificate', async t => {
    const status = { clientCertificateData: user.pem, clientKeyData: user.keyPem };
    const { tls } = await (await loadWithPlugin(t, status)).access.credentials();
    assert.deepEqual([String(tls.ca), tls.cert, tls.key], [ca.pem, user.pem, user.keyPem]);
  });

  it('an exec plugin learns of cluster, environment and arguments', async t => {
    const exec = { args: ['a', 'b c'], env: [{ name: 'MINE', value: 'yes' }], provideClusterInfo: true };
    const { access, folder } = await loadWithPlugin(t, { token: 'x' }, exec);
    await access.credentials();
    const [info, mine, args] = JSON.parse(await readFile(`${folder}/bin/seen`, 'utf8'));
    assert.deepEqual([mine, args], ['yes', ['a', 'b c']]);
    assert.deepEqual(JSON.parse(info), {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: {
        cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': base64(ca.pem) },
        interactive: false,
      },
    });
  });

  it('a plugin that is not there is an error', async t => {
    const { access } = await load(t, {
      user: { exec: { apiVersion: 'v1', command: 'no-such-plugin-anywhere' } },
    });
    await assert.rejects(access.credentials(), /no-such-plugin-anywhere/);
  });

  it('an OIDC provider gives its token while it is valid', async t => {
    const payload = { exp: Math.floor(Date.now() / 1000) + 3600 };
    const token = [{ alg: 'none' }, payload].map(each =>
      Buffer.from(JSON.stringify(each)).toString('base64url'),
    );
    const idToken = `${token.join('.')}.sig`;
    const { access } = await load(t, {
      user: { 'auth-provider': { name: 'oidc', config: { 'id-token': idToken } } },
    });
    assert.equal((await access.credentials()).headers.authorization, `Bearer ${idToken}`);
  });
});

describe('loadInCluster', () => {
  const log = silentLog();

  it('reads the service account', async t => {
    const folder = await temporaryFolder(t);
    await writeFile(`${folder}/ca.crt`, ca.pem);
    await writeFile(`${folder}/token`, 'sa-1\n');
    const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    let nowMs = 0;
    const access = await loadInCluster({ log, environment, folder, now: () => nowMs });
    assert.equal(access.server, 'https://10.96.0.1:443');
    const { headers, tls } = await access.credentials();
    assert.deepEqual([headers, String(tls.ca)], [{ authorization: 'Bearer sa-1' }, ca.pem]);
    await writeFile(`${folder}/token`, 'sa-2');
    nowMs += 10_000;
    assert.equal((await access.credentials()).headers.authorization, 'Bearer sa-2');
  });

  it('an IPv6 address', async () => {
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    assert.equal((await loadInCluster({ log, environment })).server, 'https://[fd00::1]:443');
  });

  it('refuses where there is no cluster', async () => {
    await assert.rejects(loadInCluster({ log, environment: {} }), /not in a cluster/);
  });
});
