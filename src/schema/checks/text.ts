import type { Json } from '../../machinery/json.ts';
import { nearest } from '../nearest.ts';
import { defineRule, type Rule } from '../rule.ts';

/** A rule on one text, with its cases in short form. */
export interface TextRule {
  id: string;
  says: string;
  source: string;
  /** What would be right, where the text is not. */
  problem(text: string): string | undefined;
  valid: string[];
  /** Texts with the details that they give. */
  invalid: [text: string, detail: string][];
}

/** A rule on texts. What is no text has a type error of the structure already and is left alone. */
export function textRule({ id, says, source, problem, valid, invalid }: TextRule): Rule {
  return defineRule<Json>({
    id,
    says,
    source,
    check: value => {
      const detail = typeof value === 'string' ? problem(value) : undefined;
      return detail === undefined ? undefined : { detail };
    },
    cases: {
      valid: valid.map(value => ({ value })),
      invalid: invalid.map(([value, detail]) => ({ value, detail })),
    },
  });
}

const optional = new WeakMap<Rule, Rule>();

/**
 * The same rule for a field that is as good as absent when it is the empty string: Calico's types drop such a field
 * before they check it (Go's omitempty). Not for items of lists, which are always checked.
 */
export function orEmpty(rule: Rule): Rule {
  const known = optional.get(rule);
  if (known) return known;
  const made: Rule = {
    ...rule,
    id: `${rule.id}-or-empty`,
    says: `${rule.says} Empty counts as absent.`,
    check: (value, situation) => (value === '' ? [] : rule.check(value, situation)),
    cases: {
      valid: [...rule.cases.valid, { value: '' }],
      invalid: rule.cases.invalid.filter(({ value }) => value !== ''),
    },
  };
  optional.set(rule, made);
  return made;
}

/** `"a", "b" or "c"`. */
export function listed(words: readonly string[]): string {
  const quoted = words.map(word => JSON.stringify(word));
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** `; did you mean "x"?` where a candidate is near the text; else nothing. */
export function didYouMean(text: string, candidates: Iterable<string>): string {
  const meant = nearest(text, candidates);
  return meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
}

/** A rule that a text is one of the words, in exact case, where the schema is laxer. */
export function wordRule(id: string, words: readonly [string, ...string[]], source: string): Rule {
  const problem = (text: string) =>
    words.includes(text) ? undefined : `must be ${listed(words)}${didYouMean(text, words)}`;
  const shouted = words[0].toUpperCase() === words[0] ? words[0].toLowerCase() : words[0].toUpperCase();
  return textRule({
    id,
    says: `Must be ${listed(words)}, in exact case.`,
    source,
    problem,
    valid: [...words],
    invalid: [shouted, 'somethingElse'].map(text => [text, problem(text)!]),
  });
}
