import type { Json } from '../machinery/json.ts';

const max32 = 4294967295;
const max16 = 65535;

/**
 * The AS number of a value: a number from 0 to 4294967295, the same in a string, or `hi.lo` with halves of 16 bits
 * (RFC 5396, asdot+); undefined for anything else (kinds.md 0.4; Calico's numorstring.ASNumber).
 */
export function parseAsNumber(value: Json): number | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 && value <= max32 ? value : undefined;
  const parts = typeof value === 'string' ? /^([0-9]+)(?:\.([0-9]+))?$/.exec(value) : undefined;
  if (!parts) return undefined;
  const high = Number(parts[1]);
  if (parts[2] === undefined) return high <= max32 ? high : undefined;
  const low = Number(parts[2]);
  return high <= max16 && low <= max16 ? high * 65536 + low : undefined;
}

/** Brings an AS number into its stored form, the number: `"1.5"` becomes 65541. What is no AS number stays as it is. */
export function canonicalAsNumber(value: Json): Json {
  return typeof value === 'string' ? (parseAsNumber(value) ?? value) : value;
}
