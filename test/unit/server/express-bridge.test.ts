import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import type { NextFunction, Request, Response } from 'express';
import { createApplication } from '../../../src/server/express-bridge.ts';
import { http1, http2, type Transport } from '../../conformance/http/client.ts';
import { certificates } from '../../conformance/http/setting.ts';

const require = createRequire(import.meta.url);

/** An application that uses what Express adds to requests and responses. */
function application() {
  const app = createApplication();
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.locals.seen = 'middleware';
    next();
  });
  app.get('/things/:name', (request: Request, response: Response) => {
    response
      .status(201)
      .set('X-Thing', 'yes')
      .json({
        name: request.params.name,
        query: request.query,
        host: request.hostname,
        path: request.path,
        accepts: request.accepts('json'),
        header: request.get('X-Sent'),
        seen: response.locals.seen,
        version: request.httpVersionMajor,
      });
  });
  app.get('/stream', (_request: Request, response: Response) => {
    response.write('a\n');
    setImmediate(() => response.end('b\n'));
  });
  app.get('/fails', async () => {
    await Promise.reject(new Error('on purpose'));
  });
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).send(error.message);
  });
  return app;
}

async function serve(
  transport: Transport,
  run: (connection: ReturnType<Transport['connect']>) => Promise<void>,
) {
  const { ca, server: pair } = await certificates();
  const server = createSecureServer(
    { cert: pair.pem, key: pair.keyPem, allowHTTP1: true },
    application() as never,
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const connection = transport.connect((server.address() as AddressInfo).port, { ca: ca.pem });
  try {
    await run(connection);
  } finally {
    connection.close();
    server.close();
  }
}

for (const transport of [http1, http2]) {
  suite(`Express over ${transport.name}`, () => {
    test('requests and responses have what Express adds', () =>
      serve(transport, async ({ request }) => {
        const answer = await request({ path: '/things/a?b=c', headers: { 'X-Sent': 'd' } });
        assert.equal(answer.code, 201);
        assert.equal(answer.headers['x-thing'], 'yes');
        assert.deepEqual(answer.json(), {
          name: 'a',
          query: { b: 'c' },
          host: '127.0.0.1',
          path: '/things/a',
          accepts: 'json',
          header: 'd',
          seen: 'middleware',
          version: transport.name === 'HTTP/2' ? 2 : 1,
        });
      }));

    test('streams, errors of handlers, unknown paths', () =>
      serve(transport, async ({ request }) => {
        assert.equal((await request({ path: '/stream' })).text, 'a\nb\n');
        const failed = await request({ path: '/fails' });
        assert.equal(failed.code, 500);
        assert.equal(failed.text, 'on purpose');
        assert.equal((await request({ path: '/none' })).code, 404);
      }));
  });
}

test('both protocols at once on one application', () =>
  serve(http2, async second => {
    await serve(http1, async first => {
      const requests = [first, second].flatMap(connection =>
        Array.from({ length: 20 }, (_, at) => connection.request({ path: `/things/${at}` })),
      );
      const versions = (await Promise.all(requests)).map(answer => answer.json().version);
      assert.deepEqual(versions, [...Array(20).fill(1), ...Array(20).fill(2)]);
    });
  }));

test('the version of Express is pinned, since the bridge rests on how it works inside', () => {
  const { dependencies } = require('../../../package.json') as { dependencies: Record<string, string> };
  assert.match(dependencies.express!, /^\d+\.\d+\.\d+$/);
});
