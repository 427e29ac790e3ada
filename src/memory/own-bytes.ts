/**
 * The text as UTF-8 in an allocation of its own. For bytes that are kept long: `Buffer.from` makes a slice of a slab of 8 KB, and
 * a slice keeps its whole slab.
 */
export function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** The parts joined, in an allocation of their own. */
export function ownConcat(parts: Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
