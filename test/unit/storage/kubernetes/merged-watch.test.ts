import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Change, WatchHandlers } from '../../../../src/storage/backend.ts';
import { StorageError } from '../../../../src/storage/errors.ts';
import { MergedWatch, type SourceWatch } from '../../../../src/storage/kubernetes/merged-watch.ts';

const change = (revision: number): Change => ({
  type: 'put',
  key: `k${revision}`,
  value: new Uint8Array(0),
  revision,
});

/** A source whose events arrive when the test says so; `store` is how far the cluster is, for all sources. */
class Source implements SourceWatch {
  position = 0;
  closed = false;
  failure: Error | undefined;
  readonly #store: { revision: number };
  readonly #undelivered: Change[] = [];
  #handlers: WatchHandlers | undefined;

  constructor(store: { revision: number }) {
    this.#store = store;
  }

  open = async (handlers: WatchHandlers): Promise<SourceWatch> => {
    if (this.failure) throw this.failure;
    this.#handlers = handlers;
    return this;
  };

  happens(revision: number): void {
    this.#store.revision = revision;
    this.#undelivered.push(change(revision));
  }

  deliver(upTo = Number.POSITIVE_INFINITY): void {
    const late = this.#undelivered.findIndex(({ revision }) => revision > upTo);
    const changes = this.#undelivered.splice(0, late < 0 ? this.#undelivered.length : late);
    if (changes.length === 0) return;
    this.position = changes.at(-1)!.revision;
    this.#handlers!.onChanges(changes);
  }

  fail(error: Error): void {
    this.#handlers!.onError(error);
  }

  async progress(): Promise<number> {
    const upTo = this.#store.revision;
    await nextTurn();
    if (this.failure) throw this.failure;
    this.deliver(upTo);
    this.position = Math.max(this.position, upTo);
    return this.position;
  }

  close(): void {
    this.closed = true;
  }
}

async function opened(count = 2) {
  const store = { revision: 1 };
  const sources = Array.from({ length: count }, () => new Source(store));
  const told: number[] = [];
  const ended: Error[] = [];
  const watch = await MergedWatch.open(
    sources.map(source => source.open),
    {
      onChanges: changes => told.push(...changes.map(({ revision }) => revision)),
      onError: error => ended.push(error),
    },
  );
  return { sources: sources as [Source, Source], told, ended, watch, store };
}

suite('several watches as one', () => {
  test('a change is told once the other source has got as far', async () => {
    const { sources, told, watch } = await opened();
    sources[1].happens(2);
    sources[0].happens(3);
    sources[0].deliver();
    assert.deepEqual(told, [], 'the other one may have something earlier');
    await watch.progress();
    assert.deepEqual(told, [2, 3]);
    watch.close();
  });

  test('a source that got further while another was asked waits for that one', async () => {
    const { sources, told, watch } = await opened();
    const asked = watch.progress();
    sources[0].happens(2);
    sources[1].happens(3);
    sources[1].deliver();
    assert.equal(await asked, 1);
    assert.deepEqual(told, []);
    assert.equal(await watch.progress(), 3);
    assert.deepEqual(told, [2, 3]);
    watch.close();
  });

  test('what waits is told without anybody asking', async () => {
    const { sources, told, watch } = await opened();
    sources[0].happens(2);
    sources[0].deliver();
    while (told.length === 0) await nextTurn();
    assert.deepEqual(told, [2]);
    watch.close();
  });

  test('progress is that of the source that is behind, and nothing up to it is untold', async () => {
    const { sources, told, watch, store } = await opened();
    sources[0].happens(5);
    store.revision = 9;
    assert.equal(await watch.progress(), 9);
    assert.deepEqual(told, [5]);
    watch.close();
  });

  test('the end of one source is the end of all, told once', async () => {
    const { sources, ended, watch } = await opened();
    const gone = new StorageError('Compacted', 'too old');
    sources[0].fail(gone);
    sources[1].fail(new StorageError('Unavailable', 'later'));
    assert.deepEqual(ended, [gone]);
    assert.ok(sources.every(({ closed }) => closed));
    await assert.rejects(watch.progress(), gone);
  });

  test('one that cannot be opened closes the others', async () => {
    const store = { revision: 1 };
    const [good, bad] = [new Source(store), new Source(store)];
    bad.failure = new StorageError('Compacted', 'too old');
    const opening = MergedWatch.open([good.open, bad.open], { onChanges() {}, onError() {} });
    await assert.rejects(opening, bad.failure);
    assert.ok(good.closed);
  });

  test('nothing is told after close, and of a handler that throws the watch ends', async () => {
    const closed = await opened();
    closed.sources[0].happens(2);
    closed.watch.close();
    closed.sources[0].deliver();
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    assert.deepEqual([closed.told, closed.ended], [[], []]);

    const source = new Source({ revision: 1 });
    const ended: Error[] = [];
    const onChanges = () => {
      throw new Error('no');
    };
    await MergedWatch.open([source.open], { onChanges, onError: error => ended.push(error) });
    source.happens(2);
    source.deliver();
    while (ended.length === 0) await nextTurn();
    assert.match(ended[0]!.message, /a watch handler failed: Error: no/);
    assert.ok(source.closed);
  });

  test('whatever arrives when: all is told, once, in order', async () => {
    const step = fc.record({
      source: fc.integer({ min: 0, max: 2 }),
      act: fc.constantFrom('happens', 'deliver', 'turn'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        const { sources, told, watch } = await opened(3);
        let revision = 1;
        for (const { source, act } of steps) {
          if (act === 'happens') sources[source]!.happens(++revision);
          else if (act === 'deliver') sources[source]!.deliver();
          else await nextTurn();
        }
        await watch.progress();
        watch.close();
        assert.deepEqual(
          told,
          Array.from({ length: revision - 1 }, (_unused, index) => index + 2),
        );
      }),
    );
  });
});
