import { webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

const yearMs = 365 * 24 * 3600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes a self-signed CA of ten years. */
export async function makeCa(commonName: string): Promise<KeyPair> {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    ...validity(10 * yearMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(cert.toString('pem')), key: await exportKey(keys.privateKey) };
}

/** Makes a serving certificate of one year for DNS names and addresses. */
export async function makeServing(ca: KeyPair, names: string[]): Promise<KeyPair> {
  const x509 = await library();
  const san = new x509.SubjectAlternativeNameExtension(
    names.map(name => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
  );
  return issue(ca, 'CN=tortie', x509.ExtendedKeyUsage.serverAuth, [san]);
}

/** Makes a client certificate of one year for a user in a group (Kubernetes: CN is the user, O the groups). */
export async function makeClient(ca: KeyPair, user: { name: string; group: string }): Promise<KeyPair> {
  const x509 = await library();
  return issue(ca, `CN=${user.name},O=${user.group}`, x509.ExtendedKeyUsage.clientAuth, []);
}

/** Whether a pair can go on being used: signed by the CA, valid for 30 days more, and good for all the names. */
export function stillGood(pair: KeyPair, ca: KeyPair, names: string[], now = Date.now()): boolean {
  const cert = new X509Certificate(pair.cert);
  const soon = now + 30 * 24 * 3600_000;
  return (
    cert.verify(new X509Certificate(ca.cert).publicKey) &&
    Date.parse(cert.validTo) > soon &&
    names.every(name => (isIP(name) ? cert.checkIP(name) : cert.checkHost(name)) !== undefined)
  );
}

async function issue(
  ca: KeyPair,
  subject: string,
  usage: string,
  extensions: import('@peculiar/x509').Extension[],
): Promise<KeyPair> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(ca.cert);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der(ca.key), algorithm, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subject,
    ...validity(yearMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...extensions,
    ],
  });
  return { cert: pem(cert.toString('pem')), key: await exportKey(keys.privateKey) };
}

/** Loaded only when a certificate is to be made: most starts find theirs on disk. */
async function library() {
  // Its dependency container wants the polyfill first.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as typeof crypto);
  return x509;
}

function validity(lengthMs: number): { notBefore: Date; notAfter: Date } {
  // An hour back, for clients whose clock is behind.
  return { notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + lengthMs) };
}

/** A positive random number of 15 bytes, hex. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(15));
  return `01${Buffer.from(bytes).toString('hex')}`;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function der(text: string): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

function pem(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
