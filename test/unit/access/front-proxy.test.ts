import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FrontProxy, type RequestHeaderSettings } from '../../../src/access/front-proxy.ts';
import type { User } from '../../../src/access/user.ts';
import { authority, client, type Issued, issue, usage } from './certificates.ts';

let proxyRoot: Issued;
let clientRoot: Issued;
let proxy: Issued;

before(async () => {
  proxyRoot = await authority('front-proxy-ca');
  clientRoot = await authority('kubernetes');
  proxy = await client(proxyRoot, 'front-proxy-client');
});

function settings(changes: Partial<RequestHeaderSettings> = {}): RequestHeaderSettings {
  return {
    ca: proxyRoot.pem,
    allowedNames: ['front-proxy-client'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraPrefixes: ['X-Remote-Extra-'],
    ...changes,
  };
}

function userOf(frontProxy: FrontProxy, rawHeaders: string[], ...sent: Issued[]): User | undefined {
  return frontProxy.user({ rawHeaders, peerCertificates: sent.map(({ der }) => der), connection: {} });
}

const admin = ['X-Remote-User', 'admin', 'X-Remote-Group', 'system:masters'];

describe('FrontProxy: who may name a user', () => {
  const cases: [
    string,
    () => Promise<Issued[]>,
    'named' | 'nobody' | RegExp,
    Partial<RequestHeaderSettings>?,
  ][] = [
    ['the front proxy', async () => [proxy], 'named'],
    ['nobody without a certificate', async () => [], 'nobody'],
    [
      'not a certificate of the client CA, though its name is allowed',
      async () => [await client(clientRoot, 'front-proxy-client')],
      /unknown authority/,
    ],
    [
      'not a certificate of the client CA sent together with that of the front proxy',
      async () => [await client(clientRoot, 'front-proxy-client'), proxy, proxyRoot],
      /unknown authority/,
    ],
    [
      'not a self-signed certificate with an allowed name',
      async () => [await issue({ subject: 'front-proxy-client', extendedKeyUsage: [usage.clientAuth] })],
      /unknown authority/,
    ],
    [
      'not another name of the front-proxy CA',
      async () => [await client(proxyRoot, 'other')],
      /^Error: x509: subject with cn=other is not in the allowed list$/,
    ],
    [
      'not a certificate whose organization is the allowed name',
      async () => [await client(proxyRoot, [{ O: ['front-proxy-client'] }])],
      /cn= is not in the allowed list/,
    ],
    ['not a name in other case', async () => [await client(proxyRoot, 'Front-Proxy-Client')], /allowed list/],
    [
      'any name when none is listed',
      async () => [await client(proxyRoot, 'any')],
      'named',
      { allowedNames: [] },
    ],
    [
      'a certificate without a common name when none is listed',
      async () => [await client(proxyRoot, [{ O: ['o'] }])],
      'named',
      { allowedNames: [] },
    ],
    [
      'even when none is listed, not the client CA',
      async () => [await client(clientRoot, 'front-proxy-client')],
      /unknown authority/,
      { allowedNames: [] },
    ],
    [
      'not an expired certificate',
      async () => [await client(proxyRoot, 'front-proxy-client', { notAfterMs: Date.now() - 60_000 })],
      /expired/,
    ],
    [
      'not a server certificate',
      async () => [await client(proxyRoot, 'front-proxy-client', { extendedKeyUsage: [usage.serverAuth] })],
      /extended key usage/,
    ],
    [
      'the front proxy behind an intermediate',
      async () => {
        const middle = await authority('middle', { issuer: proxyRoot });
        return [await client(middle, 'front-proxy-client'), middle];
      },
      'named',
    ],
  ];
  for (const [name, make, expected, changes] of cases) {
    it(name, async () => {
      const frontProxy = new FrontProxy(settings(changes));
      const sent = await make();
      const peer = { peerCertificates: sent.map(({ der }) => der), connection: {} };
      assert.equal(frontProxy.isFrontProxy(peer), expected === 'named');
      if (expected instanceof RegExp) {
        assert.throws(() => userOf(frontProxy, admin, ...sent), expected);
      } else {
        assert.equal(userOf(frontProxy, admin, ...sent)?.name, expected === 'named' ? 'admin' : undefined);
      }
    });
  }

  it('nobody while there are no settings', () => {
    const frontProxy = new FrontProxy();
    assert.equal(userOf(frontProxy, admin, proxy), undefined);
    frontProxy.replace(settings());
    assert.equal(userOf(frontProxy, admin, proxy)?.name, 'admin');
    frontProxy.replace(undefined);
    assert.equal(userOf(frontProxy, admin, proxy), undefined);
    assert.ok(frontProxy.pool.empty);
  });

  it('a rotated CA counts on open connections', async () => {
    const nextRoot = await authority('front-proxy-ca');
    const next = await client(nextRoot, 'front-proxy-client');
    const frontProxy = new FrontProxy(settings());
    const old = { rawHeaders: admin, peerCertificates: [proxy.der], connection: {} };
    const fresh = { rawHeaders: admin, peerCertificates: [next.der], connection: {} };
    assert.equal(frontProxy.user(old)?.name, 'admin');
    assert.throws(() => frontProxy.user(fresh), /signature does not verify/);
    frontProxy.replace(settings({ ca: proxyRoot.pem + nextRoot.pem }));
    assert.equal(frontProxy.user(old)?.name, 'admin');
    assert.equal(frontProxy.user(fresh)?.name, 'admin');
    frontProxy.replace(settings({ ca: nextRoot.pem }));
    assert.throws(() => frontProxy.user(old), /signature does not verify/);
    assert.equal(frontProxy.user(fresh)?.name, 'admin');
  });

  it('narrowed names count on open connections', () => {
    const frontProxy = new FrontProxy(settings());
    const credentials = { rawHeaders: admin, peerCertificates: [proxy.der], connection: {} };
    assert.equal(frontProxy.user(credentials)?.name, 'admin');
    frontProxy.replace(settings({ allowedNames: ['else'] }));
    assert.throws(() => frontProxy.user(credentials), /allowed list/);
  });

  it('bad settings change nothing', async () => {
    const frontProxy = new FrontProxy(settings());
    assert.throws(
      () => frontProxy.replace(settings({ ca: 'no PEM', allowedNames: [] })),
      /no PEM certificate/,
    );
    assert.throws(() => frontProxy.replace(settings({ usernameHeaders: [' '] })), /empty header name/);
    assert.throws(() => frontProxy.replace(settings({ extraPrefixes: [''] })), /empty header name/);
    assert.equal(userOf(frontProxy, admin, proxy)?.name, 'admin');
    const other = await client(proxyRoot, 'other');
    assert.throws(() => userOf(frontProxy, admin, other), /allowed list/);
  });
});

describe('FrontProxy: reading the headers', () => {
  const cases: [string, string[], User | undefined, Partial<RequestHeaderSettings>?][] = [
    ['no user', ['X-Remote-Group', 'system:masters'], undefined],
    ['an empty user', ['X-Remote-User', '', 'X-Remote-Group', 'system:masters'], undefined],
    ['a user alone', ['X-Remote-User', 'al'], { name: 'al', groups: [], extra: {} }],
    [
      'names in any case',
      ['x-REMOTE-user', 'al', 'X-remote-UID', '7'],
      { name: 'al', uid: '7', groups: [], extra: {} },
    ],
    [
      'the first of repeated users and uids',
      ['X-Remote-User', 'al', 'X-Remote-User', 'bo', 'X-Remote-Uid', '1', 'X-Remote-Uid', '2'],
      { name: 'al', uid: '1', groups: [], extra: {} },
    ],
    ['no user when the first is empty', ['X-Remote-User', '', 'X-Remote-User', 'admin'], undefined],
    [
      'repeated groups in order, with commas, without empty ones',
      [
        'X-Remote-User',
        'al',
        'X-Remote-Group',
        'b,c',
        'x-remote-group',
        'a',
        'X-Remote-Group',
        '',
        'X-Remote-Group',
        'b,c',
      ],
      { name: 'al', groups: ['b,c', 'a', 'b,c'], extra: {} },
    ],
    [
      'the second user header when the first is absent; groups of all',
      ['X-Auth', 'al', 'X-Team', 't', 'X-Remote-Group', 'g'],
      { name: 'al', groups: ['g', 't'], extra: {} },
      { usernameHeaders: ['X-Remote-User', 'X-Auth'], groupHeaders: ['X-Remote-Group', 'X-Team'] },
    ],
    [
      'the first header listed wins, not the first sent',
      ['X-Auth', 'bo', 'X-Remote-User', 'al'],
      { name: 'al', groups: [], extra: {} },
      { usernameHeaders: ['X-Remote-User', 'X-Auth'] },
    ],
    [
      'no uid without a uid header configured (before 1.32)',
      ['X-Remote-User', 'al', 'X-Remote-Uid', '7'],
      { name: 'al', groups: [], extra: {} },
      { uidHeaders: [] },
    ],
    ['no user without a user header configured', ['X-Remote-User', 'al'], undefined, { usernameHeaders: [] }],
    [
      'extra keys: lower-cased, then decoded; all values',
      [
        'X-Remote-User',
        'al',
        'X-Remote-Extra-Authentication.kubernetes.io%2fpod-Name',
        'p',
        'x-remote-extra-scopes',
        'a',
        'X-REMOTE-EXTRA-SCOPES',
        'b,c',
      ],
      {
        name: 'al',
        groups: [],
        extra: { 'authentication.kubernetes.io/pod-name': ['p'], scopes: ['a', 'b,c'] },
      },
    ],
    [
      'an encoded upper-case letter stays upper case',
      ['X-Remote-User', 'al', 'X-Remote-Extra-%41b', '1'],
      { name: 'al', groups: [], extra: { Ab: ['1'] } },
    ],
    [
      'keys that cannot be decoded stay',
      [
        'X-Remote-User',
        'al',
        'X-Remote-Extra-100%',
        '1',
        'X-Remote-Extra-A%zz',
        '2',
        'X-Remote-Extra-%ff',
        '3',
      ],
      { name: 'al', groups: [], extra: { '100%': ['1'], 'a%zz': ['2'], '%ff': ['3'] } },
    ],
    [
      'values are not decoded',
      ['X-Remote-User', 'a%2fb', 'X-Remote-Group', '%41', 'X-Remote-Extra-k', '%2f'],
      { name: 'a%2fb', groups: ['%41'], extra: { k: ['%2f'] } },
    ],
    [
      'UTF-8, which Node hands over as Latin-1',
      ['X-Remote-User', Buffer.from('zoë€').toString('latin1')],
      { name: 'zoë€', groups: [], extra: {} },
    ],
  ];
  for (const [name, rawHeaders, expected, changes] of cases) {
    it(name, () => assert.deepEqual(userOf(new FrontProxy(settings(changes)), rawHeaders, proxy), expected));
  }

  it('prototype keys are keys like others', () => {
    const headers = [
      'X-Remote-User',
      '__proto__',
      'X-Remote-Extra-__proto__',
      'x',
      'X-Remote-Extra-Constructor',
      'y',
    ];
    const user = userOf(new FrontProxy(settings()), headers, proxy)!;
    assert.deepEqual(Object.entries(user.extra), [
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ]);
    assert.equal(Object.getPrototypeOf(user.extra), Object.prototype);
  });

  it('any encoded key comes back, in either case of the header', () => {
    const frontProxy = new FrontProxy(settings());
    const connection = {};
    // The way kube-aggregator encodes: bytes that a header name may not hold, and `%`, become %XX.
    const encoded = (key: string) =>
      Array.from(Buffer.from(key), byte =>
        /[A-Za-z0-9!#$&'*+\-.^_`|~]/.test(String.fromCharCode(byte))
          ? String.fromCharCode(byte)
          : `%${byte.toString(16).padStart(2, '0')}`,
      ).join('');
    return fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.boolean(), (text, upper) => {
        const key = text.replace(/[A-Z]/g, letter => letter.toLowerCase());
        const header = `X-Remote-Extra-${encoded(key)}`;
        const rawHeaders = ['X-Remote-User', 'al', upper ? header.toUpperCase() : header, 'v'];
        const user = frontProxy.user({ rawHeaders, peerCertificates: [proxy.der], connection });
        assert.deepEqual(Object.entries(user!.extra), [[key, ['v']]]);
      }),
    );
  });
});
