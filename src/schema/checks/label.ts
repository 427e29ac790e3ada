import type { Json } from '../../machinery/json.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../machinery/names.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { defineRule, type Problem, type Rule } from '../rule.ts';

const maxAnnotationBytes = 256 * 1024;

function entries(value: Json): [string, string][] {
  return Object.entries(isJsonObject(value) ? value : {}).map(([key, text]) => [
    key,
    typeof text === 'string' ? text : '',
  ]);
}

function keyProblems(key: string, name: string): Problem[] {
  return qualifiedNameErrors(name).map(detail => ({
    at: `[${key}]`,
    value: key,
    detail: `the key: ${detail}`,
  }));
}

const qualified =
  "the key: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** Labels that become those of endpoints: Profile labelsToApply, templates of host endpoints. */
export const labelsRule: Rule = defineRule<Json>({
  id: 'labels',
  says: 'Must be labels as Kubernetes has them: each key a qualified name, each value at most 63 characters of one.',
  source: 'kinds.md 0.3, Named field checks (labels)',
  check: value =>
    entries(value).flatMap(([key, text]) => [
      ...keyProblems(key, key),
      ...labelValueErrors(text).map(detail => ({ at: `[${key}]`, value: text, detail })),
    ]),
  cases: {
    valid: [{ value: { role: 'db', 'example.com/Tier': '' } }, { value: {} }],
    invalid: [
      { value: { 'a b': 'c' }, at: '[a b]', detail: qualified },
      { value: { a: 'x'.repeat(64) }, at: '[a]', detail: 'must be no more than 63 bytes' },
      {
        value: { a: '-' },
        at: '[a]',
        detail:
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must " +
          "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used " +
          "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      },
    ],
  },
});

/** Annotations of rules and of templates of host endpoints. */
export const annotationsRule: Rule = defineRule<Json>({
  id: 'annotations',
  says: 'Must be annotations as Kubernetes has them: each key a qualified name, at most 262144 bytes in all.',
  source: 'kinds.md 0.2, Metadata rules (annotations); kinds.md 0.3b, Struct checks (RuleMetadata, Template)',
  check: value => {
    const problems = entries(value).flatMap(([key]) => keyProblems(key, key.toLowerCase()));
    let bytes = 0;
    for (const [key, text] of entries(value)) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
    if (bytes <= maxAnnotationBytes) return problems;
    return [...problems, { type: 'TooLong', detail: `may not be more than ${maxAnnotationBytes} bytes` }];
  },
  cases: {
    valid: [{ value: { ticket: 'any text, at length', 'Example.COM/Ticket': '7' } }, { value: {} }],
    invalid: [
      { value: { 'a b': 'c' }, at: '[a b]', detail: qualified },
      { value: { a: 'x'.repeat(maxAnnotationBytes) }, detail: 'may not be more than 262144 bytes' },
    ],
  },
});
