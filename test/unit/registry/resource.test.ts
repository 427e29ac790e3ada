import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Kind } from '../../../src/kinds/kind.ts';
import { decode } from '../../../src/machinery/decode.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { ListOptions } from '../../../src/machinery/options.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { Resource, type WriteOptions } from '../../../src/registry/resource.ts';
import { boolean, integer, object, oneOf, string } from '../../../src/schema/build.ts';
import { defineRule } from '../../../src/schema/rule.ts';
import type { Backend } from '../../../src/storage/backend.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';
import { WatchCache } from '../../../src/watch/cache.ts';
import { HistoryPool } from '../../../src/watch/history.ts';
import { objectEncoder } from '../../../src/watch/stream.ts';

const sizeOf = (of: ApiObject | undefined) => (of?.spec as { size?: number } | undefined)?.size;

const mayNotShrink = defineRule({
  id: 'may-not-shrink',
  says: 'The size may not become less.',
  source: 'for tests',
  check: (_value, { object, old }) => {
    const [next, before] = [sizeOf(object), sizeOf(old)];
    if (next === undefined || before === undefined || next >= before) return undefined;
    return { at: '.spec.size', value: next, detail: 'may not shrink' };
  },
  cases: { valid: [], invalid: [] },
});

/** A namespaced kind with a status, a default and a rule of its own. */
const gadget: Kind = {
  kind: 'Gadget',
  plural: 'gadgets',
  singular: 'gadget',
  shortNames: [],
  namespaced: true,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description: 'For tests.',
  schema: object(
    {
      spec: object(
        {
          mode: oneOf(['On', 'Off'], 'Mode.', { default: 'On' }),
          size: integer('Size.', { minimum: 0 }),
          note: string('Note.'),
        },
        'Spec.',
      ),
      status: object({ healthy: boolean('Whether it works.') }, 'Status.'),
    },
    'For tests.',
    { rules: [mayNotShrink] },
  ),
  selectableFields: ['spec.mode'],
  columns: [],
  warnings: (next, old) => [
    ...((next.spec as { note?: string } | undefined)?.note === 'doubtful' ? ['spec.note: is doubtful'] : []),
    ...(old && sizeOf(old) !== sizeOf(next) ? ['spec.size: has changed'] : []),
  ],
  examples: { valid: [], invalid: [] },
};

const write: WriteOptions = { dryRun: false, fieldValidation: 'Strict' };
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

interface Setting {
  resource: Resource;
  backend: Backend;
  cache: WatchCache;
  warnings: string[];
  context: { warn(text: string): void; signal: AbortSignal };
  create(object: unknown, options?: Partial<WriteOptions>): Promise<ApiObject>;
  update(object: ApiObject, options?: Partial<WriteOptions>, subresource?: '' | 'status'): Promise<ApiObject>;
  merge(name: string, patch: unknown, options?: Partial<WriteOptions>): Promise<ApiObject>;
  close(): void;
}

function body(value: unknown) {
  return decode(Buffer.from(JSON.stringify(value)), 'application/json');
}

async function setUp(): Promise<Setting> {
  const backend = createMemoryBackend();
  const codec = v3Codec({ kind: 'Gadget', plural: 'gadgets', namespaced: true, hasInt64: false });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const cache = new WatchCache({
    backend,
    codec,
    hasInt64: false,
    plural: 'gadgets',
    fieldsOf: of => ({ 'spec.mode': String((of.spec as { mode?: string } | undefined)?.mode ?? '') }),
    bounds: {
      historyMs: 60_000,
      historyEvents: 100,
      bookmarkIntervalMs: 1 << 30,
      maxBufferBytes: 1 << 20,
    },
    histories: new HistoryPool(1 << 20),
    log,
  });
  await cache.start();
  const resource = new Resource({ kind: gadget, backend, codec, cache });
  const warnings: string[] = [];
  const context = { warn: (text: string) => void warnings.push(text), signal: new AbortController().signal };
  const target = (name: string, subresource: '' | 'status' = '') => ({ namespace: 'ns', name, subresource });
  return {
    resource,
    backend,
    cache,
    warnings,
    context,
    create: (value, options) => resource.create(context, 'ns', body(value), { ...write, ...options }),
    update: (value, options, subresource = '') =>
      resource.update(context, target(value.metadata.name!, subresource), body(value), {
        ...write,
        ...options,
      }),
    merge: (name, patch, options) =>
      resource.patch(
        context,
        target(name),
        { type: 'application/merge-patch+json', body: body(patch) },
        { ...write, ...options },
      ),
    close: () => cache.close(),
  };
}

/** The Status that a call is refused with. */
async function refusal(work: Promise<unknown>): Promise<StatusError['status']> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  assert.fail('was not refused');
}

const minimal = (name: string, spec: object = {}) => ({ metadata: { name }, spec });

suite('create', () => {
  test('fills what the system sets, ignores what only it may set', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create({
      metadata: {
        name: 'g',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 7,
        deletionTimestamp: '2001-01-01T00:00:00Z',
      },
      spec: { size: 1 },
      status: { healthy: true },
    });
    const { metadata } = created;
    assert.equal(created.kind, 'Gadget');
    assert.equal(created.apiVersion, 'projectcalico.org/v3');
    assert.equal(metadata.namespace, 'ns');
    assert.match(metadata.uid!, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    assert.notEqual(metadata.creationTimestamp, '2001-01-01T00:00:00Z');
    assert.equal(metadata.generation, 1);
    assert.equal(metadata.deletionTimestamp, undefined);
    assert.match(metadata.resourceVersion!, /^\d+$/);
    assert.deepEqual(created.spec, { size: 1, mode: 'On' });
    assert.equal(created.status, undefined);
  });

  const refused: [string, unknown, number, RegExp][] = [
    ['no name', { metadata: {} }, 422, /metadata\.name: Required value: name or generateName is required/],
    [
      'another kind',
      { kind: 'Widget', metadata: { name: 'g' } },
      400,
      /Widget in version "v3" cannot be handled as a Gadget/,
    ],
    [
      'another version',
      { apiVersion: 'x/v1', metadata: { name: 'g' } },
      400,
      /does not match the expected API version \(projectcalico\.org\/v3\)/,
    ],
    [
      'another namespace',
      { metadata: { name: 'g', namespace: 'other' } },
      400,
      /does not match the namespace sent on the request/,
    ],
    ['a list', [], 400, /must be of type Gadget/],
    [
      'an unknown field',
      minimal('g', { sise: 1 }),
      400,
      /strict decoding error: unknown field "spec\.sise"$/,
    ],
    [
      'an unknown metadata field',
      { metadata: { name: 'g', nmae: 'x' } },
      400,
      /unknown field "metadata\.nmae"$/,
    ],
    [
      'a version',
      { metadata: { name: 'g', resourceVersion: '1' } },
      400,
      /resourceVersion should not be set on objects to be created/,
    ],
    [
      'two problems',
      minimal('G', { mode: 'on', size: -1 }),
      422,
      /\[metadata\.name: .*spec\.mode: Unsupported value: "on": supported values: "On", "Off"/,
    ],
  ];
  for (const [what, value, code, message] of refused) {
    test(`refuses ${what}`, async t => {
      const setting = await setUp();
      t.after(setting.close);
      const status = await refusal(setting.create(value));
      assert.equal(status.code, code);
      assert.match(status.message!, message);
    });
  }

  test('unknown fields under Warn are told and dropped, under Ignore dropped', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const warned = await setting.create(minimal('a', { sise: 1 }), { fieldValidation: 'Warn' });
    assert.deepEqual(setting.warnings, ['unknown field "spec.sise"']);
    assert.deepEqual(warned.spec, { mode: 'On' });
    await setting.create(minimal('b', { sise: 1 }), { fieldValidation: 'Ignore' });
    assert.equal(setting.warnings.length, 1);
  });

  test('what is legal but probably wrong is told when it is written, and only then', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const doubtful = { metadata: { name: 'a' }, spec: { note: 'doubtful', size: 1 } };
    const stored = await setting.create(doubtful, { dryRun: true });
    assert.deepEqual(setting.warnings.splice(0), ['spec.note: is doubtful']);
    await refusal(setting.create({ ...doubtful, spec: { note: 'doubtful', size: -1 } }));
    assert.deepEqual(setting.warnings, [], 'what is refused is not warned of');
    const generated = { metadata: { generateName: 'g-' }, spec: { note: 'doubtful' } };
    await setting.create(generated);
    assert.deepEqual(setting.warnings.splice(0), ['spec.note: is doubtful']);
    const created = await setting.create(doubtful);
    setting.warnings.length = 0;
    await setting.update({ ...created, spec: { size: 2 } });
    await setting.merge('a', { spec: { size: 3 } });
    assert.deepEqual(setting.warnings.splice(0), ['spec.size: has changed', 'spec.size: has changed']);
    const latest = await setting.merge('a', { spec: { note: 'doubtful' } });
    setting.warnings.length = 0;
    await setting.update({ ...latest, status: { healthy: true } }, {}, 'status');
    assert.deepEqual(setting.warnings, [], 'who writes the status did not write the rest');
    assert.equal(stored.metadata.name, 'a');
  });

  test('an existing name is 409; one that is being deleted says so', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create({ metadata: { name: 'g', finalizers: ['x.org/f'] } });
    assert.equal(
      (await refusal(setting.create(minimal('g')))).message,
      'gadgets.projectcalico.org "g" already exists',
    );
    assert.equal((await refusal(setting.create(minimal('g'), { dryRun: true }))).reason, 'AlreadyExists');
    await setting.resource.delete('ns', 'g', { dryRun: false });
    const status = await refusal(setting.create(minimal('g')));
    assert.equal(status.message, 'object is being deleted: gadgets.projectcalico.org "g" already exists');
  });

  test('generateName makes names', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const one = await setting.create({ metadata: { generateName: 'gen-' } });
    const two = await setting.create({ metadata: { generateName: 'gen-' } });
    assert.match(one.metadata.name!, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.notEqual(one.metadata.name, two.metadata.name);
  });

  test('a dry run stores nothing', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const before = await setting.backend.revision();
    const dry = await setting.create(minimal('g'), { dryRun: true });
    assert.ok(dry.metadata.uid);
    assert.equal(dry.metadata.resourceVersion, undefined);
    assert.equal(await setting.backend.revision(), before);
    assert.equal((await refusal(setting.resource.get('ns', 'g', { resourceVersion: '' }))).code, 404);
  });
});

suite('update', () => {
  test('keeps what the system set; generation counts changes outside metadata and status', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g', { size: 1 }));
    const changed = await setting.update({
      ...created,
      metadata: {
        ...created.metadata,
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 9,
        labels: { a: 'b' },
      },
      spec: { size: 2 },
      status: { healthy: true },
    });
    assert.equal(changed.metadata.creationTimestamp, created.metadata.creationTimestamp);
    assert.equal(changed.metadata.uid, created.metadata.uid);
    assert.equal(changed.metadata.generation, 2);
    assert.equal(changed.status, undefined);
    assert.deepEqual(changed.spec, { size: 2, mode: 'On' });
    const labelled = await setting.update({
      ...changed,
      metadata: { ...changed.metadata, labels: { a: 'c' } },
    });
    assert.equal(labelled.metadata.generation, 2);
    assert.notEqual(labelled.metadata.resourceVersion, changed.metadata.resourceVersion);
  });

  test('the same object again writes nothing', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g', { size: 1 }));
    const before = await setting.backend.revision();
    const same = await setting.update(created);
    assert.deepEqual(same, created);
    assert.equal(await setting.backend.revision(), before);
  });

  test('status has a door of its own', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g', { size: 1 }));
    const told = await setting.update(
      {
        ...created,
        metadata: { ...created.metadata, labels: { no: 'no' } },
        spec: { size: 5 },
        status: { healthy: true },
      },
      {},
      'status',
    );
    assert.deepEqual(told.status, { healthy: true });
    assert.deepEqual(told.spec, created.spec);
    assert.equal(told.metadata.labels, undefined);
    assert.equal(told.metadata.generation, 1);
    const kept = await setting.update({ ...told, spec: { size: 3 } });
    assert.deepEqual(kept.status, { healthy: true });
  });

  test('refusals', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g', { size: 3 }));
    const update = (metadata: object, spec: object = created.spec as object) =>
      refusal(
        setting.resource.update(
          setting.context,
          { namespace: 'ns', name: 'g', subresource: '' },
          body({ ...created, metadata: { ...created.metadata, ...metadata }, spec }),
          write,
        ),
      );
    assert.match(
      (await update({ resourceVersion: '999' })).message!,
      /the object has been modified; please apply/,
    );
    const missing = await update({ resourceVersion: undefined });
    assert.equal(missing.code, 422);
    assert.equal(
      missing.message,
      'gadgets.projectcalico.org "g" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
    assert.match(
      (await update({ name: 'h' })).message!,
      /the name of the object \(h\) does not match the name on the URL \(g\)/,
    );
    assert.match(
      (await update({ uid: 'other' })).message!,
      /Precondition failed: UID in precondition: other/,
    );
    assert.match((await update({}, { size: 2 })).message!, /spec\.size: Invalid value: 2: may not shrink/);
    const absent = await refusal(
      setting.update({ ...created, metadata: { ...created.metadata, name: 'no' } }),
    );
    assert.equal(absent.message, 'gadgets.projectcalico.org "no" not found');
  });
});

suite('patch', () => {
  test('merge patch: sets, deletes, and writes nothing where nothing changes', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create({
      metadata: { name: 'g', labels: { a: '1', b: '2' } },
      spec: { size: 1 },
    });
    const patched = await setting.merge('g', {
      metadata: { labels: { a: null, c: '3' } },
      spec: { note: 'x' },
    });
    assert.deepEqual(patched.metadata.labels, { b: '2', c: '3' });
    assert.deepEqual(patched.spec, { size: 1, mode: 'On', note: 'x' });
    assert.equal(patched.metadata.uid, created.metadata.uid);
    const again = await setting.merge('g', { spec: { note: 'x' } });
    assert.equal(again.metadata.resourceVersion, patched.metadata.resourceVersion);
  });

  test('a version in the patch is a lock', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g'));
    const { resourceVersion } = created.metadata;
    await setting.merge('g', { metadata: { resourceVersion }, spec: { note: 'x' } });
    const status = await refusal(setting.merge('g', { metadata: { resourceVersion }, spec: { note: 'y' } }));
    assert.equal(status.reason, 'Conflict');
  });

  test('strict errors of a patch are 422', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create(minimal('g'));
    const status = await refusal(setting.merge('g', { spec: { nope: 1 } }));
    assert.equal(status.code, 422);
    assert.match(
      status.message!,
      /patch: Invalid value: .*strict decoding error: unknown field "spec\.nope"/,
    );
  });

  test('JSON patch', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create(minimal('g', { size: 1 }));
    const apply = (patch: unknown) =>
      setting.resource.patch(
        setting.context,
        { namespace: 'ns', name: 'g', subresource: '' },
        { type: 'application/json-patch+json', body: body(patch) },
        write,
      );
    const patched = await apply([
      { op: 'test', path: '/spec/size', value: 1 },
      { op: 'replace', path: '/spec/size', value: 4 },
    ]);
    assert.deepEqual(patched.spec, { size: 4, mode: 'On' });
    const status = await refusal(apply([{ op: 'test', path: '/spec/size', value: 1 }]));
    assert.equal(status.code, 422);
    assert.equal(status.message, 'the server rejected our request due to an error in our request');
  });

  test('fifty patches at once all land', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create(minimal('g'));
    await Promise.all(
      Array.from({ length: 50 }, (_unused, n) =>
        setting.merge('g', { metadata: { labels: { [`l${n}`]: 'x' } } }),
      ),
    );
    const entry = await setting.resource.get('ns', 'g', { resourceVersion: '' });
    assert.equal(Object.keys(entry.labels).length, 50);
  });
});

suite('delete', () => {
  test('at once, or marked while a finalizer holds it', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create(minimal('plain'));
    assert.equal((await setting.resource.delete('ns', 'plain', { dryRun: false })).removed, true);
    await setting.create({ metadata: { name: 'held', finalizers: ['x.org/f'] } });
    const first = await setting.resource.delete('ns', 'held', { dryRun: false });
    assert.equal(first.removed, false);
    assert.ok(first.object.metadata.deletionTimestamp);
    assert.equal(first.object.metadata.deletionGracePeriodSeconds, 0);
    assert.equal(first.object.metadata.generation, 2);
    const second = await setting.resource.delete('ns', 'held', { dryRun: false });
    assert.deepEqual(second.object, first.object);
    const more = await refusal(setting.merge('held', { metadata: { finalizers: ['x.org/f', 'x.org/g'] } }));
    assert.match(more.message!, /no new finalizers can be added if the object is being deleted/);
    const freed = await setting.merge('held', { metadata: { finalizers: null } });
    assert.equal(freed.metadata.name, 'held');
    assert.equal((await refusal(setting.resource.get('ns', 'held', { resourceVersion: '' }))).code, 404);
  });

  test('propagation policies set finalizers', async t => {
    const setting = await setUp();
    t.after(setting.close);
    for (const [policy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      await setting.create(minimal(finalizer.toLowerCase()));
      const { object: marked } = await setting.resource.delete('ns', finalizer.toLowerCase(), {
        dryRun: false,
        propagationPolicy: policy,
      });
      assert.deepEqual(marked.metadata.finalizers, [finalizer]);
    }
  });

  test('preconditions', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g'));
    const remove = (preconditions: { uid?: string; resourceVersion?: string }) =>
      setting.resource.delete('ns', 'g', { dryRun: false, preconditions });
    assert.match(
      (await refusal(remove({ uid: 'x' }))).message!,
      /^Operation cannot be fulfilled on Gadget\.projectcalico\.org "g": the UID in the precondition \(x\)/,
    );
    assert.match(
      (await refusal(remove({ resourceVersion: '1' }))).message!,
      /the ResourceVersion in the precondition \(1\)/,
    );
    await remove({ uid: created.metadata.uid!, resourceVersion: created.metadata.resourceVersion! });
    assert.equal((await refusal(remove({}))).code, 404);
  });

  test('a dry run deletes nothing', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create(minimal('g'));
    await setting.resource.delete('ns', 'g', { dryRun: true });
    assert.equal((await setting.resource.get('ns', 'g', { resourceVersion: '' })).name, 'g');
  });

  test('a collection by its selector', async t => {
    const setting = await setUp();
    t.after(setting.close);
    for (const n of [1, 2, 3])
      await setting.create({ metadata: { name: `g${n}`, labels: { odd: String(n % 2) } } });
    const { entries } = await setting.resource.deleteCollection(
      setting.context,
      'ns',
      { dryRun: false },
      { ...everything, labelSelector: 'odd=1' },
    );
    assert.deepEqual(
      entries.map(each => each.name),
      ['g1', 'g3'],
    );
    const rest = await setting.resource.list('', everything);
    assert.deepEqual(
      rest.entries.map(entry => entry.name),
      ['g2'],
    );
  });
});

suite('list', () => {
  test('pages of one snapshot while writes go on', async t => {
    const setting = await setUp();
    t.after(setting.close);
    for (let n = 0; n < 10; n++) await setting.create(minimal(`g${n}`));
    const names: string[] = [];
    let page = await setting.resource.list('ns', { ...everything, limit: 3 });
    const { resourceVersion } = page;
    assert.equal(page.remainingItemCount, 7);
    for (let n = 0; ; n++) {
      names.push(...page.entries.map(entry => entry.name));
      if (!page.continue) break;
      await setting.create(minimal(`g${n}x`));
      await setting.resource.delete('ns', `g${9 - n}`, { dryRun: false });
      page = await setting.resource.list('ns', { ...everything, limit: 3, continue: page.continue });
      assert.equal(page.resourceVersion, resourceVersion);
    }
    assert.deepEqual(
      names,
      Array.from({ length: 10 }, (_unused, n) => `g${n}`),
    );
  });

  test('a token whose snapshot is gone is 410 with one to go on from', async t => {
    const setting = await setUp();
    t.after(setting.close);
    for (let n = 0; n < 6; n++) await setting.create(minimal(`g${n}`));
    const page = await setting.resource.list('ns', { ...everything, limit: 3 });
    for (let n = 0; n < 120; n++) await setting.merge('g0', { spec: { note: String(n) } });
    await setting.backend.compact(await setting.backend.revision());
    const status = await refusal(
      setting.resource.list('ns', { ...everything, limit: 3, continue: page.continue! }),
    );
    assert.equal(status.reason, 'Expired');
    const rest = await setting.resource.list('ns', { ...everything, continue: status.metadata.continue! });
    assert.deepEqual(
      rest.entries.map(entry => entry.name),
      ['g3', 'g4', 'g5'],
    );
  });

  test('by label, by field, by namespace', async t => {
    const setting = await setUp();
    t.after(setting.close);
    await setting.create({ metadata: { name: 'a', labels: { x: '1' } }, spec: { mode: 'Off' } });
    await setting.create({ metadata: { name: 'b', labels: { x: '2' } }, spec: {} });
    const cases: [Partial<ListOptions>, string, string[]][] = [
      [{ labelSelector: 'x=1' }, 'ns', ['a']],
      [{ labelSelector: 'x in (1,2),!y' }, 'ns', ['a', 'b']],
      [{ fieldSelector: 'spec.mode=On' }, 'ns', ['b']],
      [{ fieldSelector: 'metadata.name=a' }, '', ['a']],
      [{ fieldSelector: 'metadata.namespace!=ns' }, '', []],
      [{}, 'elsewhere', []],
    ];
    for (const [options, namespace, names] of cases) {
      const { entries } = await setting.resource.list(namespace, { ...everything, ...options });
      assert.deepEqual(
        entries.map(entry => entry.name),
        names,
        JSON.stringify(options),
      );
    }
    const status = await refusal(setting.resource.list('', { ...everything, fieldSelector: 'spec.size=1' }));
    assert.equal(status.code, 400);
  });

  test('a version in the future is a 504 that clients know', { timeout: 20_000 }, async t => {
    const setting = await setUp();
    t.after(setting.close);
    const status = await refusal(setting.resource.list('', { ...everything, resourceVersion: '1000000' }));
    assert.equal(status.code, 504);
    assert.equal(status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge');
  });
});

test('watch: an object leaving the selector is DELETED; a bad selector is refused before the stream', async t => {
  const setting = await setUp();
  t.after(setting.close);
  const options = { ...everything, watch: true, fieldSelector: 'spec.mode=On', resourceVersion: '1' };
  const start = await setting.resource.watch('ns', options, objectEncoder('Gadget', 'x/v1'));
  const types: string[] = [];
  let told = () => {};
  const three = new Promise<void>(resolve => {
    told = resolve;
  });
  start({
    write: chunk => {
      for (const line of chunk.toString().trim().split('\n')) types.push(JSON.parse(line).type);
      if (types.length >= 3) told();
    },
    bufferedBytes: () => 0,
    drained: async () => {},
    end: () => {},
  });
  await setting.create(minimal('g'));
  await setting.merge('g', { spec: { note: 'x' } });
  await setting.merge('g', { spec: { mode: 'Off' } });
  await three;
  assert.deepEqual(types, ['ADDED', 'MODIFIED', 'DELETED']);
  const refused = setting.resource.watch(
    'ns',
    { ...options, labelSelector: 'a b' },
    objectEncoder('G', 'x/v1'),
  );
  assert.equal((await refusal(refused)).code, 400);
});

test('property: an object read and written back is never changed', async () => {
  const setting = await setUp();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        {
          size: fc.nat(),
          note: fc.string(),
          mode: fc.constantFrom('On', 'Off'),
        },
        { requiredKeys: [] },
      ),
      async spec => {
        const created = await setting.create(minimal(`p${count++}`, spec));
        const read = await setting.resource.get('ns', created.metadata.name!, { resourceVersion: '' });
        assert.deepEqual(read.object(), created);
        assert.deepEqual(await setting.update(read.object()), created);
      },
    ),
    { numRuns: 50 },
  );
  setting.close();
});

suite('causes', () => {
  const unknownSize = {
    reason: 'FieldValueInvalid',
    message: 'unknown field; did you mean "size"?',
    field: 'spec.sise',
  };

  test('a strict refusal of a create names what was meant, and every other problem', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const sent = { metadata: { name: 'g', nmae: 'x' }, spec: { sise: 1, far: 1, mode: 'on', size: -1 } };
    const status = await refusal(setting.create(sent));
    assert.equal(status.code, 400);
    assert.match(
      status.message!,
      /strict decoding error: unknown field "metadata\.nmae", unknown field "spec\.far"/,
    );
    assert.deepEqual(status.details, {
      group: 'projectcalico.org',
      kind: 'Gadget',
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'unknown field; did you mean "name"?',
          field: 'metadata.nmae',
        },
        { reason: 'FieldValueInvalid', message: 'unknown field', field: 'spec.far' },
        unknownSize,
        {
          reason: 'FieldValueNotSupported',
          message: 'Unsupported value: "on": supported values: "On", "Off"; did you mean "On"?',
          field: 'spec.mode',
        },
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: -1: spec.size in body should be greater than or equal to 0',
          field: 'spec.size',
        },
      ],
    });
  });

  test('a duplicate field is one of them', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const text = '{"metadata":{"name":"g"},"spec":{"size":1,"size":2}}';
    const sent = decode(Buffer.from(text), 'application/json');
    const status = await refusal(setting.resource.create(setting.context, 'ns', sent, write));
    assert.deepEqual(status.details?.causes, [
      { reason: 'FieldValueInvalid', message: 'duplicate field', field: 'spec.size' },
    ]);
  });

  test('of an update and a patch too, which are held to what they replace', async t => {
    const setting = await setUp();
    t.after(setting.close);
    const created = await setting.create(minimal('g', { size: 5 }));
    const shrunk = {
      reason: 'FieldValueInvalid',
      message: 'Invalid value: 4: may not shrink',
      field: 'spec.size',
    };
    const update = await refusal(setting.update({ ...created, spec: { size: 4, sise: 4 } } as never));
    assert.equal(update.code, 400);
    assert.deepEqual(update.details?.causes, [unknownSize, shrunk]);
    const patch = await refusal(setting.merge('g', { spec: { size: 4, sise: 4 } }));
    assert.equal(patch.code, 422);
    assert.deepEqual(patch.details?.causes?.slice(1), [unknownSize, shrunk]);
    assert.deepEqual(
      (await setting.resource.get('ns', 'g', { resourceVersion: '' })).object().spec,
      created.spec,
    );
  });

  test("the message of a wrong word is upstream's; its cause names the nearest one", async t => {
    const setting = await setUp();
    t.after(setting.close);
    const status = await refusal(setting.create(minimal('g', { mode: 'of' })));
    assert.match(status.message!, /Unsupported value: "of": supported values: "On", "Off"$/);
    assert.match(status.details!.causes![0]!.message!, /"Off"; did you mean "On"\?$/);
  });
});
