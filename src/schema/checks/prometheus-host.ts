import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const wanted = "must be an address or host name: 1 to 64 letters, digits, ':', '.', '_', '-' and '+'";

/** Where Felix listens for Prometheus. */
export const prometheusHostRule: Rule = textRule({
  id: 'prometheus-host',
  says: "Must be an address or a host name: 1 to 64 letters, digits, ':', '.', '_', '-' and '+'.",
  source: 'kinds.md 0.3, Named field checks (prometheusHost)',
  problem: text => (/^[a-zA-Z0-9:._+-]{1,64}$/.test(text) ? undefined : wanted),
  valid: ['127.0.0.1', '::1', 'node-1.example.com', 'a'.repeat(64)],
  invalid: [
    ['', wanted],
    ['http://node-1', wanted],
    ['a'.repeat(65), wanted],
  ],
});
