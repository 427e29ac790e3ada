import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

const hourMs = 3600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate is made again when it is valid for no longer than this. */
const renewBeforeMs = 30 * dayMs;
const renewCaBeforeMs = yearMs;

/**
 * A clock may be wrong when a certificate is made. What begins here is valid by every clock that is right later, also when the one
 * of the first start was years ahead; and no lifetime is counted from before this program was written.
 */
const longAgoMs = Date.UTC(2020, 0, 1);
const writtenMs = Date.UTC(2026, 0, 1);

/**
 * Makes a self-signed CA of ten years, valid since long ago. With the key of an earlier one it is the same CA to everybody who
 * trusts that: what either has signed is good.
 */
export async function makeCa(commonName: string, key?: string, now = Date.now()): Promise<KeyPair> {
  const x509 = await library();
  const keys = key
    ? await importKeys(key)
    : await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    notBefore: new Date(longAgo(now)),
    notAfter: new Date(Math.max(now, writtenMs) + 10 * yearMs),
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
export async function makeServing(ca: KeyPair, names: string[], now = Date.now()): Promise<KeyPair> {
  const x509 = await library();
  const san = new x509.SubjectAlternativeNameExtension(
    names.map(name => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
  );
  // An hour back, for clients whose clock is behind; some refuse a serving certificate of more than 825 days.
  const notBefore = now - hourMs;
  return issue(ca, 'CN=tortie', {
    notBefore,
    now,
    usage: x509.ExtendedKeyUsage.serverAuth,
    extensions: [san],
  });
}

/** Makes a client certificate of one year for a user in a group (Kubernetes: CN is the user, O the groups). */
export async function makeClient(
  ca: KeyPair,
  user: { name: string; group: string },
  now = Date.now(),
): Promise<KeyPair> {
  const x509 = await library();
  const usage = x509.ExtendedKeyUsage.clientAuth;
  // Copies of it are about that nobody can make again, so they are valid whatever the clock said.
  return issue(ca, `CN=${user.name},O=${user.group}`, {
    notBefore: longAgo(now),
    now,
    usage,
    extensions: [],
  });
}

/** Whether key and certificate belong together. Throws what cannot be read. */
export function isPair({ cert, key }: KeyPair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** Whether a CA can go on being used as it is: valid now and for a year more. */
export function caStillGood({ cert }: KeyPair, now: number): boolean {
  return isValid(new X509Certificate(cert), now, renewCaBeforeMs);
}

/** Whether a pair can go on being used: whole, signed by the CA, valid now and for 30 days more, and good for all the names. */
export function stillGood(pair: KeyPair, ca: KeyPair, names: string[], now = Date.now()): boolean {
  const cert = new X509Certificate(pair.cert);
  return (
    isPair(pair) &&
    cert.verify(new X509Certificate(ca.cert).publicKey) &&
    isValid(cert, now, renewBeforeMs) &&
    names.every(name => (isIP(name) ? cert.checkIP(name) : cert.checkHost(name)) !== undefined)
  );
}

/** Long ago, also by a clock that is behind. */
function longAgo(now: number): number {
  return Math.min(longAgoMs, now - hourMs);
}

function isValid(cert: X509Certificate, now: number, longerMs: number): boolean {
  return cert.validFromDate.getTime() <= now && cert.validToDate.getTime() > now + longerMs;
}

async function issue(
  ca: KeyPair,
  subject: string,
  how: {
    notBefore: number;
    now: number;
    usage: string;
    extensions: import('@peculiar/x509').Extension[];
  },
): Promise<KeyPair> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(ca.cert);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der(ca.key), algorithm, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subject,
    notBefore: new Date(how.notBefore),
    notAfter: new Date(Math.max(how.now, writtenMs) + yearMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([how.usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...how.extensions,
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

/** The keys of a CA from its private one, PEM. */
async function importKeys(key: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await subtle.importKey('pkcs8', der(key), algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', new Uint8Array(spki), algorithm, true, ['verify']),
  };
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
