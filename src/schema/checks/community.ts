import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const wanted =
  'must be a BGP community: two numbers from 0 to 65535, such as 64512:120, or three from 0 to 4294967295, such as ' +
  '64512:300:1';

/** Whether a text is the value of a BGP community, standard or large. */
export function isCommunity(text: string): boolean {
  const parts = text.split(':');
  if (!parts.every(part => /^[0-9]+$/.test(part))) return false;
  if (parts.length === 2) return parts.every(part => Number(part) <= 65535);
  return parts.length === 3 && parts.every(part => Number(part) <= 4294967295);
}

/** The value of a BGP community. */
export const communityRule: Rule = textRule({
  id: 'community',
  says: 'Must be a BGP community: 64512:120 (16 bits each) or 64512:300:1 (32 bits each).',
  source: 'kinds.md 3, BGPConfiguration, communities[]; kinds.md 0.3b, Struct checks (BGPConfigurationSpec)',
  problem: text => (isCommunity(text) ? undefined : wanted),
  valid: ['64512:120', '0:0', '65535:65535', '4294967295:0:1'],
  invalid: [
    ['65536:1', wanted],
    ['1:2:4294967296', wanted],
    ['64512', wanted],
    ['1:2:3:4', wanted],
    ['no-export', wanted],
    ['', wanted],
  ],
});
