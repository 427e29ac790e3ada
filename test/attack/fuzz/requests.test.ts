import assert from 'node:assert/strict';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { test } from 'node:test';
import { openSession } from '../connection.ts';
import { startTarget } from '../target.ts';
import { seeded } from './random.ts';
import { nextRequest, type Request } from './requests.ts';

const wanted = 20_000;

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A 504 is meant where the client asks for what has not happened yet, or for less time than there is. */
function isMeant({ status, text }: Reply): boolean {
  return status < 500 || (status === 504 && /"reason": ?"Timeout"|reason: Timeout/.test(text));
}

/** Whether the body was read and judged: what cannot be decoded is a 400, 413 or 415. */
function wasDecoded({ body }: Request, { status }: Reply): boolean {
  return body === undefined ? status < 400 : [200, 201, 409, 422].includes(status);
}

function overHttp2(session: ClientHttp2Session, { headers, body }: Request): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let answer: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', received => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () =>
      resolve({ status: Number(answer[':status']), headers: answer, text: Buffer.concat(chunks).toString() }),
    );
    if (body !== undefined) stream.end(body);
  });
}

function overHttp1(url: string, agent: Agent, { headers, body }: Request): Promise<Reply> {
  const { ':method': method, ':path': path, ...rest } = headers;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const call = httpsRequest(
      `${url}/`,
      { agent, method, path, headers: { ...rest, ...length } },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

test(`${wanted} mutated requests: no 5xx that is not meant, and each answer is to its own request`, async t => {
  const target = await startTarget(t, { memoryBytes: 2 ** 30, args: ['-v=1'] });
  const random = seeded();
  const sessions = Array.from({ length: 4 }, () =>
    openSession(target, { credential: target.credentials.user }),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: target.ca, ...target.credentials.user });
  t.after(() => {
    for (const session of sessions) session.destroy();
    agent.destroy();
  });
  const counts: Record<number, number> = {};
  let turn = 0;
  let decoded = 0;
  const worker = async (index: number) => {
    while (turn < wanted) {
      const request = nextRequest(random, turn++);
      const say = () =>
        `${request.headers[':method']} ${request.headers[':path']} ${JSON.stringify(request.headers)} ${request.body}`;
      const sent =
        index % 4 === 0
          ? overHttp1(target.url, agent, request)
          : overHttp2(sessions[index % sessions.length]!, request);
      const reply = await sent.catch(error => {
        throw new Error(`no answer to ${say()}\n${target.process.tail()}`, { cause: error });
      });
      counts[reply.status] = (counts[reply.status] ?? 0) + 1;
      if (wasDecoded(request, reply)) decoded++;
      assert.ok(isMeant(reply), `${reply.status} ${reply.text.slice(0, 500)} to ${say()}`);
      assert.equal(reply.headers['audit-id'], request.nonce, say());
      // A mutated body may name one that nobody has.
      const own = `${request.headers[':path']} ${request.body}`;
      for (const [nonce] of reply.text.matchAll(/fz-\w+-\d+-z/g))
        assert.ok(own.includes(nonce), `${nonce} to ${say()}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, (_, index) => worker(index)));
  t.diagnostic(`${decoded} of ${turn} decoded; answers: ${JSON.stringify(counts)}`);
  assert.ok(decoded >= wanted / 2, `${decoded} of ${turn} pass decoding: ${JSON.stringify(counts)}`);
  assert.equal(target.process.hasExited(), false);
});
