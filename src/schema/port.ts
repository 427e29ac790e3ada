import type { Json } from '../machinery/json.ts';
import { portNameProblem } from './port-name.ts';

/** The ports from `min` to `max`, which are equal for a single one, or the port of a container by its name. */
export type Port = { min: number; max: number } | { name: string };

const maxPort = 65535;

function numberProblem(value: number): string | undefined {
  return value >= 1 && value <= maxPort ? undefined : 'must be a port from 1 to 65535';
}

/**
 * The ports that a value stands for: a number, a number in a string, a range such as `8000:8080` or the name of a
 * container port. Else what would be right (kinds.md 0.4; Calico's numorstring.Port and its validator).
 */
export function parsePort(value: Json): Port | { problem: string } {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const single = Number(value);
    const problem = Number.isInteger(single) ? numberProblem(single) : 'must be a whole number';
    return problem === undefined ? { min: single, max: single } : { problem };
  }
  if (typeof value !== 'string') {
    return { problem: 'must be a port number, a range such as "8000:8080" or the name of a container port' };
  }
  const digits = /^([0-9]+)(?::([0-9]+))?$/.exec(value);
  if (digits) {
    const min = Number(digits[1]);
    const max = digits[2] === undefined ? min : Number(digits[2]);
    const problem = numberProblem(min) ?? numberProblem(max);
    if (problem)
      return { problem: digits[2] === undefined ? problem : `${problem}, at both ends of a range` };
    if (min <= max) return { min, max };
    return { problem: `must be a range from its lower end to its higher one: "${max}:${min}"` };
  }
  const problem = portNameProblem(value);
  return problem === undefined ? { name: value } : { problem: asPort(value, problem) };
}

/** Whether a value is surely a port in its stored form, as nearly all are: told without making anything. */
export function isPlainPort(value: Json): boolean {
  if (typeof value !== 'string')
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxPort;
  let min = 0;
  let number = 0;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    // One colon, with something before it.
    if (code === 58 && min === 0 && number > 0) {
      min = number;
      number = 0;
    } else {
      // Needless zeros take a closer look, as all else does.
      if (code < 48 || code > 57 || (code === 48 && number === 0)) return false;
      number = number * 10 + code - 48;
    }
  }
  return min >= 1 && min < number && number <= maxPort;
}

function asPort(text: string, nameProblem: string): string {
  const dashed = /^\s*([0-9]+)\s*[-:]\s*([0-9]+)\s*$/.exec(text);
  if (dashed) return `must be a range with a colon and no blanks: "${dashed[1]}:${dashed[2]}"`;
  return `must be a port number, a range such as "8000:8080" or the name of a container port; a name ${nameProblem}`;
}

/** The form in which ports are stored: a single one is a number, a range `"min:max"`, a name itself. */
export function portValue(port: Port): number | string {
  if ('name' in port) return port.name;
  return port.min === port.max ? port.min : `${port.min}:${port.max}`;
}

/** Brings a port into its stored form: `"80"` and `"80:80"` become 80. What is no port stays as it is. */
export function canonicalPort(value: Json): Json {
  if (typeof value !== 'string' || isPlainPort(value)) return value;
  const port = parsePort(value);
  return 'problem' in port ? value : portValue(port);
}
