/** Certificates for tests, of any shape, made afresh each time. */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export { x509 };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3600 * 1000;

export const usage = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  any: '2.5.29.37.0',
};

export interface Issued {
  pem: string;
  keyPem: string;
  der: Uint8Array;
  name: x509.Name;
  keys: webcrypto.CryptoKeyPair;
}

export interface Shape {
  /** Attributes of the subject in order, e.g. [{ CN: ['a'] }, { O: ['b'] }]; a string is a common name. */
  subject: string | x509.JsonNameParams;
  /** Self-signed without it. */
  issuer?: Issued;
  /** Key to sign with, when not the issuer's. */
  signer?: Issued;
  /** Keys to hold, when not new ones. */
  keys?: webcrypto.CryptoKeyPair;
  authority?: boolean;
  pathLength?: number;
  keyUsage?: x509.KeyUsageFlags;
  extendedKeyUsage?: string[];
  notBeforeMs?: number;
  notAfterMs?: number;
  names?: string[];
  addresses?: string[];
  extensions?: x509.Extension[];
  algorithm?: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;
  hash?: string;
}

/** Issues one certificate with a new key. */
export async function issue(shape: Shape): Promise<Issued> {
  const keyAlgorithm = shape.algorithm ?? algorithm;
  const keys =
    shape.keys ??
    ((await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair);
  const name = new x509.Name(typeof shape.subject === 'string' ? [{ CN: [shape.subject] }] : shape.subject, {
    UID: '1.3.6.1.4.1.57683.2',
  });
  const signer = shape.signer ?? shape.issuer;
  const signingKey = (signer?.keys ?? keys).privateKey;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: shape.issuer?.name ?? name,
    notBefore: new Date(shape.notBeforeMs ?? Date.now() - dayMs),
    notAfter: new Date(shape.notAfterMs ?? Date.now() + dayMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: {
      ...(signingKey.algorithm as { name: string }),
      hash: shape.hash ?? 'SHA-256',
      saltLength: 32,
    },
    extensions: [...extensionsOf(shape), ...(shape.extensions ?? [])],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    pem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    der: new Uint8Array(certificate.rawData),
    name,
    keys,
  };
}

function extensionsOf(shape: Shape): x509.Extension[] {
  const alternatives: x509.JsonGeneralNames = [
    ...(shape.names ?? []).map(value => ({ type: 'dns' as const, value })),
    ...(shape.addresses ?? []).map(value => ({ type: 'ip' as const, value })),
  ];
  return [
    ...(shape.authority === undefined
      ? []
      : [new x509.BasicConstraintsExtension(shape.authority, shape.pathLength, true)]),
    ...(shape.keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(shape.keyUsage, true)]),
    ...(shape.extendedKeyUsage ? [new x509.ExtendedKeyUsageExtension(shape.extendedKeyUsage)] : []),
    ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
  ];
}

/** A self-signed authority. */
export function authority(commonName: string, shape: Partial<Shape> = {}): Promise<Issued> {
  return issue({ subject: commonName, authority: true, ...shape });
}

/** A client certificate of `issuer`. */
export function client(
  issuer: Issued,
  subject: Shape['subject'],
  shape: Partial<Shape> = {},
): Promise<Issued> {
  return issue({ subject, issuer, extendedKeyUsage: [usage.clientAuth], ...shape });
}

/** A certificate for a server on 127.0.0.1 and localhost. */
export function serverCertificate(issuer: Issued, shape: Partial<Shape> = {}): Promise<Issued> {
  return issue({
    subject: 'server',
    issuer,
    extendedKeyUsage: [usage.serverAuth],
    names: ['localhost'],
    addresses: ['127.0.0.1'],
    ...shape,
  });
}
