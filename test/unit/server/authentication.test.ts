import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anonymous, type Credentials } from '../../../src/access/user.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { authenticate } from '../../../src/server/authentication.ts';
import type { Exchange } from '../../../src/server/exchange.ts';

const admin = { name: 'admin', groups: ['system:masters'], extra: {} };

/** As much of an exchange as authentication looks at. */
function exchangeWith(headers: Record<string, string>): Exchange {
  const rawHeaders = Object.entries(headers).flat();
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const socket = { getPeerX509Certificate: () => undefined };
  return {
    request: { headers: lower, rawHeaders, socket, url: '/x' },
    user: anonymous,
    abort: new AbortController(),
  } as unknown as Exchange;
}

suite('authentication', () => {
  test('nothing that speaks of identity is left for later steps', async () => {
    const exchange = exchangeWith({
      Authorization: 'Bearer secret',
      'X-Remote-User': 'a',
      'X-Remote-Group': 'b',
      'X-Remote-Extra-Scope': 'c',
      Accept: 'application/json',
    });
    let given: Credentials | undefined;
    await authenticate(exchange, async credentials => {
      given = { ...credentials, rawHeaders: [...credentials.rawHeaders] };
      return admin;
    });
    assert.ok(given!.rawHeaders.includes('Bearer secret'));
    assert.deepEqual(exchange.request.headers, { accept: 'application/json' });
    assert.equal(exchange.user, admin);
  });

  test('whoever is refused stays anonymous', async () => {
    const exchange = exchangeWith({ Authorization: 'Bearer bad' });
    await assert.rejects(
      authenticate(exchange, () => Promise.reject(new StatusError('Unauthorized', 'Unauthorized'))),
      (error: unknown) => error instanceof StatusError && error.status.code === 401,
    );
    assert.equal(exchange.user, anonymous);
  });

  for (const header of ['Impersonate-User', 'impersonate-group', 'Impersonate-Uid', 'Impersonate-Extra-x']) {
    test(`${header} is refused`, async () => {
      await assert.rejects(
        authenticate(exchangeWith({ [header]: 'x' }), async () => admin),
        (error: unknown) => error instanceof StatusError && error.status.code === 400,
      );
    });
  }
});
