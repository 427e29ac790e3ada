import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { kinds } from '../../../../src/kinds/index.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import { isJsonObject } from '../../../../src/machinery/own-field.ts';
import { customResourceDefinitions } from '../../../../src/storage/kubernetes/definitions.ts';

const folder = new URL('../../../../../shared/data/crds/v1/', import.meta.url);
const mine = customResourceDefinitions(kinds);

interface Definition {
  metadata: { name: string };
  spec: {
    names: JsonObject;
    scope: string;
    versions: [{ name: string; subresources?: JsonObject; schema: { openAPIV3Schema: JsonObject } }];
  };
}

/** Where ours are other than Calico's, as `<definition> <path> <keyword>`, and why that does no harm. */
const accepted: [RegExp, string][] = [
  [/ \S*(as\w+|prefix)(\[\])? format$/i, 'AS numbers have 32 bits without a sign'],
  [/^bgppeers \S+reversePeering (allOf|enum)$/, 'one enum in place of the same one twice'],
  [/^tiers \S+defaultAction (allOf|enum)$/, 'one enum in place of two that both must hold'],
  [
    /^tiers {2}required$/,
    'what has no spec is refused by the rules for built-in tiers, or is a tier all the same',
  ],
  [/^ipamblocks \S+ x-kubernetes-list-type$/, 'how lists are merged by an apply, not what is stored'],
];

/** The keywords in which two schemas differ; descriptions and messages are ours. */
function differences(at: string, theirs: JsonObject, ours: JsonObject): string[] {
  const found: string[] = [];
  for (const keyword of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    if (keyword === 'description') continue;
    const [a, b] = [theirs[keyword], ours[keyword]];
    if (keyword === 'properties') {
      for (const name of new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])) {
        const [one, other] = [(a as JsonObject)[name], (b as JsonObject)[name]];
        if (isJsonObject(one) && isJsonObject(other)) found.push(...differences(`${at}.${name}`, one, other));
        else found.push(`${at}.${name} field`);
      }
    } else if (
      (keyword === 'items' || keyword === 'additionalProperties') &&
      isJsonObject(a) &&
      isJsonObject(b)
    ) {
      found.push(...differences(`${at}[]`, a, b));
    } else if (JSON.stringify(shown(keyword, a)) !== JSON.stringify(shown(keyword, b))) {
      found.push(`${at} ${keyword}`);
    }
  }
  return found;
}

function shown(keyword: string, value: Json | undefined): unknown {
  if (keyword === 'required') return [...((value ?? []) as string[])].sort();
  if (keyword !== 'x-kubernetes-validations') return value;
  return (value as JsonObject[] | undefined)?.map(({ rule }) => rule);
}

suite("definitions against Calico's own", { skip: !existsSync(folder) && `${folder} is not here` }, () => {
  const used = new Set<RegExp>();
  const files = existsSync(folder) ? readdirSync(folder).filter(name => name.includes('.crd.')) : [];
  for (const file of files) {
    test(file, () => {
      const theirs: Definition = parse(readFileSync(new URL(file, folder), 'utf8'));
      const ours = mine.find(each => (each.metadata as JsonObject).name === theirs.metadata.name);
      assert.ok(ours, 'is missing');
      const { spec } = ours as unknown as Definition;
      assert.deepEqual(spec.names, theirs.spec.names);
      assert.equal(spec.scope, theirs.spec.scope);
      const [one, other] = [theirs.spec.versions[0], spec.versions[0]];
      assert.deepEqual([other.name, other.subresources], [one.name, one.subresources]);
      const plural = String(spec.names.plural);
      const left = differences(`${plural} `, one.schema.openAPIV3Schema, other.schema.openAPIV3Schema).filter(
        difference => {
          const line = accepted.find(([pattern]) => pattern.test(difference));
          if (line) used.add(line[0]);
          return !line;
        },
      );
      assert.deepEqual(left, []);
    });
  }
  test('there are no others, and every accepted difference is there', () => {
    assert.equal(mine.length, files.length);
    assert.deepEqual(
      accepted.map(([pattern]) => pattern).filter(pattern => !used.has(pattern)),
      [],
    );
  });
});
