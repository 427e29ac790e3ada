import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import * as kindFile from '../../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import { openApiV2, openApiV3 } from '../../../src/schema/openapi.ts';
import { group, groupVersionPath, type KindFacts, version } from '../../../src/schema/openapi-names.ts';
import type { Schema } from '../../../src/schema/schema.ts';

interface Operation {
  operationId: string;
  consumes: string[];
  parameters: { name: string; in: string; schema?: JsonObject }[];
  requestBody?: { content: Record<string, { schema: JsonObject }> };
  responses: Record<string, { schema?: JsonObject; content?: Record<string, { schema: JsonObject }> }>;
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: JsonObject;
}
type PathItem = Record<string, Operation> & {
  parameters?: { name: string; in: string; required: boolean }[];
};

interface Document {
  paths: Record<string, PathItem>;
  definitions: Record<string, JsonObject>;
  refPrefix: string;
}

const prefix = 'com.github.projectcalico.api.pkg.apis.projectcalico.v3.';
const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const methods = ['get', 'post', 'put', 'patch', 'delete'];

function documents(facts: KindFacts[]): Record<'v2' | 'v3', Document> {
  const v2 = openApiV2(facts) as unknown as Pick<Document, 'paths' | 'definitions'>;
  const v3 = openApiV3(facts) as unknown as Pick<Document, 'paths'> & {
    components: { schemas: Record<string, JsonObject> };
  };
  return {
    v2: { ...v2, refPrefix: '#/definitions/' },
    v3: { paths: v3.paths, definitions: v3.components.schemas, refPrefix: '#/components/schemas/' },
  };
}

function operations({ paths }: Document): [string, string, Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    methods
      .filter(method => item[method])
      .map((method): [string, string, Operation] => [path, method, item[method]!]),
  );
}

function references(value: unknown): string[] {
  const found: string[] = [];
  JSON.stringify(value, (key, inner) => {
    if (key === '$ref') found.push(inner);
    return inner;
  });
  return found;
}

const all = documents(kinds);

for (const [form, document] of Object.entries(all)) {
  describe(`OpenAPI ${form} of all kinds`, () => {
    test('every reference resolves and no name needs escaping', () => {
      const found = references(document);
      assert.ok(found.length > 100);
      for (const ref of found) {
        assert.ok(ref.startsWith(document.refPrefix), ref);
        assert.ok(document.definitions[ref.slice(document.refPrefix.length)], ref);
      }
      for (const name of Object.keys(document.definitions)) assert.match(name, /^[A-Za-z0-9.]+$/);
    });

    test('every definition is referred to by a path or by another that is', () => {
      const reached = new Set<string>();
      const follow = (value: unknown): void => {
        for (const ref of references(value)) {
          const name = ref.slice(document.refPrefix.length);
          if (reached.has(name)) continue;
          reached.add(name);
          follow(document.definitions[name]);
        }
      };
      follow(document.paths);
      assert.deepEqual([...reached].sort(), Object.keys(document.definitions).sort());
    });

    test('operation ids are unique', () => {
      const ids = operations(document).map(([, , { operationId }]) => operationId);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.every(id => id.includes('ProjectcalicoOrgV3')));
    });

    test('the aggregator keeps every path', () => {
      for (const path of Object.keys(document.paths))
        assert.ok(path.startsWith(`${groupVersionPath}/`), path);
      assert.ok(document.paths[`${groupVersionPath}/`]);
    });

    test('path parameters are declared, and none that is not in the path', () => {
      for (const [path, item] of Object.entries(document.paths)) {
        const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]);
        const declared = (item.parameters ?? []).filter(parameter => parameter.in === 'path');
        assert.deepEqual(declared.map(({ name }) => name).sort(), wanted.sort(), path);
        assert.ok(declared.every(({ required }) => required));
      }
    });

    test('a group-version-kind is a list on a definition, one object on an operation, and never on a meta type', () => {
      const marked = Object.entries(document.definitions).filter(
        ([, definition]) => definition['x-kubernetes-group-version-kind'],
      );
      const expected = kinds.flatMap(({ kind }) => [kind, `${kind}List`]);
      assert.deepEqual(marked.map(([name]) => name).sort(), expected.map(kind => prefix + kind).sort());
      for (const [name, definition] of marked) {
        const kind = name.slice(prefix.length);
        assert.deepEqual(definition['x-kubernetes-group-version-kind'], [{ group, kind, version }]);
      }
      for (const [path, , operation] of operations(document)) {
        if (path === `${groupVersionPath}/`) continue;
        const mark = operation['x-kubernetes-group-version-kind']!;
        assert.ok(kinds.some(({ kind }) => mark.kind === kind));
        assert.deepEqual({ ...mark, kind: '' }, { group, kind: '', version });
      }
    });

    test('every kind has the paths and verbs that it is served with', () => {
      for (const { kind, plural, namespaced, statusSubresource } of kinds) {
        const folder = namespaced
          ? `${groupVersionPath}/namespaces/{namespace}/${plural}`
          : `${groupVersionPath}/${plural}`;
        const expected = [
          ...(namespaced ? [`get ${groupVersionPath}/${plural} list`] : []),
          `get ${folder} list`,
          `post ${folder} post`,
          `delete ${folder} deletecollection`,
          ...['get', 'put', 'patch', 'delete'].map(method => `${method} ${folder}/{name} ${method}`),
          ...(statusSubresource
            ? ['get', 'put', 'patch'].map(method => `${method} ${folder}/{name}/status ${method}`)
            : []),
        ];
        const found = operations(document)
          .filter(([, , operation]) => operation['x-kubernetes-group-version-kind']?.kind === kind)
          .map(([path, method, operation]) => `${method} ${path} ${operation['x-kubernetes-action']}`);
        assert.deepEqual(found.sort(), expected.sort());
      }
    });

    test('writes take dryRun, fieldManager and fieldValidation; lists take what a watch takes', () => {
      for (const [path, method, operation] of operations(document)) {
        const names = operation.parameters
          .filter(parameter => parameter.in === 'query')
          .map(({ name }) => name);
        const wanted: Record<string, string[]> = {
          post: ['dryRun', 'fieldManager', 'fieldValidation'],
          put: ['dryRun', 'fieldManager', 'fieldValidation'],
          patch: ['dryRun', 'fieldManager', 'fieldValidation'],
          list: ['watch', 'allowWatchBookmarks', 'sendInitialEvents', 'timeoutSeconds', 'limit', 'continue'],
          delete: ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'],
          deletecollection: ['labelSelector', 'fieldSelector', 'limit', 'dryRun'],
        };
        for (const name of wanted[operation['x-kubernetes-action'] ?? ''] ?? []) {
          assert.ok(names.includes(name), `${method} ${path}: ${name}`);
        }
        assert.equal(names.includes('force'), method === 'patch', `${method} ${path}: force`);
      }
    });

    test('a patch names exactly the media types that are served', () => {
      const patches = operations(document).filter(([, method]) => method === 'patch');
      assert.ok(patches.length >= kinds.length);
      for (const [, , { consumes, requestBody }] of patches) {
        const types = requestBody ? Object.keys(requestBody.content) : consumes;
        assert.deepEqual(types, [
          'application/json-patch+json',
          'application/merge-patch+json',
          'application/strategic-merge-patch+json',
          'application/apply-patch+yaml',
        ]);
      }
    });
  });
}

/** The types of Calico's API (projectcalico/api, package v3) below the kinds, whose spec and status are named after them. */
const parts = [
  'AllocationAttribute',
  'AutoHostEndpointConfig',
  'BGPDaemonStatus',
  'BGPFilterAddCommunity',
  'BGPFilterCommunityMatch',
  'BGPFilterOperation',
  'BGPFilterPrefixLengthV4',
  'BGPFilterPrefixLengthV6',
  'BGPFilterPrependASPath',
  'BGPFilterRuleV4',
  'BGPFilterRuleV6',
  'BGPFilterSetPriority',
  'BGPPassword',
  'BPFConntrackTimeouts',
  'CalicoNodeAgentStatus',
  'CalicoNodeBGPRouteStatus',
  'CalicoNodeBGPStatus',
  'CalicoNodePeer',
  'CalicoNodeRoute',
  'CalicoNodeRouteLearnedFrom',
  'Community',
  'ControllersConfig',
  'EndpointPort',
  'EntityRule',
  'HTTPMatch',
  'HTTPPath',
  'HealthTimeoutOverride',
  'ICMPFields',
  'LoadBalancerControllerConfig',
  'MigrationControllerConfig',
  'NamespaceControllerConfig',
  'NodeControllerConfig',
  'PolicyControllerConfig',
  'PrefixAdvertisement',
  'ProtoPort',
  'RouteTableIDRange',
  'RouteTableRange',
  'Rule',
  'RuleMetadata',
  'ServiceAccountControllerConfig',
  'ServiceAccountMatch',
  'ServiceClusterIPBlock',
  'ServiceExternalIPBlock',
  'ServiceLoadBalancerIPBlock',
  'ServiceMatch',
  'Template',
  'WorkloadEndpointControllerConfig',
];

test("the definitions have the names of Calico's types", () => {
  const named = kinds.flatMap(({ kind, statusSubresource }) => [
    kind,
    `${kind}List`,
    `${kind}Spec`,
    ...(statusSubresource ? [`${kind}Status`] : []),
  ]);
  for (const { definitions } of Object.values(all)) {
    const published = Object.keys(definitions).filter(name => name.startsWith(prefix));
    assert.deepEqual(published.map(name => name.slice(prefix.length)).sort(), [...named, ...parts].sort());
  }
});

test('the group and version are those of the kinds', () => {
  assert.deepEqual([group, version], [kindFile.group, kindFile.version]);
});

const spec: Schema = {
  type: 'object',
  description: 'What it is.',
  required: ['port'],
  'x-kubernetes-validations': [{ rule: 'has(self.port)', message: 'm' }],
  properties: {
    port: {
      description: 'A port.',
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      pattern: '^.*',
      'x-kubernetes-int-or-string': true,
    },
    mode: { type: 'string', enum: ['A', 'B'], default: 'A', allOf: [{ enum: ['A'] }] },
    slots: { type: 'array', items: { type: 'integer', nullable: true }, 'x-kubernetes-list-type': 'atomic' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    maybe: { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
    byName: { type: 'object', additionalProperties: { type: 'string', nullable: true } },
  },
};
const toy: KindFacts = {
  kind: 'Toy',
  plural: 'toys',
  singular: 'toy',
  namespaced: true,
  statusSubresource: false,
  description: 'A thing to play with.',
  schema: { type: 'object', description: 'not this', properties: { spec }, required: ['spec'] },
};

describe('a schema', () => {
  const forms = documents([toy]);
  const specOf = (form: 'v2' | 'v3') => forms[form].definitions[`${prefix}ToySpec`];

  test('is itself in v3', () => {
    assert.deepEqual(specOf('v3'), spec);
  });

  describe('with parts that have a name', () => {
    const part = (description: string, more: Schema = {}): Schema => ({
      type: 'object',
      description,
      properties: { size: { type: 'integer' } },
      definition: { name: 'Part', description: 'A part of it.' },
      ...more,
    });
    const documentsOf = (properties: Record<string, Schema>) =>
      documents([{ ...toy, schema: { type: 'object', properties } }]);

    test('has each once, and at each place what is said of that place', () => {
      const made = documentsOf({
        left: part('The left one.', { default: { size: 1 } }),
        other: part('A part of it.'),
        rest: { type: 'array', items: part('A part of it.') },
      });
      const [{ definitions: v2 }, { definitions: v3 }] = [made.v2, made.v3];
      const definition = {
        type: 'object',
        description: 'A part of it.',
        properties: { size: { type: 'integer' } },
      };
      assert.deepEqual([v2[`${prefix}Part`], v3[`${prefix}Part`]], [definition, definition]);
      const fieldsOf = ({ properties }: JsonObject) => properties as Record<string, Json>;
      const refOf = (start: string) => ({ $ref: `${start}${prefix}Part` });
      const { left, other, rest } = fieldsOf(v3[`${prefix}Toy`]!);
      const inV3 = refOf('#/components/schemas/');
      assert.deepEqual(left, { description: 'The left one.', default: { size: 1 }, allOf: [inV3] });
      assert.deepEqual([other, rest], [inV3, { type: 'array', items: inV3 }]);
      const inV2 = refOf('#/definitions/');
      assert.deepEqual(fieldsOf(v2[`${prefix}Toy`]!).left, {
        description: 'The left one.',
        default: { size: 1 },
        ...inV2,
      });
    });

    test('must not have two under one name', () => {
      const other = part('Another.', { required: ['size'] });
      assert.throws(() => documentsOf({ left: part('The left one.'), other }), /two types are called .*Part/);
    });
  });

  test('says nothing of what it holds for the server alone', () => {
    const rule = { id: 'a', says: 'A.', source: 'ours', check: () => [], cases: { valid: [], invalid: [] } };
    const port = { ...spec.properties!.port!, rules: [rule], canonical: (value: Json) => value };
    const schema = {
      ...toy.schema,
      properties: { spec: { ...spec, rules: [rule], properties: { ...spec.properties, port } } },
    };
    const withRules = documents([{ ...toy, schema: { ...schema, rules: [rule] } }]);
    assert.deepEqual(withRules.v3.definitions, forms.v3.definitions);
    assert.deepEqual(withRules.v2.definitions, forms.v2.definitions);
  });

  test('of every kind has keywords of OpenAPI and Kubernetes only', () => {
    const known =
      /^(type|description|format|properties|required|items|additionalProperties|enum|default|nullable|pattern|(min|max)(Length|Items|Properties|imum)|exclusive(Min|Max)imum|allOf|anyOf|oneOf|not|\$ref|x-kubernetes-.*)$/;
    const walk = (value: Json, at: string, names: boolean): void => {
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) walk(item, `${at}[${index}]`, false);
      } else if (typeof value === 'object' && value !== null) {
        for (const [name, field] of Object.entries(value)) {
          if (!names) assert.match(name, known, at);
          if (['enum', 'default', 'required'].includes(name) || name.startsWith('x-')) continue;
          walk(field, `${at}.${name}`, !names && name === 'properties');
        }
      }
    };
    for (const document of Object.values(documents(kinds))) walk(document.definitions as Json, '', true);
  });

  test('loses in v2 what v2 cannot say', () => {
    const { 'x-kubernetes-validations': _rules, ...rest } = spec;
    assert.deepEqual(specOf('v2'), {
      ...rest,
      properties: {
        port: {
          description: 'A port.',
          type: 'string',
          format: 'int-or-string',
          pattern: '^.*',
          'x-kubernetes-int-or-string': true,
        },
        mode: { type: 'string', enum: ['A', 'B'], default: 'A' },
        slots: { type: 'array', items: {}, 'x-kubernetes-list-type': 'atomic' },
        free: { 'x-kubernetes-preserve-unknown-fields': true },
        maybe: { type: 'object', properties: { a: { type: 'string' } } },
        byName: { type: 'object', additionalProperties: {} },
      },
    });
  });

  test('has apiVersion, kind and metadata around it, and the description of the kind', () => {
    for (const [form, document] of Object.entries(forms)) {
      const definition = document.definitions[`${prefix}Toy`]!;
      assert.equal(definition.description, 'A thing to play with.');
      assert.deepEqual(definition.required, ['spec']);
      assert.deepEqual(Object.keys(definition.properties as JsonObject), [
        'apiVersion',
        'kind',
        'metadata',
        'spec',
      ]);
      const { metadata } = definition.properties as Record<string, JsonObject>;
      const ref = { $ref: `${document.refPrefix}${metaPrefix}ObjectMeta` };
      const { description, ...rest } = metadata!;
      assert.ok(description);
      // Beside a $ref nothing counts in v3.
      assert.deepEqual(rest, form === 'v2' ? ref : { allOf: [ref] });
    }
  });

  test('of the metadata says how its lists merge', () => {
    for (const document of Object.values(forms)) {
      const meta = document.definitions[`${metaPrefix}ObjectMeta`]!.properties as Record<string, JsonObject>;
      assert.equal(meta.ownerReferences!['x-kubernetes-list-type'], 'map');
      assert.deepEqual(meta.ownerReferences!['x-kubernetes-list-map-keys'], ['uid']);
      assert.equal(meta.finalizers!['x-kubernetes-list-type'], 'set');
      assert.equal(meta.managedFields!['x-kubernetes-list-type'], 'atomic');
    }
  });
});
