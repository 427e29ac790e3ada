import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Client, clientOf, eventually } from './client.ts';
import { definedFields, fieldPaths, type Schema } from './fields.ts';
import type { Kubectl } from './kubectl.ts';
import { noSharedData } from './oracle.ts';
import { servedKinds } from './served-kinds.ts';
import { endToEnd } from './suite.ts';
import { deployBase } from './tortie.ts';

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

type Definition = Schema & { 'x-kubernetes-group-version-kind'?: GroupVersionKind[] };

interface Document {
  paths: Record<string, unknown>;
  definitions: Record<string, Definition>;
}

endToEnd('OpenAPI as kube-apiserver merges it', { skip: noSharedData }, suite => {
  let client: Client;
  let kubectl: Kubectl;
  let merged: Document;
  before(async () => {
    const cluster = await suite.startCluster();
    await deployBase(suite, cluster);
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
    client = await clientOf(cluster.adminKubeconfig);
    // kube-apiserver asks for the documents in the background, and after a failure a minute later again.
    merged = await eventually(
      'projectcalico.org in /openapi/v2',
      async () => (await client.request('GET', '/openapi/v2')).json<Document & Record<string, unknown>>(),
      document =>
        Object.keys(document.paths ?? {}).some(path => path.startsWith('/apis/projectcalico.org/v3/')),
      150_000,
    );
    await eventually(
      'projectcalico.org in /openapi/v3',
      async () => (await client.request('GET', '/openapi/v3')).text,
      text => text.includes('apis/projectcalico.org/v3'),
      150_000,
    );
  });
  after(() => client.close());

  const resolve = (reference: string): Definition => {
    const name = reference.replace('#/definitions/', '');
    const found = merged.definitions[name];
    assert.ok(found, `${reference} leads nowhere`);
    return found;
  };

  test('every $ref resolves, and no name needs escaping in one', () => {
    const references = new Set<string>();
    JSON.stringify(merged, (key, value) => {
      if (key === '$ref' && typeof value === 'string') references.add(value);
      return value;
    });
    assert.ok(references.size > 500, `only ${references.size} references`);
    for (const reference of references) {
      assert.match(reference, /^#\/(definitions|parameters)\/[^/~]+$/);
      if (reference.startsWith('#/definitions/')) resolve(reference);
    }
  });

  test('no group-version-kind stands on two definitions', () => {
    const holders = new Map<string, string>();
    for (const [name, definition] of Object.entries(merged.definitions)) {
      for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
        const key = `${group}/${version} ${kind}`;
        assert.equal(holders.get(key), undefined, `${key} stands on ${holders.get(key)} and ${name}`);
        holders.set(key, name);
      }
    }
  });

  test('a hash from before an upgrade still leads to the v3 document', async () => {
    const path = '/openapi/v3/apis/projectcalico.org/v3';
    const answer = await client.request('GET', `${path}?hash=0123456789ABCDEF`);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json<{ openapi: string }>().openapi, '3.0.0');
  });

  for (const served of servedKinds) {
    test(`${served.kind}: a definition that reaches all its fields`, async () => {
      const found = Object.values(merged.definitions).filter(definition =>
        definition['x-kubernetes-group-version-kind']?.some(
          ({ group, version, kind }) =>
            group === 'projectcalico.org' && version === 'v3' && kind === served.kind,
        ),
      );
      assert.equal(found.length, 1);
      const reached = fieldPaths(found[0]!, resolve);
      const missing = (await definedFields(served)).filter(path => !reached.has(path));
      assert.deepEqual(missing, []);
    });

    test(`${served.kind}: kubectl explain --recursive lists all its fields`, async () => {
      const resource = `${served.plural}.projectcalico.org`;
      const listed = explainedPaths(await kubectl.ok(['explain', resource, '--recursive']));
      const missing = (await definedFields(served)).filter(path => !listed.has(path));
      assert.deepEqual(missing, []);
    });
  }
});

/**
 * The paths of the fields in the tree that `kubectl explain --recursive` prints: a line `name<tab><type>`
 * each.
 */
function explainedPaths(output: string): Set<string> {
  const paths = new Set<string>();
  const parents: string[] = [];
  for (const line of output.slice(output.indexOf('FIELDS:')).split('\n')) {
    const field = /^( +)(\S+)\t</.exec(line);
    if (!field) continue;
    const depth = field[1]!.length / 2 - 1;
    parents.splice(depth, Number.POSITIVE_INFINITY, field[2]!);
    paths.add(parents.join('.'));
  }
  return paths;
}
