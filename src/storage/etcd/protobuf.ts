/**
 * The wire format of protocol buffers (proto3), as much of it as etcd's messages need. A message is a table of its fields;
 * the type of its values follows from the table. Fields that are undefined are not written, unknown ones are passed over.
 */

/** How one field is written and read. */
export interface Field<T> {
  readonly id: number;
  /** What the field is when it has not been sent. */
  readonly absent: () => T;
  write(out: Writer, value: T): void;
  /** The value of the field after one more occurrence of it. */
  read(from: Reader, wire: number, before: T): T;
}

type Fields = Record<string, Field<unknown>>;
type ValuesOf<F extends Fields> = { [N in keyof F]: F[N] extends Field<infer T> ? T : never };

export interface Message<T> {
  /** Every field may be left out. */
  encode(value: Partial<T>): Buffer;
  /** All fields, those that were not sent with their default. Throws on bytes that are no such message. */
  decode(bytes: Uint8Array): T;
}

/** The values of a message. */
export type Of<M> = M extends Message<infer T> ? T : never;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** Bytes that grow. */
class Writer {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  raw(value: Uint8Array): void {
    this.#grow(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  key(id: number, wire: number): void {
    this.varint(id * 8 + wire);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + by));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A signed 64-bit number; one that a double cannot hold is rounded (cluster ids, which are only compared). */
  varint(): number {
    const start = this.#at;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 7; count++) {
      const byte = this.#next();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    this.#at = start;
    return this.#longVarint();
  }

  delimited(): Buffer {
    const length = this.varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new Error('protobuf: the message ends too soon');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  skip(wire: number): void {
    if (wire === varint) this.varint();
    else if (wire === delimited) this.delimited();
    else if (wire === fixed64) this.#at += 8;
    else if (wire === fixed32) this.#at += 4;
    else throw new Error(`protobuf: unknown wire type ${wire}`);
  }

  /** A number of more than 49 bits, as negative ones are. */
  #longVarint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new Error('protobuf: a number is too long');
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('protobuf: the message ends too soon');
    return byte;
  }
}

/** A message of these fields. */
export function message<F extends Fields>(fields: F): Message<ValuesOf<F>> {
  const entries = Object.entries(fields);
  const byId = new Map(entries.map(([name, field]) => [field.id, { name, field }]));
  return {
    encode(value) {
      const out = new Writer();
      for (const [name, field] of entries) {
        const content = value[name];
        if (content !== undefined) field.write(out, content);
      }
      return out.bytes();
    },
    decode(bytes) {
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.absent();
      for (const reader = new Reader(bytes); !reader.done; ) {
        const key = reader.varint();
        const wire = key % 8;
        const known = byId.get(Math.floor(key / 8));
        if (known) value[known.name] = known.field.read(reader, wire, value[known.name]);
        else reader.skip(wire);
      }
      return value as ValuesOf<F>;
    },
  };
}

/** int64, uint64 and enums. */
export function integer(id: number): Field<number> {
  return {
    id,
    absent: () => 0,
    write(out, value) {
      out.key(id, varint);
      out.varint(value);
    },
    read: (from, wire) => {
      expectWire(wire, varint);
      return from.varint();
    },
  };
}

/** A truth value. */
export function bool(id: number): Field<boolean> {
  return {
    id,
    absent: () => false,
    write(out, value) {
      out.key(id, varint);
      out.varint(value ? 1 : 0);
    },
    read: (from, wire) => {
      expectWire(wire, varint);
      return from.varint() !== 0;
    },
  };
}

const noBytes = Buffer.alloc(0);

/** Read as a view of the message that it came in. */
export function bytes(id: number): Field<Uint8Array> {
  return {
    id,
    absent: () => noBytes,
    write: (out, value) => writeDelimited(out, id, value),
    read: (from, wire) => {
      expectWire(wire, delimited);
      return from.delimited();
    },
  };
}

/** UTF-8. */
export function text(id: number): Field<string> {
  return {
    id,
    absent: () => '',
    write: (out, value) => writeDelimited(out, id, Buffer.from(value)),
    read: (from, wire) => {
      expectWire(wire, delimited);
      return from.delimited().toString();
    },
  };
}

/** A message within a message. */
export function one<T>(id: number, inner: Message<T>): Field<T | undefined> {
  return part(id, inner) as Field<T | undefined>;
}

/** The same in a request, where its fields may be left out. */
export function part<T>(id: number, inner: Message<T>): Field<Partial<T> | undefined> {
  return {
    id,
    absent: () => undefined,
    write: (out, value) => writeDelimited(out, id, inner.encode(value!)),
    read: (from, wire) => {
      expectWire(wire, delimited);
      return inner.decode(from.delimited());
    },
  };
}

/** Any number of messages. */
export function many<T>(single: Field<T>): Field<NonNullable<T>[]> {
  return {
    id: single.id,
    absent: () => [],
    write(out, values) {
      for (const value of values) single.write(out, value as T);
    },
    read: (from, wire, before) => {
      before.push(single.read(from, wire, single.absent())!);
      return before;
    },
  };
}

function writeDelimited(out: Writer, id: number, content: Uint8Array): void {
  out.key(id, delimited);
  out.varint(content.length);
  out.raw(content);
}

function expectWire(wire: number, expected: number): void {
  if (wire !== expected) throw new Error(`protobuf: wire type ${wire} in place of ${expected}`);
}
