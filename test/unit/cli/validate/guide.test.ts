import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { forms } from '../../../../src/cli/validate/arguments.ts';
import { checkTable } from '../../../../src/cli/validate/checks.ts';
import { limits } from '../../../../src/limits.ts';
import { folderOf, networkSet, run } from './run.ts';

const guide = readFileSync(resolve(import.meta.dirname, '../../../../docs/guides/validate.md'), 'utf8');

/** The texts of the blocks of a language. */
function blocks(language: string): string[] {
  return [...guide.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shapeOf(child)]));
}

suite('the guide', () => {
  test('lists every check', () => {
    const rows = [...guide.matchAll(/^\| `([a-z-]+)` \| (error|warning) \| (.*) \|$/gm)];
    assert.deepEqual(
      rows.map(([, id, level, says]) => [id, level, says]),
      Object.entries(checkTable).map(([id, { level, says }]) => [id, level, says]),
    );
  });

  test('shows JSON of the form that is written', async t => {
    const folder = folderOf(t, { 'a.yaml': networkSet('a', 'x: 1') });
    const { stdout } = await run([folder, '-o', 'json']);
    assert.deepEqual(
      blocks('json').map(text => shapeOf(JSON.parse(text))),
      [shapeOf(JSON.parse(stdout))],
    );
  });

  test('names every form and the bound', () => {
    assert.ok(guide.includes(`-o ${forms.join('|')}`));
    assert.ok(guide.includes(`${limits.maxManifestFileBytes / 1024 / 1024} MiB`));
  });

  test('has examples that are YAML and call the command', () => {
    const examples = blocks('yaml');
    assert.equal(examples.length, 3);
    for (const text of examples) {
      assert.ok(parse(text));
      assert.match(text, /tortie validate/);
    }
  });
});
