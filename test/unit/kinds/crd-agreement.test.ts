import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { type Schema, unpublished } from '../../../src/schema/schema.ts';

/**
 * Every kind's schema against Calico's own CustomResourceDefinition: types, required fields, enums, bounds,
 * patterns, formats, defaults, list types and CEL rules. A difference is a mistake or a line of `accepted`.
 */
const crdFolder = new URL('../../../../shared/data/crds/v3/', import.meta.url);

/** Fields with an AS number. */
const asNumbers = [
  'BGPConfiguration spec.asNumber',
  'BGPPeer spec.asNumber',
  'BGPPeer spec.localASNumber',
  ...['exportV4', 'exportV6', 'importV4', 'importV6'].flatMap(list => [
    `BGPFilter spec.${list}[].asPathPrefix[]`,
    `BGPFilter spec.${list}[].operations[].prependASPath.prefix[]`,
  ]),
];

/** Differences that are meant: where, which keyword, and why. A line that no longer applies fails. */
const accepted: { at: string; keyword: string; reason: string }[] = [
  {
    at: 'Tier spec.defaultAction',
    keyword: 'allOf',
    reason:
      'The CRD asks for one enum of four and one of two values; we hold their intersection, as one enum.',
  },
  {
    at: 'Tier spec.defaultAction',
    keyword: 'enum',
    reason:
      'The intersection of the two enums under allOf, so that explain and the error name what is allowed.',
  },
  {
    at: 'BGPPeer spec.reversePeering',
    keyword: 'allOf',
    reason: 'The CRD asks for the same enum twice.',
  },
  {
    at: 'BGPPeer spec.reversePeering',
    keyword: 'enum',
    reason: 'The enum that the CRD has twice under allOf, held once.',
  },
  {
    at: 'IPPool spec.cidr',
    keyword: 'x-kubernetes-validations',
    reason:
      "A rule of ours says the same and lets another spelling of the range pass, as Calico's client does.",
  },
  {
    at: 'FelixConfiguration ',
    keyword: 'x-kubernetes-validations',
    reason: 'A rule of ours says the same of spec.nodeSelector, with the path that the CEL rule cannot give.',
  },
  {
    at: 'IPPool spec.blockSize',
    keyword: 'x-kubernetes-validations',
    reason: "A rule of ours says the same, where absent and 0 are the default, as Calico's client has it.",
  },
  ...asNumbers.map(at => ({
    at,
    keyword: 'format',
    reason: 'AS numbers have 32 bits without a sign; the int32 of the CRD cuts their upper half off.',
  })),
];

/** Keywords whose text is ours, those compared by themselves, and what a definition cannot say. */
const ours = new Set(['description', 'properties', 'items', 'additionalProperties', ...unpublished]);

interface Difference {
  at: string;
  keyword: string;
  theirs: unknown;
  mine: unknown;
}

interface Definition {
  spec: {
    group: string;
    names: { kind: string; plural: string; singular: string; shortNames?: string[]; categories?: string[] };
    scope: 'Namespaced' | 'Cluster';
    versions: {
      name: string;
      schema: { openAPIV3Schema: Schema };
      subresources?: { status?: object };
      selectableFields?: { jsonPath: string }[];
    }[];
  };
}

/** CEL rules without their messages, which are in our own words; that there is one is compared. */
function rules(schema: Schema): unknown {
  return schema['x-kubernetes-validations']?.map(({ message, ...rest }) => ({
    ...rest,
    hasMessage: !!message,
  }));
}

function compareNode(at: string, theirs: Schema, mine: Schema, found: Difference[]): void {
  const keywords = new Set([...Object.keys(theirs), ...Object.keys(mine)].filter(each => !ours.has(each)));
  for (const keyword of keywords) {
    const pick = (schema: Schema) => {
      if (keyword === 'x-kubernetes-validations') return rules(schema);
      const value = schema[keyword as keyof Schema];
      return keyword === 'required' ? [...((value as string[] | undefined) ?? [])].sort() : value;
    };
    const [a, b] = [pick(theirs), pick(mine)];
    try {
      assert.deepEqual(b, a);
    } catch {
      found.push({ at, keyword, theirs: a, mine: b });
    }
  }
  const inner: [string, Schema | undefined, Schema | undefined][] = [
    [`${at}[]`, theirs.items, mine.items],
    [`${at}{}`, theirs.additionalProperties, mine.additionalProperties],
  ];
  const names = new Set([...Object.keys(theirs.properties ?? {}), ...Object.keys(mine.properties ?? {})]);
  for (const name of names) {
    inner.push([
      / $/.test(at) ? at + name : `${at}.${name}`,
      theirs.properties?.[name],
      mine.properties?.[name],
    ]);
  }
  for (const [path, a, b] of inner) {
    if (a && b) compareNode(path, a, b, found);
    else if (a || b) found.push({ at: path, keyword: 'field', theirs: !!a, mine: !!b });
  }
}

/** The CRD's schema less what every kind has, which a kind's own schema leaves out. */
function withoutMeta(schema: Schema): Schema {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    metadata: _metadata,
    ...properties
  } = schema.properties ?? {};
  return { ...schema, properties, required: (schema.required ?? []).filter(each => each !== 'metadata') };
}

function differences(definition: Definition, kind: Kind): Difference[] {
  const served = definition.spec.versions.find(each => each.name === 'v3');
  assert.ok(served);
  const found: Difference[] = [];
  compareNode(`${kind.kind} `, withoutMeta(served.schema.openAPIV3Schema), kind.schema, found);
  return found;
}

const present = existsSync(crdFolder);
const definitions: Definition[] = present
  ? readdirSync(crdFolder).map(file => parse(readFileSync(new URL(file, crdFolder), 'utf8')))
  : [];

describe('schemas against the CustomResourceDefinitions of Calico', {
  skip: !present && 'the definitions (../shared/data/crds/v3) are not here',
}, () => {
  const used = new Set<(typeof accepted)[number]>();

  for (const definition of definitions) {
    const { names, scope } = definition.spec;
    const kind = kinds.find(each => each.kind === names.kind);

    test(`${names.kind}: schema`, () => {
      assert.ok(kind, 'no such kind');
      const left = differences(definition, kind).filter(difference => {
        const line = accepted.find(each => each.at === difference.at && each.keyword === difference.keyword);
        if (line) used.add(line);
        return !line;
      });
      assert.deepEqual(left, []);
    });

    test(`${names.kind}: names, scope and subresources`, () => {
      assert.ok(kind, 'no such kind');
      const version = definition.spec.versions.find(each => each.name === 'v3');
      assert.equal(kind.plural, names.plural);
      assert.equal(kind.singular, names.singular);
      assert.equal(kind.namespaced, scope === 'Namespaced');
      assert.deepEqual(
        (names.shortNames ?? []).filter(each => !kind.shortNames.includes(each)),
        [],
        'short names that the definition has and the kind lacks',
      );
      assert.equal(kind.statusSubresource, !!version?.subresources?.status);
      assert.deepEqual(
        kind.selectableFields,
        (version?.selectableFields ?? []).map(each => each.jsonPath.slice(1)),
      );
    });
  }

  test('Profile, which has no definition, is the only kind more', () => {
    const defined = definitions.map(each => each.spec.names.kind);
    assert.deepEqual(
      kinds.filter(each => !defined.includes(each.kind)).map(each => each.kind),
      ['Profile'],
    );
  });

  test('Profile has the shape of a GlobalNetworkPolicy rule, and no limits', () => {
    const policy = kinds.find(each => each.kind === 'GlobalNetworkPolicy')?.schema.properties?.spec;
    const profile = kinds.find(each => each.kind === 'Profile')?.schema.properties?.spec;
    assert.ok(policy && profile);
    const found: Difference[] = [];
    for (const list of ['ingress', 'egress']) {
      compareNode(
        `Profile spec.${list}[]`,
        policy.properties![list]!.items!,
        profile.properties![list]!.items!,
        found,
      );
    }
    const limits = [
      'enum',
      'maxLength',
      'minimum',
      'maximum',
      'maxItems',
      'pattern',
      'x-kubernetes-list-type',
    ];
    const unlike = found.filter(each => ![...limits, 'x-kubernetes-validations'].includes(each.keyword));
    assert.deepEqual(unlike, []);
    assert.deepEqual(
      found.filter(each => each.mine !== undefined),
      [],
      'limits that a profile still has',
    );
  });

  test('every accepted difference is there', () => {
    assert.deepEqual(
      accepted.filter(each => !used.has(each)),
      [],
    );
  });
});
