import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { HttpGroup } from '../http.ts';
import { base } from './setting.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const aggregated = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

/** Discovery, OpenAPI, /version and the index. */
export const discovery: HttpGroup = suite => {
  suite.test('the legacy documents', async ({ request }) => {
    const version = { groupVersion: 'projectcalico.org/v3', version: 'v3' };
    const group = { name: 'projectcalico.org', versions: [version], preferredVersion: version };
    assert.deepEqual((await request({ path: '/apis' })).json(), {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [group],
    });
    assert.deepEqual((await request({ path: '/apis/projectcalico.org' })).json(), {
      kind: 'APIGroup',
      apiVersion: 'v1',
      ...group,
    });
    const answer = await request({ path: base });
    assert.equal(answer.headers['content-type'], 'application/json');
    const { resources, ...rest } = answer.json() as { resources: { storageVersionHash?: string }[] };
    assert.deepEqual(rest, {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'projectcalico.org/v3',
    });
    assert.match(resources[0]!.storageVersionHash!, /^[A-Za-z0-9+/]{11}=$/);
    const withoutHash = resources.map(({ storageVersionHash: _hash, ...facts }) => facts);
    assert.deepEqual(withoutHash, [
      {
        name: 'gadgets',
        singularName: 'gadget',
        namespaced: true,
        kind: 'Gadget',
        verbs,
        shortNames: ['ga'],
      },
      {
        name: 'gadgets/status',
        singularName: '',
        namespaced: true,
        kind: 'Gadget',
        verbs: ['get', 'patch', 'update'],
      },
      {
        name: 'widgets',
        singularName: 'widget',
        namespaced: false,
        kind: 'Widget',
        verbs,
        shortNames: ['wi'],
      },
    ]);
  });

  suite.test('they are there with a slash at the end, and as YAML', async ({ request }) => {
    for (const path of ['/apis', '/apis/projectcalico.org', base]) {
      const plain = await request({ path });
      assert.equal((await request({ path: `${path}/` })).text, plain.text);
      const yaml = await request({ path, headers: { accept: 'application/yaml' } });
      assert.deepEqual(parse(yaml.text), plain.json());
    }
  });

  suite.test('the aggregated document, in both versions', async ({ request }) => {
    for (const version of ['v2', 'v2beta1']) {
      const answer = await request({ path: '/apis', headers: { accept: aggregated(version) } });
      assert.equal(answer.headers['content-type'], aggregated(version));
      assert.equal(answer.headers['cache-control'], 'public');
      assert.equal(answer.headers.vary, 'Accept');
      assert.match(String(answer.headers.etag), /^"[0-9A-F]{128}"$/);
      const responseKind = { group: 'projectcalico.org', version: 'v3', kind: 'Gadget' };
      const body = answer.json() as { items: { versions: { resources: unknown[] }[] }[] };
      assert.equal(body.items[0]!.versions[0]!.resources.length, 2);
      assert.deepEqual(body.items[0]!.versions[0]!.resources[0], {
        resource: 'gadgets',
        responseKind,
        scope: 'Namespaced',
        singularResource: 'gadget',
        verbs,
        shortNames: ['ga'],
        subresources: [{ subresource: 'status', responseKind, verbs: ['get', 'patch', 'update'] }],
      });
      const { items, ...rest } = answer.json() as { items: { metadata: unknown; versions: object[] }[] };
      assert.deepEqual(rest, {
        kind: 'APIGroupDiscoveryList',
        apiVersion: `apidiscovery.k8s.io/${version}`,
        metadata: {},
      });
      assert.deepEqual(items[0]!.metadata, { name: 'projectcalico.org' });
      const { resources: _resources, ...facts } = items[0]!.versions[0]! as { resources: unknown };
      assert.deepEqual(facts, { version: 'v3', freshness: 'Current' });
    }
  });

  suite.test('which of the documents is chosen', async ({ request }) => {
    const both = `${aggregated('v2')},${aggregated('v2beta1')}`;
    const chosen: [accept: string, kind: string, version: string][] = [
      [both, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'],
      [`${both},application/json`, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'],
      [`${aggregated('v2beta1')},application/json`, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2beta1'],
      [`${aggregated('v2')};profile=nopeer`, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'],
      [
        'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
        'APIGroupDiscoveryList',
        'apidiscovery.k8s.io/v2',
      ],
      [`application/json,${aggregated('v2')}`, 'APIGroupList', 'v1'],
      [`${aggregated('v9')},application/json`, 'APIGroupList', 'v1'],
      ['*/*', 'APIGroupList', 'v1'],
      [`${aggregated('v2')};q=0.5,application/json;q=0.1`, 'APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2'],
    ];
    for (const [accept, kind, apiVersion] of chosen) {
      const body = (await request({ path: '/apis', headers: { accept } })).json();
      assert.deepEqual({ kind: body.kind, apiVersion: body.apiVersion }, { kind, apiVersion }, accept);
    }
    const neither = await request({
      path: '/apis',
      headers: { accept: 'application/vnd.kubernetes.protobuf' },
    });
    assert.equal(neither.code, 406);
  });

  suite.test('a document that the client has is not sent again', async ({ request }) => {
    const conditional: [path: string, accept: string][] = [
      ['/apis', aggregated('v2')],
      ['/openapi/v2', 'application/json'],
      ['/openapi/v3', 'application/json'],
      ['/openapi/v3/apis/projectcalico.org/v3', 'application/json'],
    ];
    for (const [path, accept] of conditional) {
      const first = await request({ path, headers: { accept } });
      const etag = String(first.headers.etag);
      for (const tag of [etag, `"other", ${etag}`, `W/${etag}`]) {
        const again = await request({ path, headers: { accept, 'if-none-match': tag } });
        assert.equal(again.code, 304, path);
        assert.equal(again.bytes.length, 0);
        assert.equal(again.headers.etag, etag);
      }
      const other = await request({ path, headers: { accept, 'if-none-match': '"other"' } });
      assert.equal(other.code, 200);
    }
  });

  suite.test('OpenAPI v2', async ({ request }) => {
    const answer = await request({ path: '/openapi/v2' });
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.json().version, 'v2');
    assert.equal(answer.headers['last-modified'], 'Fri, 02 Jan 2026 03:04:05 GMT');
    const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
    const refused = await request({ path: '/openapi/v2', headers: { accept: protobuf } });
    assert.equal(refused.code, 406);
    assert.equal(refused.text, '');
  });

  suite.test('OpenAPI v3: the index names the document with its hash', async ({ request }) => {
    const index = (await request({ path: '/openapi/v3' })).json() as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    assert.deepEqual(Object.keys(index.paths), ['apis/projectcalico.org/v3']);
    const url = index.paths['apis/projectcalico.org/v3']!.serverRelativeURL;
    const answer = await request({ path: url });
    assert.equal(answer.json().version, 'v3');
    assert.equal(answer.headers['cache-control'], 'public, immutable');
    assert.equal(answer.headers.expires, 'Sat, 02 Jan 2027 03:04:05 GMT');
    assert.equal(answer.headers.etag, `"${new URLSearchParams(url.split('?')[1]).get('hash')}"`);
    const bare = await request({ path: url.split('?')[0]! });
    assert.equal(bare.headers['cache-control'], 'no-cache, private');
    const old = await request({ path: `${url.split('?')[0]}?hash=ABC` });
    assert.equal(old.code, 200);
    assert.equal(old.text, answer.text);
    assert.equal(old.headers['cache-control'], 'no-cache, private');
  });

  suite.test('/version is always indented', async ({ request }) => {
    const answer = await request({ path: '/version' });
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.match(answer.text, /^\{\n {2}"major": "1",\n/);
  });

  suite.test('the index lists the paths', async ({ request }) => {
    const { paths } = (await request({ path: '/' })).json() as { paths: string[] };
    assert.deepEqual(paths, [...paths].sort());
    for (const path of [
      '/apis',
      base,
      '/healthz',
      '/livez/ping',
      '/metrics',
      '/openapi/v2',
      '/readyz/shutdown',
      '/version',
    ]) {
      assert.ok(paths.includes(path), path);
    }
    for (const path of paths) assert.equal((await request({ path })).code, 200, path);
    assert.equal((await request({ path: '/index.html' })).code, 200);
  });
};
