import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../../src/kinds/index.ts';
import type { Json } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { type RuleNode, ruleTree } from '../../../src/schema/cel.ts';
import { unsure } from '../../../src/schema/cel-quick.ts';
import { celRoot, celValue } from '../../../src/schema/cel-value.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { schemaNode } from '../../../src/schema/node.ts';
import { passes } from '../../../src/schema/passes.ts';
import { prune } from '../../../src/schema/prune.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';
import { findProblems, validate } from '../../../src/schema/validate.ts';

type Container = { [name: string]: Json } | Json[];

/** Every place in a value that can be changed. */
function places(value: Json): [Container, string][] {
  if (value === null || typeof value !== 'object') return [];
  const own = value as { [name: string]: Json };
  return Object.keys(own).flatMap(name => [[value, name] as [Container, string], ...places(own[name]!)]);
}

const kindOf = (name: string) => kinds.find(({ kind }) => kind === name)!;

const instead = fc.constantFrom<Json>(
  ...[
    null,
    true,
    0,
    1,
    -1,
    6,
    58,
    1.5,
    5e9,
    2n ** 63n,
    '',
    'TCP',
    'ICMP',
    'x',
    'X',
    '*',
    'global()',
    '10.0.0.0/8',
  ],
  ...[
    '10.0.0.1',
    '::1',
    '::ffff:1.2.3.4',
    '\ud83d\ude00',
    [],
    {},
    ['x', 'x'],
    [1],
    { name: 'x' },
    { type: 'x' },
  ],
);

/** An object of a kind with one or two of its values replaced or gone, as it is when it is checked. */
const mutated = fc
  .record({
    of: fc.constantFrom(...kinds.map(({ kind }) => kind)),
    which: fc.nat(),
    changes: fc.array(fc.record({ where: fc.nat(), to: fc.option(instead, { nil: undefined }) }), {
      maxLength: 2,
    }),
  })
  .map(({ of, which, changes }) => {
    const kind = kindOf(of);
    const all = [...kind.examples.valid, ...kind.examples.invalid.map(({ object }) => object)];
    const object = structuredClone(all[which % all.length]!) as unknown as { [name: string]: Json };
    for (const { where, to } of changes) {
      const { spec = {}, status = {} } = object;
      const found = [...places(spec), ...places(status)];
      if (found.length === 0) continue;
      const [container, name] = found[where % found.length]!;
      if (to === undefined && !Array.isArray(container)) delete container[name];
      else (container as { [name: string]: Json })[name] = structuredClone(to ?? null);
    }
    const whole = object as unknown as ApiObject;
    prune(kind.schema, whole);
    canonicalize(kind.schema, whole);
    applyDefaults(kind.schema, whole);
    // The schema would drown a counterexample.
    return { of: kind.kind, object: whole };
  });

suite('what passes at once', () => {
  test('is what has no problems', () => {
    fc.assert(
      fc.property(mutated, ({ of, object }) => {
        const kind = kindOf(of);
        const problems = atOnce(findProblems(kind.schema, object, undefined));
        if (passes(schemaNode(kind.schema), { object, old: undefined })) assert.deepEqual(problems, []);
        assert.deepEqual(atOnce(validate(kind.schema, object, undefined)), problems);
      }),
      { numRuns: 3000 },
    );
  });

  test('has no problems beside an older object either', () => {
    fc.assert(
      fc.property(mutated, mutated, ({ of, object }, { object: old }) => {
        const kind = kindOf(of);
        if (!passes(schemaNode(kind.schema), { object, old })) return;
        assert.deepEqual(atOnce(findProblems(kind.schema, object, old)), []);
      }),
      { numRuns: 1000 },
    );
  });

  test('is every valid example, but where CEL proper is needed', () => {
    const needed = new Set(['IPPool']);
    for (const kind of kinds) {
      if (needed.has(kind.kind)) continue;
      for (const example of kind.examples.valid) {
        const object = structuredClone(example);
        canonicalize(kind.schema, object);
        applyDefaults(kind.schema, object);
        kind.defaults?.(object, undefined);
        const why = `${kind.kind} ${object.metadata.name}`;
        assert.ok(passes(schemaNode(kind.schema), { object, old: undefined }), why);
      }
    }
  });
});

/** Calls `visit` for each rule and each value of the object that it is about. */
function eachRule(tree: RuleNode, value: Json, visit: (tree: RuleNode, value: Json) => void): void {
  if (value === null || value === undefined) return;
  visit(tree, value);
  if (Array.isArray(value)) {
    for (const item of value) if (tree.items) eachRule(tree.items, item, visit);
  } else if (typeof value === 'object') {
    for (const [name, field] of Object.entries(value)) {
      const child =
        tree.properties.get(name) ?? (tree.node.properties.has(name) ? undefined : tree.additional);
      if (child) eachRule(child, field, visit);
    }
  }
}

test('where the short way of a CEL rule is sure, it is what CEL says', () => {
  let sure = 0;
  fc.assert(
    fc.property(mutated, ({ of, object }) => {
      const kind = kindOf(of);
      const node = schemaNode(kind.schema);
      const root = object as unknown as { [name: string]: Json };
      if (!node.hasRules) return;
      eachRule(ruleTree(node), root, (tree, value) => {
        for (const rule of tree.rules) {
          const result = rule.usesOldSelf ? unsure : rule.quick(value);
          if (result === unsure) continue;
          sure++;
          const self = value === root ? celRoot(node, root) : celValue(tree.node, value);
          assert.equal(rule.evaluate({ self }), result, rule.source.rule);
        }
      });
    }),
    { numRuns: 3000 },
  );
  assert.ok(sure > 1000);
});
