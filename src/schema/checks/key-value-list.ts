import type { Rule } from '../rule.ts';
import { textRule } from './text.ts';

const wanted = 'must be key=value pairs separated by commas, such as "ChecksumOffload=false"';

/** A list of settings in one text: FelixConfiguration featureDetectOverride and featureGates. */
export const keyValueListRule: Rule = textRule({
  id: 'key-value-list',
  says: 'Must be empty or key=value pairs separated by commas; keys are letters, digits and underscores.',
  source: 'kinds.md 0.3, Named field checks (keyValueList)',
  problem: text => {
    const wrong = text.split(',').find(item => !/^\s*(\w+=.*)?$/s.test(item));
    return wrong === undefined ? undefined : `${wanted}; ${JSON.stringify(wrong.trim())} is none`;
  },
  valid: ['', 'A=true', 'A=true, B=false', 'A=,B=x=y,', 'a_1=any thing'],
  invalid: [
    ['A', `${wanted}; "A" is none`],
    ['A=true,B', `${wanted}; "B" is none`],
    ['A-B=true', `${wanted}; "A-B=true" is none`],
    ['=true', `${wanted}; "=true" is none`],
  ],
});
