import type { Json } from '../../machinery/json.ts';
import { matchesLabels } from '../../schema/selector/evaluate.ts';
import { neverMatches } from '../../schema/selector/never-matches.ts';
import { negate, parseSelector, type Selector } from '../../schema/selector/parse.ts';

/** The selector of a field whose syntax has been checked; absent is as good as empty, which selects everything. */
function read(selector: Json | undefined): Selector {
  return parseSelector(typeof selector === 'string' ? selector : '');
}

/** Why a selector is false of every set of labels, as its form tells; undefined where it may be true of some. */
export function whyNever(selector: Json | undefined): string | undefined {
  return neverMatches(read(selector));
}

/** Whether a selector is true of every set of labels, as its form tells. */
export function matchesAlways(selector: Json | undefined): boolean {
  return neverMatches(negate(read(selector))) !== undefined;
}

/** Whether a selector is true of what has no labels. */
export function matchesUnlabelled(selector: Json | undefined): boolean {
  return matchesLabels(read(selector), {});
}
