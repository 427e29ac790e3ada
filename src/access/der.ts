/**
 * A reader of DER (X.690), as little as certificates need. OpenSSL gives subjects as text, which is ambiguous
 * when a name holds the separator; who a certificate stands for must be read from its bytes.
 */
export interface DerElement {
  tag: number;
  content: Uint8Array;
  /** The whole element: tag, length and content. */
  bytes: Uint8Array;
}

/** Tags of X.690 that certificates use. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The one element that `bytes` holds. Throws when they are not DER or when bytes are left over. */
export function readDer(bytes: Uint8Array): DerElement {
  const element = readElement(bytes, 0);
  if (element.bytes.length !== bytes.length) throw new Error('DER: bytes after the end of the element');
  return element;
}

/** The elements inside a SEQUENCE, a SET or an explicit tag. Throws when the content is not DER. */
export function readChildren(element: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let offset = 0; offset < element.content.length; ) {
    const child = readElement(element.content, offset);
    children.push(child);
    offset += child.bytes.length;
  }
  return children;
}

function readElement(bytes: Uint8Array, start: number): DerElement {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new Error('DER: truncated');
  if ((tag & 0x1f) === 0x1f) throw new Error('DER: long tags are not read');
  let offset = start + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets < 1 || octets > 4) throw new Error('DER: indefinite or overlong length');
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[offset + i] ?? 0);
    if (length < 0x80 || length < 256 ** (octets - 1)) throw new Error('DER: length not minimal');
    offset += octets;
  }
  const end = offset + length;
  if (end > bytes.length) throw new Error('DER: truncated');
  return { tag, content: bytes.subarray(offset, end), bytes: bytes.subarray(start, end) };
}

/** An OBJECT IDENTIFIER in dotted form. Throws on anything else. */
export function readObjectIdentifier(element: DerElement): string {
  const { tag, content } = element;
  if (tag !== derTag.objectIdentifier || content.length === 0) throw new Error('DER: not an OID');
  const arcs: bigint[] = [];
  let arc = 0n;
  let first = true;
  for (const octet of content) {
    if (first && octet === 0x80) throw new Error('DER: OID not minimal');
    arc = arc * 128n + BigInt(octet & 0x7f);
    first = octet < 0x80;
    if (!first) continue;
    arcs.push(arc);
    arc = 0n;
  }
  if (!first) throw new Error('DER: truncated OID');
  const [head = 0n, ...rest] = arcs;
  const root = head < 80n ? head / 40n : 2n;
  return [root, head - root * 40n, ...rest].join('.');
}

/**
 * The text of one of the string types a name may use (those that Go's crypto/x509 reads); undefined for any
 * other type. Throws when the bytes are not of the type's alphabet.
 */
export function readText(element: DerElement): string | undefined {
  const bytes = Buffer.from(element.content);
  switch (element.tag) {
    case 0x0c: // UTF8String
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    case 0x12: // NumericString
      return checked(bytes, /^[0-9 ]*$/);
    case 0x13: // PrintableString; `*` and `&` are against the letter, but in use
      return checked(bytes, /^[A-Za-z0-9 '()+,\-./:=?*&]*$/);
    case 0x14: // TeletexString, in practice Latin-1
      return bytes.toString('latin1');
    case 0x16: // IA5String
      return checked(bytes, /^[\0-\x7f]*$/);
    case 0x1e: // BMPString
      if (bytes.length % 2) throw new Error('DER: odd BMPString');
      return bytes.swap16().toString('utf16le');
    default:
      return undefined;
  }
}

function checked(bytes: Buffer, alphabet: RegExp): string {
  const text = bytes.toString('latin1');
  if (!alphabet.test(text)) throw new Error('DER: a character outside the string type');
  return text;
}
