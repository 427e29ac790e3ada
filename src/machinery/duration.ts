const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's durations are nanoseconds in 64 bits, which is about 292 years. */
const maxDurationMs = 2 ** 63 / 1e6;

/** Go's time package quotes byte by byte: what is not printable ASCII becomes `\\xc2`. */
function quoteBytes(text: string): string {
  const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, '0')}`;
  const quoted = text.replace(/["\\]/g, '\\$&');
  return `"${quoted.replace(/[^ -~]/gu, character => [...Buffer.from(character)].map(hex).join(''))}"`;
}

/**
 * The milliseconds of a Go duration (`1h30m`, `1.5s`, `-2ms`, `0`). Throws Error with the message of Go's
 * time.ParseDuration.
 */
export function parseGoDuration(text: string): number {
  const invalid = new Error(`time: invalid duration ${quoteBytes(text)}`);
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  if (unsigned === '') throw invalid;
  let total = 0;
  let rest = unsigned;
  while (rest !== '') {
    const [part, number = '', unit = ''] = /^(\d*\.?\d*)([^\d.]*)/.exec(rest)!;
    if (number === '' || number === '.') throw invalid;
    if (unit === '') throw new Error(`time: missing unit in duration ${quoteBytes(text)}`);
    if (!Object.hasOwn(unitMs, unit)) {
      throw new Error(`time: unknown unit ${quoteBytes(unit)} in duration ${quoteBytes(text)}`);
    }
    total += Number(number) * unitMs[unit]!;
    if (total > maxDurationMs) throw invalid;
    rest = rest.slice(part.length);
  }
  return text.startsWith('-') ? -total : total;
}

/**
 * A duration as kubectl prints ages, in two or three significant figures: `5s`, `3m12s`, `47h`, `3d4h`, `2y`
 * (apimachinery duration.HumanDuration). A second or less in the future counts as now, more prints `<invalid>`.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return joinUnits(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return joinUnits(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return joinUnits(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 8) return joinUnits(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function joinUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}
