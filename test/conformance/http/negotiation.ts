import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import type { HttpGroup } from '../http.ts';
import type { TestResource } from './resources.ts';
import { base, json } from './setting.ts';

function fill(widgets: TestResource): void {
  widgets.fill(2, at => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Widget',
    metadata: { name: `w${at}`, resourceVersion: String(at + 1) },
    spec: { note: `n${at}` },
  }));
}

const table = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const metadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const protobuf = 'application/vnd.kubernetes.protobuf';

/** What is answered to which Accept header, and read of which Content-Type. */
export const negotiation: HttpGroup = suite => {
  suite.test('the negotiation table', async ({ request, widgets }) => {
    fill(widgets);
    const served: [accept: string, path: string, type: string, kind: string][] = [
      ['', '/widgets/w0', 'application/json', 'Widget'],
      ['*/*', '/widgets/w0', 'application/json', 'Widget'],
      ['application/json', '/widgets', 'application/json', 'WidgetList'],
      [`${protobuf},application/json`, '/widgets', 'application/json', 'WidgetList'],
      ['application/yaml', '/widgets', 'application/yaml', 'WidgetList'],
      ['application/yaml', '/widgets/w0', 'application/yaml', 'Widget'],
      [table, '/widgets', 'application/json', 'Table'],
      [table, '/widgets/w0', 'application/json', 'Table'],
      [
        `${protobuf};as=Table;g=meta.k8s.io;v=v1,${table},application/json`,
        '/widgets',
        'application/json',
        'Table',
      ],
      [metadata, '/widgets/w0', 'application/json', 'PartialObjectMetadata'],
      [metadataList, '/widgets', 'application/json', 'PartialObjectMetadataList'],
      [`${table.replace('v=v1', 'v=v9')},application/json`, '/widgets', 'application/json', 'WidgetList'],
    ];
    for (const [accept, path, type, kind] of served) {
      const answer = await request({ path: base + path, headers: { accept } });
      assert.equal(answer.code, 200, accept);
      assert.equal(answer.headers['content-type'], type, accept);
      assert.equal((parse(answer.text) as { kind: string }).kind, kind, accept);
    }
  });

  suite.test('what cannot be served is refused with 406, as JSON', async ({ request, widgets }) => {
    fill(widgets);
    const refused: [accept: string, path: string][] = [
      [protobuf, '/widgets'],
      [protobuf, '/widgets/w0'],
      [protobuf, '/widgets?watch=true'],
      ['application/cbor', '/widgets'],
      ['application/yaml', '/widgets?watch=true'],
      [metadata, '/widgets'],
      [metadataList, '/widgets/w0'],
      ['text/html', ''],
    ];
    for (const [accept, path] of refused) {
      const answer = await request({ path: base + path, headers: { accept } });
      assert.equal(answer.code, 406, `${accept} ${path}`);
      assert.equal(answer.headers['content-type'], 'application/json');
      assert.equal(answer.json().reason, 'NotAcceptable');
    }
  });

  suite.test('a body of another type is refused with 415', async ({ request }) => {
    const refused: [method: string, path: string, type: string][] = [
      ['POST', '/widgets', protobuf],
      ['POST', '/widgets', 'application/cbor'],
      ['PUT', '/widgets/a', 'text/plain'],
      ['PATCH', '/widgets/a', 'application/apply-patch+cbor'],
      ['PATCH', '/widgets/a', 'application/json'],
      ['DELETE', '/widgets/a', protobuf],
    ];
    for (const [method, path, type] of refused) {
      const answer = await request({
        method,
        path: base + path,
        headers: { 'content-type': type },
        body: '{}',
      });
      assert.equal(answer.code, 415, `${method} ${type}`);
      assert.equal(answer.json().reason, 'UnsupportedMediaType');
    }
  });

  suite.test('a YAML body, and an answer in YAML', async ({ request }) => {
    const created = await request({
      method: 'POST',
      path: `${base}/widgets`,
      headers: { 'content-type': 'application/yaml', accept: 'application/yaml' },
      body: 'apiVersion: projectcalico.org/v3\nkind: Widget\nmetadata: {name: a}\nspec: {note: "yes"}\n',
    });
    assert.equal(created.code, 201);
    assert.match(created.text, /^apiVersion: projectcalico.org\/v3\nkind: Widget\nmetadata:\n {2}name: a\n/);
    assert.match(created.text, /note: "yes"\n$/);
    const missing = await request({ path: `${base}/widgets/b`, headers: { accept: 'application/yaml' } });
    assert.equal(missing.headers['content-type'], 'application/yaml');
    assert.equal((parse(missing.text) as { code: number }).code, 404);
  });

  suite.test('indentation for people', async ({ request, widgets }) => {
    fill(widgets);
    for (const path of ['/widgets', '/widgets/w0', '/widgets/none']) {
      const compact = await request({ path: base + path });
      const pretty = await request({ path: base + path, headers: { 'user-agent': 'curl/8.0' } });
      assert.equal(compact.text, `${JSON.stringify(compact.json())}\n`);
      assert.equal(pretty.text, `${JSON.stringify(compact.json(), undefined, 2)}\n`);
      const asked = await request({ path: `${base}${path}?pretty=true` });
      assert.equal(asked.text, pretty.text);
    }
  });

  suite.test('large answers are compressed, small ones are not', async ({ request, widgets }) => {
    fill(widgets);
    const headers = { 'accept-encoding': 'gzip' };
    const small = await request({ path: `${base}/widgets`, headers });
    assert.equal(small.headers['content-encoding'], undefined);
    widgets.fill(400, at => ({
      apiVersion: 'projectcalico.org/v3',
      kind: 'Widget',
      metadata: { name: `x${at}` },
      spec: { note: 'n'.repeat(2000) },
    }));
    for (const path of [`${base}/widgets`, `${base}/widgets?limit=100`, '/openapi/v2']) {
      const plain = await request({ path });
      const packed = await request({ path, headers });
      assert.equal(plain.headers['content-encoding'], undefined);
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.match(String(packed.headers.vary), /Accept-Encoding/);
      assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
      const refused = await request({ path, headers: { 'accept-encoding': 'gzip;q=0, identity' } });
      assert.equal(refused.headers['content-encoding'], undefined);
    }
  });

  suite.test('a created object as a Table', async ({ request }) => {
    const created = await request({
      method: 'POST',
      path: `${base}/widgets`,
      headers: { ...json, accept: table },
      body: JSON.stringify({ metadata: { name: 'a' }, spec: { note: 'hello' } }),
    });
    assert.equal(created.code, 201);
    const { kind, rows } = created.json() as { kind: string; rows: { cells: unknown[] }[] };
    assert.equal(kind, 'Table');
    assert.deepEqual(rows[0]!.cells, ['a', 'hello']);
  });

  suite.test('an includeObject that does not exist is refused before anything is done', async setting => {
    const answer = await setting.request({
      method: 'POST',
      path: `${base}/widgets?includeObject=All`,
      headers: { ...json, accept: table },
      body: JSON.stringify({ metadata: { name: 'a' } }),
    });
    assert.equal(answer.code, 400);
    assert.match(String(answer.json().message), /^Unable to convert to Table as requested: includeObject: /);
    assert.equal(setting.widgets.objects.size, 0);
  });
};
