/** Frames of HTTP/2 (RFC 9113), right and wrong ones, as bytes. */

export const frameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  reset: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** What a client says first; its settings follow. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** One frame. Nothing about it is checked: the length is that of the payload unless another one is claimed. */
export function frame(
  type: number,
  options: { flags?: number; stream?: number; payload?: Uint8Array; claimedLength?: number } = {},
): Buffer {
  const payload = options.payload ?? Buffer.alloc(0);
  const head = Buffer.alloc(9);
  head.writeUIntBE(options.claimedLength ?? payload.length, 0, 3);
  head[3] = type;
  head[4] = options.flags ?? 0;
  head.writeUInt32BE((options.stream ?? 0) >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A SETTINGS frame of these pairs of identifier and value. */
export function settings(values: [id: number, value: number][] = []): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(frameTypes.settings, { payload });
}

/** A payload of four bytes: the error code of RST_STREAM, the increment of WINDOW_UPDATE. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A header block in which each field is a literal that enters no table (RFC 7541 §6.2.2). */
export function headerBlock(fields: Record<string, string>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** An integer with a prefix of seven bits (RFC 7541 §5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** A HEADERS frame that begins a request. */
export function request(
  stream: number,
  fields: Record<string, string>,
  options: { endStream?: boolean; endHeaders?: boolean } = {},
): Buffer {
  const { endStream = true, endHeaders = true } = options;
  return frame(frameTypes.headers, {
    stream,
    flags: (endStream ? flags.endStream : 0) | (endHeaders ? flags.endHeaders : 0),
    payload: headerBlock({ ':scheme': 'https', ':authority': 'localhost', ':method': 'GET', ...fields }),
  });
}
