import { parseCidr, parseIp } from './cidr.ts';

/** Whether a string has the format. */
export type FormatCheck = (text: string) => boolean;

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

/**
 * The formats of strings that kube-apiserver checks in a CRD, as it checks them (kube-openapi strfmt). Its addresses
 * may have leading zeros; what the agents refuse beyond that is refused by the kinds' own rules.
 */
const checks = new Map<string, FormatCheck>([
  ['byte', text => base64.test(text)],
  ['cidr', text => parseCidr(text, 'anywhere') !== undefined],
  ['date', isDate],
  ['datetime', isDateTime],
  ['duration', isDuration],
  ['ipv4', text => text.includes('.') && parseIp(text, 'anywhere') !== undefined],
  ['ipv6', text => text.includes(':') && parseIp(text, 'anywhere') !== undefined],
  ['password', () => true],
  ['uuid', text => uuid.test(text)],
]);

/** Formats that kube-apiserver checks and this server does not: a schema must not use them. */
const missing = new Set([
  ...[
    'bsonobjectid',
    'uri',
    'email',
    'hostname',
    'mac',
    'uuid3',
    'uuid4',
    'uuid5',
    'isbn',
    'isbn10',
    'isbn13',
  ],
  ...['creditcard', 'ssn', 'hexcolor', 'rgbcolor', 'k8sshortname', 'k8slongname'],
]);

/** The check of a format; undefined for one that kube-apiserver ignores. Throws for one that is missing here. */
export function formatCheck(format: string): FormatCheck | undefined {
  const name = format.replaceAll('-', '');
  if (missing.has(name)) throw new Error(`format ${JSON.stringify(format)} is not implemented`);
  return checks.get(name);
}

/** A day of the calendar as 2006-01-02. */
function isDate(text: string): boolean {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** A day, T, a time to the second or finer, and Z or an offset; either case. */
function isDateTime(text: string): boolean {
  const [day = '', time] = text.toLowerCase().split('t');
  if (time === undefined || !isDate(day)) return false;
  const parts = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$/.exec(time);
  return parts !== null && Number(parts[1]) < 24 && Number(parts[2]) < 60 && Number(parts[3]) < 60;
}

const exactUnits = new Set(['ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'hr', 'd', 'w', 'wk']);
const unitPrefixes = ['nano', 'micro', 'milli', 'sec', 'min', 'hour', 'day', 'week'];

/** A duration of Go, or else any text with a number and a unit of time in it, spelt as Scala spells them. */
function isDuration(text: string): boolean {
  if (/^[+-]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true;
  // A number is tried from its first digit only: from each of them, the time would be quadratic.
  for (const match of text.matchAll(/(?<![0-9])[0-9]+\s*([A-Za-zµ]+)/g)) {
    const unit = match[1]!.toLowerCase();
    if (exactUnits.has(unit) || unitPrefixes.some(prefix => unit.startsWith(prefix))) return true;
  }
  return false;
}
