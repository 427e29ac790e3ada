import type { Json } from '../../machinery/json.ts';

const everything = /^[ \t]*(all\([ \t]*\)[ \t]*)?$/;

/** Whether a selector is false of every set of labels, as its form tells; an absent one is not. */
export function matchesNever(_selector: Json | undefined): boolean {
  return false;
}

/** Whether a selector is true of every set of labels, as its form tells; an absent or empty one is. */
export function matchesAlways(selector: Json | undefined): boolean {
  return everything.test(typeof selector === 'string' ? selector : '');
}

/** Whether a selector is true of what has no labels. */
export function matchesUnlabelled(selector: Json | undefined): boolean {
  return matchesAlways(selector);
}
