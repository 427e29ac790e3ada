import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const wanted =
  "must be a name of lower case letters, digits, '-' and '.', with a letter or digit at both ends and around " +
  "each '.', such as node-1.example.com";

/** The name of another object: a DNS subdomain of any length. */
export const nameRule: Rule = textRule({
  id: 'name',
  says: 'Must be a DNS subdomain: lower case letters, digits, dashes and dots, such as node-1.example.com.',
  source: 'kinds.md 0.3, Named field checks (name)',
  problem: text => {
    if (subdomain.test(text)) return undefined;
    const lower = text.toLowerCase();
    return subdomain.test(lower) ? `${wanted}; did you mean "${lower}"?` : wanted;
  },
  valid: ['default', 'node-1.example.com', '1', 'a'.repeat(300)],
  invalid: [
    ['', wanted],
    ['Default', `${wanted}; did you mean "default"?`],
    ['a_b', wanted],
    ['a..b', wanted],
    ['-a', wanted],
    ['a.', wanted],
  ],
});
