import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';

const broken = {
  name: 'datastore',
  check: () => Promise.reject(new Error('disk full')),
};
const slowToStart = {
  name: 'caches',
  readyOnly: true,
  check: () => {
    throw new Error('not loaded');
  },
};

/** /healthz, /livez and /readyz. */
export const health: HttpGroup = suite => {
  suite.test('all is well', async ({ connection }) => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      const answer = await connection.request({ path });
      assert.equal(answer.code, 200);
      assert.equal(answer.text, 'ok');
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    }
    const verbose = await connection.request({ path: '/readyz?verbose' });
    assert.equal(verbose.text, '[+]ping ok\n[+]shutdown ok\nreadyz check passed\n');
    const excluded = await connection.request({ path: '/livez?verbose&exclude=ping&exclude=x&exclude=y' });
    assert.equal(
      excluded.text,
      '[+]ping excluded: ok\nwarn: some health checks cannot be excluded: no matches for "x", "y"\nlivez check passed\n',
    );
  });

  suite.test(
    'a check that fails is told always, its reason only to the log and to those with rights',
    async ({ connection, request, log }) => {
      const answer = await connection.request({ path: '/healthz' });
      assert.equal(answer.code, 500);
      assert.equal(answer.text, '[+]ping ok\n[-]datastore failed: reason withheld\nhealthz check failed\n');
      assert.ok(log.some(({ fields }) => fields.check === 'datastore' && fields.error === 'disk full'));
      const excluded = await connection.request({ path: '/healthz?exclude=datastore' });
      assert.equal(excluded.code, 200);
      assert.equal((await connection.request({ path: '/healthz/datastore' })).code, 403);
      const detail = await request({ path: '/healthz/datastore' });
      assert.equal(detail.code, 500);
      assert.equal(detail.text, 'internal server error: disk full\n');
      assert.equal((await request({ path: '/healthz/ping' })).text, 'ok');
    },
    { healthChecks: [broken] },
  );

  suite.test(
    'a server that is not ready is alive',
    async ({ connection, request }) => {
      assert.equal((await connection.request({ path: '/readyz' })).code, 500);
      assert.equal((await connection.request({ path: '/healthz' })).code, 200);
      assert.equal((await connection.request({ path: '/livez' })).code, 200);
      assert.equal((await request({ path: '/readyz/caches' })).text, 'internal server error: not loaded\n');
      assert.equal((await request({ path: '/livez/caches' })).code, 404);
    },
    { healthChecks: [slowToStart] },
  );
};
