import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { parse, stringify } from 'yaml';
import { limits } from '../../../src/limits.ts';
import type { HttpGroup } from '../http.ts';
import { base, json } from './setting.ts';
import { until } from './until.ts';

const path = `${base}/widgets`;
const widget = (name: string, note = '') => JSON.stringify({ metadata: { name }, spec: { note } });
const limit = 3 * 1024 * 1024;

/** How bodies are read, and what becomes of those that are no good. */
export const bodies: HttpGroup = suite => {
  suite.test('a body without a length is read whole', async ({ request }) => {
    const text = widget('a', 'n'.repeat(500_000));
    const body = Readable.from([text.slice(0, 10), text.slice(10, 100_000), text.slice(100_000)], {
      objectMode: false,
    });
    const created = await request({ method: 'POST', path, headers: json, body });
    assert.equal(created.code, 201);
    assert.equal((created.json().spec as { note: string }).note.length, 500_000);
  });

  suite.test('a body up to the limit is read, one beyond it is 413', async ({ request, widgets }) => {
    const overhead = widget('a').length;
    const fits = await request({
      method: 'POST',
      path,
      headers: json,
      body: widget('a') + ' '.repeat(limit - overhead),
    });
    assert.equal(fits.code, 201);
    const large = widget('c', 'n'.repeat(limits.maxObjectBytes));
    const refused = await request({ method: 'POST', path, headers: json, body: large });
    assert.equal(refused.code, 413);
    assert.match(refused.text, /the object has more than 1500000 bytes/);
    const beyond = widget('b', 'n'.repeat(limit - overhead + 1));
    for (const body of [beyond, Readable.from([beyond], { objectMode: false })]) {
      const answer = await request({ method: 'POST', path, headers: json, body });
      assert.equal(answer.code, 413);
      const { reason, message } = answer.json();
      assert.equal(reason, 'RequestEntityTooLarge');
      assert.equal(message, 'Request entity too large: limit is 3145728');
    }
    assert.equal(widgets.objects.size, 1);
  });

  suite.test('large YAML is read and written while others are answered', async ({ request }) => {
    const yaml = { ...json, 'content-type': 'application/yaml', accept: 'application/yaml' };
    const note = Array.from({ length: 10_000 }, (_unused, n) => `line ${n}`).join('\n');
    const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_unused, n) => [`l${n}`, `${n}x`]));
    const body = stringify({ metadata: { name: 'a', labels }, spec: { note } });
    let answered = 0;
    let over = false;
    const created = request({ method: 'POST', path, headers: yaml, body }).finally(() => {
      over = true;
    });
    while (!over) {
      assert.equal((await request({ path: '/version' })).code, 200);
      answered++;
    }
    const { code, text } = await created;
    assert.equal(code, 201, text.slice(0, 200));
    assert.deepEqual(parse(text).metadata.labels, labels);
    // A document that is read on the event loop lets in what arrived with it, and no more.
    assert.ok(answered > 20, `${answered} requests`);
  });

  suite.test('a body far beyond the limit leaves the connection usable', async ({ request }) => {
    const body = Readable.from(
      Array.from({ length: 40 }, () => Buffer.alloc(256 * 1024, ' ')),
      { objectMode: false },
    );
    assert.equal((await request({ method: 'POST', path, headers: json, body })).code, 413);
    assert.equal((await request({ path })).code, 200);
  });

  suite.test(
    'a client that never stops sending is answered, and its place is free again',
    async setting => {
      const busy = { ...json, authorization: 'Bearer busy' };
      for (let round = 0; round < 3; round++) {
        const client = setting.connect();
        const body = endless();
        const answer = await client.request({ method: 'POST', path, headers: busy, body });
        assert.equal(answer.code, 413);
        // Over HTTP/1.1 the connection is what has to end.
        if (suite.transport.name === 'HTTP/1.1') client.close();
        else {
          await until(() => setting.clock.waiting === 2);
          setting.clock.advance(5_000);
        }
        await until(() => setting.log.filter(({ message }) => message === 'request').length > round);
        body.destroy();
      }
    },
    { bounds: { maxMutatingRequestsInflight: 4 } },
  );

  suite.test('a large answer is whole even to a client that is still sending', async setting => {
    const note = 'n'.repeat(10_000);
    setting.widgets.fill(500, at => ({
      apiVersion: 'v3',
      kind: 'Widget',
      metadata: { name: `w${at}` },
      spec: { note },
    }));
    const client = setting.connect();
    const body = endless();
    const answer = await client.request({ path, headers: json, body });
    assert.equal((answer.json().items as unknown[]).length, 500);
    client.close();
    body.destroy();
  });

  suite.test('what is no object is 400', async ({ request }) => {
    const bad: [body: string, summary: string][] = [
      ['', '<empty>'],
      ['{"metadata":', '{"metadata":'],
      [`{${' '.repeat(100)}`, `{${' '.repeat(29)} ...`],
      ['nonsense', Buffer.from('nonsense').toString('hex')],
      [`{"a":${'['.repeat(200)}`, '{"a":[[[[[[[[[[[[[[[[[[[[[[[[[ ...'],
    ];
    for (const [body, summary] of bad) {
      const answer = await request({ method: 'POST', path, headers: json, body });
      assert.equal(answer.code, 400, body);
      const { message } = answer.json() as { message: string };
      assert.ok(
        message.startsWith('the object provided is unrecognized (must be of type Widget): '),
        message,
      );
      assert.ok(message.endsWith(` (${summary})`), message);
    }
  });

  suite.test('what JSON says where an object should be', async ({ request }) => {
    const start =
      "the object provided is unrecognized (must be of type Widget): couldn't get version/kind; json parse error: ";
    for (const [body, problem] of [
      ['{', 'unexpected end of JSON input ({)'],
      ['{"kind":7}', 'json: cannot unmarshal number into Go struct field .kind of type string ({"kind":7})'],
    ]) {
      const answer = await request({ method: 'POST', path, headers: json, body: body! });
      assert.equal(answer.json().message, start + problem);
    }
  });

  suite.test('options of a delete that say nothing', async ({ request, widgets }) => {
    for (const body of ['null', '{}', '']) {
      widgets.fill(1, () => ({ apiVersion: 'v3', kind: 'Widget', metadata: { name: 'a' } }));
      const answer = await request({ method: 'DELETE', path: `${path}/a`, headers: json, body });
      assert.equal(answer.code, 200, body);
    }
    const answer = await request({ method: 'DELETE', path: `${path}/a`, headers: json, body: '{' });
    assert.equal(
      answer.json().message,
      "couldn't get version/kind; json parse error: unexpected end of JSON input",
    );
  });

  suite.test('what is no patch, and no options, is 400', async ({ request, widgets }) => {
    widgets.fill(1, () => ({ apiVersion: 'v3', kind: 'Widget', metadata: { name: 'a' } }));
    const merge = { ...json, 'content-type': 'application/merge-patch+json' };
    const patch = await request({ method: 'PATCH', path: `${path}/a`, headers: merge, body: '{' });
    assert.equal(patch.code, 400);
    assert.match(String(patch.json().message), /^error decoding patch: /);
    for (const body of ['{', '[]', '{"kind":"Other"}']) {
      const answer = await request({ method: 'DELETE', path: `${path}/a`, headers: json, body });
      assert.equal(answer.code, 400, body);
    }
    assert.equal(widgets.objects.size, 1);
  });

  suite.test('an encoding is refused rather than misread', async ({ request }) => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    const answer = await request({ method: 'POST', path, headers, body: widget('a') });
    assert.equal(answer.code, 415);
    const plain = { ...json, 'content-encoding': 'identity' };
    assert.equal((await request({ method: 'POST', path, headers: plain, body: widget('a') })).code, 201);
  });

  suite.test('a body that nobody wants is passed over', async ({ request }) => {
    for (let round = 0; round < 5; round++) {
      const body = Buffer.alloc(1024 * 1024, 'x');
      assert.equal((await request({ method: 'POST', path: '/nowhere', headers: json, body })).code, 404);
      assert.equal((await request({ method: 'GET', path, headers: json, body })).code, 200);
    }
  });
};

/** A body without an end. */
function endless(): Readable {
  return new Readable({
    read() {
      setImmediate(() => this.push(Buffer.alloc(64 * 1024, ' ')));
    },
  });
}
