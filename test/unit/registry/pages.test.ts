import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../../src/kinds/index.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import type { ListOptions } from '../../../src/machinery/options.ts';
import type { ResourceList } from '../../../src/registry/read.ts';
import { Resource } from '../../../src/registry/resource.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';
import { WatchCache } from '../../../src/watch/cache.ts';
import { HistoryPool } from '../../../src/watch/history.ts';

const kind = kinds.find(each => each.kind === 'NetworkSet')!;
const codec = v3Codec({ ...kind, hasInt64: false });
const everything: ListOptions = {
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
  watch: false,
  allowWatchBookmarks: false,
};

async function setUp(historyEvents = 10_000) {
  const backend = createMemoryBackend();
  const cache = new WatchCache({
    backend,
    codec,
    hasInt64: false,
    plural: kind.plural,
    fieldsOf: () => ({}),
    bounds: {
      historyMs: 600_000,
      historyEvents,
      bookmarkIntervalMs: 1 << 30,
      maxBufferBytes: 1 << 20,
    },
    histories: new HistoryPool(1 << 26),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await cache.start();
  const put = async (namespace: string, name: string, labels: Record<string, string>) => {
    const object = { apiVersion, kind: kind.kind, metadata: { namespace, name, labels } };
    const key = codec.keyFor(object);
    const value = codec.encode(object);
    const expect = (await backend.get(key))?.revision;
    const write = expect ? ({ type: 'update', expect } as const) : ({ type: 'create' } as const);
    return (await backend.write({ ...write, key, value })).revision;
  };
  const remove = async (namespace: string, name: string) => {
    const key = codec.keyFor({ apiVersion, kind: kind.kind, metadata: { namespace, name } });
    const expect = (await backend.get(key))?.revision;
    if (expect) await backend.write({ type: 'delete', key, expect });
  };
  return { backend, cache, put, remove, resource: new Resource({ kind, backend, codec, cache }) };
}

const said = ({ entries }: ResourceList) =>
  entries.map(({ namespace, name, revision }) => `${namespace}/${name}@${revision}`);

suite('pages', () => {
  const namespace = fc.constantFrom('a', 'b');
  const change = fc.record({
    namespace,
    name: fc.nat(12).map(n => `n${n}`),
    label: fc.nat(2),
    gone: fc.boolean(),
  });
  const asked = fc.record({
    namespace: fc.constantFrom('', 'a', 'b'),
    labelSelector: fc.constantFrom('', 'l=1', 'l!=1,l in (0,2)', 'l,!l'),
    limit: fc.integer({ min: 1, max: 5 }),
  });

  for (const [where, historyEvents] of [
    ['the history', 10_000],
    ['the store', 3],
  ] as const) {
    test(`are together what one list was, at every revision, while others write (from ${where})`, async () => {
      const property = fc.asyncProperty(
        fc.array(change, { minLength: 5, maxLength: 40 }),
        fc.array(change, { minLength: 40, maxLength: 40 }),
        asked,
        async (before, meanwhile, { namespace, labelSelector, limit }) => {
          const { cache, resource, put, remove } = await setUp(historyEvents);
          const write = async (each: (typeof before)[number]) =>
            each.gone
              ? await remove(each.namespace, each.name)
              : await put(each.namespace, each.name, { l: String(each.label) });
          const states: { resourceVersion: string; whole: string[] }[] = [];
          for (const each of before) {
            await write(each);
            const whole = await resource.list(namespace, { ...everything, labelSelector });
            states.push({ resourceVersion: whole.resourceVersion, whole: said(whole) });
          }
          for (const { resourceVersion, whole } of states) {
            let options = { ...everything, labelSelector, limit, resourceVersion };
            const found: string[] = [];
            for (;;) {
              const page = await resource.list(namespace, {
                ...options,
                resourceVersionMatch: options.continue ? '' : 'Exact',
              });
              assert.equal(page.resourceVersion, resourceVersion);
              found.push(...said(page));
              const left = whole.length - found.length;
              if (page.remainingItemCount !== undefined) assert.equal(page.remainingItemCount, left);
              assert.equal(page.continue !== undefined, left > 0);
              if (!page.continue) break;
              options = { ...options, resourceVersion: '', continue: page.continue };
              const next = meanwhile.pop();
              if (next) await write(next);
            }
            assert.deepEqual(found, whole);
          }
          cache.close();
        },
      );
      await fc.assert(property, { numRuns: 15 });
    });
  }

  test('a page of a long list neither copies nor looks at the rest', async t => {
    const { cache, resource, put } = await setUp();
    t.after(() => cache.close());
    for (let n = 0; n < 3_000; n++) await put('a', `n${String(n).padStart(4, '0')}`, { l: '1' });
    let looks = 0;
    const matching = t.mock.method(Object, 'hasOwn', (object: object, key: string) => {
      if (key === 'l') looks++;
      return key in object;
    });
    const page = await resource.list('a', { ...everything, limit: 10, labelSelector: 'l=1' });
    matching.mock.restore();
    assert.equal(page.entries.length, 10);
    assert.equal(looks, 11);
    const plain = await resource.list('a', { ...everything, limit: 10 });
    assert.equal(plain.remainingItemCount, 2_990);
  });

  test('a walk with a selector lets others in between, sees one state, and stops with its request', async t => {
    const { cache, resource, put } = await setUp();
    t.after(() => cache.close());
    for (let n = 0; n < 1_000; n++) await put('a', `n${String(n).padStart(4, '0')}`, { l: '1' });
    // A clock that moves a millisecond at each look: a slice is a handful of objects.
    let now = performance.now();
    t.mock.method(performance, 'now', () => now++);
    const request = new AbortController();
    const options = { ...everything, labelSelector: 'l=1' };
    const walk = resource.list('', options);
    const stopped = assert.rejects(resource.list('', options, request.signal), { name: 'AbortError' });
    let turns = 0;
    const turn = () => {
      turns++;
      if (turns === 50) request.abort();
      if (turns === 20) void put('a', 'n0999x', { l: '1' });
      if (turns < 2_000) setImmediate(turn);
    };
    setImmediate(turn);
    assert.equal((await walk).entries.length, 1_000);
    assert.ok(turns > 100, `${turns} turns`);
    await stopped;
  });
});
