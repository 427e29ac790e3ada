import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { limits } from '../../../src/limits.ts';
import { DecodeError, decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { toYaml } from '../../../src/server/yaml.ts';
import { YamlThread } from '../../../src/server/yaml-thread.ts';

const MiB = 1024 * 1024;

function open(t: TestContext, options: { maxHeapBytes?: number; timeoutMs?: number } = {}): YamlThread {
  const thread = new YamlThread({ maxHeapBytes: 128 * MiB, ...options });
  t.after(() => thread.close());
  return thread;
}

function caller(owner = 'jane') {
  const abort = new AbortController();
  return { owner, signal: abort.signal, abort: () => abort.abort() };
}

/** Longer than what is read at once. */
const padding = `\n# ${'x'.repeat(limits.smallYamlBytes)}\n`;
const long = (items: number) => `nets:\n${'- 10.0.0.0/8\n'.repeat(items)}`;

async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return error;
  }
  return assert.fail('it was read');
}

suite('the YAML thread', () => {
  const texts: [string, string][] = [
    ['every scalar', 'a: 1\nb: 0x1f\nc: 1.5\nd: yes\ne: ~\nf: text\ng: 1e20\nh: -0.0\ni: 2020-01-01\n'],
    ['integers beyond a double', 'a: 9223372036854775807\nb: 18446744073709551615\n'],
    ['names that JavaScript has', '__proto__: {a: 1}\nconstructor: b\ntoString: c\n'],
    ['duplicates', 'a: 1\nb: {c: 1, c: 2}\na: 2\n'],
    ['aliases', 'a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 1}\n'],
    ['JSON with a duplicate', '{"a": 1, "a": 2}'],
    ['nothing', ''],
    ['a list', '- 1\n- a: 2\n'],
  ];
  for (const [name, text] of texts) {
    test(`reads what is read at once: ${name}`, async t => {
      const bytes = Buffer.from(text + padding);
      const expected = decode(bytes, 'application/yaml');
      const found = await open(t).read(bytes, caller());
      assert.deepStrictEqual(found.value, expected.value);
      assert.deepEqual(found.duplicates, expected.duplicates);
    });
  }

  const broken: [string, string | Buffer][] = [
    ['syntax', `${padding}a: [1\nb: 2`],
    ['an unknown anchor', `${padding}a: *b`],
    ['no UTF-8', Buffer.concat([Buffer.from(`${padding}a: `), Buffer.from([0xff])])],
    ['too deep', `${padding}${'['.repeat(1_000)}`],
    ['too many tokens', '\n'.repeat(limits.maxYamlTokens + 1)],
  ];
  for (const [name, text] of broken) {
    test(`refuses what is refused at once: ${name}`, async t => {
      const bytes = Buffer.from(text);
      const problem = (error: unknown) => {
        assert.ok(error instanceof DecodeError, String(error));
        return { message: error.message, line: error.line, column: error.column };
      };
      let expected: unknown;
      try {
        decode(bytes, 'application/yaml');
      } catch (error) {
        expected = problem(error);
      }
      const found = await open(t).read(bytes, caller()).catch(problem);
      assert.deepEqual(found, expected);
    });
  }

  test('holds the event loop for no longer than it takes to copy the value', async t => {
    const thread = open(t);
    let turns = 0;
    const turn = () => {
      turns++;
      handle = setImmediate(turn);
    };
    let handle = setImmediate(turn);
    t.after(() => clearImmediate(handle));
    const { value } = await thread.read(Buffer.from(long(20_000)), caller());
    assert.equal((value as { nets: string[] }).nets.length, 20_000);
    // The first of them begins while the thread is still being started.
    assert.ok(turns > 100, `${turns} turns`);
  });

  test('writes as at once; what is small, and JSON by the name of YAML, needs no thread', async t => {
    const thread = open(t);
    const value: Json = {
      b: [1, 'yes', 9007199254740993n],
      a: { text: 'x'.repeat(limits.smallYamlAnswerBytes) },
    };
    assert.equal(String(await thread.write(Buffer.from(encode(value)), caller())), toYaml(value));
    const none = new YamlThread({ maxHeapBytes: 0 });
    assert.equal(String(await none.write(Buffer.from('{"a":1}'), caller())), 'a: 1\n');
    assert.deepEqual((await none.read(Buffer.from('a: 1'), caller())).value, { a: 1 });
    const json = JSON.stringify({ a: 'x'.repeat(100_000) });
    assert.deepEqual((await none.read(Buffer.from(json), caller())).value, JSON.parse(json));
  });

  test('a document that takes too long or too much memory is refused; the next one is read', async t => {
    const slow = open(t, { timeoutMs: 50 });
    const status = await refusal(slow.read(Buffer.from(long(40_000)), caller()));
    assert.equal(status.status.code, 400);
    assert.match(status.message, /longer than 0.05 s.*JSON/);

    const small = open(t, { maxHeapBytes: 16 * MiB });
    const tooLarge = await refusal(small.read(Buffer.from(long(100_000)), caller()));
    assert.equal(tooLarge.status.code, 413);
    assert.match(tooLarge.message, /memory.*JSON/);
    assert.deepEqual((await small.read(Buffer.from(`a: 1${padding}`), caller())).value, { a: 1 });
    // An answer is never refused: the object has been written.
    const json = Buffer.from(encode({ nets: Array.from({ length: 100_000 }, () => '10.0.0.0/8') }));
    assert.equal(String(await small.write(json, caller())), `${json}\n`);
  });

  test('users take turns, and have a bounded number of documents waiting', async t => {
    const thread = open(t);
    const order: string[] = [];
    const read = (owner: string, note: string) =>
      thread.read(Buffer.from(long(1_000)), caller(owner)).then(() => order.push(note));
    const all = [read('a', 'a1'), read('a', 'a2'), read('a', 'a3'), read('b', 'b1'), read('c', 'c1')];
    await Promise.all(all);
    assert.deepEqual(order, ['a1', 'a2', 'b1', 'c1', 'a3']);

    const waiting = Array.from({ length: limits.maxYamlWaiting }, () => {
      const each = caller('greedy');
      return { each, read: thread.read(Buffer.from(long(1_000)), each) };
    });
    const outcomes = Promise.allSettled(waiting.map(({ read }) => read));
    const other = thread.read(Buffer.from(long(10) + padding), caller('other'));
    await new Promise(resolve => setImmediate(resolve));
    for (const { each } of waiting) each.abort();
    assert.deepEqual((await other).duplicates, []);
    const codes = (await outcomes).map(outcome =>
      outcome.status === 'fulfilled'
        ? 200
        : outcome.reason instanceof StatusError
          ? outcome.reason.status.code
          : outcome.reason.name,
    );
    assert.deepEqual(new Set(codes), new Set([200, 'AbortError', 429]));
  });
});
