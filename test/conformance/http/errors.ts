import assert from 'node:assert/strict';
import type { HttpGroup } from '../http.ts';
import { base, json } from './setting.ts';

const path = `${base}/widgets`;

/** Errors from below, and the form they have on the wire. */
export const errors: HttpGroup = suite => {
  suite.test('a Status is what was thrown', async ({ request }) => {
    const answer = await request({ path: `${path}/none` });
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(answer.json(), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'widgets.projectcalico.org "none" not found',
      reason: 'NotFound',
      details: { name: 'none', group: 'projectcalico.org', kind: 'widgets' },
      code: 404,
    });
  });

  suite.test('what the store throws', async ({ request }) => {
    const thrown: [name: string, code: number, reason: string, retryAfter: string | undefined][] = [
      ['unavailable', 503, 'ServiceUnavailable', '1'],
      ['closed', 503, 'ServiceUnavailable', '1'],
      ['too-large', 413, 'RequestEntityTooLarge', undefined],
      ['forgotten', 500, 'InternalError', undefined],
    ];
    for (const [name, code, reason, retryAfter] of thrown) {
      const body = JSON.stringify({ metadata: { name } });
      for (const answer of [
        await request({ path: `${path}/${name}` }),
        await request({ method: 'POST', path, headers: json, body }),
      ]) {
        assert.equal(answer.code, code, name);
        assert.equal(answer.json().reason, reason);
        assert.equal(answer.headers['retry-after'], retryAfter);
      }
    }
  });

  suite.test(
    'a bug is told as a panic, with its stack in the log, and the server lives',
    async ({ request, log }) => {
      const answer = await request({ path: `${path}/panics` });
      assert.equal(answer.code, 500);
      assert.equal(answer.text, 'This request caused apiserver to panic. Look in the logs for details.\n');
      const entry = log.find(({ level }) => level === 'error');
      assert.match((entry!.fields.error as Error).stack!, /TypeError: a bug\n/);
      assert.equal(entry!.fields.auditId, answer.headers['audit-id']);
      assert.equal((await request({ path })).code, 200);
    },
  );
};
