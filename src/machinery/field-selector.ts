import { limits } from '../limits.ts';
import { goQuote } from './go-text.ts';
import { badRequest } from './status.ts';

export interface FieldRequirement {
  field: string;
  operator: '=' | '!=';
  value: string;
}

/** A parsed field selector: all of its requirements must hold. */
export interface FieldSelector {
  /** True where there are no requirements: every object matches. */
  empty: boolean;
  /** True where the requirements contradict each other: no object can match. */
  impossible: boolean;
  /** A field that is not in `fields` counts as the empty string. */
  matches(fields: Record<string, string>): boolean;
  requirements: FieldRequirement[];
  /** The one value that the selector demands of `field`, if it does. */
  exact(field: string): string | undefined;
  /** The selector in its canonical form; parsing it again gives the same selector. */
  toString(): string;
}

/** Splits at commas that are not escaped; the escapes stay. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.filter(term => term !== '').sort();
}

function unescapeValue(text: string): string {
  return text.replace(/\\(.?)|[,=]/gsu, (match, escaped: string | undefined) => {
    if (escaped === undefined) {
      const code = match.codePointAt(0);
      throw badRequest(`invalid field selector: unescaped character in value: ${code}`);
    }
    if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
      throw badRequest(`invalid field selector: invalid escape sequence: ${match}`);
    }
    return escaped;
  });
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
  if (!match) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) };
}

function termText(requirement: FieldRequirement): string {
  const value = requirement.value.replace(/[\\,=]/g, '\\$&');
  return `${requirement.field}${requirement.operator}${value}`;
}

/**
 * Parses a field selector (`metadata.name=a,spec.tier!=b`; a backslash escapes `,`, `=` and itself in values), in
 * the grammar of apimachinery's fields.ParseSelector. `==` becomes `=`. `supported` are the fields that the kind
 * can be selected by. Throws a StatusError 400 with the message of kube-apiserver; the bounds are
 * limits.maxSelectorBytes and limits.maxSelectorRequirements.
 */
export function parseFieldSelector(text: string, supported: string[]): FieldSelector {
  if (Buffer.byteLength(text) > limits.maxSelectorBytes) {
    throw badRequest(`the field selector is longer than ${limits.maxSelectorBytes} bytes`);
  }
  const terms = splitTerms(text);
  if (terms.length > limits.maxSelectorRequirements) {
    throw badRequest(`the field selector has more than ${limits.maxSelectorRequirements} requirements`);
  }
  const requirements = terms.map(term => parseTerm(term, text));
  for (const { field } of requirements) {
    if (!supported.includes(field)) {
      const known = supported.map(goQuote).join(', ');
      throw badRequest(`${goQuote(field)} is not a known field selector: only ${known}`);
    }
  }
  const tests = [...fieldTests(requirements)];
  return {
    empty: requirements.length === 0,
    impossible: tests.some(([, test]) => test.allowed?.size === 0),
    requirements,
    matches: fields => tests.every(([field, test]) => isMet(test, fields[field] ?? '')),
    exact: field => requirements.find(r => r.field === field && r.operator === '=')?.value,
    toString: () => requirements.map(termText).join(','),
  };
}

/** All that a selector requires of one field. */
interface FieldTest {
  /** The values it may have, one or none; undefined: any. */
  allowed: Set<string> | undefined;
  refused: Set<string>;
}

/** The requirements by field: no more tests than the kind has fields, however many requirements there are. */
function fieldTests(requirements: FieldRequirement[]): Map<string, FieldTest> {
  const tests = new Map<string, FieldTest>();
  for (const { field, operator, value } of requirements) {
    const test = tests.get(field) ?? { allowed: undefined, refused: new Set() };
    tests.set(field, test);
    if (operator === '!=') test.refused.add(value);
    else test.allowed = new Set(test.allowed?.has(value) === false ? [] : [value]);
  }
  for (const test of tests.values()) {
    for (const value of test.allowed ?? []) if (test.refused.has(value)) test.allowed = new Set();
  }
  return tests;
}

function isMet(test: FieldTest, value: string): boolean {
  return test.allowed ? test.allowed.has(value) : !test.refused.has(value);
}
