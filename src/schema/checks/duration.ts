import { durationText, parseDuration } from '../duration.ts';
import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const wanted = 'must be a duration, such as 90s or 1m30s (units: ns, us, ms, s, m, h)';

/** What keeps a text from being a duration of Go. */
export function durationProblem(text: string): string | undefined {
  if (parseDuration(text) !== undefined) return undefined;
  return /^[0-9]+$/.test(text) ? `must have a unit: "${text}s" if seconds are meant` : wanted;
}

/** A duration of Go. */
export const durationRule: Rule = textRule({
  id: 'duration',
  says: 'Must be a duration of Go, such as 90s, 1m30s or 0.',
  source: 'kinds.md 0, JSON decoding (metav1.Duration)',
  problem: durationProblem,
  valid: ['0', '90s', '1m30s', '1.5h', '.5s', '-1s', '100µs', '+2ms'],
  invalid: [
    ['90', 'must have a unit: "90s" if seconds are meant'],
    ['', wanted],
    ['1d', wanted],
    ['1 s', wanted],
    ['9223372037s', wanted],
  ],
});

/** A duration of Go that does not run backwards: FelixConfiguration healthTimeoutOverrides. */
export const positiveDurationRule: Rule = textRule({
  id: 'duration-not-negative',
  says: 'Must be a duration of Go, such as 90s or 1m30s, and not negative.',
  source: 'kinds.md 3, FelixConfiguration, healthTimeoutOverrides',
  problem: text => {
    const nanoseconds = parseDuration(text);
    if (nanoseconds === undefined) return durationProblem(text);
    return nanoseconds < 0n ? `must not be negative: ${durationText(-nanoseconds)}` : undefined;
  },
  valid: ['0s', '90s'],
  invalid: [
    ['-90s', 'must not be negative: 1m30s'],
    ['soon', wanted],
  ],
});
