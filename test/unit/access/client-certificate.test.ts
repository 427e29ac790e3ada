import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { CertificatePool } from '../../../src/access/certificate-pool.ts';
import { clientCertificateUser } from '../../../src/access/client-certificate.ts';
import type { User } from '../../../src/access/user.ts';
import { authority, client, type Issued, issue, type Shape } from './certificates.ts';

let root: Issued;
before(async () => {
  root = await authority('root');
});

function userOf(...sent: Issued[]): User | undefined {
  return clientCertificateUser(new CertificatePool({ pem: root.pem }), {
    rawHeaders: ['X-Remote-User', 'system:admin', 'X-Remote-Group', 'system:masters'],
    peerCertificates: sent.map(({ der }) => der),
    connection: {},
  });
}

const uid = '1.3.6.1.4.1.57683.2';

const subjects: [string, Shape['subject'], Omit<User, 'extra'> | undefined | RegExp][] = [
  ['a common name', [{ CN: ['alice'] }], { name: 'alice', groups: [] }],
  [
    'organizations in their order',
    [{ O: ['z'] }, { CN: ['alice'] }, { O: ['a'] }, { O: ['m'] }],
    { name: 'alice', groups: ['z', 'a', 'm'] },
  ],
  [
    'an organization with a comma',
    [{ CN: ['alice'] }, { O: ['a,system:masters'] }],
    { name: 'alice', groups: ['a,system:masters'] },
  ],
  [
    'a name that looks like more attributes',
    [{ CN: ['alice,O=system:masters'] }],
    { name: 'alice,O=system:masters', groups: [] },
  ],
  ['a uid', [{ CN: ['alice'] }, { [uid]: ['1-2-3'] }], { name: 'alice', uid: '1-2-3', groups: [] }],
  ['two uids', [{ CN: ['alice'] }, { [uid]: ['1'] }, { [uid]: ['2'] }], /more than one uid/],
  ['an empty uid', [{ CN: ['alice'] }, { [uid]: [''] }], /non-empty string/],
  ['no common name', [{ O: ['system:masters'] }], undefined],
  ['an empty common name', [{ CN: [''] }, { O: ['system:masters'] }], undefined],
];

describe('clientCertificateUser', () => {
  for (const [name, subject, expected] of subjects) {
    it(name, async () => {
      const certificate = await client(root, subject);
      if (expected instanceof RegExp) {
        assert.throws(() => userOf(certificate), expected);
        return;
      }
      const fingerprint = createHash('sha256').update(certificate.der).digest('hex');
      const extra = { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] };
      assert.deepEqual(userOf(certificate), expected && { ...expected, extra });
    });
  }

  it('nobody without a certificate, whatever the headers say', () => assert.equal(userOf(), undefined));

  it('throws on a certificate that is not trusted', async () => {
    const selfSigned = await issue({ subject: [{ CN: ['admin'] }, { O: ['system:masters'] }] });
    assert.throws(() => userOf(selfSigned), /unknown authority/);
    assert.throws(() => userOf(selfSigned, root), /unknown authority/);
  });

  it('a trusted intermediate or a second certificate is not the user', async () => {
    const admin = await client(root, [{ CN: ['admin'] }, { O: ['system:masters'] }]);
    const alice = await client(root, 'alice');
    assert.equal(userOf(alice, admin)?.name, 'alice');
    const selfSigned = await issue({ subject: 'mallory' });
    assert.throws(() => userOf(selfSigned, admin), /unknown authority/);
  });
});
