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

const base = '/apis/projectcalico.org/v3';

/** Tiers and ClusterInformations, which are written here, and BlockAffinities and CalicoNodeStatuses, which others write. */
const resources = new Map(
  ['tiers', 'clusterinformations', 'blockaffinities', 'caliconodestatuses'].map(plural => {
    const kind = kinds.find(each => each.plural === plural)!;
    const readOnly = plural === 'blockaffinities' || plural === 'caliconodestatuses';
    const codec = { ...v3Codec({ ...kind, hasInt64: false }), readOnly };
    const cache = {} as WatchCache;
    return [plural, new Resource({ kind, codec, cache, backend: createMemoryBackend() })];
  }),
);

suite('a resource that is only read', () => {
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
      clusterinformations: 'create get list patch update watch',
      tiers: 'create delete deletecollection get list patch update watch',
      'tiers/status': 'get patch update',
    });
  });
});

suite('a resource whose objects stay', () => {
  const permanent = 'clusterinformations';

  test('takes every verb but the deletes, and says so in the words of Kubernetes', () => {
    for (const path of ['/default', '', '?fieldSelector=metadata.name%3Ddefault']) {
      const refused = () =>
        route('DELETE', requestInfo('DELETE', parseTarget(`${base}/${permanent}${path}`)), resources);
      assert.throws(refused, (error: StatusError) => {
        assert.equal(error.status.code, 405);
        assert.equal(error.status.reason, 'MethodNotAllowed');
        assert.equal(
          error.status.message,
          'Delete is not supported on resources of kind "clusterinformations.projectcalico.org"',
        );
        assert.deepEqual(error.status.details, { group: 'projectcalico.org', kind: permanent });
        return true;
      });
    }
    for (const method of ['GET', 'PUT', 'PATCH']) {
      assert.equal(codeOf(method, `${base}/${permanent}/default`), 200, method);
    }
    assert.equal(codeOf('POST', `${base}/${permanent}`), 200);
  });

  test('discovery leaves the deletes out', () => {
    const discovery = createDiscovery(resources.values());
    const legacy = JSON.parse(discovery.resources).resources as { name: string; verbs: string[] }[];
    const { verbs } = legacy.find(({ name }) => name === permanent)!;
    assert.deepEqual(verbs, ['create', 'get', 'list', 'patch', 'update', 'watch']);
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
