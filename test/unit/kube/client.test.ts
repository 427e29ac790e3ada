import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'node:test';
import { type ClusterClient, createClusterClient } from '../../../src/kube/client.ts';
import { clusterAccess } from '../../../src/kube/credentials.ts';
import { limits } from '../../../src/limits.ts';
import { authority, client as clientCertificate, serverCertificate } from '../access/certificates.ts';
import { temporaryFolder } from './folder.ts';
import { type Answer, clientOf, json, type StandIn, silentLog, standIn } from './standin.ts';

let server: StandIn | undefined;
let client: ClusterClient | undefined;

afterEach(async () => {
  await client?.close();
  server?.close();
  client = undefined;
  server = undefined;
});

async function start(answer: Answer, options: Parameters<typeof clientOf>[1] = {}) {
  server = await standIn(answer);
  const made = clientOf(server, options);
  client = made.client;
  return { server, client, waits: made.waits };
}

const pathOf = (received: { url: string }) => received.url;

describe('request', { timeout: 30_000 }, () => {
  it('sends JSON and returns the answer as it is', async () => {
    const { server, client } = await start((_received, response) => json(response, 201, { a: 1 }), {
      token: 'secret\n',
      path: '/k8s/clusters/c-1',
    });
    const { status, headers, body } = await client.request('POST', '/api/v1/x', { big: 2n ** 60n });
    assert.deepEqual(
      [status, headers['content-type'], body.toString()],
      [201, 'application/json', '{"a":1}'],
    );
    const [received] = server.received;
    assert.deepEqual(
      [received!.method, received!.url, received!.body, received!.headers.authorization],
      ['POST', '/k8s/clusters/c-1/api/v1/x', '{"big":1152921504606846976}', 'Bearer secret'],
    );
    assert.equal(received!.headers['content-type'], 'application/json');
    assert.equal(received!.headers['user-agent'], 'test');
  });

  it('sends bytes with the content type given', async () => {
    const { server, client } = await start((_received, response) => json(response, 200, {}));
    const headers = { 'content-type': 'application/merge-patch+json' };
    await client.request('PATCH', '/x', Buffer.from('{}'), { headers });
    assert.equal(server.received[0]!.headers['content-type'], 'application/merge-patch+json');
  });

  it('keeps its connections', async () => {
    const { server, client } = await start((_received, response) => json(response, 200, {}));
    for (let i = 0; i < 20; i++) await client.request('GET', '/x');
    // One is still being put back when the next request comes.
    assert.ok(server.connections() <= 2, `${server.connections()} connections`);
  });

  it('opens no more connections than the limit; the rest wait', async () => {
    const held: (() => void)[] = [];
    const { promise: full, resolve } = Promise.withResolvers<void>();
    const { server, client } = await start((_received, response) => {
      held.push(() => json(response, 200, {}));
      if (held.length >= limits.maxClusterConnections) resolve();
    });
    const requests = Array.from({ length: limits.maxClusterConnections + 8 }, () =>
      client.request('GET', '/x'),
    );
    await full;
    assert.equal(server.connections(), limits.maxClusterConnections);
    // Whatever arrives from here on is let through at once.
    let released = 0;
    const release = setInterval(() => {
      for (; released < held.length; released++) held[released]!();
    }, 1);
    const answers = await Promise.all(requests);
    clearInterval(release);
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(server.connections(), limits.maxClusterConnections);
  });

  const statuses: [string, string, number, Record<string, string>, boolean, number][] = [
    ['429 is tried again, whatever the method', 'POST', 429, {}, false, 2],
    [
      '503 with Retry-After is tried again, whatever the method',
      'PUT',
      503,
      { 'retry-after': '1' },
      false,
      2,
    ],
    ['503 of a GET is tried again', 'GET', 503, {}, false, 2],
    ['500 of a GET is tried again', 'GET', 500, {}, false, 2],
    ['503 of a POST is final', 'POST', 503, {}, false, 1],
    ['503 of a POST that may run twice is tried again', 'POST', 503, {}, true, 2],
    ['500 of a POST is final', 'POST', 500, {}, false, 1],
    ['409 is final', 'PUT', 409, {}, false, 1],
    ['404 is final', 'GET', 404, {}, false, 1],
    ['403 is final', 'GET', 403, {}, true, 1],
  ];
  for (const [name, method, status, headers, idempotent, expected] of statuses) {
    it(name, async () => {
      const { server, client } = await start((_received, response, index) =>
        json(response, index === 0 ? status : 200, {}, headers),
      );
      const answer = await client.request(method, '/x', undefined, idempotent ? { idempotent } : {});
      assert.equal(server.received.length, expected);
      assert.equal(answer.status, expected === 2 ? 200 : status);
    });
  }

  it('gives up after the bound and returns the last answer', async () => {
    const { server, client, waits } = await start((_received, response) => json(response, 429, {}));
    assert.equal((await client.request('GET', '/x')).status, 429);
    assert.equal(server.received.length, limits.maxClusterRetries + 1);
    assert.ok(
      waits.every((ms, i) => ms > (waits[i - 1] ?? 0)),
      `waits ${waits} grow`,
    );
  });

  it('honours Retry-After, but not without bound', async () => {
    const asked = ['3', '100000', 'soon'];
    const { waits, client } = await start((_received, response, index) =>
      json(response, asked[index] ? 429 : 200, {}, { 'retry-after': asked[index] ?? '' }),
    );
    await client.request('GET', '/x');
    assert.equal(waits[0], 3000);
    assert.equal(waits[1], limits.maxRetryAfterMs);
    assert.ok(waits[2]! < 3000);
  });

  it('does not begin a wait that would end after its time', async () => {
    const { server, client, waits } = await start((_received, response) =>
      json(response, 429, {}, { 'retry-after': '5' }),
    );
    assert.equal((await client.request('GET', '/x', undefined, { totalMs: 4000 })).status, 429);
    assert.deepEqual([server.received.length, waits], [1, []]);
  });

  it('a lost connection: a GET is sent again, a POST is not', async () => {
    const { server, client } = await start((_received, response, index) => {
      if (index === 0 || index === 2) response.destroy();
      else json(response, 200, {});
    });
    assert.equal((await client.request('GET', '/x')).status, 200);
    await assert.rejects(client.request('POST', '/y', {}), /POST https:.*\/y: /);
    assert.deepEqual(server.received.map(pathOf), ['/x', '/x', '/y']);
    assert.equal((await client.request('POST', '/z', {}, { idempotent: true })).status, 200);
  });

  it('an answer that breaks off is not an answer', async () => {
    const { client } = await start((_received, response, index) => {
      if (index > 0) return json(response, 200, {});
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a"');
      setImmediate(() => response.destroy());
    });
    assert.equal((await client.request('GET', '/x')).body.toString(), '{}');
  });

  it('nobody listening: every method is tried again, then rejects', async () => {
    const { server, client, waits } = await start(() => {});
    server.close();
    await assert.rejects(client.request('POST', '/x', {}), /ECONNREFUSED/);
    assert.equal(waits.length, limits.maxClusterRetries);
  });

  it('a try that takes too long is given up and tried again', async () => {
    const { server, client } = await start((_received, response, index) => {
      if (index > 0) json(response, 200, {});
    });
    assert.equal((await client.request('GET', '/x', undefined, { timeoutMs: 50 })).status, 200);
    assert.equal(server.received.length, 2);
  });

  it('ends at the total time', async () => {
    const { client } = await start(() => {});
    await assert.rejects(client.request('GET', '/x', undefined, { totalMs: 50 }), /timeout|aborted/i);
  });

  it('ends when the caller does', async () => {
    const stop = new AbortController();
    const { client } = await start(() => stop.abort());
    await assert.rejects(client.request('GET', '/x', undefined, { signal: stop.signal }), /abort/i);
  });

  it('refuses an answer without end', async () => {
    const { client } = await start((_received, response) => {
      const chunk = Buffer.alloc(8 * 1024 * 1024);
      const more = () => {
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    await assert.rejects(client.request('GET', '/x'), /larger than/);
  });

  it('rejects after close', async () => {
    const { client } = await start((_received, response) => json(response, 200, {}));
    await client.request('GET', '/x');
    await client.close();
    await assert.rejects(client.request('GET', '/x'), /closed/);
  });
});

describe('TLS', { timeout: 30_000 }, () => {
  it('refuses a server of another CA at once', async () => {
    server = await standIn((_received, response) => json(response, 200, {}));
    const made = clientOf({ url: server.url, ca: await authority('standin-ca') });
    client = made.client;
    await assert.rejects(client.request('GET', '/x'), /certificate/);
    assert.deepEqual([server.received.length, made.waits], [0, []]);
  });

  it('refuses a certificate for another address', async () => {
    const ca = await authority('ca');
    const wrong = await serverCertificate(ca, { names: ['kubernetes.default'], addresses: ['10.0.0.1'] });
    server = await standIn((_received, response) => json(response, 200, {}), {
      cert: wrong.pem,
      key: wrong.keyPem,
    });
    const options = { server: server.url, ca: { data: Buffer.from(ca.pem) }, headers: {}, log: silentLog() };
    const make = (extra: object) =>
      createClusterClient(clusterAccess({ ...options, ...extra }), { log: silentLog(), userAgent: 'test' });
    client = make({});
    await assert.rejects(client.request('GET', '/x'), /IP/);
    await client.close();
    client = make({ tlsServerName: 'kubernetes.default' });
    assert.equal((await client.request('GET', '/x')).status, 200);
    await client.close();
    client = make({ insecureSkipTlsVerify: true, ca: undefined });
    assert.equal((await client.request('GET', '/x')).status, 200);
  });

  it('presents a rotated client certificate, but not one whose key does not match', async t => {
    const folder = await temporaryFolder(t);
    const ca = await authority('client-ca');
    const [one, two] = [await clientCertificate(ca, 'one'), await clientCertificate(ca, 'two')];
    const files = { cert: `${folder}/tls.crt`, key: `${folder}/tls.key` };
    await writeFile(files.cert, one.pem);
    await writeFile(files.key, one.keyPem);
    server = await standIn((_received, response) => json(response, 200, {}));
    let nowMs = 0;
    const lines: string[] = [];
    const access = clusterAccess({
      server: server.url,
      ca: { data: Buffer.from(server.ca.pem) },
      cert: { file: files.cert },
      key: { file: files.key },
      headers: {},
      log: silentLog(lines),
      now: () => nowMs,
    });
    client = createClusterClient(access, { log: silentLog(), userAgent: 'test' });
    const request = async () => {
      nowMs += 60_000;
      await client!.request('GET', '/x');
      return server!.received.at(-1)!.client;
    };
    assert.equal(await request(), 'one');
    await writeFile(files.cert, two.pem);
    assert.deepEqual([await request(), await request()], ['one', 'one']);
    assert.equal(lines.length, 1, 'told once');
    assert.match(lines[0]!, /^warn credentials not read again/);
    await writeFile(files.key, two.keyPem);
    assert.deepEqual([await request(), await request()], ['two', 'two']);
    assert.equal(server.connections(), 2);
    assert.equal(await readFile(files.cert, 'utf8'), two.pem);
  });
});

describe('401', { timeout: 30_000 }, () => {
  it('is tried once more with the token read again', async t => {
    const folder = await temporaryFolder(t);
    const file = `${folder}/token`;
    await writeFile(file, 'old');
    server = await standIn((received, response) =>
      json(response, received.headers.authorization === 'Bearer new' ? 200 : 401, {}),
    );
    let nowMs = 0;
    const access = clusterAccess({
      server: server.url,
      ca: { data: Buffer.from(server.ca.pem) },
      token: { file },
      headers: {},
      log: silentLog(),
      now: () => nowMs,
    });
    client = createClusterClient(access, { log: silentLog(), userAgent: 'test' });
    assert.equal((await client.request('POST', '/x', {})).status, 401);
    assert.equal(server.received.length, 2);
    await writeFile(file, ' new\n');
    nowMs += 2000;
    assert.equal((await client.request('POST', '/x', {})).status, 200);
    assert.equal(server.received.length, 4);
  });
});
