/** Nanoseconds in each unit of Go's durations. */
const units = new Map<string, bigint>([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const maxNanoseconds = 2n ** 63n - 1n;

/**
 * The nanoseconds of a duration of Go, such as `1h30m`, `1.5s`, `-2ms` or `0`; undefined for what is none or does not
 * fit 64 bits (time.ParseDuration). Fractions of a nanosecond are cut off.
 */
export function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const unsigned = /^[-+]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '') return undefined;
  const part = /(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([^0-9.]+)/y;
  let total = 0n;
  while (part.lastIndex < unsigned.length) {
    const found = part.exec(unsigned);
    const unit = found && units.get(found[4]!);
    if (!found || !unit) return undefined;
    // More digits than these cannot be told in 64 bits; Go gives up on such a whole part too.
    const whole = (found[1] ?? '').replace(/^0+/, '');
    if (whole.length > 19) return undefined;
    total += BigInt(whole) * unit + fraction(found[2] ?? found[3] ?? '', unit);
    if (total > maxNanoseconds + (negative ? 1n : 0n)) return undefined;
  }
  return negative ? -total : total;
}

/** As Go calculates it, in floating point: more digits than 64 bits hold are not looked at. */
function fraction(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > maxNanoseconds / 10n || next > maxNanoseconds + 1n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `100µs`, `0s` (time.Duration.String). */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds < 0n) return `-${durationText(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  const second = units.get('s')!;
  if (nanoseconds < second) {
    const unit = nanoseconds < 1_000n ? 'ns' : nanoseconds < 1_000_000n ? 'µs' : 'ms';
    return `${decimal(nanoseconds, units.get(unit)!)}${unit}`;
  }
  const hours = nanoseconds / units.get('h')!;
  const minutes = (nanoseconds / units.get('m')!) % 60n;
  const seconds = `${decimal(nanoseconds % units.get('m')!, second)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const rest = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return rest === '' || digits === 0 ? String(value / unit) : `${value / unit}.${rest}`;
}
