import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { Resource } from '../../../src/registry/resource.ts';
import { createDiscovery } from '../../../src/server/discovery.ts';
import { parseTarget, requestInfo } from '../../../src/server/request-info.ts';
import { route } from '../../../src/server/routes.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';
import type { WatchCache } from '../../../src/watch/cache.ts';

/** Tiers, which are written here, and BlockAffinities and CalicoNodeStatuses, which others write. */
const resources = new Map(
  ['tiers', 'blockaffinities', 'caliconodestatuses'].map(plural => {
    const kind = kinds.find(each => each.plural === plural)!;
    const codec = { ...v3Codec({ ...kind, hasInt64: false }), readOnly: plural !== 'tiers' };
    const cache = {} as WatchCache;
    return [plural, new Resource({ kind, codec, cache, backend: createMemoryBackend() })];
  }),
);

suite('a resource that is only read', () => {
  const base = '/apis/projectcalico.org/v3';
  const requests: [method: string, path: string, readOnly: number, otherwise: number][] = [
    ['GET', '', 200, 200],
    ['GET', '?watch=true', 200, 200],
    ['GET', '/one', 200, 200],
    ['POST', '', 405, 200],
    ['PUT', '/one', 405, 200],
    ['PATCH', '/one', 405, 200],
    ['DELETE', '/one', 405, 200],
    ['DELETE', '', 405, 200],
  ];
  for (const [method, path, readOnly, otherwise] of requests) {
    test(`${method} ${path || '(collection)'}`, () => {
      assert.equal(codeOf(method, `${base}/blockaffinities${path}`), readOnly);
      assert.equal(codeOf(method, `${base}/tiers${path}`), otherwise);
    });
  }

  test('its status neither', () => {
    assert.equal(codeOf('GET', `${base}/caliconodestatuses/one/status`), 200);
    assert.equal(codeOf('PUT', `${base}/caliconodestatuses/one/status`), 405);
    assert.equal(codeOf('PUT', `${base}/tiers/one/status`), 200);
  });

  test('discovery leaves out the verbs of writing, in every document', () => {
    const discovery = createDiscovery(resources.values());
    const legacy = JSON.parse(discovery.resources).resources as { name: string; verbs: string[] }[];
    const verbs = Object.fromEntries(legacy.map(each => [each.name, each.verbs.join(' ')]));
    assert.deepEqual(verbs, {
      blockaffinities: 'get list watch',
      caliconodestatuses: 'get list watch',
      'caliconodestatuses/status': 'get',
      tiers: 'create delete deletecollection get list patch update watch',
      'tiers/status': 'get patch update',
    });
  });
});

function codeOf(method: string, url: string): number {
  try {
    const info = requestInfo(method, parseTarget(url));
    assert.ok(route(method, info, resources));
    return 200;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return error.status.code ?? 0;
  }
}
