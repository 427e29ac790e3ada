import { createHash, X509Certificate } from 'node:crypto';
import { type DerElement, derTag, readChildren, readDer, readObjectIdentifier, readText } from './der.ts';

/** What verification and identity need of one certificate. */
export interface Certificate {
  x509: X509Certificate;
  /** SHA-256 of the DER, lower-case hex: the certificate's identity. */
  fingerprint: string;
  /** Subject and issuer as DER in hex; a chain links by their bytes. */
  subject: string;
  issuer: string;
  attributes: SubjectAttribute[];
  notBeforeMs: number;
  notAfterMs: number;
  signature: SignatureAlgorithm;
  /** basicConstraints says that it is an authority. */
  isAuthority: boolean;
  /** Intermediates that may stand between this authority and the leaf. */
  pathLength: number | undefined;
  /** keyUsage allows the signing of certificates, or there is no keyUsage. */
  maySignCertificates: boolean;
  /** OIDs; empty when the extension is absent, which allows every use. */
  extendedKeyUsage: string[];
  /** Critical extensions that this program does not know; such a certificate must be refused. */
  unknownCritical: string[];
}

export interface SubjectAttribute {
  type: string;
  /** Undefined when the value is not a string. */
  value: string | undefined;
}

export interface SignatureAlgorithm {
  /** An OID; for RSASSA-PSS that of its hash. */
  oid: string;
  pss: boolean;
}

const oids = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  pss: '1.2.840.113549.1.1.10',
};

/** Critical extensions that do not narrow what a client certificate may do, or that are checked here. */
const knownExtensions = new Set([
  oids.keyUsage,
  oids.basicConstraints,
  oids.extendedKeyUsage,
  '2.5.29.14', // subjectKeyIdentifier
  '2.5.29.17', // subjectAltName: identity is taken from the subject alone
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.32', // certificatePolicies
  '2.5.29.35', // authorityKeyIdentifier
]);

/** Reads a certificate from DER. Throws when it is malformed. */
export function parseCertificate(der: Uint8Array): Certificate {
  const x509 = new X509Certificate(der);
  const [tbs, algorithm] = readChildren(readDer(x509.raw));
  if (!tbs || !algorithm) throw new Error('certificate: truncated');
  const fields = readChildren(tbs);
  if (fields[0]?.tag === 0xa0) fields.shift(); // [0] version
  const [, , issuer, , subject] = fields;
  if (!issuer || !subject) throw new Error('certificate: no subject or issuer');
  return {
    x509,
    fingerprint: createHash('sha256').update(x509.raw).digest('hex'),
    subject: Buffer.from(subject.bytes).toString('hex'),
    issuer: Buffer.from(issuer.bytes).toString('hex'),
    attributes: readName(subject),
    notBeforeMs: x509.validFromDate.getTime(),
    notAfterMs: x509.validToDate.getTime(),
    signature: readSignatureAlgorithm(algorithm),
    ...readExtensions(fields.find(field => field.tag === 0xa3)),
  };
}

/**
 * Reads all certificates of a PEM bundle. Blocks of other kinds are passed over, as client-go's ParseCertsPEM
 * does; throws when one certificate is malformed or cut off (a file that is just being written), or when
 * there is none.
 */
export function parseCertificates(pem: string): Certificate[] {
  const begun = pem.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g);
  const certificates = Array.from(blocks, ([, body = '']) => parseCertificate(Buffer.from(body, 'base64')));
  if (certificates.length === 0) throw new Error('no PEM certificate found');
  if (certificates.length !== begun) throw new Error('a PEM certificate is cut off');
  return certificates;
}

/** The values of one attribute of the subject, in order; undefined stands for one that is not a string. */
export function subjectValues(certificate: Certificate, type: string): (string | undefined)[] {
  return certificate.attributes.filter(attribute => attribute.type === type).map(({ value }) => value);
}

/** The common name, '' when there is none. Of several the last counts, as in Go's pkix.Name. */
export function commonName(certificate: Certificate): string {
  return subjectValues(certificate, '2.5.4.3').findLast(value => value !== undefined) ?? '';
}

/** All attributes of a distinguished name, in order, also those of multi-valued parts. */
function readName(name: DerElement): SubjectAttribute[] {
  return readChildren(name).flatMap(part =>
    readChildren(part).map(attribute => {
      const [type, value] = readChildren(attribute);
      if (!type || !value) throw new Error('certificate: malformed name');
      return { type: readObjectIdentifier(type), value: readText(value) };
    }),
  );
}

function readSignatureAlgorithm(algorithm: DerElement): SignatureAlgorithm {
  const [type, parameters] = readChildren(algorithm);
  if (!type) throw new Error('certificate: no signature algorithm');
  const oid = readObjectIdentifier(type);
  if (oid !== oids.pss) return { oid, pss: false };
  // RSASSA-PSS-params: the hash is [0] EXPLICIT AlgorithmIdentifier; left out it is SHA-1.
  const hash = parameters && readChildren(parameters).find(child => child.tag === 0xa0);
  const hashType = hash && readChildren(readChildren(hash)[0] ?? hash)[0];
  return { oid: hashType ? readObjectIdentifier(hashType) : 'sha1', pss: true };
}

type ExtensionFacts = Pick<
  Certificate,
  'isAuthority' | 'pathLength' | 'maySignCertificates' | 'extendedKeyUsage' | 'unknownCritical'
>;

function readExtensions(extensions: DerElement | undefined): ExtensionFacts {
  const facts: ExtensionFacts = {
    isAuthority: false,
    pathLength: undefined,
    maySignCertificates: true,
    extendedKeyUsage: [],
    unknownCritical: [],
  };
  const list = extensions && readChildren(extensions)[0];
  if (!list) return facts;
  const seen = new Set<string>();
  for (const extension of readChildren(list)) {
    const parts = readChildren(extension);
    const oid = readObjectIdentifier(parts[0] ?? extension);
    if (seen.has(oid)) throw new Error(`certificate: extension ${oid} twice`);
    seen.add(oid);
    const critical = parts[1]?.tag === derTag.boolean && parts[1].content[0] !== 0;
    const value = parts.at(-1);
    if (value?.tag !== derTag.octetString) throw new Error(`certificate: extension ${oid} is malformed`);
    if (critical && !knownExtensions.has(oid)) facts.unknownCritical.push(oid);
    readExtension(facts, oid, value.content);
  }
  return facts;
}

function readExtension(facts: ExtensionFacts, oid: string, value: Uint8Array): void {
  if (oid === oids.basicConstraints) {
    const [authority, pathLength] = readChildren(readDer(value));
    facts.isAuthority = authority?.tag === derTag.boolean && authority.content[0] !== 0;
    if (pathLength) facts.pathLength = readSmallInteger(pathLength);
  } else if (oid === oids.keyUsage) {
    const bits = readDer(value); // first octet: unused bits; then digitalSignature is 0x80 … keyCertSign 0x04
    if (bits.tag !== derTag.bitString) throw new Error('certificate: malformed keyUsage');
    facts.maySignCertificates = ((bits.content[1] ?? 0) & 0x04) !== 0;
  } else if (oid === oids.extendedKeyUsage) {
    facts.extendedKeyUsage = readChildren(readDer(value)).map(readObjectIdentifier);
    if (facts.extendedKeyUsage.length === 0) throw new Error('certificate: empty extendedKeyUsage');
  }
}

function readSmallInteger(element: DerElement): number {
  if (element.tag !== derTag.integer || element.content.length !== 1 || element.content[0]! > 0x7f) {
    throw new Error('certificate: pathLenConstraint out of range');
  }
  return element.content[0]!;
}
