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

const label = '(?:[a-z0-9]+(?:[.-][a-z0-9]+)*/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const value = '"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"';
const test = `has\\((${label})\\)|(${label}) *(?:[=!]= *${value}|in *\\{ *${value}(?: *, *${value})* *\\})`;
const term = new RegExp(` *(?:${test}) *(&&|$)`, 'y');

/** Whether a selector is a plain list of tests of different labels, as most are: such a one is true of some labels. */
function isPlain(text: string): boolean {
  const seen = new Set<string>();
  term.lastIndex = 0;
  while (term.lastIndex < text.length) {
    const found = term.exec(text);
    const name = found?.[1] ?? found?.[2];
    // A prefix longer than 253 bytes would be no prefix of a label.
    if (!found || name === undefined || name.length > 253 || seen.has(name)) return false;
    if (found[3] === '') return true;
    seen.add(name);
  }
  return false;
}

/** Why a selector is false of every set of labels, as its form tells; undefined where it may be true of some. */
export function whyNever(value: Json | undefined): string | undefined {
  if (value === undefined || value === '' || (typeof value === 'string' && isPlain(value))) return undefined;
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
