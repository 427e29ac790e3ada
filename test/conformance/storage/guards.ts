import assert from 'node:assert/strict';
import type { Guard } from '../../../src/storage/backend.ts';
import type { Group } from '../storage.ts';
import { bytes, create, fails, keysOf, remove, update } from './recorder.ts';

const value = bytes('guarded');

/** Conditions on other keys: they hold when the write commits, or nothing is written. */
export const guards: Group = ({ test, shared }) => {
  test('a key that must be at a revision, or absent', async store => {
    const { key, revision } = await create(store, '/tiers/there');
    const cases: [Guard[], boolean][] = [
      [[{ key, revision }], true],
      [[{ key: '/tiers/gone', revision: 0 }], true],
      [[{ key: '/tiers/gone', revision }], false],
      [[{ key, revision: 0 }], false],
      [[{ key, revision: revision - 1 }], false],
      [[{ key, revision: revision + 1 }], false],
      [[{ key: '/tiers/the', revision }], false],
      [
        [
          { key, revision },
          { key: '/tiers/gone', revision },
        ],
        false,
      ],
    ];
    for (const [index, [conditions, holds]] of cases.entries()) {
      const before = await store.revision();
      const call = store.write({ type: 'create', key: `/a/${index}`, value }, conditions);
      if (holds) await call;
      else await fails(call, 'Conflict');
      assert.equal((await store.get(`/a/${index}`)) !== undefined, holds, `case ${index}`);
      if (!shared) assert.equal((await store.revision()) > before, holds, `case ${index}`);
    }
    const changed = await update(store, key, revision, 'changed');
    await fails(store.write({ type: 'create', key: '/b', value }, [{ key, revision }]), 'Conflict');
    await store.write({ type: 'create', key: '/b', value }, [{ key, revision: changed.revision }]);
    await remove(store, key, changed.revision);
    const gone = [{ key, revision: changed.revision }];
    await fails(store.write({ type: 'create', key: '/c', value }, gone), 'Conflict');
    await store.write({ type: 'create', key: '/c', value }, [{ key, revision: 0 }]);
  });

  test('a prefix under which nothing may have been created or changed', async store => {
    const pool = await create(store, '/pools/a');
    const guardAt = (unchangedSince: number): Guard[] => [{ prefix: '/pools/', unchangedSince }];
    await store.write({ type: 'create', key: '/n/1', value }, guardAt(pool.revision));
    await fails(store.write({ type: 'create', key: '/n/2', value }, guardAt(pool.revision - 1)), 'Conflict');

    const changed = await update(store, '/pools/a', pool.revision, 'changed');
    await fails(store.write({ type: 'create', key: '/n/3', value }, guardAt(pool.revision)), 'Conflict');
    await store.write({ type: 'create', key: '/n/4', value }, guardAt(changed.revision));

    const second = await create(store, '/pools/b');
    await fails(store.write({ type: 'create', key: '/n/5', value }, guardAt(changed.revision)), 'Conflict');

    await create(store, '/poolsx');
    await create(store, '/pool');
    await store.write({ type: 'create', key: '/n/6', value }, guardAt(second.revision));
    assert.deepEqual(keysOf((await store.list('/n/')).entries), ['/n/1', '/n/4', '/n/6']);
  });

  test('a guard reaches back before what is compacted', async store => {
    const pool = await create(store, '/pools/a');
    const other = await create(store, '/other');
    await store.compact(other.revision);
    const since = (unchangedSince: number): Guard[] => [{ prefix: '/pools/', unchangedSince }];
    await fails(store.write({ type: 'create', key: '/x', value }, since(pool.revision - 1)), 'Conflict');
    await store.write({ type: 'create', key: '/x', value }, since(pool.revision));
  });

  test('guards hold for updates and deletes too', async store => {
    const entry = await create(store, '/a');
    const wrong: Guard[] = [{ key: '/b', revision: 1 }];
    const expect = entry.revision;
    await fails(store.write({ type: 'update', key: '/a', value, expect }, wrong), 'Conflict');
    await fails(store.write({ type: 'delete', key: '/a', expect }, wrong), 'Conflict');
    assert.equal((await store.get('/a'))!.revision, expect);
  });

  test('the expectation of the write is looked at before its guards', async store => {
    await create(store, '/a');
    const wrong: Guard[] = [{ key: '/b', revision: 1 }];
    await fails(store.write({ type: 'create', key: '/a', value }, wrong), 'Exists');
    await fails(store.write({ type: 'delete', key: '/c', expect: 1 }, wrong), 'NotFound');
  });

  test('of many guarded by the same state one wins', async store => {
    const unchangedSince = await store.revision();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        store.write({ type: 'create', key: `/pools/${index}`, value }, [
          { prefix: '/pools/', unchangedSince },
        ]),
      ),
    );
    assert.equal(results.filter(result => result.status === 'fulfilled').length, 1);
    assert.equal((await store.list('/pools/')).entries.length, 1);
  });

  test('a reference and the removal of what it refers to exclude each other', async store => {
    for (let round = 0; round < 20; round++) {
      const tier = await create(store, `/tiers/${round}`);
      const unchangedSince = await store.revision();
      const results = await Promise.allSettled([
        store.write({ type: 'create', key: `/policies/${round}.a`, value }, [
          { key: tier.key, revision: tier.revision },
        ]),
        store.write({ type: 'delete', key: tier.key, expect: tier.revision }, [
          { prefix: `/policies/${round}.`, unchangedSince },
        ]),
      ]);
      assert.equal(results.filter(result => result.status === 'fulfilled').length, 1, `round ${round}`);
    }
  });
};
