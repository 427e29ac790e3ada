import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Datastore } from '../../../../src/cli/datastore.ts';
import { Journal } from '../../../../src/cli/move/journal.ts';
import { succeeded } from '../../../../src/cli/move/migrate-report.ts';
import type { Problem, Result } from '../../../../src/cli/move/migration.ts';
import { copy } from '../../../../src/machinery/equal.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import type { Backend, Entry, Write } from '../../../../src/storage/backend.ts';
import { StorageError } from '../../../../src/storage/errors.ts';
import { openSqliteBackend } from '../../../../src/storage/sqlite/backend.ts';
import { v3Codec } from '../../../../src/storage/v3-codec.ts';
import { newFolder, objectOf, oneOfEach } from './commands.ts';
import { contentOf, memoryStore, migrateStores, put, remove } from './stores.ts';

const set = (name: string, net: string, metadata: object = {}): ApiObject =>
  objectOf('GlobalNetworkSet', name, { nets: [net] }, { uid: `uid-of-${name}`, ...metadata });

const outcomes = ({ problems }: Result) =>
  problems.map(({ outcome, id }): [Problem['outcome'], string] => [outcome, id]);

suite('migrate', () => {
  test('everything arrives as it was, from the file to memory and back; a second run finds nothing to do', async t => {
    const sqlite = async () => {
      const backend = await openSqliteBackend({ directory: newFolder(t) });
      t.after(() => backend.close());
      return { backend, codecOf: v3Codec };
    };
    const stores: [Datastore, Datastore, Datastore] = [await sqlite(), memoryStore(), await sqlite()];
    const objects = oneOfEach();
    for (const object of objects) await put(stores[0], object);
    const content = await contentOf(stores[0]);
    for (const step of [0, 1] as const) {
      const folder = newFolder(t);
      const [from, to] = [stores[step], stores[step + 1]!];
      const first = await migrateStores(folder, from, to);
      assert.ok(succeeded(first));
      assert.deepEqual([first.created, first.verified, first.objects], Array(3).fill(objects.length));
      assert.equal(first.revision, await from.backend.revision());
      assert.deepEqual(await contentOf(to), content);
      const revision = await to.backend.revision();
      const second = await migrateStores(folder, from, to);
      assert.deepEqual([second.created, second.updated, second.deleted], [0, 0, 0]);
      assert.equal(second.verified, objects.length);
      assert.equal(await to.backend.revision(), revision, 'nothing was written');
    }
  });

  test('objects are written in an order in which others that they refer to are there', async t => {
    const [source, target] = [memoryStore(), memoryStore()];
    for (const object of oneOfEach().toReversed()) await put(source, object);
    await migrateStores(newFolder(t), source, target);
    const { entries } = await target.backend.list('/');
    const revisions = (prefix: string) =>
      entries.filter(({ key }) => key.startsWith(prefix)).map(({ revision }) => revision);
    const before = [
      ['/tiers/', '/networkpolicies/'],
      ['/bgpfilters/', '/bgppeers/'],
      ['/ippools/', '/ipamblocks/'],
      ['/ipamhandles/', '/clusterinformations/'],
    ];
    for (const [first, second] of before) {
      assert.ok(
        Math.max(...revisions(first!)) < Math.min(...revisions(second!)),
        `${first} before ${second}`,
      );
    }
  });

  test('what changed or went at the source since the last run does so in the target', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    for (const name of ['stays', 'changes', 'goes']) await put(source, set(name, '10.0.0.0/8'));
    await migrateStores(folder, source, target);
    await put(source, set('changes', '11.0.0.0/8'));
    await remove(source, set('goes', ''));
    await put(source, set('comes', '12.0.0.0/8'));
    const result = await migrateStores(folder, source, target);
    assert.ok(succeeded(result));
    assert.deepEqual([result.created, result.updated, result.deleted], [1, 1, 1]);
    assert.deepEqual(await contentOf(target), await contentOf(source));
  });

  const mine = set('a', '10.0.0.0/8');
  const other = { ...set('a', '11.0.0.0/8'), metadata: { name: 'a', uid: 'another' } };
  const conflicts: {
    name: string;
    /** What is in the target before, past the journal. */
    there: ApiObject[];
    how?: Parameters<typeof migrateStores>[3];
    expected: [Problem['outcome'], string][];
    success: boolean;
    left: ApiObject[];
  }[] = [
    {
      name: 'an object of the same name is a conflict',
      there: [other],
      expected: [['conflict', 'GlobalNetworkSet a']],
      success: false,
      left: [other],
    },
    {
      name: 'an object that differs in nothing but its UID is one too',
      there: [set('a', '10.0.0.0/8', { uid: 'another' })],
      expected: [['conflict', 'GlobalNetworkSet a']],
      success: false,
      left: [set('a', '10.0.0.0/8', { uid: 'another' })],
    },
    {
      name: 'it can be left',
      there: [other],
      how: { onConflict: 'skip' },
      expected: [['skipped', 'GlobalNetworkSet a']],
      success: true,
      left: [other],
    },
    {
      name: 'it can be replaced',
      there: [other],
      how: { onConflict: 'replace' },
      expected: [],
      success: true,
      left: [mine],
    },
    {
      name: 'what only the target has stays, and is told',
      there: [set('own', '10.0.0.0/8')],
      expected: [['onlyThere', 'GlobalNetworkSet own']],
      success: true,
      left: [mine, set('own', '10.0.0.0/8')],
    },
    {
      name: 'what only the target has can be removed',
      there: [set('own', '10.0.0.0/8')],
      how: { prune: true },
      expected: [],
      success: true,
      left: [mine],
    },
    {
      name: 'the same object, UID and all, is taken for brought',
      there: [mine],
      expected: [],
      success: true,
      left: [mine],
    },
  ];
  for (const { name, there, how, expected, success, left } of conflicts) {
    test(`what is in the target already: ${name}`, async t => {
      const [source, target, wanted] = [memoryStore(), memoryStore(), memoryStore()];
      await put(source, mine);
      for (const object of there) await put(target, object);
      for (const object of left) await put(wanted, object);
      const result = await migrateStores(newFolder(t), source, target, how);
      assert.deepEqual(outcomes(result), expected);
      assert.equal(succeeded(result), success);
      assert.deepEqual(await contentOf(target), await contentOf(wanted));
    });
  }

  test('what was brought and changed in the target since is neither overwritten nor removed', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    for (const name of ['a', 'b', 'c']) await put(source, set(name, '10.0.0.0/8'));
    await migrateStores(folder, source, target);
    await put(target, set('a', '20.0.0.0/8'));
    await put(target, set('b', '20.0.0.0/8'));
    await put(source, set('a', '11.0.0.0/8'));
    await remove(source, set('b', ''));
    await remove(source, set('c', ''));
    const result = await migrateStores(folder, source, target);
    assert.deepEqual(outcomes(result).toSorted(), [
      ['conflict', 'GlobalNetworkSet a'],
      ['onlyThere', 'GlobalNetworkSet b'],
    ]);
    const content = await contentOf(target);
    assert.match(content.get('GlobalNetworkSet /a')!, /20\.0\.0\.0/);
    assert.deepEqual([...content.keys()], ['GlobalNetworkSet /a', 'GlobalNetworkSet /b']);
  });

  test('without the journal of the run before nothing is removed', async t => {
    const [source, target] = [memoryStore(), memoryStore()];
    await put(source, set('a', '10.0.0.0/8'));
    await migrateStores(newFolder(t), source, target);
    await remove(source, set('a', ''));
    const result = await migrateStores(newFolder(t), source, target);
    assert.deepEqual(outcomes(result), [['onlyThere', 'GlobalNetworkSet a']]);
    assert.equal((await contentOf(target)).size, 1);
  });

  test('a value that cannot be read is told, and nothing of its kind is removed', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    for (const name of ['a', 'b']) await put(source, set(name, '10.0.0.0/8'));
    await migrateStores(folder, source, target);
    const key = '/globalnetworksets/a';
    const there = await source.backend.get(key);
    const value = Buffer.from('{"kind":');
    await source.backend.write({ type: 'update', key, value, expect: there!.revision });
    const result = await migrateStores(folder, source, target);
    assert.deepEqual(outcomes(result), [['unreadable', key]]);
    assert.equal(succeeded(result), false);
    assert.equal((await contentOf(target)).size, 2);
  });
});

/** A store as a cluster is one: it chooses UIDs, keeps a status apart, and makes its Profiles by itself. */
function clusterLike(): Datastore {
  const { backend: memory } = memoryStore();
  let uids = 0;
  const parse = (value: Uint8Array) => JSON.parse(Buffer.from(value).toString());
  const write = async (operation: Write): Promise<Entry> => {
    if (operation.type === 'delete') return memory.write(operation);
    const object = parse(operation.value);
    const before = operation.type === 'update' ? await memory.get(operation.key) : undefined;
    const old = before && parse(before.value);
    object.metadata.uid = old?.metadata.uid ?? `own-${++uids}`;
    if (operation.type === 'update' && operation.subresource === 'status') {
      old.status = object.status;
      return memory.write({ ...operation, value: Buffer.from(JSON.stringify(old)) });
    }
    delete object.status;
    if (old?.status) object.status = old.status;
    return memory.write({ ...operation, value: Buffer.from(JSON.stringify(object)) });
  };
  return {
    backend: passOn(memory, { write }),
    codecOf: v3Codec,
    decides: ({ kind }) => (kind === 'Profile' ? 'objects' : ['uid']),
  };
}

function passOn(backend: Backend, over: Partial<Backend>): Backend {
  const same: Backend = {
    get: key => backend.get(key),
    list: (prefix, options) => backend.list(prefix, options),
    write: (write, guards) => backend.write(write, guards),
    watch: (prefix, from, handlers) => backend.watch(prefix, from, handlers),
    revision: () => backend.revision(),
    compact: revision => backend.compact(revision),
    check: () => backend.check(),
    close: () => backend.close(),
  };
  return { ...same, ...over };
}

suite('migrate into a store that decides for itself', () => {
  test('UIDs are its own, a status arrives, what it derives is compared and left', async t => {
    const [source, target, folder] = [memoryStore(), clusterLike(), newFolder(t)];
    const pool = objectOf('IPPool', 'p', { cidr: '10.0.0.0/24' }, { uid: 'u', labels: { a: 'b' } });
    pool.status = { conditions: [{ type: 'Allocatable', status: 'True' }] };
    await put(source, pool);
    await put(source, objectOf('Profile', 'kns.a', { labelsToApply: { x: 'y' } }, { uid: 'v' }));
    await put(source, objectOf('Profile', 'kns.b', { labelsToApply: { x: 'y' } }, { uid: 'w' }));
    await put(target, objectOf('Profile', 'kns.a', { labelsToApply: { x: 'y' } }, { uid: 'own' }));
    await put(target, objectOf('Profile', 'kns.c', { labelsToApply: { x: 'y' } }, { uid: 'own' }));
    for (const run of ['first', 'second']) {
      const result = await migrateStores(folder, source, target, { prune: true });
      assert.deepEqual(outcomes(result), [['derived', 'Profile kns.b']], run);
      assert.ok(succeeded(result));
      assert.equal(result.verified, 3);
      assert.equal(result.created, run === 'first' ? 1 : 0);
      assert.deepEqual([...result.lost], [['IPPool metadata.uid', 1]]);
    }
    const stored = JSON.parse((await contentOf(target)).get('IPPool /p')!);
    assert.deepEqual(stored.status, pool.status);
    assert.match(stored.metadata.uid, /^own-/);

    // An equal object that nobody has brought is not removed when the source's goes.
    const twin = objectOf('Tier', 't', { order: 1, defaultAction: 'Deny' });
    await put(source, { ...copy(twin), metadata: { name: 't', uid: 'x' } });
    await put(target, twin);
    assert.ok(succeeded(await migrateStores(folder, source, target)));
    await remove(source, twin);
    await remove(source, pool);
    const result = await migrateStores(folder, source, target);
    assert.deepEqual(outcomes(result), [
      ['onlyThere', 'Tier t'],
      ['derived', 'Profile kns.b'],
    ]);
    assert.equal(result.deleted, 1);
  });

  const refusing: [string, Partial<Datastore>, RegExp][] = [
    [
      'it has no form for',
      {
        codecOf: kind => ({
          ...v3Codec(kind),
          encode: () => {
            throw new Error('labels have no place there');
          },
        }),
      },
      /the target has no form for it: labels have no place/,
    ],
    [
      'are too large for it',
      {
        backend: passOn(memoryStore().backend, {
          write: async () => {
            throw new StorageError('TooLarge', 'more than 10 bytes');
          },
        }),
      },
      /more than 10 bytes/,
    ],
  ];
  for (const [name, over, message] of refusing) {
    test(`objects that ${name} are told`, async t => {
      const source = memoryStore();
      await put(source, set('a', '10.0.0.0/8'));
      const result = await migrateStores(newFolder(t), source, { ...memoryStore(), ...over });
      assert.deepEqual(outcomes(result), [['refused', 'GlobalNetworkSet a']]);
      assert.match(result.problems[0]!.problem, message);
      assert.equal(succeeded(result), false);
    });
  }

  test('fields that its layout drops are told, and those that it changes by itself are found', async t => {
    const dropping = memoryStore();
    const codecOf: Datastore['codecOf'] = kind => {
      const codec = v3Codec(kind);
      const encode = (object: ApiObject) => {
        const { finalizers: _, ...metadata } = object.metadata;
        return codec.encode({ ...object, metadata });
      };
      return { ...codec, encode };
    };
    const source = memoryStore();
    await put(source, set('a', '10.0.0.0/8', { finalizers: ['example.com/f'] }));
    const lossy = await migrateStores(newFolder(t), source, { ...dropping, codecOf });
    assert.ok(succeeded(lossy));
    assert.deepEqual([...lossy.lost], [['GlobalNetworkSet metadata.finalizers', 1]]);

    const meddling = memoryStore();
    const write: Backend['write'] = operation => {
      if (operation.type === 'delete') return meddling.backend.write(operation);
      const text = Buffer.from(operation.value).toString().replace('10.0.0.0/8', '0.0.0.0/0');
      return meddling.backend.write({ ...operation, value: Buffer.from(text) });
    };
    const target = { ...meddling, backend: passOn(meddling.backend, { write }) };
    const replaced = await migrateStores(newFolder(t), source, target, { onConflict: 'replace' });
    assert.deepEqual(outcomes(replaced), [['differs', 'GlobalNetworkSet a']]);
    assert.match(replaced.problems[0]!.problem, /other spec\.nets/);
  });
});

test('a time that the source makes up in each process is taken once', async t => {
  const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
  let starts = 0;
  /** Opened as by another process each time. */
  const opened = (): Datastore => {
    const creationTimestamp = `2026-01-01T00:00:0${++starts}Z`;
    const codecOf: Datastore['codecOf'] = kind => {
      const codec = v3Codec(kind);
      const decode = (entry: Entry) => {
        const object = codec.decode(entry);
        return { ...object, metadata: { ...object.metadata, creationTimestamp } };
      };
      return { ...codec, decode };
    };
    return { ...source, codecOf, decides: () => ['creationTimestamp'] };
  };
  await put(source, set('a', '10.0.0.0/8'));
  for (const [net, updated] of [
    ['10.0.0.0/8', 0],
    ['10.0.0.0/8', 0],
    ['11.0.0.0/8', 1],
  ] as const) {
    await put(source, set('a', net));
    const result = await migrateStores(folder, opened(), target);
    assert.ok(succeeded(result));
    assert.deepEqual([result.updated, result.verified, [...result.lost]], [updated, 1, []]);
    assert.match((await contentOf(target)).get('GlobalNetworkSet /a')!, /2026-01-01T00:00:01Z/);
  }
});

suite('migrate from a store in use', () => {
  test('it follows until told to end, over forgotten history and a store that is away for a while', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    let away = false;
    const write: Backend['write'] = (operation, guards) => {
      if (away) throw new StorageError('Unavailable', 'away');
      return target.backend.write(operation, guards);
    };
    await put(source, set('a', '10.0.0.0/8'));
    const end = Promise.withResolvers<void>();
    const caughtUp = Promise.withResolvers<Result>();
    const running = migrateStores(
      folder,
      source,
      { ...target, backend: passOn(target.backend, { write }) },
      { follow: { until: end.promise, caughtUp: caughtUp.resolve } },
    );
    assert.equal((await caughtUp.promise).verified, 1);
    away = true;
    await put(source, set('b', '10.0.0.0/8'));
    await remove(source, set('a', ''));
    await source.backend.compact(await source.backend.revision());
    await setTimeout(20);
    away = false;
    while ((await contentOf(target)).size !== 1 || !(await contentOf(target)).has('GlobalNetworkSet /b')) {
      await setTimeout(5);
    }
    await put(source, set('c', '10.0.0.0/8'));
    end.resolve();
    const result = await running;
    assert.ok(succeeded(result));
    assert.equal(result.verified, 2);
    assert.deepEqual(await contentOf(target), await contentOf(source));
  });

  test('killed at random points under writes, and repeated: nothing is lost, nothing is left', async t => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    t.diagnostic(`SEED=${seed}`);
    const random = randomOf(seed);
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    for (let index = 0; index < 150; index++) await put(source, set(`n${index}`, '10.0.0.0/8'));
    let writing = true;
    const writer = (async () => {
      for (let number = 0; writing; number++) {
        const name = `n${Math.floor(random() * 200)}`;
        if (random() < 0.3) await remove(source, set(name, ''));
        else await put(source, set(name, `10.${number % 250}.0.0/16`));
        await setTimeout();
      }
    })();
    let kills = 0;
    for (let run = 0; run < 25; run++) {
      const result = migrateStores(folder, source, {
        ...target,
        backend: dying(target.backend, Math.floor(random() * 15), random() < 0.5),
      });
      await result.catch(error => {
        assert.match(String(error), /killed/);
        kills++;
      });
    }
    writing = false;
    await writer;
    const result = await migrateStores(folder, source, target);
    assert.deepEqual(outcomes(result), []);
    assert.equal(result.stillChanging, 0);
    assert.deepEqual(await contentOf(target), await contentOf(source));
    // 150 objects, at most 15 a run.
    assert.ok(kills >= 9, `${kills} kills`);
  });

  test('it ends under writes that do not', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    let number = 0;
    // Whoever reads the target gives the source's writer a turn: there is always something new.
    const list: Backend['list'] = async (prefix, options) => {
      await put(source, set('a', `10.${++number % 250}.0.0/16`));
      return target.backend.list(prefix, options);
    };
    await put(source, set('a', '10.0.0.0/8'));
    await put(source, set('b', '10.0.0.0/8'));
    const result = await migrateStores(folder, source, {
      ...target,
      backend: passOn(target.backend, { list }),
    });
    assert.ok(succeeded(result));
    assert.equal(result.stillChanging, 1);
    assert.ok(result.verified >= 1);
    assert.deepEqual(await contentOf(target), await contentOf(source));
  });

  test('the signal ends it between two writes, and the next run goes on', async t => {
    const [source, target, folder] = [memoryStore(), memoryStore(), newFolder(t)];
    for (let index = 0; index < 100; index++) await put(source, set(`n${index}`, '10.0.0.0/8'));
    const stop = new AbortController();
    const write: Backend['write'] = async (operation, guards) => {
      const entry = await target.backend.write(operation, guards);
      if (entry.revision === 50) stop.abort(new Error('ended by SIGTERM'));
      return entry;
    };
    const cut = migrateStores(
      folder,
      source,
      { ...target, backend: passOn(target.backend, { write }) },
      { signal: stop.signal },
    );
    await assert.rejects(cut, /ended by SIGTERM/);
    const before = (await contentOf(target)).size;
    assert.ok(before >= 49 && before < 100, `${before} copied`);
    const result = await migrateStores(folder, source, target);
    assert.equal(result.created, 100 - before);
    assert.equal(result.verified, 100);
  });
});

/** A store whose user is killed at the write of that number, before or after it is committed. */
function dying(backend: Backend, at: number, committed: boolean): Backend {
  let writes = 0;
  return passOn(backend, {
    write: async (write, guards) => {
      if (++writes > at) {
        if (writes === at + 1 && committed) await backend.write(write, guards).catch(() => {});
        throw new Error('killed');
      }
      return backend.write(write, guards);
    },
  });
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

suite('the journal', () => {
  const route = { from: 'a', to: 'b' };

  test('is read again, half a line at its end or not, and has each object once', t => {
    const path = join(newFolder(t), 'journal');
    const first = new Journal(path, route);
    for (const state of ['1', '2', '3', '4', '4', '5']) first.note('x', state);
    first.note('y', '1');
    first.note('z', '1');
    first.forget('y');
    first.close();
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"id":"z","st`);
    const second = new Journal(path, route);
    second.close();
    assert.deepEqual(
      ['1', '2', '3', '4', '5'].filter(state => second.has('x', state)),
      ['3', '4', '5'],
    );
    assert.equal(second.has('y', '1'), false);
    assert.equal(second.has('z', '1'), true);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 1 + 3 + 1 + 1);
  });

  const wrong: [string, string, RegExp][] = [
    ['another file', 'hello\n', /is no journal of a migration/],
    ['an empty file', '', /is no journal of a migration/],
    [
      'that of other stores',
      '{"title":"journal of a migration by tortie","version":1,"from":"a","to":"c"}\n',
      /is the journal of a migration from a to c/,
    ],
    [
      'that of a newer version',
      '{"title":"journal of a migration by tortie","version":2,"from":"a","to":"b"}\n',
      /another version/,
    ],
  ];
  for (const [name, text, message] of wrong) {
    test(`is not taken from ${name}`, t => {
      const path = join(newFolder(t), 'journal');
      writeFileSync(path, text);
      assert.throws(() => new Journal(path, route), message);
      assert.equal(readFileSync(path, 'utf8'), text);
    });
  }
});
