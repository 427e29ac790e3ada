import { string } from '../../schema/build.ts';
import { durationProblem } from '../../schema/checks/duration.ts';
import { textRule } from '../../schema/checks/text.ts';
import { parseDuration } from '../../schema/duration.ts';
import type { Rule } from '../../schema/rule.ts';

const inWholeNumbers = 'must be in whole numbers of h, m, s and ms';

/** What the pattern below means, in words: the times that both it and Go can read. */
const wholeDurationRule = textRule({
  id: 'felix-duration',
  says: 'Must be a duration in whole numbers of h, m, s and ms, such as 1m30s; not empty.',
  source:
    'kinds.md 3, FelixConfiguration, durations with pattern; kinds.md 0, JSON decoding (metav1.Duration)',
  problem: text => {
    const duration = parseDuration(text);
    if (duration === undefined) return durationProblem(text);
    if (/^([0-9]+(ms|s|m|h))+$/.test(text)) return undefined;
    const isWhole = duration >= 0n && duration % 1_000_000n === 0n;
    return isWhole ? `${inWholeNumbers}: ${duration / 1_000_000n}ms` : inWholeNumbers;
  },
  valid: ['90s', '1m30s', '0s', '1500ms', '24h0m0s'],
  invalid: [
    ['90', 'must have a unit: "90s" if seconds are meant'],
    ['', 'must be a duration, such as 90s or 1m30s (units: ns, us, ms, s, m, h)'],
    ['1.5s', `${inWholeNumbers}: 1500ms`],
    ['0', `${inWholeNumbers}: 0ms`],
    ['100µs', inWholeNumbers],
    ['-1s', inWholeNumbers],
  ],
});

/**
 * A length of time such as `90s` or `1m30s`. The pattern is that of Calico's CRD, where the decimal point is
 * escaped twice: `1.5s` does not match, though Felix could read it.
 */
export function duration(description: string) {
  return string(description, {
    pattern: String.raw`^([0-9]+(\\.[0-9]+)?(ms|s|m|h))*$`,
    rules: [wholeDurationRule],
  });
}

/** One of the words in upper or lower case, or the empty string, which is the default of Felix. */
export function anyCase(words: readonly string[], description: string, constraints: { rules?: Rule[] } = {}) {
  return string(description, { pattern: `^(?i)(${words.join('|')})?$`, ...constraints });
}

export const severities = ['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'];
