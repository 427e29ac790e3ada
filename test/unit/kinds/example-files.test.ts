import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { fieldErrorBody } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { type Cidr, cidrsOverlap, parseCidr } from '../../../src/schema/cidr.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { prune } from '../../../src/schema/prune.ts';
import { validate } from '../../../src/schema/validate.ts';

/** The files that the README tells a newcomer to apply, in the order in which kubectl applies them. */
const folder = new URL('../../../examples/', import.meta.url);
const files = readdirSync(folder).sort();

interface Document {
  file: string;
  object: ApiObject;
}

const documents: Document[] = files.flatMap(file =>
  parseAllDocuments(readFileSync(new URL(file, folder), 'utf8')).map(document => {
    assert.deepEqual(document.errors, [], file);
    return { file, object: document.toJS() as ApiObject };
  }),
);

function spec<T>(object: ApiObject): T {
  return object.spec as unknown as T;
}

/** Names of the objects of a kind that come before the document, those that exist from the start included. */
function before(document: Document, kind: string): string[] {
  const initial = kinds.find(each => each.kind === kind)?.initial?.() ?? [];
  const earlier = documents.slice(0, documents.indexOf(document)).map(each => each.object);
  return [...initial, ...earlier.filter(each => each.kind === kind)].map(each => each.metadata.name ?? '');
}

describe('example files', () => {
  test('are numbered YAML files', () => {
    assert.deepEqual(
      files.filter(file => !/^\d\d-[a-z-]+\.yaml$/.test(file)),
      [],
    );
    assert.ok(documents.length >= 20);
  });

  for (const document of documents) {
    const { object } = document;
    test(`${document.file}: ${object.kind} ${object.metadata.name}`, () => {
      const kind = kinds.find(each => each.kind === object.kind);
      assert.ok(kind);
      assert.equal(object.apiVersion, apiVersion);
      assert.equal(object.metadata.namespace, kind.namespaced ? 'default' : undefined);
      const copy = structuredClone(object);
      assert.deepEqual(prune(kind.schema, copy), []);
      applyDefaults(kind.schema, copy);
      const errors = atOnce(validate(kind.schema, copy, undefined));
      assert.deepEqual(
        errors.map(each => `${each.field}: ${fieldErrorBody(each)}`),
        [],
      );
    });
  }

  test('name each object once', () => {
    const names = documents.map(({ object }) => `${object.kind}/${object.metadata.name}`);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('have the tier of every policy before the policy', () => {
    for (const document of documents) {
      const kind = kinds.find(each => each.kind === document.object.kind);
      if (!kind?.tiered) continue;
      const tier = spec<{ tier?: string }>(document.object).tier ?? 'default';
      assert.ok(before(document, 'Tier').includes(tier), `${document.object.metadata.name}: ${tier}`);
    }
  });

  test('have the filters of every BGP peer before the peer', () => {
    for (const document of documents.filter(each => each.object.kind === 'BGPPeer')) {
      const known = before(document, 'BGPFilter');
      const { filters = [] } = spec<{ filters?: string[] }>(document.object);
      assert.deepEqual(
        filters.filter(filter => !known.includes(filter)),
        [],
      );
    }
  });

  test('have no pools that overlap', () => {
    const pools = documents
      .filter(each => each.object.kind === 'IPPool')
      .map(each => parseCidr(spec<{ cidr: string }>(each.object).cidr) as Cidr);
    for (const [index, pool] of pools.entries()) {
      assert.deepEqual(
        pools.slice(index + 1).filter(other => cidrsOverlap(pool, other)),
        [],
      );
    }
  });

  test('show every kind that users write, but for settings of the installation', () => {
    const shown = new Set(documents.map(each => each.object.kind));
    const left = [
      'BlockAffinity',
      'CalicoNodeStatus',
      'ClusterInformation',
      'FelixConfiguration',
      'IPAMBlock',
      'IPAMConfiguration',
      'IPAMHandle',
      'KubeControllersConfiguration',
      'Profile',
    ];
    assert.deepEqual(
      kinds.map(each => each.kind).filter(kind => !shown.has(kind)),
      left.filter(kind => kinds.some(each => each.kind === kind)),
    );
  });
});
