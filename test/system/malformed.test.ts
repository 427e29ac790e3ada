import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../src/limits.ts';
import { networkSet, networkSets, startServer, temporaryFolder } from './server.ts';

interface Question {
  method?: string;
  path?: string;
  body?: string | Buffer;
  contentType?: string;
}

interface Reply {
  status: number;
  text: string;
}

type Ask = (question: Question) => Promise<Reply>;

interface Identity {
  ca: string;
  cert: string;
  key: string;
}

/** The two ways to ask: the bytes on the wire differ, the answers must not. */
const protocols: Record<string, (url: string, identity: Identity) => { ask: Ask; close(): void }> = {
  'HTTP/1.1': (url, identity) => {
    const agent = new Agent({ ...identity, keepAlive: true, maxSockets: 4 });
    const ask: Ask = ({ method = 'GET', path = networkSets, body, contentType = 'application/json' }) =>
      new Promise((resolve, reject) => {
        const headers = body === undefined ? {} : { 'content-type': contentType };
        const call = httpsRequest(`${url}/`, { agent, method, path, headers }, response => {
          const chunks: Buffer[] = [];
          response.on('data', chunk => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }),
          );
          response.on('error', reject);
        });
        // An answer that comes before the whole body was sent still counts.
        call.on('error', reject);
        call.end(body);
      });
    return { ask, close: () => agent.destroy() };
  },
  'HTTP/2': (url, identity) => {
    let session: ClientHttp2Session | undefined;
    const current = () => {
      if (!session || session.closed || session.destroyed) session = connect(url, identity);
      session.on('error', () => {});
      return session;
    };
    const ask: Ask = ({ method = 'GET', path = networkSets, body, contentType = 'application/json' }) =>
      new Promise((resolve, reject) => {
        const stream = current().request(
          {
            ':method': method,
            ':path': path,
            ...(body !== undefined && { 'content-type': contentType }),
          },
          { endStream: body === undefined },
        );
        let status = 0;
        const chunks: Buffer[] = [];
        stream.on('response', headers => {
          status = Number(headers[':status']);
        });
        stream.on('data', chunk => chunks.push(chunk));
        stream.on('close', () => resolve({ status, text: Buffer.concat(chunks).toString() }));
        stream.on('error', error => (status === 0 ? reject(error) : undefined));
        if (body !== undefined) stream.end(body);
      });
    return { ask, close: () => session?.destroy() };
  },
};

const set = (changes: string) =>
  `{"apiVersion":"projectcalico.org/v3","kind":"NetworkSet","metadata":{"name":"m"},"spec":{"nets":["10.0.0.0/8"]}${changes}}`;
const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;

/** What is sent, the code that it must get, and what the answer must say. */
const cases: [string, Question, number, RegExp][] = [
  [
    'truncated JSON',
    { method: 'POST', body: '{"metadata":{"name":' },
    400,
    /unexpected end of JSON input|unexpected EOF/,
  ],
  ['an empty body', { method: 'POST', body: '' }, 400, /"reason":"BadRequest"/],
  [
    'text after the object',
    { method: 'POST', body: `${set('')}}` },
    400,
    /invalid character '}' after top-level value/,
  ],
  [
    'not UTF-8',
    { method: 'POST', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
    400,
    /"reason":"BadRequest"/,
  ],
  [
    'a body of 10 MB',
    { method: 'POST', body: Buffer.alloc(10_000_000, 0x20) },
    413,
    /Request entity too large: limit is 3145728/,
  ],
  [
    'a wrong content type',
    { method: 'POST', body: set(''), contentType: 'text/csv' },
    415,
    /accepted media types include: application\/json/,
  ],
  [
    'protobuf',
    { method: 'POST', body: 'k8s\0', contentType: 'application/vnd.kubernetes.protobuf' },
    415,
    /UnsupportedMediaType/,
  ],
  [
    'an unknown patch type',
    { method: 'PATCH', path: `${networkSets}/m`, body: '{}', contentType: 'application/json' },
    415,
    /application\/json-patch\+json, application\/merge-patch\+json/,
  ],
  ['deep nesting', { method: 'POST', body: deep(10_000) }, 400, /"reason":"BadRequest"/],
  [
    'deep nesting within an unknown field',
    { method: 'POST', body: set(`,"x":${deep(limits.maxJsonDepth + 1)}`) },
    400,
    /depth|nest/,
  ],
  [
    'duplicate keys under Strict',
    { method: 'POST', path: `${networkSets}?fieldValidation=Strict`, body: set(',"kind":"NetworkSet"') },
    400,
    /strict decoding error: duplicate field \\"kind\\"/,
  ],
  [
    'prototype keys under Strict',
    {
      method: 'POST',
      path: `${networkSets}?fieldValidation=Strict`,
      body: set(',"__proto__":{"polluted":true}'),
    },
    400,
    /unknown field \\"__proto__\\"/,
  ],
  [
    'a constructor key in labels',
    { method: 'POST', body: '{"metadata":{"name":"m","labels":{"__proto__":"x","constructor":"y"}}}' },
    422,
    /metadata\.labels: Invalid value: \\"__proto__\\"/,
  ],
  [
    'a type error',
    { method: 'POST', body: '{"metadata":{"name":"m"},"spec":{"nets":"10.0.0.0/8"}}' },
    422,
    /spec\.nets: Invalid value/,
  ],
  ['metadata that is no object', { method: 'POST', body: '{"metadata":5}' }, 422, /metadata/],
  [
    'a huge label selector',
    { path: `${networkSets}?labelSelector=${'a%3Db,'.repeat(8_000)}c` },
    400,
    /"reason":"BadRequest"/,
  ],
  [
    'a bad label selector',
    { path: `${networkSets}?labelSelector=a%3D%3D%3Db` },
    400,
    /unable to parse requirement/,
  ],
  ['an unknown field selector', { path: `${networkSets}?fieldSelector=spec.nets%3Dx` }, 400, /spec\.nets/],
  ['a bad continue token', { path: `${networkSets}?continue=%25%25` }, 400, /continue key is not valid/],
  [
    'a continue token of another shape',
    { path: `${networkSets}?continue=${Buffer.from('{"v":"x","rv":"y"}').toString('base64url')}` },
    400,
    /continue key is not valid/,
  ],
  ['a bad resource version', { path: `${networkSets}?resourceVersion=abc` }, 400, /resource ?[vV]ersion/],
  ['a bad limit', { path: `${networkSets}?limit=many` }, 400, /many/],
  [
    'sendInitialEvents without its match',
    { path: `${networkSets}?watch=1&sendInitialEvents=true` },
    422,
    /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/,
  ],
  [
    'a bad dryRun',
    { method: 'POST', path: `${networkSets}?dryRun=Some`, body: set('') },
    422,
    /dryRun: Unsupported value/,
  ],
  ['an unknown verb', { method: 'PROPFIND' }, 405, /MethodNotAllowed|does not allow this method/],
  ['PUT on a collection', { method: 'PUT', body: set('') }, 405, /MethodNotAllowed/],
  ['POST on an object', { method: 'POST', path: `${networkSets}/m`, body: set('') }, 405, /MethodNotAllowed/],
  [
    'an unknown resource',
    { path: '/apis/projectcalico.org/v3/unicorns' },
    404,
    /the server could not find the requested resource/,
  ],
  [
    'an unknown subresource',
    { path: `${networkSets}/m/scale` },
    404,
    /could not find the requested resource/,
  ],
  [
    'an unknown version',
    { path: '/apis/projectcalico.org/v9/tiers' },
    404,
    /404 page not found|could not find/,
  ],
  ['an unknown path', { path: '/nothing/here' }, 404, /404 page not found/],
  [
    'dots in a path',
    { path: '/apis/projectcalico.org/v3/namespaces/default/networksets/..%2f..%2ftiers' },
    400,
    /./,
  ],
  ['a broken escape', { path: `${networkSets}/%zz` }, 400, /./],
  [
    'a JSON patch that is no list',
    { method: 'PATCH', path: `${networkSets}/there`, body: '{}', contentType: 'application/json-patch+json' },
    400,
    /"reason":"BadRequest"/,
  ],
  [
    'a JSON patch with 10,001 operations',
    {
      method: 'PATCH',
      path: `${networkSets}/there`,
      body: JSON.stringify(Array(10_001).fill({ op: 'test', path: '/kind', value: 'NetworkSet' })),
      contentType: 'application/json-patch+json',
    },
    413,
    /The allowed maximum operations in a JSON patch is 10000, got 10001/,
  ],
  [
    'YAML with an alias bomb',
    { method: 'POST', body: bomb(), contentType: 'application/yaml' },
    400,
    /"reason":"BadRequest"/,
  ],
  [
    'YAML of two documents',
    { method: 'POST', body: 'a: 1\n---\nb: 2\n', contentType: 'application/yaml' },
    400,
    /"reason":"BadRequest"/,
  ],
];

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  return lines.join('\n');
}

for (const [protocol, open] of Object.entries(protocols)) {
  suite(`malformed input over ${protocol}`, () => {
    test('each gets its Status, and the server lives', async t => {
      const folder = temporaryFolder(t);
      const data = join(folder, 'data');
      const server = await startServer(t, { data, folder, args: ['-v=1'] });
      const read = (name: string) => readFileSync(join(data, name), 'utf8');
      const { ask, close } = open(server.url, {
        ca: read('ca.crt'),
        cert: read('admin.crt'),
        key: read('admin.key'),
      });
      t.after(close);
      assert.equal((await ask({ method: 'POST', body: networkSet('there') })).status, 201);
      for (const [what, question, status, says] of cases) {
        await t.test(what, async () => {
          const reply = await ask(question);
          assert.equal(reply.status, status, reply.text.slice(0, 500));
          assert.match(reply.text, says);
          if (reply.text.startsWith('{')) assert.equal(JSON.parse(reply.text).code, status);
        });
      }
      await t.test('random bodies, types and queries never make it fail', () => fuzz(ask));
      assert.equal((await ask({ path: `${networkSets}/there` })).status, 200);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
      assert.equal(server.process.hasExited(), false);
    });
  });
}

/** Random requests, 400 at most: whatever they are, the answer is no 5xx. fast-check prints the seed when one is. */
async function fuzz(ask: Ask): Promise<void> {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    fc
      .record({ metadata: fc.jsonValue(), spec: fc.jsonValue(), kind: fc.jsonValue() }, { requiredKeys: [] })
      .map(value => JSON.stringify(value)),
  );
  const question = fc.record(
    {
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc
        .tuple(
          fc.constantFrom('', '/there', '/x', '/there/status'),
          fc.constantFrom(
            '',
            '?limit=',
            '?continue=',
            '?labelSelector=',
            '?fieldSelector=',
            '?resourceVersion=',
            '?dryRun=',
            '?includeObject=',
            '?timeout=',
          ),
          fc.string(),
        )
        .map(
          ([name, query, value]) =>
            `${networkSets}${name}${query && query + encodeURIComponent(value.toWellFormed())}`,
        ),
      body,
      contentType: fc.constantFrom(
        'application/json',
        'application/yaml',
        'application/merge-patch+json',
        'application/json-patch+json',
        'application/strategic-merge-patch+json',
        'application/apply-patch+yaml',
      ),
    },
    { requiredKeys: ['method', 'path'] },
  );
  await fc.assert(
    fc.asyncProperty(question, async asked => {
      // A collection is not deleted: the object is asked for afterwards.
      if (asked.method === 'DELETE' && !asked.path.includes('/x')) return;
      const reply = await ask(asked.method === 'GET' ? { method: 'GET', path: asked.path } : asked);
      // A number may be a resourceVersion that is not reached in time.
      const isLate = reply.status === 504 && reply.text.includes('"reason":"ResourceVersionTooLarge"');
      assert.ok((reply.status >= 200 && reply.status < 500) || isLate, `${reply.status} ${reply.text}`);
    }),
    { numRuns: 400 },
  );
}
