import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';
import { of, openWorld } from './world.ts';

const marked: Partial<ApiObject['metadata']> = {
  deletionTimestamp: '2026-01-02T03:04:05Z',
  deletionGracePeriodSeconds: 0,
  finalizers: ['example.org/hold'],
};
const information = of('ClusterInformation', 'default', { datastoreReady: true });

suite('an object that stays for good', () => {
  test('is restored without the mark of a deletion', async t => {
    const world = await openWorld(createMemoryBackend());
    t.after(world.close);
    const resource = world.resources.byPlural.get('clusterinformations')!;
    const sent = { ...information, metadata: { ...information.metadata, ...marked } };
    const { object } = await resource.restore(sent, { onExisting: 'fail' });
    assert.equal(object.metadata.deletionTimestamp, undefined);
  });

  test('does not go with its last finalizer, where an earlier server or another program has marked it', async t => {
    const backend = createMemoryBackend();
    const stored = {
      ...information,
      metadata: { ...information.metadata, ...marked, uid: '3f2504e0-4f89-11d3-9a0c-0305e82c3301' },
    };
    const kind = kinds.find(each => each.plural === 'clusterinformations')!;
    const codec = v3Codec({ ...kind, hasInt64: false });
    await backend.write({ type: 'create', key: codec.keyFor(stored), value: codec.encode(stored) });
    const world = await openWorld(backend);
    t.after(world.close);
    await world.merge(information, { metadata: { finalizers: null } });
    const left = await world.read(information);
    assert.deepEqual(left?.spec, information.spec);
    assert.deepEqual(left?.metadata.finalizers ?? [], []);
  });
});
