import type { Json } from './json.ts';

/** A YAML value that has no JSON form, or whose tag contradicts it. */
export class YamlValueError extends Error {}

const words = new Map<string, Json>();
for (const word of ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']) {
  words.set(word, true);
}
for (const word of ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']) {
  words.set(word, false);
}
for (const word of ['', '~', 'null', 'Null', 'NULL']) words.set(word, null);

const notFinite = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const decimalFloat = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const integers: { form: RegExp; prefix: string; drop: number }[] = [
  { form: /^(0|[1-9]\d*)$/, prefix: '', drop: 0 },
  { form: /^0[xX][0-9a-fA-F]+$/, prefix: '0x', drop: 2 },
  { form: /^0[bB][01]+$/, prefix: '0b', drop: 2 },
  { form: /^0[oO][0-7]+$/, prefix: '0o', drop: 2 },
  { form: /^0[0-7]+$/, prefix: '0o', drop: 1 },
];

const maxUint64 = 2n ** 64n - 1n;
const minInt64 = -(2n ** 63n);

function parseInteger(text: string): number | bigint | undefined {
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  // A longer text can only overflow; without this the conversion of a megabyte of digits would take seconds.
  if (digits.length > 70) return undefined;
  const known = integers.find(integer => integer.form.test(digits));
  if (!known) return undefined;
  const size = BigInt(known.prefix + digits.slice(known.drop));
  const value = negative ? -size : size;
  if (value > maxUint64 || value < minInt64) return undefined;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** What a plain YAML scalar is: undefined where it is just a string. */
function resolvePlain(text: string): { tag: string; value: Json } | undefined {
  const word = words.get(text);
  if (word !== undefined) return { tag: word === null ? 'null' : 'bool', value: word };
  if (!/^[-+.\d]/.test(text)) return undefined;
  if (notFinite.test(text)) throw new YamlValueError(`json: unsupported value: ${text}`);
  const bare = text.replaceAll('_', '');
  const integer = text.startsWith('.') ? undefined : parseInteger(bare);
  if (integer !== undefined) return { tag: 'int', value: integer };
  if (!decimalFloat.test(bare)) return undefined;
  const float = Number(bare);
  return Number.isFinite(float) ? { tag: 'float', value: float } : undefined;
}

const coreTag = /^(?:tag:yaml\.org,2002:|!!)/;

/**
 * The JSON value of a YAML scalar, as sigs.k8s.io/yaml reads it (YAML 1.1 as in go-yaml v2, which kubectl and
 * kube-apiserver use): `yes`, `on` and `y` are true, `0x1f`, `0o17`, `017`, `0b1` and `1_000` are integers, a
 * timestamp stays a string. `tag` is the explicit tag, if any. Throws YamlValueError for .inf and .nan, for
 * !!binary, and where the tag contradicts the text.
 */
export function resolveYamlScalar(text: string, options: { plain: boolean; tag?: string | undefined }): Json {
  const tag = options.tag;
  if (tag === undefined) return options.plain ? plainValue(text) : text;
  if (!coreTag.test(tag)) return text;
  const name = tag.replace(coreTag, '');
  if (name === 'binary') throw new YamlValueError('the !!binary tag is not supported');
  if (name === 'str' || name === 'timestamp') return text;
  if (!['bool', 'int', 'float', 'null'].includes(name)) return text;
  const resolved = resolvePlain(text);
  if (resolved?.tag === name) return resolved.value;
  if (resolved?.tag === 'int' && name === 'float') return resolved.value;
  throw new YamlValueError(`cannot decode !!${resolved?.tag ?? 'str'} \`${text}\` as a !!${name}`);
}

function plainValue(text: string): Json {
  const resolved = resolvePlain(text);
  return resolved === undefined ? text : resolved.value;
}
