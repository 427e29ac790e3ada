import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';
import { base } from './setting.ts';

const notFoundText = '404 page not found\n';
const unknownResource = 'the server could not find the requested resource';
const wrongMethod = 'the server does not allow this method on the requested resource';

/** Odd methods and paths, and HEAD. */
export const paths: HttpGroup = suite => {
  suite.test('a path that leads nowhere is answered in plain text', async ({ request }) => {
    const nowhere = [
      '/nowhere',
      '/api',
      '/api/v1/pods',
      '/apis/other',
      '/apis/other.example/v1/things',
      '/apis/projectcalico.org/v1',
      '/apis/projectcalico.org/v1/widgets',
      '/openapi/v4',
      '/openapi/v3/apis/other/v1',
      '/version%3Fx',
      '/readyz/nothing',
      '/constructor',
      '/__proto__',
    ];
    for (const path of nowhere) {
      const answer = await request({ path });
      assert.equal(answer.code, 404, path);
      assert.equal(answer.text, notFoundText, path);
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
    }
  });

  suite.test('what is no resource of the group is answered with a Status', async ({ request }) => {
    const unknown = [
      '/things',
      '/things/a',
      '/__proto__',
      '/constructor/a',
      '/toString',
      '/namespaces',
      '/namespaces/a',
      '/namespaces/a/widgets',
      '/namespaces/a/widgets/b',
      '/gadgets/a',
      '/widgets/a/status',
      '/widgets/a/scale',
      '/namespaces/a/gadgets/b/__proto__',
      '/namespaces/a/gadgets/b/status/c',
    ];
    for (const path of unknown) {
      const answer = await request({ path: base + path });
      assert.equal(answer.code, 404, path);
      assert.deepEqual(answer.json(), {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: unknownResource,
        reason: 'NotFound',
        details: {},
        code: 404,
      });
    }
  });

  suite.test('a method that is not served is answered 405', async ({ request }) => {
    const wrong: [method: string, path: string][] = [
      ['PUT', `${base}/widgets`],
      ['PATCH', `${base}/widgets`],
      ['POST', `${base}/widgets/a`],
      ['OPTIONS', `${base}/widgets`],
      ['PROPFIND', `${base}/widgets/a`],
      ['POST', `${base}/gadgets`],
      ['DELETE', `${base}/gadgets`],
      ['DELETE', `${base}/namespaces/a/gadgets/b/status`],
      ['POST', `${base}/namespaces/a/gadgets/b/status`],
      ['HEAD', `${base}/widgets?watch=true`],
      ['POST', `${base}/watch/widgets`],
      ['POST', '/version'],
      ['DELETE', '/apis'],
      ['PUT', base],
      ['POST', '/openapi/v2'],
      ['POST', '/healthz'],
    ];
    for (const [method, path] of wrong) {
      const answer = await request({ method, path });
      assert.equal(answer.code, 405, `${method} ${path}`);
      if (method === 'HEAD') continue;
      const { reason, message, details } = answer.json();
      assert.deepEqual(
        { reason, message, details },
        { reason: 'MethodNotAllowed', message: wrongMethod, details: {} },
      );
    }
  });

  suite.test('a path that two readers could read differently is refused', async ({ request }) => {
    for (const path of [
      '//apis',
      `${base}//widgets`,
      `${base}/widgets/a%2Fb`,
      `${base}/widgets/%2e%2e`,
      '/%zz',
    ]) {
      const answer = await request({ path });
      assert.equal(answer.code, 400, path);
      assert.equal(answer.json().reason, 'BadRequest');
    }
  });

  suite.test('an escaped path is the path itself', async ({ request }) => {
    assert.equal((await request({ path: '/%68ealthz' })).text, 'ok');
    assert.equal((await request({ path: `${base}/wid%67ets/` })).code, 200);
  });

  suite.test('HEAD is GET without a body', async ({ request, widgets }) => {
    widgets.fill(1, () => ({ apiVersion: 'projectcalico.org/v3', kind: 'Widget', metadata: { name: 'a' } }));
    for (const path of [
      '/',
      '/apis',
      base,
      '/version',
      '/openapi/v2',
      '/healthz',
      `${base}/widgets`,
      `${base}/widgets/a`,
    ]) {
      const got = await request({ path });
      const head = await request({ method: 'HEAD', path });
      assert.equal(head.code, 200, path);
      assert.equal(head.bytes.length, 0, path);
      assert.equal(head.headers['content-length'], got.headers['content-length'], path);
      assert.equal(head.headers['content-type'], got.headers['content-type'], path);
    }
    assert.equal((await request({ method: 'HEAD', path: `${base}/widgets/b` })).code, 404);
  });
};
