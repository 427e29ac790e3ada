import { Slice } from '../machinery/slice.ts';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const space = 0x20;

/**
 * Indents compact JSON by two spaces without parsing it, so that numbers keep their digits and a large list can be
 * indented slice by slice: call the function returned with each slice in turn.
 */
export function createIndenter(): (slice: Buffer) => Buffer {
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The bracket that was opened last, as long as nothing followed it. */
  let opened = false;

  return slice => {
    const out = new ByteList(slice.length * 2);
    for (const byte of slice) {
      if (inString) {
        out.push(byte);
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        continue;
      }
      const closing = byte === 0x7d || byte === 0x5d;
      if (closing) depth--;
      // Empty brackets stay together.
      if (closing ? !opened : opened) out.startLine(depth);
      opened = false;
      out.push(byte);
      if (byte === quote) inString = true;
      else if (byte === 0x3a) out.push(space);
      else if (byte === 0x2c) out.startLine(depth);
      else if (byte === 0x7b || byte === 0x5b) {
        depth++;
        opened = true;
      }
    }
    return out.take();
  };
}

/** Few enough that what they become is no more than some hundred kilobytes. */
const sliceBytes = 16 * 1024;

/** One compact JSON document, indented, with a newline at its end; made as it is asked for. */
export async function* indentedSlices(json: Buffer): AsyncGenerator<Buffer, undefined> {
  const indent = createIndenter();
  const slice = new Slice();
  for (let start = 0; start < json.length; start += sliceBytes) {
    yield indent(json.subarray(start, start + sliceBytes));
    if (slice.isOver) await slice.next();
  }
  yield newlineByte;
  return undefined;
}

const newlineByte = Buffer.from('\n');

class ByteList {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(capacity, 256));
  }

  push(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  startLine(depth: number): void {
    const needed = 1 + 2 * depth;
    if (this.#length + needed > this.#bytes.length) this.#grow(needed);
    this.#bytes[this.#length++] = newline;
    this.#bytes.fill(space, this.#length, this.#length + 2 * depth);
    this.#length += 2 * depth;
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(this.#bytes.length * 2 + needed);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
