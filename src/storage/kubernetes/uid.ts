const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether it is the UID of an object of a cluster. */
export function isUid(text: unknown): text is string {
  return typeof text === 'string' && pattern.test(text);
}

/**
 * The UID in v3 of an object with this UID in the cluster, and the other way round: no two objects that the garbage collector
 * sees may have one UID. The bits of each byte are reversed, but for the two bytes that hold version and variant.
 * Calico's own conversion (datastore.md 3.6); the text must be a UID.
 */
export function convertUid(uid: string): string {
  const bytes = Buffer.from(uid.replaceAll('-', ''), 'hex');
  const converted = bytes.map((byte, index) => (index === 6 || index === 8 ? byte : reversed(byte)));
  const hex = Buffer.from(converted).toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

function reversed(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) result = (result << 1) | ((byte >> bit) & 1);
  return result;
}
