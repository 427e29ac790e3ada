import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { cell, code, table } from '../../../scripts/gen/generated-file.ts';
import { kindPages } from '../../../scripts/gen/kind-pages.ts';
import { limitsPage } from '../../../scripts/gen/limits-page.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { defineRule } from '../../../src/schema/rule.ts';

const root = resolve(import.meta.dirname, '../../..');

function toyKind(name: string, plural: string): Kind {
  return {
    kind: name,
    plural,
    singular: name.toLowerCase(),
    shortNames: ['ty'],
    namespaced: true,
    tiered: true,
    statusSubresource: true,
    storageClass: 'resource',
    description: 'A thing to play with.',
    schema: {
      type: 'object',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          description: 'What it is like.',
          'x-kubernetes-validations': [{ rule: "self.a == 'x' || has(self.b)", message: 'b is needed' }],
          properties: {
            a: {
              type: 'string',
              description: 'An a.',
              enum: ['x', ''],
              default: 'x',
              rules: [
                defineRule({
                  id: 'an-a',
                  says: 'Must be an a.',
                  source: 'kinds.md 0.3, Named field checks (a); kinds.md 0.3b, Struct checks (A); ours: why',
                  check: () => undefined,
                  cases: { valid: [], invalid: [] },
                }),
              ],
            },
            b: {
              type: 'array',
              maxItems: 3,
              items: { type: 'object', properties: { c: { type: 'integer' } } },
            },
            m: { type: 'object', additionalProperties: { type: 'string', maxLength: 9 } },
            p: { description: 'A port.', 'x-kubernetes-int-or-string': true },
            r: { type: 'string', pattern: '^a|`b`$', minLength: 1, maxLength: 2 },
          },
        },
      },
    },
    selectableFields: ['spec.tier'],
    columns: [{ name: 'A', type: 'string', description: 'Its a.', priority: 1, value: () => 'x' }],
    examples: {
      valid: [
        {
          apiVersion: 'projectcalico.org/v3',
          kind: name,
          metadata: { name: 'n' },
          spec: { serial: 1796372884516230233n },
        },
      ],
      invalid: [{ why: 'no spec', object: {} as never, errors: ['spec: Required value'] }],
    },
  };
}

/** A copy of the kinds, and of what they import, in a folder of its own. */
function copyOfKinds(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kinds-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const part of ['kinds', 'schema', 'machinery', 'limits.ts', '../package.json']) {
    cpSync(join(root, 'src', part), join(folder, 'src', part), { recursive: true });
  }
  return join(folder, 'src/kinds');
}

function generate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'scripts/gen.ts'), ...args], { encoding: 'utf8' });
}

describe('the index of a folder of kinds', () => {
  test('names every file in it, and --check says when it is stale', t => {
    const folder = copyOfKinds(t);
    const index = () => readFileSync(join(folder, 'index.ts'), 'utf8');
    assert.equal(generate('--kinds', folder, '--check').status, 0);
    const source = `export const playThing = ${JSON.stringify(toyKind('Toy', 'blocks'), (_key, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    )};\n`;
    writeFileSync(join(folder, 'toy.ts'), source);
    const before = index();

    const check = generate('--kinds', folder, '--check');
    assert.equal(check.status, 1);
    assert.match(check.stderr, /stale: .*index\.ts/);
    assert.equal(index(), before);

    assert.equal(generate('--kinds', folder).status, 0);
    assert.match(index(), /^import \{ playThing \} from '\.\/toy\.ts';$/m);
    // Sorted by plural: blockaffinities, blocks, caliconodestatuses.
    assert.match(index(), /blockAffinity,\n {2}playThing,\n {2}calicoNodeStatus,\n/);
    assert.equal(generate('--kinds', folder, '--check').status, 0);

    rmSync(join(folder, 'toy.ts'));
    assert.equal(generate('--kinds', folder).status, 0);
    assert.equal(index(), before);
  });

  const toy = `{ kind: 'Toy', plural: 'toys', singular: 'toy', schema: {} }`;
  for (const [why, source, message] of [
    ['a file without a kind', 'export const x = 1;', /toy\.ts must export one kind; it exports 0/],
    ['a file with two', `export const a = ${toy}; export const b = ${toy};`, /it exports 2/],
    ['a name that is taken', `export const a = { ...${toy}, plural: 'tiers' };`, /plural tiers is taken/],
  ] as const) {
    test(`is not made with ${why}`, t => {
      const folder = copyOfKinds(t);
      writeFileSync(join(folder, 'toy.ts'), source);
      const result = generate('--kinds', folder);
      assert.equal(result.status, 1);
      assert.match(result.stderr, message);
    });
  }
});

test('the page of a kind tells all of its fields, rules, columns and mistakes', () => {
  const pages = kindPages([toyKind('Toy', 'toys')]);
  assert.deepEqual(
    pages.map(({ path }) => path),
    ['docs/reference/kinds/README.md', 'docs/reference/kinds/toy.md'],
  );
  assert.match(
    pages[0]!.content,
    /\| \[Toy\]\(toy\.md\) \| `toys` \| `ty` \| namespaced \| A thing to play with\. \|/,
  );
  for (const line of [
    '# Toy',
    '| resource | `toys.projectcalico.org` |',
    '| field selectors | `metadata.name`, `metadata.namespace`, `spec.tier` |',
    '| tier | in the tier that `spec.tier` names |',
    '  serial: 1796372884516230233',
    '| `spec` * | object | What it is like. |',
    '| `spec.a` | string | An a. One of `x`, `""`. Default `x`. |',
    '| `spec.b` | list of object | Items: at most 3. |',
    '| `spec.b[].c` | integer |  |',
    '| `spec.m` | map of string |  |',
    '| `spec.m.*` | string | Characters: at most 9. |',
    '| `spec.p` | integer or string | A port. |',
    '| `spec.r` | string | Characters: 1 to 2. Matches `` ^a\\|`b`$ ``. |',
    "| `spec` | b is needed | `self.a == 'x' \\|\\| has(self.b)` |",
    '| `spec.a` | Must be an a. | Calico: Named field checks (a); Struct checks (A); ours: why |',
    '| A (wide) | Its a. |',
    '| no spec | `spec: Required value` |',
  ]) {
    assert.ok(pages[1]!.content.split('\n').includes(line), `${line}\nis not in\n${pages[1]!.content}`);
  }
});

test('the page of limits prints values as people do', () => {
  const { content } = limitsPage();
  for (const line of [
    /^\| `maxBodyBytes` \| 3 MiB \| /m,
    /^\| `maxObjectBytes` \| 1,500,000 bytes \| /m,
    /^\| `maxWatchers` \| 20,000 \| /m,
    /^\| `watchHistoryMs` \| 5 min \| /m,
    /^\| `reviewTimeoutMs` \| 10 s \| /m,
    /^\| `bookmarkIntervalMs` \| 60 s \| .* \| {2}\|$/m,
  ]) {
    assert.match(content, line);
  }
});

test('Markdown', () => {
  assert.equal(cell(' a|b\n c '), 'a\\|b c');
  assert.equal(code('a`b'), '`` a`b ``');
  assert.equal(table(['a', 'b'], [['1', '2|3']]), '| a | b |\n|---|---|\n| 1 | 2\\|3 |');
});
