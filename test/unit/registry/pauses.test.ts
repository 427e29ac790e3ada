import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json } from '../../../src/machinery/json.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld, type World } from './world.ts';

const body = (value: unknown) => decode(Buffer.from(encode(value)), 'application/json');
const nets = Array.from({ length: 500 }, (_unused, n) => `10.${n >> 8}.${n & 255}.0/24`);
const target = { namespace: 'default', name: 'a', subresource: '' } as const;
const write = { dryRun: false, fieldValidation: 'Strict', fieldManager: 'test' } as const;
const original = of('NetworkSet', 'a', { nets: [] }, 'default');

suite('what happens in the pauses of a long write', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld(createMemoryBackend());
    await world.create(original);
    let nowMs = 0;
    // Each look at the clock finds the slice over, so that the write pauses wherever it may.
    mock.method(performance, 'now', () => (nowMs += 1_000));
  });
  afterEach(() => {
    mock.restoreAll();
    world.close();
  });
  const sets = () => world.resources.byPlural.get('networksets')!;
  const context = (signal = new AbortController().signal) => ({ warn() {}, signal });
  const patch = (value: Json) =>
    sets().patch(context(), target, { type: 'application/merge-patch+json', body: body(value) }, write);

  /** A write at once, past the pauses. */
  const label = async () => {
    const key = '/networksets/default/a';
    const entry = (await world.backend.get(key))!;
    const object = JSON.parse(Buffer.from(entry.value).toString());
    object.metadata.labels = { between: 'yes' };
    const value = Buffer.from(JSON.stringify(object));
    await world.backend.write({ type: 'update', key, value, expect: entry.revision }, []);
  };

  /** Does the work, and meanwhile a small write in some turn of the event loop. Returns whether the work was paused then. */
  const withWriteBetween = async (work: Promise<unknown>, turns: number): Promise<boolean> => {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    for (let turn = 0; turn < turns && !isDone; turn++) await setImmediate();
    const wasPaused = !isDone;
    await label();
    await done;
    return wasPaused;
  };

  for (const turns of [1, 3, 10]) {
    test(`a patch is done on what was written after ${turns} turns`, async () => {
      assert.ok(await withWriteBetween(patch({ spec: { nets } }), turns));
      const stored = await world.read(original);
      assert.deepEqual(stored?.metadata.labels, { between: 'yes' });
      assert.deepEqual((stored as unknown as { spec: Json }).spec, { nets });
    });
  }

  test('an update with the version of before is a conflict', async () => {
    const sent = { ...(await world.read(original))!, spec: { nets } };
    const update = sets().update(context(), target, body(sent), write);
    await assert.rejects(
      withWriteBetween(update, 3),
      (error: unknown) => error instanceof StatusError && error.status.reason === 'Conflict',
    );
  });

  test('a request that has ended writes nothing', async () => {
    const abort = new AbortController();
    const type = 'application/merge-patch+json';
    const long = sets().patch(context(abort.signal), target, { type, body: body({ spec: { nets } }) }, write);
    await setImmediate();
    abort.abort(new Error('over'));
    await assert.rejects(long, /over/);
    assert.deepEqual(((await world.read(original)) as unknown as { spec: Json }).spec, { nets: [] });
  });
});
