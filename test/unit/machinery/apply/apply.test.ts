import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../../src/limits.ts';
import { emptySet, sameSet } from '../../../../src/machinery/apply/field-set.ts';
import { resetFields, type Tracking } from '../../../../src/machinery/apply/track.ts';
import { copy, equal } from '../../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import { StatusError } from '../../../../src/machinery/status.ts';
import { objectShape } from '../../../../src/schema/merge-shape.ts';
import {
  applyConfiguration,
  difference,
  fieldsOf,
  ownable,
  parseManagers,
  recursiveDifference,
  trackUpdate,
  union,
} from './at-once.ts';
import { apiVersion, by, schema, shape, specs, thing } from './shapes-of-tests.ts';

const early = '2026-01-01T00:00:00Z';
const late = '2026-01-02T00:00:00Z';

function apply(
  live: ApiObject | undefined,
  manager: string,
  spec: Json,
  rest: Partial<Tracking> = {},
): ApiObject {
  return applyConfiguration(by(manager, rest), live, thing(spec as JsonObject) as unknown as Json, {
    force: false,
  });
}

function force(live: ApiObject | undefined, manager: string, spec: Json): ApiObject {
  return applyConfiguration(by(manager), live, thing(spec as JsonObject) as unknown as Json, { force: true });
}

/** An object after a create or an update. */
function update(
  live: ApiObject | undefined,
  manager: string,
  spec: JsonObject,
  rest: Partial<Tracking> = {},
): ApiObject {
  const next = thing(spec, live ? { uid: 'u' } : {});
  const managers = trackUpdate(by(manager, rest), live, next);
  if (managers) next.metadata.managedFields = managers;
  return next;
}

/** What each manager owns of spec. */
function owned(object: ApiObject): Record<string, Json> {
  const entries = (object.metadata.managedFields ?? []) as JsonObject[];
  return Object.fromEntries(
    entries.map(({ manager, fieldsV1 }) => [manager as string, (fieldsV1 as JsonObject)['f:spec'] ?? null]),
  );
}

function refusal(work: () => unknown): StatusError['status'] {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  assert.fail('was not refused');
}

suite('apply', () => {
  test('makes an object of a configuration, and an entry with its fields', () => {
    const object = apply(undefined, 'm', {
      note: 'x',
      whole: [1, 2],
      distinct: ['b', 'a'],
      ports: [{ port: 80, name: 'web' }],
      free: { k: 'v' },
      one: { a: 'x' },
      inner: {},
    });
    assert.deepEqual(object.metadata.managedFields, [
      {
        manager: 'm',
        operation: 'Apply',
        apiVersion,
        time: early,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:distinct': { 'v:"a"': {}, 'v:"b"': {} },
            'f:free': { 'f:k': {} },
            'f:inner': {},
            'f:note': {},
            'f:one': {},
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
            'f:whole': {},
          },
        },
      },
    ]);
  });

  test('twice is as once, the time stays', () => {
    const once = apply(undefined, 'm', { note: 'x' });
    assert.deepEqual(apply(once, 'm', { note: 'x' }, { now: late }), once);
  });

  test('a second manager of the same value owns it too, without a time: it has changed nothing', () => {
    const shared = apply(apply(undefined, 'a', { note: 'x' }), 'b', { note: 'x' }, { now: late });
    const [first, second] = shared.metadata.managedFields as JsonObject[];
    assert.equal(first!.manager, 'b');
    assert.equal(first!.time, undefined);
    assert.equal(second!.time, early);
    assert.deepEqual(owned(shared), { a: { 'f:note': {} }, b: { 'f:note': {} } });
  });

  test('what a manager gives up goes, unless another owns it', () => {
    const both = apply(apply(undefined, 'a', { note: 'x', count: 1, on: true }), 'b', { count: 1 });
    const given = apply(both, 'a', { on: true }, { now: late });
    assert.deepEqual(given.spec, { on: true, count: 1 });
    assert.deepEqual(owned(given), { a: { 'f:on': {} }, b: { 'f:count': {} } });
    assert.deepEqual(apply(given, 'b', {}).spec, { on: true });
  });

  test('what an updater owns stays, too', () => {
    const created = update(undefined, 'u', { count: 1 });
    const shared = apply(created, 'a', { count: 1, note: 'x' });
    assert.deepEqual(apply(shared, 'a', {}).spec, { count: 1 });
  });

  test('what nobody owns goes with the list or struct that its last owner gives up, and stays beside it', () => {
    const applied = apply(undefined, 'a', { ports: [{ port: 80 }], inner: { a: 'x' } });
    const live = {
      ...applied,
      spec: {
        ports: [{ port: 80, protocol: 'TCP' }, { port: 81 }],
        inner: { a: 'x', b: 'y' },
        note: 'z',
      },
    };
    assert.deepEqual(apply(live, 'a', { on: true }).spec, { note: 'z', on: true });
    const shared = apply(live, 'b', { inner: { b: 'y' }, ports: [{ port: 81 }] });
    assert.deepEqual(apply(shared, 'a', { on: true }).spec, {
      note: 'z',
      inner: { b: 'y' },
      ports: [{ port: 81 }],
      on: true,
    });
  });

  test('what is emptied is an empty object, not null', () => {
    const applied = apply(undefined, 'a', { note: 'x' });
    assert.deepEqual(apply(applied, 'a', {}).spec, {});
    const list = apply(undefined, 'a', { distinct: ['x'] });
    assert.deepEqual(apply(list, 'a', { distinct: [] }).spec, { distinct: [] });
    assert.deepEqual(apply(apply(list, 'b', { note: 'x' }), 'a', {}).spec, { note: 'x' });
  });

  const orders: [what: string, live: string[], applied: string[], result: string[]][] = [
    ['others stay where they are', ['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd']],
    ['shared ones come in the order that is applied', ['a', 'b', 'c'], ['c', 'a'], ['b', 'c', 'a']],
    ['new ones come where they are applied', ['a', 'b'], ['x', 'b', 'y'], ['a', 'x', 'b', 'y']],
    ['as applied, with another in between', ['a', 'b', 'c'], ['a', 'c', 'x'], ['a', 'b', 'c', 'x']],
  ];
  for (const [what, live, applied, result] of orders) {
    test(`items of lists: ${what}`, () => {
      const merged = apply(update(undefined, 'u', { distinct: live }), 'a', { distinct: applied });
      assert.deepEqual((merged.spec as JsonObject).distinct, result);
    });
  }

  test('items of one key are merged, its default counts', () => {
    const created = update(undefined, 'u', { ports: [{ port: 1, protocol: 'TCP', name: 'old' }] });
    const merged = force(created, 'a', {
      ports: [
        { port: 1, name: 'new' },
        { port: 1, protocol: 'UDP' },
      ],
    });
    assert.deepEqual((merged.spec as JsonObject).ports, [
      { port: 1, protocol: 'TCP', name: 'new' },
      { port: 1, protocol: 'UDP' },
    ]);
  });

  test('integers beyond 2^53 are told apart', () => {
    const created = update(undefined, 'u', { ports: [{ port: 9007199254740992 }] });
    const merged = apply(created, 'a', { ports: [{ port: 9007199254740993n }] });
    assert.equal(((merged.spec as JsonObject).ports as Json[]).length, 2);
  });

  const refused: [what: string, configuration: Json, message: string][] = [
    ['nothing', {}, 'invalid object type: /, Kind='],
    ['another kind', { apiVersion, kind: 'Other' }, 'invalid object type: example.org/v1, Kind=Other'],
    ['another version', { apiVersion: 'v2', kind: 'Thing' }, 'invalid object type: /v2, Kind=Thing'],
    [
      'managedFields',
      { apiVersion, kind: 'Thing', metadata: { managedFields: [] } },
      'metadata.managedFields must be nil',
    ],
    [
      'an unknown field',
      thing({ odd: 1 }, { namespace: 'n' }) as unknown as Json,
      'failed to create typed patch object (n/a; example.org/v1, Kind=Thing): .spec.odd: field not declared in schema',
    ],
    [
      'several problems',
      thing({ note: 1, on: 'x', count: [1] }) as unknown as Json,
      'failed to create typed patch object (/a; example.org/v1, Kind=Thing): errors:\n' +
        '  .spec.note: expected string, got &value.valueUnstructured{Value:1}\n' +
        '  .spec.on: expected boolean, got &{x}\n' +
        '  .spec.count: expected numeric (int or float), got []interface {}',
    ],
    [
      'an item twice, by a default',
      thing({ ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] }) as unknown as Json,
      'failed to create typed patch object (/a; example.org/v1, Kind=Thing): .spec.ports: ' +
        'duplicate entries for key [port=1,protocol="TCP"]',
    ],
    [
      'an item of a set that is no scalar',
      thing({ distinct: [{}] }) as unknown as Json,
      'failed to create typed patch object (/a; example.org/v1, Kind=Thing): .spec.distinct: ' +
        "element 0: associative list without keys has an element that's a map type",
    ],
  ];
  for (const [what, configuration, message] of refused) {
    test(`${what} is refused`, () => {
      const status = refusal(() => applyConfiguration(by('m'), undefined, configuration, { force: true }));
      assert.deepEqual([status.code, status.message], [400, message]);
    });
  }
});

suite('conflicts', () => {
  const updated = update(undefined, 'edit', { note: 'x', count: 1, distinct: ['a'], one: { a: 'x' } });

  test('one names manager, version and field', () => {
    const status = refusal(() => apply(updated, 'a', { note: 'y' }));
    assert.equal(status.code, 409);
    assert.equal(status.reason, 'Conflict');
    assert.equal(
      status.message,
      'Apply failed with 1 conflict: conflict with "edit" using example.org/v1: .spec.note',
    );
    assert.deepEqual(status.details, {
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "edit" using example.org/v1',
          field: '.spec.note',
        },
      ],
    });
  });

  test('several are told by manager, each with its fields', () => {
    const shared = apply(updated, 'b', { count: 1, ports: [{ port: 1, name: 'x' }] });
    const status = refusal(() =>
      apply(shared, 'a', { count: 2, one: { b: 'x' }, ports: [{ port: 1, name: 'y' }] }),
    );
    assert.equal(
      status.message,
      'Apply failed with 4 conflicts: conflicts with "b":\n' +
        '- .spec.count\n' +
        '- .spec.ports[port=1,protocol="TCP"].name\n' +
        'conflicts with "edit" using example.org/v1:\n' +
        '- .spec.count\n' +
        '- .spec.one',
    );
    assert.equal(status.details?.causes?.length, 4);
  });

  test('a manager of a subresource is told with it', () => {
    const status = { ...by('ctl', { subresource: 'status', reset: resetFields.allButStatus }) };
    const live = { ...updated, status: { ready: true } };
    live.metadata = { ...updated.metadata, managedFields: trackUpdate(status, updated, live)! };
    const configuration = { ...thing({}), status: { ready: false } } as unknown as Json;
    assert.equal(
      refusal(() => applyConfiguration({ ...status, manager: 'a' }, live, configuration, { force: false }))
        .message,
      'Apply failed with 1 conflict: conflict with "ctl" with subresource "status" using example.org/v1: .status.ready',
    );
  });

  test("the same value and an item of one's own are none", () => {
    assert.deepEqual(owned(apply(updated, 'a', { note: 'x', distinct: ['b'] })).a, {
      'f:distinct': { 'v:"b"': {} },
      'f:note': {},
    });
  });

  test('by force the others lose what is taken, and nothing else', () => {
    const taken = force(updated, 'a', { note: 'y' });
    assert.deepEqual(owned(taken), {
      a: { 'f:note': {} },
      edit: { '.': {}, 'f:count': {}, 'f:distinct': { '.': {}, 'v:"a"': {} }, 'f:one': {} },
    });
  });

  test('kubectl takes what client-side apply has left, and no more', () => {
    const note = 'kubectl.kubernetes.io/last-applied-configuration';
    const lastApplied = JSON.stringify(thing({ note: 'x', count: 1 }));
    const live = copy(updated);
    live.metadata.annotations = { [note]: lastApplied };
    const applied = apply(live, 'kubectl', { note: 'y', count: 2 });
    assert.deepEqual(applied.spec, { ...(live.spec as JsonObject), note: 'y', count: 2 });
    assert.deepEqual(JSON.parse(applied.metadata.annotations![note]!), thing({ note: 'y', count: 2 }));
    (live.spec as JsonObject).count = 7;
    const message = refusal(() => apply(live, 'kubectl', { note: 'y', count: 2 })).message!;
    assert.match(message, /^Apply failed with 1 conflict: .*: \.spec\.count$/);
    assert.match(refusal(() => apply(live, 'other', { note: 'y' })).message!, /\.spec\.note$/);
    for (const unread of [
      '{',
      '{"apiVersion":"v1","kind":"Thing"}',
      '{"apiVersion":"example.org/v1","kind":"Thing","odd":1}',
    ]) {
      live.metadata.annotations = { [note]: unread };
      assert.match(refusal(() => apply(live, 'kubectl', { note: 'y' })).message!, /\.spec\.note$/);
    }
  });

  test('a note that would be too large goes', () => {
    const live = copy(updated);
    live.metadata.annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      big: 'x'.repeat(200_000),
    };
    const applied = force(live, 'kubectl', { distinct: ['y'.repeat(100_000)] });
    assert.deepEqual(Object.keys(applied.metadata.annotations!), ['big']);
  });
});

suite('what updates leave', () => {
  test('a create owns all that it sets', () => {
    const created = update(undefined, '', { note: 'x', inner: {} });
    assert.deepEqual(owned(created), { unknown: { '.': {}, 'f:inner': {}, 'f:note': {} } });
  });

  test('a change moves to who made it; what is removed belongs to nobody', () => {
    const created = update(undefined, 'a', { note: 'x', count: 1, on: true });
    const changed = update(created, 'b', { note: 'y', count: 1 }, { now: late });
    assert.deepEqual(owned(changed), { a: { '.': {}, 'f:count': {} }, b: { 'f:note': {} } });
    assert.deepEqual(
      changed.metadata.managedFields!.map(({ manager, time }) => [manager, time]),
      [
        ['a', early],
        ['b', late],
      ],
    );
  });

  test('what is not changed leaves entries and times alone', () => {
    const created = update(undefined, 'a', { note: 'x' });
    const again = update(created, 'a', { note: 'x' }, { now: late });
    assert.deepEqual(again.metadata.managedFields, created.metadata.managedFields);
    const removed = update(
      update(undefined, 'a', { note: 'x', on: true }),
      'b',
      { note: 'x' },
      { now: late },
    );
    assert.deepEqual(
      removed.metadata.managedFields!.map(({ manager, time }) => [manager, time]),
      [['a', early]],
    );
  });

  test('an object that is not tracked stays so until it is applied to', () => {
    const untracked = thing({ note: 'x' });
    assert.equal(update(untracked, 'a', { note: 'y' }).metadata.managedFields, undefined);
    assert.deepEqual(owned(apply(untracked, 'a', { on: true })), {
      a: { 'f:on': {} },
      'before-first-apply': { '.': {}, 'f:note': {} },
    });
  });

  test('a list that ends tracking, one that replaces it, and one that cannot be read', () => {
    const created = update(undefined, 'a', { note: 'x' });
    const after = (managedFields: Json) => {
      const next = thing({ note: 'x' }, { managedFields });
      return trackUpdate(by('b'), created, next)?.map(({ manager }) => manager);
    };
    const moved = { ...created.metadata.managedFields![0], manager: 'moved' } as JsonObject;
    assert.equal(after([]), undefined);
    assert.equal(after([{}]), undefined);
    assert.deepEqual(after([moved]), ['moved']);
    for (const odd of [
      { ...moved, operation: 'Odd' },
      { ...moved, fieldsV1: { odd: {} } },
      { ...moved, apiVersion: '' },
      { ...moved, fieldsType: 'V2' },
    ]) {
      assert.deepEqual(after([odd]), ['a']);
    }
    assert.deepEqual(
      trackUpdate(
        by('b', { subresource: 'status' }),
        created,
        thing({ note: 'x' }, { managedFields: [moved] }),
      )?.map(({ manager }) => manager),
      ['a'],
    );
  });

  test('managers of a version that is not served go', () => {
    const created = update(undefined, 'a', { note: 'x' });
    const managers = [
      ...created.metadata.managedFields!,
      { ...created.metadata.managedFields![0]!, manager: 'old', apiVersion: 'v0' },
    ];
    const live = { ...created, metadata: { ...created.metadata, managedFields: managers } };
    assert.deepEqual(Object.keys(owned(update(live, 'b', { note: 'x', on: true }))), ['a', 'b']);
    assert.deepEqual(Object.keys(owned(apply(live, 'b', { on: true }))), ['b', 'a']);
  });

  test('a set below what is taken as one counts as the whole', () => {
    const live = thing(
      { one: { a: 'x' }, whole: [1] },
      {
        uid: 'u',
        managedFields: [
          {
            manager: 'old',
            operation: 'Apply',
            apiVersion,
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:one': { 'f:a': {} }, 'f:whole': { 'i:0': {} } } },
          },
        ],
      },
    );
    assert.deepEqual(owned(update(live, 'b', { one: { a: 'x' }, whole: [1], on: true })), {
      old: { 'f:one': {}, 'f:whole': {} },
      b: { 'f:on': {} },
    });
  });

  test('the oldest of too many become one', () => {
    let object = update(undefined, 'm0', { free: { m0: 'x' } });
    for (let index = 1; index <= limits.maxUpdateManagers + 1; index++) {
      const free = { ...((object.spec as JsonObject).free as JsonObject), [`m${index}`]: 'x' };
      object = update(
        object,
        `m${index}`,
        { free },
        { now: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z` },
      );
    }
    const managers = object.metadata.managedFields!;
    assert.equal(managers.length, limits.maxUpdateManagers);
    assert.deepEqual(
      [managers[0]!.manager, managers[0]!.time, (managers[0]!.fieldsV1 as JsonObject)['f:spec']],
      [
        'ancient-changes',
        '2026-01-01T00:00:02Z',
        { '.': {}, 'f:free': { '.': {}, 'f:m0': {}, 'f:m1': {}, 'f:m2': {} } },
      ],
    );
  });

  test('each half of an object with a status is tracked by itself', () => {
    const created = update(undefined, 'a', { note: 'x' });
    const next = {
      ...created,
      metadata: { ...created.metadata, labels: { x: '1' } },
      spec: { note: 'y' },
      status: { ready: true },
    };
    const main = trackUpdate(by('a'), created, next)!;
    assert.deepEqual(
      main.map(({ fieldsV1 }) => Object.keys(fieldsV1 as object)),
      [['f:metadata', 'f:spec']],
    );
    const status = trackUpdate(
      by('a', { subresource: 'status', reset: resetFields.allButStatus }),
      created,
      next,
    )!;
    assert.deepEqual(
      status.map(({ subresource, fieldsV1 }) => [subresource, Object.keys(fieldsV1 as object)]),
      [
        [undefined, ['f:spec']],
        ['status', ['f:status']],
      ],
    );
  });

  test('items that are there twice do not stop it, nor such as have no key', () => {
    const created = update(undefined, 'a', { distinct: ['x', 'x', 'y'] });
    assert.deepEqual(owned(created), { a: { '.': {}, 'f:distinct': { '.': {}, 'v:"x"': {}, 'v:"y"': {} } } });
    assert.deepEqual(owned(update(created, 'b', { distinct: ['x', 'y'] })), {
      a: { '.': {}, 'f:distinct': { '.': {}, 'v:"y"': {} } },
      b: { 'f:distinct': { 'v:"x"': {} } },
    });
    assert.equal(update(undefined, 'a', { ports: [null] as Json }).metadata.managedFields, undefined);
  });
});

suite('whatever is applied', () => {
  const managers = fc.constantFrom('a', 'b', 'c');
  const writes = fc.array(fc.tuple(managers, specs, fc.boolean()), { minLength: 1, maxLength: 6 });

  /** The object after some writes, by update where that is told. */
  function after(all: [string, JsonObject, boolean][]): ApiObject | undefined {
    let object: ApiObject | undefined;
    for (const [manager, spec, isUpdate] of all) {
      object = isUpdate ? update(object, manager, copy(spec)) : force(object, manager, copy(spec));
    }
    return object;
  }

  test('twice is as once; the inputs are not changed', () => {
    fc.assert(
      fc.property(writes, managers, specs, (all, manager, spec) => {
        const live = after(all);
        const before = copy(live);
        const once = force(live, manager, spec);
        assert.deepEqual(live, before);
        assert.ok(equal(force(once, manager, spec), once));
      }),
    );
  });

  test('the result has all that is applied, and the manager owns that and nothing else', () => {
    fc.assert(
      fc.property(writes, managers, specs, (all, manager, spec) => {
        const result = force(after(all), manager, spec);
        const config = thing(spec) as unknown as Json;
        const fields = ownable(fieldsOf(shape, config));
        const mine = parseManagers(
          (result.metadata.managedFields ?? []).filter(
            entry => entry.manager === manager && entry.operation === 'Apply',
          ),
        );
        const [own] = [...mine.values()];
        if (fields.size === 0) assert.equal(own, undefined);
        else assert.ok(sameSet(own!.fields, fields));
        const again = applyConfiguration(by(manager), result, config, { force: false });
        assert.ok(equal(again.spec, result.spec));
      }),
    );
  });

  test('nobody owns what is not there, and what a manager gives up is there only for others', () => {
    fc.assert(
      fc.property(writes, managers, specs, (all, manager, spec) => {
        const live = after(all);
        const result = force(live, manager, spec);
        const { managedFields: _, ...metadata } = result.metadata;
        const there = fieldsOf(shape, { ...result, metadata } as unknown as Json);
        const withParents = union(there, fieldsOf(objectShape(schema), thing({}) as unknown as Json));
        for (const { name, fields } of parseManagers(result.metadata.managedFields ?? []).values()) {
          // A struct of which somebody owns something is no leaf of the object.
          const gone = difference(fields, withParents);
          for (const [step, node] of gone) assert.ok(!node.member || step === 'f:spec', `${name}: ${step}`);
        }
      }),
    );
  });

  test('without force it is refused, or others keep what they own but for what is within an item that goes', () => {
    const setsOf = (object: ApiObject | undefined) => parseManagers(object?.metadata.managedFields ?? []);
    fc.assert(
      fc.property(writes, managers, specs, (all, manager, spec) => {
        const live = after(all);
        let result: ApiObject;
        try {
          result = applyConfiguration(by(manager), live, thing(spec) as unknown as Json, { force: false });
        } catch (error) {
          assert.ok(error instanceof StatusError && error.status.reason === 'Conflict');
          return;
        }
        const [before, now] = [setsOf(live), setsOf(result)];
        const own = [...before.keys(), ...now.keys()].find(id => isApplier(id, manager)) ?? '';
        const given = difference(before.get(own)?.fields ?? emptySet, now.get(own)?.fields ?? emptySet);
        for (const [id, { fields }] of before) {
          if (id === own) continue;
          const lost = difference(fields, now.get(id)?.fields ?? emptySet);
          assert.equal(recursiveDifference(lost, given).size, 0, id);
        }
      }),
    );
  });

  function isApplier(id: string, name: string): boolean {
    const { manager, operation } = JSON.parse(id);
    return manager === name && operation === 'Apply';
  }
});
