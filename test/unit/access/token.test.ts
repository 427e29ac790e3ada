import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bearerToken, type TokenReviewStatus, tokenUser } from '../../../src/access/token.ts';
import { limits } from '../../../src/limits.ts';
import type { StatusError } from '../../../src/machinery/status.ts';

const prefix = 'base64url.bearer.authorization.k8s.io.';

describe('bearerToken', () => {
  const cases: [string, string[], string | undefined][] = [
    ['none', [], undefined],
    ['plain', ['Authorization', 'Bearer abc'], 'abc'],
    ['any case', ['authorization', 'bEARER abc'], 'abc'],
    ['spaces around', ['Authorization', '  Bearer abc  '], 'abc'],
    ['something after it', ['Authorization', 'Bearer abc def'], 'abc'],
    ['another scheme', ['Authorization', 'Basic abc'], undefined],
    ['no token', ['Authorization', 'Bearer'], undefined],
    ['an empty token', ['Authorization', 'Bearer '], undefined],
    ['two spaces', ['Authorization', 'Bearer  abc'], undefined],
    ['no space', ['Authorization', 'Bearerabc'], undefined],
    ['the first of two', ['Authorization', 'Basic x', 'Authorization', 'Bearer abc'], undefined],
    ['a value that is the name', ['X', 'authorization', 'Bearer', 'abc'], undefined],
    ['a subprotocol', ['Upgrade', 'websocket', 'Sec-WebSocket-Protocol', `a, ${prefix}YWI_Yz8`], 'ab?c?'],
    ['a subprotocol without a WebSocket', ['Sec-WebSocket-Protocol', `${prefix}YWJj, a`], undefined],
    ['an empty subprotocol', ['Upgrade', 'websocket', 'Sec-WebSocket-Protocol', `${prefix}, a`], undefined],
    ['another subprotocol', ['Upgrade', 'websocket', 'Sec-WebSocket-Protocol', 'a'], undefined],
    [
      'a header beside a subprotocol',
      ['Upgrade', 'websocket', 'Sec-WebSocket-Protocol', `${prefix}YWJj`, 'Authorization', 'Bearer x'],
      'x',
    ],
  ];
  for (const [name, rawHeaders, expected] of cases) {
    it(name, () => assert.equal(bearerToken(rawHeaders), expected));
  }
});

describe('tokenUser', () => {
  const user = { name: 'system:serviceaccount:ns:sa', groups: ['g'], extra: {} };

  function reviewing(answers: Record<string, TokenReviewStatus | Error>) {
    const asked: string[] = [];
    const clock = { nowMs: 0 };
    const review = async (token: string) => {
      asked.push(token);
      const answer = answers[token] ?? { authenticated: false };
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const method = tokenUser(review, { now: () => clock.nowMs });
    return {
      asked,
      clock,
      signIn: (token: string) => method({ rawHeaders: ['Authorization', `Bearer ${token}`] }),
    };
  }

  it('asks nobody without a token', async () => {
    const method = tokenUser(() => assert.fail('asked'));
    assert.equal(await method({ rawHeaders: ['Authorization', 'Basic abc'] }), undefined);
  });

  it('keeps a yes for a while', async () => {
    const { asked, clock, signIn } = reviewing({ good: { authenticated: true, user } });
    assert.deepEqual([await signIn('good'), await signIn('good')], [user, user]);
    clock.nowMs += limits.reviewCacheMs;
    assert.deepEqual(await signIn('good'), user);
    assert.deepEqual(asked, ['good', 'good']);
  });

  it('keeps a no for a while, and never answers one token for another', async () => {
    const { asked, clock, signIn } = reviewing({
      good: { authenticated: true, user },
      bad: { authenticated: false, error: 'expired' },
    });
    await assert.rejects(signIn('bad'), /bearer token: expired/);
    await assert.rejects(signIn('bad'), /bearer token: expired/);
    assert.deepEqual(await signIn('good'), user);
    await assert.rejects(signIn('other'), /bearer token: not valid/);
    clock.nowMs += limits.reviewCacheMs;
    await assert.rejects(signIn('bad'), /expired/);
    assert.deepEqual(asked, ['bad', 'good', 'other', 'bad']);
  });

  it('keeps no failure of the cluster', async () => {
    const { asked, signIn } = reviewing({ any: new Error('down') });
    await assert.rejects(signIn('any'), /down/);
    await assert.rejects(signIn('any'), /down/);
    assert.deepEqual(asked, ['any', 'any']);
  });

  it('a yes without a name is a no', async () => {
    const { signIn } = reviewing({
      none: { authenticated: true },
      empty: { authenticated: true, user: { ...user, name: '' } },
      not: { authenticated: false, user },
    });
    for (const token of ['none', 'empty', 'not']) await assert.rejects(signIn(token), /not valid/);
  });

  it('random tokens keep no known token out, wherever they come from', async () => {
    const clock = { nowMs: 0 };
    let open = true;
    const method = tokenUser(
      async token => {
        if (token !== 'good' && !open) return new Promise<never>(() => {});
        return token === 'good' ? { authenticated: true, user } : { authenticated: false };
      },
      { now: () => clock.nowMs },
    );
    const signIn = (token: string, remoteAddress: string) =>
      method({ rawHeaders: ['Authorization', `Bearer ${token}`], remoteAddress });
    assert.deepEqual(await signIn('good', '10.0.0.1'), user);
    open = false;
    clock.nowMs += limits.reviewCacheMs;
    const outcomes: unknown[] = [];
    for (let count = 0; count < 2_000; count++) {
      signIn(`random-${count}`, `10.0.${count % 100}.1`).catch(error => outcomes.push(error));
    }
    assert.deepEqual(await signIn('good', '10.0.0.1'), user);
    await nextTurn();
    assert.ok(outcomes.length >= 2_000 - limits.maxReviewsInFlight / 2 - limits.maxQueuedReviews);
    for (const error of outcomes) assert.equal((error as StatusError).status.code, 429);
  });

  const networks: [string, string[], string][] = [
    ['one IPv4 address', ['10.0.0.1', '::ffff:10.0.0.1'], '10.0.0.2'],
    ['one /64 of IPv6', ['2001:db8::1', '2001:db8::2:3', '2001:db8:0:0:1:2:3:4'], '2001:db8:0:1::1'],
    ['the whole of an address', ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'], '2001:db8:1:3::'],
  ];
  for (const [name, addresses, other] of networks) {
    it(`${name} leaves places to others`, async () => {
      const asked: string[] = [];
      const method = tokenUser(async token => {
        asked.push(token);
        return token === 'good' ? { authenticated: true, user } : new Promise<never>(() => {});
      });
      const signIn = (token: string, remoteAddress: string) =>
        method({ rawHeaders: ['Authorization', `Bearer ${token}`], remoteAddress });
      for (let count = 0; count < 20; count++) {
        signIn(`random-${count}`, addresses[count % addresses.length]!).catch(() => {});
      }
      assert.deepEqual(await signIn('good', other), user);
      await nextTurn();
      assert.equal(asked.length, 1 + Math.ceil(limits.maxReviewsInFlight / 4));
    });
  }
});
