import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createBudget } from '../../../src/memory/budget.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import type { HttpGroup } from '../http.ts';
import type { Answer } from './client.ts';
import { base, type Setting } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;
const MiB = 1024 * 1024;

const as = (user: string) => ({ authorization: `Bearer ${user}`, 'content-type': 'application/json' });
const widget = (name: string, note = '') => JSON.stringify({ metadata: { name }, spec: { note } });

/** The beginning of a body whose rest does not come. */
function stalled(start: string | Buffer): Readable {
  const body = new Readable({ read() {} });
  body.push(start);
  return body;
}

/** Everybody may do everything, and bodies have a pool of their own. */
function setting(options: Partial<ServerOptions> & { bodies?: number }) {
  const { bodies = 16 * MiB, ...rest } = options;
  const budget = createBudget({ bodies, answers: 100 * MiB, watches: 100 * MiB });
  const allow: ServerOptions['authorize'] = async () => ({ allowed: true, reason: '' });
  return { budget, options: { authorize: allow, budget, ...rest } };
}

const create = (to: Setting, user: string, name: string, note = '') =>
  to.connection.request({ method: 'POST', path, headers: as(user), body: widget(name, note) });

/** Starts uploads that stall, and waits until all that was sent is read. Returns their answers to come. */
async function stall(
  to: Setting,
  { user, count, start }: { user: string; count: number; start: string | Buffer },
  held: () => boolean,
): Promise<Promise<Answer | undefined>[]> {
  const answers = Array.from({ length: count }, () =>
    to.connection.request({ method: 'POST', path, headers: as(user), body: stalled(start) }),
  );
  const settled = answers.map(answer => answer.catch(() => undefined));
  await until(held);
  return settled;
}

/** What one user can take away from others: nothing that they need. */
export const shares: HttpGroup = suite => {
  // One connection brings them all, as that of kube-apiserver does.
  const slow = setting({ bounds: { maxMutatingRequestsInflight: 4 }, isFrontProxy: () => true });
  suite.test(
    'slow uploads of one user hold no places, and end',
    async to => {
      const { bodies } = slow.budget;
      const uploads = await stall(
        to,
        { user: 'tom', count: 260, start: '{' },
        () => bodies.heldBy('tom') === 260 * 1024,
      );
      for (const user of ['ann', 'tom', 'admin', 'system:kube-scheduler']) {
        assert.equal((await create(to, user, user.replaceAll(':', '-'))).code, 201, user);
      }
      to.clock.advance(10_000);
      const codes = (await Promise.all(uploads)).map(answer => answer?.code);
      assert.deepEqual(new Set(codes), new Set([408]));
      await until(() => bodies.used === 0);
      const { text } = await to.request({ path: '/metrics' });
      assert.match(
        text,
        /rejected_requests_total\{priority_level="users",request_kind="mutating",reason="body-rate"\} 260\n/,
      );
    },
    slow.options,
  );

  const steady = setting({});
  suite.test(
    'a body that comes at the least rate may take its time',
    async to => {
      const rest = widget('a', 'n'.repeat(100_000));
      // More than twice the least rate: what is held is up to twice what has come.
      const step = 10_000;
      const body = stalled(rest.slice(0, step));
      const answer = to.connection.request({ method: 'POST', path, headers: as('tom'), body });
      let at = step;
      for (; at < 8 * step; at += step) {
        await until(() => steady.budget.bodies.heldBy('tom') >= at);
        to.clock.advance(4_000);
        body.push(rest.slice(at, at + step));
      }
      body.push(rest.slice(at));
      body.push(null);
      assert.equal((await answer).code, 201);
    },
    steady.options,
  );

  const stopped = setting({});
  suite.test(
    'a body that came fast and then stops ends, however much of it is there',
    async to => {
      const { bodies } = stopped.budget;
      const start = { user: 'tom', count: 1, start: Buffer.alloc(100_000, 0x20) };
      const [answer] = await stall(to, start, () => bodies.heldBy('tom') >= 100_000);
      // It may still have been on its way at the first look.
      for (const other of ['a', 'b', 'c']) {
        to.clock.advance(10_000);
        assert.equal((await create(to, 'ann', other)).code, 201);
      }
      assert.equal((await answer)?.code, 408);
      await until(() => bodies.used === 0);
    },
    stopped.options,
  );

  const full = setting({ bodies: 4 * MiB });
  suite.test(
    'bodies beyond the share of their user are refused, those of others are not',
    async to => {
      const { bodies } = full.budget;
      const large = Buffer.alloc(700_000, ' ');
      const uploads = await stall(to, { user: 'tom', count: 8, start: large }, () => bodies.used > 0);
      const refused = await Promise.race(uploads);
      assert.ok(bodies.heldBy('tom') <= 1.2 * MiB, `${bodies.heldBy('tom')} bytes are held`);
      assert.equal(refused?.code, 429);
      assert.equal(refused.headers['retry-after'], '1');
      assert.equal(refused.json().reason, 'TooManyRequests');
      if (suite.transport.name === 'HTTP/1.1') assert.equal(refused.headers.connection, 'close');
      assert.equal((await create(to, 'admin', 'a', 'n'.repeat(500_000))).code, 201);
      assert.equal((await create(to, 'system:kube-scheduler', 'b', 'n'.repeat(500_000))).code, 201);
      assert.equal((await create(to, 'ann', 'c', 'n'.repeat(200_000))).code, 201);
    },
    full.options,
  );

  const anonymous = setting({ bodies: 4 * MiB });
  suite.test(
    'all anonymous callers together have a small share',
    async to => {
      const send = (size: number) =>
        to.connection.request({
          method: 'POST',
          path,
          headers: { 'content-type': 'application/json' },
          body: widget(`s${size}`, 'n'.repeat(size)),
        });
      assert.equal((await send(100_000)).code, 201);
      assert.equal((await send(300_000)).code, 413);
    },
    anonymous.options,
  );

  const { promise: never } = Promise.withResolvers<{ allowed: boolean; reason: string }>();
  const undecided = setting({
    authorize: async user => (user.name === 'tom' ? never : { allowed: true, reason: '' }),
    isFrontProxy: () => true,
  });
  suite.test(
    'bodies are read though nobody has said yet whether they may be sent',
    async to => {
      const { bodies } = undecided.budget;
      // More than the window of the connection, on which everybody is.
      const start = Buffer.alloc(256 * 1024, ' ');
      const uploads = await stall(
        to,
        { user: 'tom', count: 100, start },
        () => bodies.heldBy('tom') > 4 * MiB,
      );
      const gets = Array.from({ length: 100 }, () =>
        to.connection.request({ path, headers: as('tom'), body: stalled(start) }).catch(() => {}),
      );
      assert.equal((await create(to, 'ann', 'a', 'n'.repeat(MiB))).code, 201);
      to.clock.advance(60_000);
      for (const answer of await Promise.all(uploads)) assert.equal(answer?.code, 504);
      await Promise.all(gets);
    },
    undecided.options,
  );

  const waiting = setting({
    authenticate: async ({ rawHeaders }) => {
      if (!rawHeaders.includes('Bearer ann')) return never as never;
      return { name: 'ann', groups: [], extra: {} };
    },
    bounds: { maxRequestsInflight: 4, maxMutatingRequestsInflight: 4 },
  });
  suite.test(
    'who waits to be known holds no place',
    async to => {
      for (let count = 0; count < 50; count++) {
        to.connection.request({ path, headers: as(`token ${count}`) }).catch(() => {});
      }
      await until(() => to.clock.waiting === 50);
      assert.equal((await to.connection.request({ path, headers: as('ann') })).code, 200);
      assert.equal((await create(to, 'ann', 'a')).code, 201);
    },
    waiting.options,
  );

  const watched = setting({ bounds: { maxWatchers: 20 } });
  suite.test(
    'one user opens no more watches than leaves some to others',
    async to => {
      const open = async (user: string) =>
        (await to.connection.stream({ path: `${path}?watch=true`, headers: as(user) })).code;
      for (let count = 0; count < 5; count++) assert.equal(await open('tom'), 200);
      assert.equal(await open('tom'), 429);
      assert.equal(await open('ann'), 200);
      for (let count = 0; count < 14; count++) assert.equal(await open('system:kube-scheduler'), 200);
      assert.equal(await open('system:kube-scheduler'), 429);
      assert.equal(await open('admin'), 429);
    },
    watched.options,
  );
};
