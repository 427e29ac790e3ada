import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { ResourceParts } from '../../../src/registry/context.ts';
import { recordingView } from '../../../src/registry/view.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';
import { WatchCache } from '../../../src/watch/cache.ts';
import { HistoryPool } from '../../../src/watch/history.ts';

async function setUp(t: { after(work: () => void): void }) {
  const backend = createMemoryBackend();
  const codec = v3Codec({ kind: 'Gadget', plural: 'gadgets', namespaced: true, hasInt64: false });
  const cache = new WatchCache({
    backend,
    codec,
    hasInt64: false,
    plural: 'gadgets',
    fieldsOf: object => ({ 'spec.mode': (object.spec as { mode: string }).mode }),
    bounds: {
      historyMs: 60_000,
      historyEvents: 100,
      bookmarkIntervalMs: 1 << 30,
      maxBufferBytes: 1 << 20,
    },
    histories: new HistoryPool(1 << 20),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await cache.start();
  t.after(() => cache.close());
  const create = (name: string, mode: string) => {
    const object: ApiObject = {
      apiVersion: 'v3',
      kind: 'Gadget',
      metadata: { name, namespace: 'ns' },
      spec: { mode },
    };
    return backend.write({ type: 'create', key: codec.keyFor(object), value: codec.encode(object) });
  };
  const parts = { cache, codec } as unknown as ResourceParts;
  const others = (plural: string) => (plural === 'gadgets' ? parts : undefined);
  return { backend, create, open: () => recordingView({ others }) };
}

suite('a recording view', () => {
  test('guards what it finds, against change and removal', async t => {
    const { create, open } = await setUp(t);
    const { key, revision } = await create('one', 'On');
    await create('two', 'On');
    const { view, guards } = open();
    assert.deepEqual((await view.get('gadgets', 'one', 'ns'))?.spec, { mode: 'On' });
    assert.deepEqual(guards, [{ key, revision }]);
  });

  test('guards that what it does not find stays away', async t => {
    const { open } = await setUp(t);
    const { view, guards } = open();
    assert.equal(await view.get('gadgets', 'one', 'ns'), undefined);
    assert.deepEqual(guards, [{ key: '/gadgets/ns/one', revision: 0 }]);
  });

  test('guards a whole kind that it lists, whatever it looks for there', async t => {
    const { create, open } = await setUp(t);
    await create('one', 'On');
    const last = await create('two', 'Off');
    const { view, guards } = open();
    const found = await view.list('gadgets', { where: { 'spec.mode': 'Off' } });
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name),
      ['two'],
    );
    assert.deepEqual(guards, [{ prefix: '/gadgets/', unchangedSince: last.revision }]);
    assert.equal((await view.list('gadgets')).length, 2);
  });

  test('lists more than one turn decodes, as of one moment', async t => {
    const { create, open } = await setUp(t);
    for (let index = 0; index < 450; index++) await create(`g-${index}`, 'On');
    const { view, guards } = open();
    const listing = view.list('gadgets');
    const late = new Promise<void>(resolve => {
      setImmediate(() => void create('late', 'On').then(() => resolve()));
    });
    assert.equal((await listing).length, 450);
    await late;
    assert.deepEqual(guards, [{ prefix: '/gadgets/', unchangedSince: 451 }]);
  });

  test('does not know of kinds that are not served', async t => {
    const { open } = await setUp(t);
    await assert.rejects(open().view.get('widgets', 'one'), /widgets, which are not served/);
  });
});
