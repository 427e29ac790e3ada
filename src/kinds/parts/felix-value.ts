import { string } from '../../schema/build.ts';

/**
 * A length of time such as `90s` or `1m30s`. The pattern is that of Calico's CRD, where the decimal point is
 * escaped twice: `1.5s` does not match, though Felix could read it.
 */
export function duration(description: string) {
  return string(description, { pattern: String.raw`^([0-9]+(\\.[0-9]+)?(ms|s|m|h))*$` });
}

/** One of the words in upper or lower case, or the empty string, which is the default of Felix. */
export function anyCase(words: readonly string[], description: string) {
  return string(description, { pattern: `^(?i)(${words.join('|')})?$` });
}

export const severities = ['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'];
