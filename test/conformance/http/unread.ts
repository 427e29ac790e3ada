import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { limits } from '../../../src/limits.ts';
import { createBudget } from '../../../src/memory/budget.ts';
import type { HttpGroup } from '../http.ts';
import { admin, base, certificates, json, type Setting } from './setting.ts';
import { until } from './until.ts';

const MiB = 1024 * 1024;

/** A connection whose streams take nothing until their windows are opened. */
async function withoutWindow({ port }: Setting): Promise<ClientHttp2Session> {
  const { ca } = await certificates();
  const session = connect(`https://127.0.0.1:${port}`, { ca: ca.pem, settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

/** Asks for an object, and waits for the head of the answer. */
async function ask(
  session: ClientHttp2Session,
  path: string,
): Promise<{ code: number; stream: ClientHttp2Stream }> {
  const stream = session.request({ ':path': path, ...admin });
  stream.on('error', () => {});
  const [head] = await once(stream, 'response');
  return { code: Number(head[':status']), stream };
}

async function fill({ request }: Setting, names: string[], bytes: number): Promise<void> {
  for (const name of names) {
    const body = JSON.stringify({ metadata: { name }, spec: { note: 'x'.repeat(bytes) } });
    const answer = await request({ method: 'POST', path: `${base}/widgets`, headers: json, body });
    assert.equal(answer.code, 201, answer.text);
  }
}

/** Answers that a client does not take. */
export const unread: HttpGroup = suite => {
  if (suite.transport.name !== 'HTTP/2') return;
  const budget = createBudget({ bodies: 64 * MiB, answers: 4 * MiB, watches: 2 * MiB });
  const tight = createBudget({ bodies: 64 * MiB, answers: MiB, watches: MiB });

  suite.test(
    'many answers of one object count once; beyond the share reads are refused, and writes are not begun',
    async setting => {
      const { answers } = budget;
      await fill(setting, ['one', 'two', 'three'], 400_000);
      const session = await withoutWindow(setting);
      try {
        const path = (name: string) => `${base}/widgets/${name}`;
        const streams: ClientHttp2Stream[] = [];
        for (let count = 0; count < 20; count++) {
          const { code, stream } = await ask(session, path('one'));
          assert.equal(code, 200);
          streams.push(stream);
        }
        const pieces = 20 * 64 * 1024;
        assert.ok(answers.used > pieces + 400_000 && answers.used < pieces + 500_000, `${answers.used}`);
        assert.equal((await ask(session, path('two'))).code, 429);
        const body = JSON.stringify({ metadata: { name: 'four' } });
        const write = () => setting.request({ method: 'POST', path: `${base}/widgets`, headers: json, body });
        assert.equal((await write()).code, 201, 'there is still a share for what is small');
        for (const stream of streams) stream.close();
        await until(() => answers.used === 0);
        assert.equal((await ask(session, path('two'))).code, 200, 'what was given back is there again');
      } finally {
        session.destroy();
      }
      await until(() => answers.used === 0);
    },
    { budget },
  );

  suite.test(
    'who takes nothing for ten seconds is cut off when room is short, and then only; his connection stays',
    async setting => {
      const { answers } = tight;
      await fill(setting, ['one', 'two'], 400_000);
      const session = await withoutWindow(setting);
      try {
        const { stream } = await ask(session, `${base}/widgets/one`);
        setting.clock.advance(20_000);
        assert.equal(
          await Promise.race([once(stream, 'close'), setting.request({ path: '/version' })]).then(
            () => stream.closed,
          ),
          false,
        );
        const closed = new Promise<void>(resolve => stream.once('close', resolve));
        const { code } = await ask(session, `${base}/widgets/two`);
        assert.equal(code, 200);
        await closed;
        assert.equal(stream.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM);
        assert.equal(session.closed, false);
      } finally {
        session.destroy();
      }
      await until(() => answers.used === 0);
    },
    { budget: tight },
  );

  suite.test(
    'events that many watches wait for count once; when room is short the user with most unread loses the slowest',
    async setting => {
      const { watches } = budget;
      const session = await withoutWindow(setting);
      try {
        const streams: ClientHttp2Stream[] = [];
        const open = async () => {
          const { code, stream } = await ask(session, `${base}/widgets?watch=true`);
          if (code === 200) streams.push(stream);
          return code;
        };
        for (let count = 0; count < 10; count++) assert.equal(await open(), 200);
        const fixed = 10 * limits.watchBytes;
        assert.equal(watches.used, fixed);
        const event = Buffer.alloc(200_000, ' ');
        const sinks = [...setting.widgets.watches].map(({ sink }) => sink);
        for (const sink of sinks) sink.write(event);
        const piece = 16 * 1024;
        assert.equal(
          watches.used,
          fixed + event.length + 10 * piece,
          'the event once, and a piece on its way for each',
        );
        const slowest = streams[3]!;
        const ended = new Promise<void>(resolve => slowest.once('close', resolve));
        sinks[3]!.write(Buffer.alloc(400_000, ' '));
        sinks[5]!.write(Buffer.alloc(300_000, ' '));
        await ended;
        assert.ok(watches.used <= watches.total / 2, `${watches.used}`);
        // Its answer comes after whatever else the server has ended.
        assert.equal(await open(), 200);
        assert.equal(streams.filter(stream => stream.closed).length, 1, 'the others go on');
        for (let code = 200; code === 200; ) {
          code = await open();
          assert.ok(streams.length < 100, 'the number of watches is bounded by the share');
          if (code !== 200) assert.equal(code, 429);
        }
      } finally {
        session.destroy();
      }
      await until(() => watches.used === 0);
    },
    { budget },
  );

  suite.test(
    'a client that reads is served whatever it reads, and its answers are whole',
    async setting => {
      await fill(setting, ['one', 'two', 'three'], 400_000);
      for (const accept of ['application/json', 'application/yaml']) {
        for (const path of [`${base}/widgets`, `${base}/widgets/one`, `${base}/widgets/one?pretty=true`]) {
          const answer = await setting.request({ path, headers: { ...admin, accept } });
          assert.equal(answer.code, 200);
          assert.ok(answer.bytes.length > 400_000);
          if (accept === 'application/json') assert.ok(JSON.parse(answer.text));
        }
      }
      await until(() => budget.answers.used === 0);
    },
    { budget },
  );
};
