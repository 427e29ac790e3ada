/** Changes of JSON values and of bytes, as a client with a fault or with bad intent makes them. */
import { encode } from '../../../src/machinery/encode.ts';
import type { Random } from './random.ts';

type Value = unknown;

const odd: Value[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  'x'.repeat(300),
  '🦆',
  '10.0.0.0/8',
  'all()',
  [],
  [[]],
  {},
  { __proto__: null },
  [null],
  ['a', 'a'],
  '2026-13-45T99:99:99Z',
  'Ünïcode',
];
const keys = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'a.b',
  'spec',
  'metadata',
  'x'.repeat(100),
  '\u0000',
];

/** Changes one place of a value, in place: a copy is the caller's business. */
export function mutateValue(random: Random, root: Record<string, Value>): void {
  const places: [Record<string, Value> | Value[], string | number][] = [];
  const walk = (holder: Record<string, Value> | Value[], key: string | number, value: Value) => {
    places.push([holder, key]);
    if (Array.isArray(value)) for (const [index, one] of value.entries()) walk(value, index, one);
    else if (value !== null && typeof value === 'object') {
      for (const [name, one] of Object.entries(value)) walk(value as Record<string, Value>, name, one);
    }
  };
  for (const [name, value] of Object.entries(root)) walk(root, name, value);
  if (places.length === 0) return;
  const [holder, key] = random.one(places);
  const target = holder as Record<string | number, Value>;
  const value = target[key];
  switch (random.below(6)) {
    case 0:
      target[key] = structuredClone(random.one(odd));
      break;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete target[key];
      break;
    case 2:
      if (Array.isArray(holder)) holder.push(structuredClone(random.one(odd)));
      else define(target, random.one(keys), structuredClone(random.one(odd)));
      break;
    case 3:
      if (Array.isArray(value)) value.push(...structuredClone(value));
      else target[key] = [value];
      break;
    case 4:
      if (typeof value === 'string') target[key] = mutateText(random, value);
      else target[key] = encode(value);
      break;
    default:
      target[key] = structuredClone(random.one(places)[0]);
  }
}

/** Sets a field whatever its name is. */
function define(target: object, name: string, value: Value): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function mutateText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const insert = random.one(['', '-', '/', '.', ' ', '\n', '"', '\\', '%00', 'é', '9'.repeat(20), text]);
  return text.slice(0, at) + insert + text.slice(at + random.below(3));
}

/** Some changes of bytes: flipped, left out, said twice, put in, cut off. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let result = bytes;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(result.length + 1);
    const length = 1 + random.below(8);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    switch (random.below(6)) {
      case 0:
        result = Buffer.concat([before, random.bytes(1), after.subarray(1)]);
        break;
      case 1:
        result = Buffer.concat([before, after.subarray(length)]);
        break;
      case 2:
        result = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 3:
        result = Buffer.concat([before, random.bytes(length), after]);
        break;
      case 4:
        result = Buffer.concat([before, Buffer.from(random.one(tokens), 'latin1'), after]);
        break;
      default:
        result = random.chance(0.2) ? before : result;
    }
  }
  return result;
}

const tokens = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ': ',
  'HTTP/2.0',
  'HTTP/1.0',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Connection: close\r\n',
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'Expect: 100-continue\r\n',
  'Host: \r\n',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '%00',
  '%2e%2e%2f',
  '?watch=1',
  '?timeout=1ms',
  '\x16\x03\x01',
];
