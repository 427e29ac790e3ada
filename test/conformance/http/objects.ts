import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';
import { base, json } from './setting.ts';

const gadget = (name: string, more: object = {}) =>
  JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Gadget', metadata: { name }, ...more });
const path = `${base}/namespaces/x/gadgets`;
const merge = { ...json, 'content-type': 'application/merge-patch+json' };

/** One object: create, get, update, patch, delete. */
export const objects: HttpGroup = suite => {
  suite.test('the life of an object', async ({ request }) => {
    const created = await request({ method: 'POST', path, headers: json, body: gadget('a') });
    assert.equal(created.code, 201);
    const metadata = { name: 'a', namespace: 'x', uid: 'uid-a', resourceVersion: '2' };
    assert.deepEqual(created.json().metadata, metadata);
    const got = await request({ path: `${path}/a` });
    assert.equal(got.code, 200);
    assert.equal(got.text, created.text);
    const updated = await request({
      method: 'PUT',
      path: `${path}/a`,
      headers: json,
      body: gadget('a', { spec: { note: '1' } }),
    });
    assert.equal(updated.code, 200);
    const patched = await request({
      method: 'PATCH',
      path: `${path}/a`,
      headers: merge,
      body: '{"spec":{"note":"2"}}',
    });
    assert.deepEqual(patched.json().spec, { note: '2' });
    const again = await request({
      method: 'PATCH',
      path: `${path}/a/status`,
      headers: { ...json, 'content-type': 'application/json-patch+json' },
      body: '[{"op":"replace","path":"/spec/note","value":"3"}]',
    });
    assert.deepEqual(again.json().spec, { note: '3' });
    const deleted = await request({ method: 'DELETE', path: `${path}/a` });
    assert.equal(deleted.code, 200);
    assert.deepEqual(deleted.json(), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', group: 'projectcalico.org', kind: 'gadgets', uid: 'uid-a' },
    });
    assert.equal((await request({ path: `${path}/a` })).code, 404);
  });

  suite.test('an object that finalizers hold is answered with itself', async ({ request, widgets }) => {
    widgets.fill(1, () => ({
      apiVersion: 'v3',
      kind: 'Widget',
      metadata: { name: 'a', finalizers: ['x/y'] },
    }));
    const held = await request({ method: 'DELETE', path: `${base}/widgets/a` });
    assert.equal(held.code, 200);
    assert.equal(held.json().kind, 'Widget');
    const accepted = await request({
      method: 'DELETE',
      path: `${base}/widgets/a`,
      headers: json,
      body: '{"orphanDependents":false}',
    });
    assert.equal(accepted.code, 202);
  });

  suite.test('warnings are headers, each once', async ({ request }) => {
    const body = '{"metadata":{"name":"warns"},"spec":{"note":"a","note":"b"}}';
    const answer = await request({ method: 'POST', path, headers: json, body });
    assert.equal(answer.code, 201);
    assert.equal(
      String(answer.headers.warning),
      '299 - "unknown field \\"spec.x\\"", 299 - "duplicate field \\"spec.note\\""',
    );
  });

  suite.test('64-bit integers and odd keys pass unharmed', async ({ request }) => {
    const body =
      '{"metadata":{"name":"a"},"spec":{"big":9223372036854775807,"__proto__":{"x":1},"constructor":2}}';
    const created = await request({ method: 'POST', path, headers: json, body });
    assert.equal(created.code, 201);
    assert.match(created.text, /"big":9223372036854775807/);
    assert.match(created.text, /"__proto__":\{"x":1\}/);
    assert.equal(({} as { x?: number }).x, undefined);
  });

  suite.test('apply creates with the right to, and changes without it', async ({ request, attributes }) => {
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const apply = (name: string, more: object = {}, query = 'fieldManager=m', who = 'admin') =>
      request({
        method: 'PATCH',
        path: `${path}/${name}?${query}`,
        headers: { ...headers, authorization: `Bearer ${who}` },
        body: gadget(name, more),
      });
    const denied = await apply('applied', {}, 'fieldManager=m', 'patcher');
    assert.equal(denied.code, 403);
    assert.match(
      String(denied.json().message),
      /^gadgets\.projectcalico\.org "applied" is forbidden: User "patcher" cannot create resource "gadgets"/,
    );
    const [{ verb, name }] = attributes.slice(-1) as [{ verb: string; name: string }];
    assert.deepEqual([verb, name], ['create', 'applied']);
    assert.equal((await apply('applied')).code, 201);
    const changed = await apply('applied', { spec: { note: 'x' } }, 'fieldManager=m&force=true', 'patcher');
    assert.equal(changed.code, 200);
    assert.deepEqual(changed.json().spec, { note: 'x' });
  });

  suite.test('apply needs a manager, and only it can be forced', async ({ request }) => {
    const yaml = { 'content-type': 'application/apply-patch+yaml' };
    const asked: [
      headers: Record<string, string>,
      query: string,
      body: string,
      code: number,
      message: RegExp,
    ][] = [
      [
        yaml,
        '',
        '{}',
        422,
        /^PatchOptions\.meta\.k8s\.io "" is invalid: fieldManager: Required value: is required for apply patch$/,
      ],
      [merge, 'force=true', '{}', 422, /force: Forbidden: may not be specified for non-apply patch$/],
      [
        yaml,
        'fieldManager=m',
        'a: [',
        400,
        /^error decoding YAML: error converting YAML to JSON: yaml: line 1: /,
      ],
      [
        { 'content-type': 'application/apply-patch+cbor' },
        'fieldManager=m',
        '{}',
        415,
        /, application\/apply-patch\+yaml$/,
      ],
    ];
    for (const [headers, query, body, code, message] of asked) {
      const answer = await request({ method: 'PATCH', path: `${path}/a?${query}`, headers, body });
      assert.equal(answer.code, code, query);
      assert.match(String(answer.json().message), message);
    }
  });

  suite.test('options that cannot be are refused', async ({ request }) => {
    const refused: [method: string, query: string, code: number, body: string][] = [
      ['POST', 'dryRun=some', 422, gadget('a')],
      ['POST', 'fieldValidation=Loud', 422, gadget('a')],
      ['GET', 'timeout=soon', 400, ''],
      ['GET', 'limit=many', 400, ''],
      ['GET', 'resourceVersionMatch=Exact', 422, ''],
      ['GET', 'watch=true&timeoutSeconds=x', 400, ''],
      ['GET', 'watch=true&sendInitialEvents=true', 422, ''],
    ];
    for (const [method, query, code, body] of refused) {
      const answer = await request({
        method,
        path: `${path}?${query}`,
        headers: body ? json : {},
        ...(body && { body }),
      });
      assert.equal(answer.code, code, query);
      assert.equal(answer.json().kind, 'Status');
    }
  });
};
