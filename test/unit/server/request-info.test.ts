import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import {
  asksForWatch,
  parseTarget,
  type RequestInfo,
  requestInfo,
} from '../../../src/server/request-info.ts';

function info(method: string, url: string): Partial<RequestInfo> {
  const all = requestInfo(method, parseTarget(url));
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0)),
  );
}

const base = '/apis/projectcalico.org/v3';
const gv = { isResource: true, group: 'projectcalico.org', version: 'v3' };

suite('resources', () => {
  const cases: [method: string, path: string, expected: Partial<RequestInfo>][] = [
    ['GET', '/tiers', { verb: 'list', resource: 'tiers' }],
    ['GET', '/tiers/', { verb: 'list', resource: 'tiers' }],
    ['HEAD', '/tiers', { verb: 'list', resource: 'tiers' }],
    ['GET', '/tiers?watch', { verb: 'watch', resource: 'tiers' }],
    ['GET', '/tiers?watch=1', { verb: 'watch', resource: 'tiers' }],
    ['GET', '/tiers?watch=False', { verb: 'list', resource: 'tiers' }],
    ['POST', '/tiers', { verb: 'create', resource: 'tiers' }],
    ['DELETE', '/tiers', { verb: 'deletecollection', resource: 'tiers' }],
    ['GET', '/tiers/a', { verb: 'get', resource: 'tiers', name: 'a' }],
    ['GET', '/tiers/a?watch=true', { verb: 'get', resource: 'tiers', name: 'a' }],
    ['PUT', '/tiers/a', { verb: 'update', resource: 'tiers', name: 'a' }],
    ['PATCH', '/tiers/a/status', { verb: 'patch', resource: 'tiers', name: 'a', subresource: 'status' }],
    ['DELETE', '/tiers/a', { verb: 'delete', resource: 'tiers', name: 'a' }],
    [
      'GET',
      '/tiers/a/b/c/d',
      { verb: 'get', resource: 'tiers', name: 'a', subresource: 'b', rest: ['c', 'd'] },
    ],
    ['GET', '/namespaces/x/tiers', { verb: 'list', namespace: 'x', resource: 'tiers' }],
    ['GET', '/namespaces/x/tiers/a', { verb: 'get', namespace: 'x', resource: 'tiers', name: 'a' }],
    ['GET', '/namespaces/x', { verb: 'get', namespace: 'x', resource: 'namespaces', name: 'x' }],
    ['GET', '/namespaces', { verb: 'list', resource: 'namespaces' }],
    ['GET', '/watch/tiers', { verb: 'watch', resource: 'tiers' }],
    ['GET', '/watch/tiers/a', { verb: 'watch', resource: 'tiers', name: 'a' }],
    ['GET', '/watch/namespaces/x/tiers', { verb: 'watch', namespace: 'x', resource: 'tiers' }],
    ['OPTIONS', '/tiers', { resource: 'tiers' }],
    ['constructor', '/tiers', { resource: 'tiers' }],
    ['GET', '/__proto__/constructor', { verb: 'get', resource: '__proto__', name: 'constructor' }],
    ['GET', '/ti%65rs/%C3%A4', { verb: 'get', resource: 'tiers', name: 'ä' }],
  ];
  for (const [method, path, expected] of cases) {
    test(`${method} ${path}`, () => {
      const { path: _path, ...rest } = info(method, base + path);
      assert.deepEqual(rest, { ...gv, ...expected });
    });
  }

  test('the core group', () => {
    const { verb, group, version, resource } = requestInfo('GET', parseTarget('/api/v1/pods'));
    assert.deepEqual(
      { verb, group, version, resource },
      { verb: 'list', group: '', version: 'v1', resource: 'pods' },
    );
  });
});

suite('other paths', () => {
  const cases: [method: string, url: string, expected: Partial<RequestInfo>][] = [
    ['GET', '/', { verb: 'get', path: '/' }],
    ['GET', '', { verb: 'get', path: '/' }],
    ['POST', '/healthz', { verb: 'post', path: '/healthz' }],
    ['GET', '/readyz/ping?verbose', { verb: 'get', path: '/readyz/ping' }],
    ['GET', '/apis', { verb: 'get', path: '/apis' }],
    ['GET', '/apis/', { verb: 'get', path: '/apis' }],
    ['GET', '/apis/projectcalico.org', { verb: 'get', path: '/apis/projectcalico.org' }],
    ['GET', `${base}/`, { verb: 'get', path: base }],
    ['GET', '/%68ealthz', { verb: 'get', path: '/healthz' }],
    ['GET', 'https://host:1/healthz?x', { verb: 'get', path: '/healthz' }],
    ['GET', 'https://host:1', { verb: 'get', path: '/' }],
  ];
  for (const [method, url, expected] of cases) {
    test(`${method} ${url}`, () => assert.deepEqual(info(method, url), { isResource: false, ...expected }));
  }
});

suite('targets that are refused', () => {
  const urls = [
    '//',
    '//apis',
    '/apis//v3',
    `${base}/tiers//`,
    `${base}/tiers/a%2Fb`,
    `${base}/tiers/a%2fb`,
    `${base}/tiers/..`,
    `${base}/tiers/%2e%2e`,
    `${base}/./tiers`,
    `${base}/tiers/%`,
    `${base}/tiers/%zz`,
    `${base}/tiers/%ff`,
    `${base}/tiers/%00`,
    `${base}/tiers/a%0Ab`,
    '*',
    'host:443',
  ];
  for (const url of urls) {
    test(url, () => {
      assert.throws(
        () => parseTarget(url),
        (error: unknown) => error instanceof StatusError && error.status.code === 400,
      );
    });
  }
});

test('a query has a bounded number of parameters', () => {
  const target = (count: number) => `/apis?${Array(count).fill('a').join('&')}`;
  assert.equal([...parseTarget(target(limits.maxQueryParameters)).query].length, limits.maxQueryParameters);
  assert.throws(() => parseTarget(target(limits.maxQueryParameters + 1)), /more than 500 parameters/);
});

test('any target is either parsed or refused with 400', () => {
  fc.assert(
    fc.property(fc.webPath(), fc.string(), fc.webQueryParameters(), (path, noise, query) => {
      for (const url of [`${path}?${query}`, `/${noise}`, noise]) {
        try {
          const parsed = requestInfo('GET', parseTarget(url));
          assert.ok(parsed.path.startsWith('/'));
        } catch (error) {
          assert.ok(error instanceof StatusError && error.status.code === 400, String(error));
        }
      }
    }),
  );
});

test('what asks for a watch', () => {
  for (const query of ['watch', 'watch=', 'watch=true', 'watch=1', 'watch=no']) {
    assert.equal(asksForWatch(new URLSearchParams(query)), true, query);
  }
  for (const query of ['', 'watch=0', 'watch=false', 'watch=FALSE']) {
    assert.equal(asksForWatch(new URLSearchParams(query)), false, query);
  }
});
