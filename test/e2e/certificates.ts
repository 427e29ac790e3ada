import { generateKeyPairSync, KeyObject, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 3_600_000;

/** A certificate and its private key, both PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

export interface Authority {
  /** The CA's own certificate, PEM. */
  certificate: string;
  issueServer(commonName: string, names: string[]): Promise<Certificate>;
  issueClient(user: { name: string; groups?: string[] }): Promise<Certificate>;
}

/** Makes a certificate authority that lives for a day. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    ...lifetime(),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue(subject: x509.JsonName, usage: string, names: string[]): Promise<Certificate> {
    const leaf = await generateKeys();
    const alternatives = names.map(
      name => ({ type: isIpAddress(name) ? 'ip' : 'dns', value: name }) as const,
    );
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subjectName.toJSON(),
      publicKey: leaf.publicKey,
      signingKey: keys.privateKey,
      ...lifetime(),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      ],
    });
    return { certificate: certificate.toString('pem'), key: keyPem(leaf.privateKey) };
  }

  return {
    certificate: ca.toString('pem'),
    issueServer: (name, names) => issue([{ CN: [name] }], x509.ExtendedKeyUsage.serverAuth, names),
    issueClient: ({ name, groups = [] }) =>
      issue([{ CN: [name] }, ...groups.map(group => ({ O: [group] }))], x509.ExtendedKeyUsage.clientAuth, []),
  };
}

/** The key pair with which kube-apiserver signs ServiceAccount tokens. */
export function createServiceAccountKeys(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** From an hour ago, so that a clock that is a little slow does no harm. */
function lifetime(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + day) };
}

function isIpAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
