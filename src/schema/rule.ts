import { limits } from '../limits.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { FieldError } from '../machinery/status.ts';

/** What is wrong with a value. */
export interface Problem {
  /** Where, below the value: `.source.ports[1]`; the value itself when absent. */
  at?: string;
  /** Invalid when absent. */
  type?: FieldError['type'];
  /** What to show as the offending value; the value itself when `at` is absent. */
  value?: Json;
  /** What would be right, without the field and the value. */
  detail: string;
}

/** The object that a value is part of. */
export interface Situation {
  object: ApiObject;
  /** What it replaces, on an update. */
  old: ApiObject | undefined;
}

/**
 * A rule of Calico beyond what OpenAPI can say, with the cases that show what it lets pass and what not. It stands at the schema
 * node of the values that it is about, and runs on those whose own structure is right.
 */
export interface Rule {
  /** Unique, in kebab case: `net-is-masked`. */
  id: string;
  /** What must hold, in one sentence: for the reference pages. */
  says: string;
  /** Whose rule it is: a section of kinds.md or selectors.md by its heading, or why it is ours. */
  source: string;
  /** For a rule of a whole object that looks at its metadata alone: it runs whatever is wrong with the rest. */
  ofMetadata?: true;
  check(value: Json, situation: Situation): Problem[];
  cases: RuleCases<Json>;
}

interface RuleCases<V> {
  valid: Case<V>[];
  /** Each with the detail of its first problem. */
  invalid: (Case<V> & { detail: string; at?: string })[];
}

/** A value, and where it matters the object around it and what that replaces. */
interface Case<V> {
  value: V;
  why?: string;
  object?: ApiObject;
  old?: ApiObject;
}

/** What nearly every check gives. */
const nothing: Problem[] = [];

/**
 * A rule on values of one type. The check may return one problem, several or nothing; a generator of problems is asked for no more
 * than one answer holds.
 */
export function defineRule<V extends Json>(rule: {
  id: string;
  says: string;
  source: string;
  ofMetadata?: true;
  check(value: V, situation: Situation): Problem | Problem[] | Generator<Problem, void> | undefined;
  cases: RuleCases<V>;
}): Rule {
  return {
    ...rule,
    check: (value, situation) => {
      const found = rule.check(value as V, situation);
      if (found === undefined) return nothing;
      if (Array.isArray(found)) return found;
      return 'next' in found ? found.take(limits.maxFieldErrors).toArray() : [found];
    },
  };
}
