import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { Rule } from '../../../src/schema/rule.ts';
import type { Schema } from '../../../src/schema/schema.ts';

/** All rules that stand in the schema or below. */
function rulesOf(schema: Schema, found = new Set<Rule>()): Set<Rule> {
  for (const rule of schema.rules ?? []) found.add(rule);
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  for (const child of below) if (child) rulesOf(child, found);
  return found;
}

function isRule(value: unknown): value is Rule {
  return typeof value === 'object' && value !== null && 'check' in value && 'cases' in value && 'id' in value;
}

const checks = join(import.meta.dirname, '../../../src/schema/checks');
const rules = new Set<Rule>();
for (const kind of kinds) rulesOf(kind.schema, rules);
for (const file of readdirSync(checks)) {
  for (const value of Object.values(await import(join(checks, file)))) if (isRule(value)) rules.add(value);
}

const object: ApiObject = { apiVersion: 'v3', kind: 'Any', metadata: { name: 'any' } };

/** What a case shows: the place and detail of the first problem, or nothing. */
function firstProblem(rule: Rule, { value, object: whole, old }: Rule['cases']['valid'][number]) {
  const [problem] = rule.check(value, { object: whole ?? object, old });
  return problem && { detail: problem.detail, ...(problem.at !== undefined && { at: problem.at }) };
}

/** What is missing or wrong in the description of a rule. */
function faults(rule: Rule): string[] {
  return [
    ...(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(rule.id) ? [] : ['id is not in kebab case']),
    ...(rule.says.trim() === '' ? ['says is empty'] : []),
    ...(rule.source.trim() === '' ? ['source is empty'] : []),
    ...(rule.cases.valid.length === 0 ? ['no valid case'] : []),
    ...(rule.cases.invalid.length === 0 ? ['no invalid case'] : []),
  ];
}

test('no two rules share an id', () => {
  const ids = [...rules].map(rule => rule.id).sort();
  assert.deepEqual(
    ids.filter((id, index) => id === ids[index - 1]),
    [],
  );
});

test('a rule without a source or without a case of each sort is found', () => {
  const bare: Rule = {
    id: 'Bare',
    says: '',
    source: ' ',
    check: () => [],
    cases: { valid: [], invalid: [] },
  };
  assert.deepEqual(faults(bare), [
    'id is not in kebab case',
    'says is empty',
    'source is empty',
    'no valid case',
    'no invalid case',
  ]);
});

for (const rule of rules) {
  suite(rule.id, () => {
    test('is described, with cases of each sort', () => assert.deepEqual(faults(rule), []));

    for (const [index, example] of rule.cases.valid.entries()) {
      test(`valid case ${index}${example.why ? `: ${example.why}` : ''}`, () => {
        assert.equal(firstProblem(rule, example), undefined);
      });
    }

    for (const [index, example] of rule.cases.invalid.entries()) {
      test(`invalid case ${index}${example.why ? `: ${example.why}` : ''}`, () => {
        const { detail, at } = example;
        assert.deepEqual(firstProblem(rule, example), { detail, ...(at !== undefined && { at }) });
      });
    }
  });
}
