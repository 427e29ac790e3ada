import type { Json } from '../../machinery/json.ts';
import { matchesLabels } from '../../schema/selector/evaluate.ts';
import { neverMatches } from '../../schema/selector/never-matches.ts';
import { negate, parseSelector, type Selector, SelectorSyntaxError } from '../../schema/selector/parse.ts';

/** The selector of a field; absent is as good as empty. Undefined where it does not parse (an old object may be so). */
function read(value: Json | undefined): Selector | undefined {
  try {
    return parseSelector(typeof value === 'string' ? value : '');
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return undefined;
    throw error;
  }
}

/** Why a selector is false of every set of labels, as its form tells; undefined where it may be true of some. */
export function whyNever(value: Json | undefined): string | undefined {
  const selector = read(value);
  return selector && neverMatches(selector);
}

/** Whether a selector is true of every set of labels, as its form tells. */
export function matchesAlways(value: Json | undefined): boolean {
  const selector = read(value);
  return selector !== undefined && neverMatches(negate(selector)) !== undefined;
}

/** Whether a selector is true of what has no labels. */
export function matchesUnlabelled(value: Json | undefined): boolean {
  const selector = read(value);
  return selector !== undefined && matchesLabels(selector, {});
}
