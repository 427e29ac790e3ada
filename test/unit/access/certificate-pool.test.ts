import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CertificatePool, type Verdict } from '../../../src/access/certificate-pool.ts';
import { limits } from '../../../src/limits.ts';
import { authority, client, type Issued, issue, usage, x509 } from './certificates.ts';

const hourMs = 3600 * 1000;
const hourAgo = Date.now() - hourMs;
const inAnHour = Date.now() + hourMs;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

let root: Issued;
let stranger: Issued;

before(async () => {
  root = await authority('root');
  stranger = await authority('stranger');
});

function verify(pool: CertificatePool, ...sent: Issued[]): Verdict | undefined {
  return pool.verify({ peerCertificates: sent.map(({ der }) => der), connection: {} });
}

function reason(verdict: Verdict | undefined): string {
  return verdict === undefined ? 'no verdict' : verdict.trusted ? 'trusted' : verdict.reason;
}

/** What is sent to a pool that trusts `roots` (the shared root when left out), and the verdict. */
interface Case {
  name: string;
  make(): Promise<{ sent: Issued[]; roots?: Issued[] }>;
  verdict: RegExp;
}

const cases: Case[] = [
  {
    name: 'a certificate of the authority',
    make: async () => ({ sent: [await client(root, 'a')] }),
    verdict: /^trusted$/,
  },
  {
    name: 'a self-signed certificate',
    make: async () => ({ sent: [await issue({ subject: 'a', extendedKeyUsage: [usage.clientAuth] })] }),
    verdict: /unknown authority/,
  },
  {
    name: 'a certificate of another authority',
    make: async () => ({ sent: [await client(stranger, 'a')] }),
    verdict: /unknown authority/,
  },
  {
    name: 'another authority with the same name',
    make: async () => {
      const forged = await authority('root');
      return { sent: [await client(forged, 'a'), forged] };
    },
    verdict: /signature does not verify/,
  },
  {
    name: 'an authority of the same name with a key of another type',
    make: async () => ({ sent: [await client(await authority('root', { algorithm: rsa }), 'a')] }),
    verdict: /signature (does not verify|is of another type)/,
  },
  {
    name: 'the second of two authorities with one name',
    make: async () => {
      const renewed = await authority('root');
      return { sent: [await client(renewed, 'a')], roots: [root, renewed] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'an expired certificate',
    make: async () => ({ sent: [await client(root, 'a', { notAfterMs: hourAgo })] }),
    verdict: /^expired$/,
  },
  {
    name: 'a certificate that is not valid yet',
    make: async () => ({ sent: [await client(root, 'a', { notBeforeMs: inAnHour })] }),
    verdict: /^not valid yet$/,
  },
  {
    name: 'an expired authority',
    make: async () => {
      const old = await authority('old', { notAfterMs: hourAgo });
      return { sent: [await client(old, 'a')], roots: [old] };
    },
    verdict: /^expired$/,
  },
  {
    name: 'a certificate for servers only',
    make: async () => ({ sent: [await client(root, 'a', { extendedKeyUsage: [usage.serverAuth] })] }),
    verdict: /extended key usage/,
  },
  {
    name: 'a certificate for servers and clients',
    make: async () => ({
      sent: [await client(root, 'a', { extendedKeyUsage: [usage.serverAuth, usage.clientAuth] })],
    }),
    verdict: /^trusted$/,
  },
  {
    name: 'a certificate for any use',
    make: async () => ({ sent: [await client(root, 'a', { extendedKeyUsage: [usage.any] })] }),
    verdict: /^trusted$/,
  },
  {
    name: 'a certificate that lists no use (Go takes it for any use)',
    make: async () => ({ sent: [await issue({ subject: 'a', issuer: root })] }),
    verdict: /^trusted$/,
  },
  {
    name: 'a chain with an intermediate',
    make: async () => {
      const middle = await authority('middle', { issuer: root });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'a chain with two intermediates in the wrong order, the root and a stranger',
    make: async () => {
      const upper = await authority('upper', { issuer: root });
      const lower = await authority('lower', { issuer: upper });
      return { sent: [await client(lower, 'a'), stranger, upper, root, lower] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'a chain without its intermediate',
    make: async () => ({ sent: [await client(await authority('middle', { issuer: root }), 'a')] }),
    verdict: /unknown authority/,
  },
  {
    name: 'the whole chain up to an authority that is not trusted',
    make: async () => {
      const middle = await authority('middle', { issuer: stranger });
      return { sent: [await client(middle, 'a'), middle, stranger] };
    },
    verdict: /unknown authority/,
  },
  {
    name: 'an intermediate that the pool trusts, without the root',
    make: async () => {
      const middle = await authority('middle', { issuer: stranger });
      return { sent: [await client(middle, 'a')], roots: [middle] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'an expired intermediate',
    make: async () => {
      const middle = await authority('middle', { issuer: root, notAfterMs: hourAgo });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /^expired$/,
  },
  {
    name: 'a certificate issued with a client certificate',
    make: async () => {
      const user = await client(root, 'user');
      return { sent: [await client(user, 'system:admin'), user] };
    },
    verdict: /not an authority/,
  },
  {
    name: 'a certificate issued with one whose CA flag is false',
    make: async () => {
      const user = await client(root, 'user', { authority: false });
      return { sent: [await client(user, 'system:admin'), user] };
    },
    verdict: /not an authority/,
  },
  {
    name: 'an intermediate that may not sign certificates',
    make: async () => {
      const keyUsage = x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.cRLSign;
      const middle = await authority('middle', { issuer: root, keyUsage });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /not an authority/,
  },
  {
    name: 'an intermediate that may sign certificates',
    make: async () => {
      const keyUsage = x509.KeyUsageFlags.keyCertSign;
      const middle = await authority('middle', { issuer: root, keyUsage });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'an intermediate below an authority that allows none',
    make: async () => {
      const narrow = await authority('narrow', { pathLength: 0 });
      const middle = await authority('middle', { issuer: narrow });
      return { sent: [await client(middle, 'a'), middle], roots: [narrow] };
    },
    verdict: /more intermediates/,
  },
  {
    name: 'a leaf directly below an authority that allows no intermediates',
    make: async () => {
      const narrow = await authority('narrow', { pathLength: 0 });
      return { sent: [await client(narrow, 'a')], roots: [narrow] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'an intermediate for servers only',
    make: async () => {
      const middle = await authority('middle', { issuer: root, extendedKeyUsage: [usage.serverAuth] });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /extended key usage/,
  },
  {
    name: 'the way around an intermediate that is no use',
    make: async () => {
      const keys = (await authority('middle')).keys;
      const expired = await authority('middle', { issuer: root, keys, notAfterMs: hourAgo });
      const good = await authority('middle', { issuer: root, keys });
      return { sent: [await client(good, 'a'), expired, good] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'two intermediates that vouch for each other',
    make: async () => {
      const one = await authority('one', { issuer: stranger });
      const two = await authority('two', { issuer: one });
      const oneAgain = await authority('one', { issuer: two, keys: one.keys });
      return { sent: [await client(two, 'a'), two, oneAgain] };
    },
    verdict: /unknown authority/,
  },
  {
    name: 'a signature with SHA-1',
    make: async () => ({ sent: [await client(await authority('root'), 'a', { hash: 'SHA-1' })] }),
    verdict: /algorithm/,
  },
  {
    name: 'RSA',
    make: async () => {
      const rsaRoot = await authority('rsa', { algorithm: rsa });
      return { sent: [await client(rsaRoot, 'a', { algorithm: rsa })], roots: [rsaRoot] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'RSASSA-PSS with SHA-256',
    make: async () => {
      const pss = await authority('pss', { algorithm: { ...rsa, name: 'RSA-PSS' } });
      return { sent: [await client(pss, 'a')], roots: [pss] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'ECDSA P-384 with SHA-384',
    make: async () => {
      const p384 = await authority('p384', { algorithm: { name: 'ECDSA', namedCurve: 'P-384' } });
      return { sent: [await client(p384, 'a', { hash: 'SHA-384' })], roots: [p384] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'a critical extension that nobody knows',
    make: async () => {
      const extensions = [new x509.Extension('1.2.3.4.5', true, new Uint8Array([5, 0]))];
      return { sent: [await client(root, 'a', { extensions })] };
    },
    verdict: /unknown critical extension 1\.2\.3\.4\.5/,
  },
  {
    name: 'critical name constraints, which are not enforced here',
    make: async () => {
      const extensions = [new x509.Extension('2.5.29.30', true, new Uint8Array([0x30, 0]))];
      const middle = await authority('middle', { issuer: root, extensions });
      return { sent: [await client(middle, 'a'), middle] };
    },
    verdict: /unknown critical extension 2\.5\.29\.30/,
  },
  {
    name: 'an extension that nobody knows but that is not critical',
    make: async () => {
      const extensions = [new x509.Extension('1.2.3.4.5', false, new Uint8Array([5, 0]))];
      return { sent: [await client(root, 'a', { extensions })] };
    },
    verdict: /^trusted$/,
  },
  {
    name: 'one extension twice',
    make: async () => {
      const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
      return { sent: [await client(root, 'a', { authority: false, extensions })] };
    },
    verdict: /malformed/,
  },
  {
    name: 'more certificates than the limit',
    make: async () => {
      const good = await client(root, 'a');
      return { sent: [good, ...Array.from({ length: limits.maxPeerCertificates }, () => stranger)] };
    },
    verdict: /too many certificates/,
  },
  {
    name: 'a client certificate that stands in the pool itself',
    make: async () => {
      const own = await issue({ subject: 'own', extendedKeyUsage: [usage.clientAuth] });
      return { sent: [own], roots: [own] };
    },
    verdict: /^trusted$/,
  },
];

describe('CertificatePool.verify', () => {
  for (const { name, make, verdict } of cases) {
    it(name, async () => {
      const { sent, roots = [root] } = await make();
      const pool = new CertificatePool({ pem: roots.map(({ pem }) => pem).join('') });
      assert.match(reason(verify(pool, ...sent)), verdict);
    });
  }

  it('refuses a signature with SHA-1 even when it is sound', async () => {
    const pool = new CertificatePool({ pem: root.pem });
    assert.match(reason(verify(pool, await client(root, 'a', { hash: 'SHA-1' }))), /algorithm/);
  });

  it('refuses bytes that are no certificate', () => {
    const pool = new CertificatePool({ pem: root.pem });
    for (const bytes of [new Uint8Array(), new Uint8Array([0x30]), root.der.subarray(0, 100)]) {
      assert.match(reason(pool.verify({ peerCertificates: [bytes], connection: {} })), /malformed/);
    }
  });

  it('bounds the signatures it checks', async () => {
    // Many authorities of one name, all with the same key: paths multiply with the depth.
    const keys = stranger.keys;
    const same = { keys, issuer: stranger, signer: stranger };
    const forest = await Promise.all(Array.from({ length: 8 }, () => authority('stranger', same)));
    const pool = new CertificatePool({ pem: root.pem });
    const leaf = await client(stranger, 'a');
    assert.match(reason(verify(pool, leaf, ...forest)), /^too many signatures to check$/);
  });

  it('has no verdict without a certificate or without authorities', async () => {
    assert.equal(verify(new CertificatePool({ pem: root.pem })), undefined);
    assert.equal(verify(new CertificatePool(), await client(root, 'a')), undefined);
  });
});

describe('CertificatePool over time', () => {
  it('a replaced bundle counts on open connections', async () => {
    const pool = new CertificatePool({ pem: root.pem });
    const leaf = await client(root, 'a');
    const peer = { peerCertificates: [leaf.der], connection: {} };
    assert.equal(pool.verify(peer)?.trusted, true);
    pool.replace(stranger.pem);
    assert.equal(pool.verify(peer)?.trusted, false);
    pool.replace(stranger.pem + root.pem);
    assert.equal(pool.verify(peer)?.trusted, true);
    pool.clear();
    assert.equal(pool.verify(peer), undefined);
    assert.equal(pool.pem, '');
  });

  it('a bad bundle changes nothing', async () => {
    const pool = new CertificatePool({ pem: root.pem });
    const leaf = await client(root, 'a');
    const broken = root.pem.replace(/\n[^\n]{64}\n/, '\n');
    for (const pem of ['', 'text', leaf.keyPem, broken, root.pem + stranger.pem.slice(0, 200)]) {
      assert.throws(() => pool.replace(pem));
      assert.equal(pool.pem, root.pem);
      assert.equal(verify(pool, leaf)?.trusted, true);
    }
  });

  it('a certificate that expires is refused on the open connection', async () => {
    let nowMs = Date.now();
    const pool = new CertificatePool({ pem: root.pem, now: () => nowMs });
    const leaf = await client(root, 'a', { notAfterMs: nowMs + hourMs });
    const peer = { peerCertificates: [leaf.der], connection: {} };
    assert.equal(pool.verify(peer)?.trusted, true);
    nowMs += hourMs - 2000;
    assert.equal(pool.verify(peer)?.trusted, true);
    nowMs += 3000;
    assert.equal(reason(pool.verify(peer)), 'expired');
  });

  it('an authority that expires takes its certificates with it', async () => {
    let nowMs = Date.now();
    const short = await authority('short', { notAfterMs: nowMs + hourMs });
    const pool = new CertificatePool({ pem: short.pem, now: () => nowMs });
    const leaf = await client(short, 'a');
    const peer = { peerCertificates: [leaf.der], connection: {} };
    assert.equal(pool.verify(peer)?.trusted, true);
    nowMs += hourMs + 1000;
    assert.equal(reason(pool.verify(peer)), 'expired');
  });

  it('a refusal is looked at again after a while', async () => {
    let nowMs = Date.now();
    const pool = new CertificatePool({ pem: root.pem, now: () => nowMs });
    const leaf = await client(root, 'a', { notBeforeMs: nowMs + 5000 });
    const peer = { peerCertificates: [leaf.der], connection: {} };
    assert.equal(reason(pool.verify(peer)), 'not valid yet');
    nowMs += 11_000;
    assert.equal(pool.verify(peer)?.trusted, true);
  });

  it('a clock that is set back makes a verdict anew', async () => {
    let nowMs = Date.now();
    const pool = new CertificatePool({ pem: root.pem, now: () => nowMs });
    const peerOf = ({ der }: { der: Uint8Array }) => ({ peerCertificates: [der], connection: {} });
    const later = peerOf(await client(root, 'a', { notBeforeMs: nowMs - 1_000 }));
    const over = peerOf(await client(root, 'b', { notAfterMs: nowMs - 1_000 }));
    assert.equal(pool.verify(later)?.trusted, true);
    assert.equal(reason(pool.verify(over)), 'expired');
    nowMs -= 60_000;
    assert.equal(reason(pool.verify(later)), 'not valid yet');
    assert.equal(pool.verify(over)?.trusted, true);
  });

  it('keeps the verdict of a connection', async () => {
    const pool = new CertificatePool({ pem: root.pem });
    const leaf = await client(root, 'a');
    const connection = {};
    const first = pool.verify({ peerCertificates: [leaf.der], connection });
    assert.equal(pool.verify({ peerCertificates: [leaf.der], connection }), first);
    assert.notEqual(pool.verify({ peerCertificates: [leaf.der], connection: {} }), first);
  });
});
