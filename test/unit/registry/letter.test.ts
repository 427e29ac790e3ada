import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decode } from '../../../src/machinery/decode.ts';
import type { JsonObject } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { ListOptions } from '../../../src/machinery/options.ts';
import type { DeleteRequest } from '../../../src/registry/delete.ts';
import type { WriteOptions } from '../../../src/registry/resource.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { objectEncoder } from '../../../src/watch/stream.ts';
import { openWorld, refusal } from './world.ts';

/** What kube-apiserver answers in places where clients, or the differential suite, look at each letter. */
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
const target = { namespace: 'shop', name: 'a', subresource: '' } as const;

async function open() {
  const backend = createMemoryBackend();
  const world = await openWorld(backend);
  const resource = world.resources.byPlural.get('networksets')!;
  const warnings: string[] = [];
  const context = { warn: (text: string) => void warnings.push(text), signal: new AbortController().signal };
  const body = (value: unknown) =>
    decode(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'application/json');
  const options = (more?: Partial<WriteOptions>): WriteOptions => ({
    dryRun: false,
    fieldValidation: 'Warn',
    ...more,
  });
  return {
    backend,
    resource,
    warnings,
    create: (metadata: JsonObject, more?: Partial<WriteOptions>) =>
      resource.create(context, 'shop', body({ metadata, spec: {} }), options(more)),
    put: (metadata: JsonObject) => resource.update(context, target, body({ metadata, spec: {} }), options()),
    merge: (patch: unknown, more?: Partial<WriteOptions>) =>
      resource.patch(
        context,
        target,
        { type: 'application/merge-patch+json', body: body(patch) },
        options(more),
      ),
    json: (patch: unknown, more?: Partial<WriteOptions>) =>
      resource.patch(
        context,
        target,
        { type: 'application/json-patch+json', body: body(patch) },
        options(more),
      ),
    remove: async (more?: Partial<DeleteRequest>) =>
      (await resource.delete('shop', 'a', { dryRun: false, ...more })).object,
    close: () => world.close(),
  };
}

type World = Awaited<ReturnType<typeof open>>;

function check(title: string, run: (world: World) => Promise<void>): void {
  test(title, async t => {
    const world = await open();
    t.after(world.close);
    await run(world);
  });
}

const versionOf = (object: ApiObject) => object.metadata.resourceVersion!;
const missing =
  'networksets.projectcalico.org "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update';

suite('updates', () => {
  check('an absent version is one of "", 0 and null', async world => {
    await world.create({ name: 'a' });
    assert.equal((await refusal(world.put({ name: 'a' }))).message, missing);
    assert.equal((await refusal(world.put({ name: 'a', resourceVersion: '0' }))).message, missing);
    assert.equal((await refusal(world.merge({ metadata: { resourceVersion: null } }))).message, missing);
  });

  check('a body without a name is told the one of the URL', async world => {
    await world.create({ name: 'a' });
    const message = 'the name of the object (a based on URL) was undeterminable: name must be provided';
    assert.equal((await refusal(world.put({}))).message, message);
    assert.equal((await refusal(world.merge({ metadata: null }))).message, message);
  });

  check('another uid is a failed precondition in a PUT, and an immutable field in a patch', async world => {
    const { metadata } = await world.create({ name: 'a' });
    const put = await refusal(world.put({ name: 'a', uid: 'x', resourceVersion: metadata.resourceVersion! }));
    assert.equal(put.code, 409);
    const patch = await refusal(world.merge({ metadata: { uid: 'x' } }));
    assert.equal(
      patch.message,
      'NetworkSet.projectcalico.org "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    );
    assert.equal((await world.merge({ metadata: { uid: null } })).metadata.uid, metadata.uid);
  });

  check('generateName is what the client says', async world => {
    const created = await world.create({ name: 'a', generateName: 'x-' });
    const put = await world.put({ name: 'a', resourceVersion: versionOf(created), generateName: 'y-' });
    assert.equal(put.metadata.generateName, 'y-');
    const without = await world.put({ name: 'a', resourceVersion: versionOf(put) });
    assert.equal(without.metadata.generateName, undefined);
  });

  check('nobody can mark an object as deleted by an update', async world => {
    await world.create({ name: 'a', finalizers: ['x.org/f'] });
    const at = '2001-01-01T00:00:00Z';
    const marked = await refusal(world.merge({ metadata: { deletionTimestamp: at } }));
    assert.match(
      marked.message!,
      /metadata\.deletionTimestamp: Invalid value: "2001-01-01T00:00:00Z": field is immutable$/,
    );
    const graced = await refusal(world.merge({ metadata: { deletionGracePeriodSeconds: 3 } }));
    assert.match(
      graced.message!,
      /metadata\.deletionGracePeriodSeconds: Invalid value: 3: field is immutable$/,
    );
    const deleted = await world.remove();
    const again = await world.merge({
      metadata: { deletionTimestamp: at, deletionGracePeriodSeconds: null },
    });
    assert.deepEqual(again.metadata, deleted.metadata);
  });

  check('the answer to the end of the last finalizer has the version before', async world => {
    await world.create({ name: 'a', finalizers: ['x.org/f'] });
    const marked = await world.remove();
    const freed = await world.merge({ metadata: { finalizers: null } });
    assert.equal(versionOf(freed), versionOf(marked));
    assert.equal(freed.metadata.finalizers, undefined);
  });

  check('a finalizer without a domain or a path is told of when it is new', async world => {
    await world.create({ name: 'a', finalizers: ['short', 'x.org', 'x.org/f', 'orphan'] });
    const tail = 'to avoid accidental conflicts with other finalizer writers';
    assert.deepEqual(world.warnings.splice(0), [
      `metadata.finalizers: "short": prefer a domain-qualified finalizer name ${tail}`,
      `metadata.finalizers: "x.org": prefer a domain-qualified finalizer name including a path (/) ${tail}`,
    ]);
    await world.merge({ metadata: { finalizers: ['short', 'other'] } });
    assert.deepEqual(world.warnings, [
      `metadata.finalizers: "other": prefer a domain-qualified finalizer name ${tail}`,
    ]);
  });

  check('a version is refused in a dry run of a create too', async world => {
    const dryRun = world.create({ name: 'a', resourceVersion: '5' }, { dryRun: true });
    assert.equal(
      (await refusal(dryRun)).message,
      'resourceVersion should not be set on objects to be created',
    );
  });
});

suite('patches', () => {
  const decoding = 'error decoding patch: json: cannot unmarshal';
  const merges: [patch: string, message: string][] = [
    ['null', 'Invalid JSON Patch'],
    ['[]', `${decoding} array into Go value of type map[string]interface {}`],
    ['7', `${decoding} number into Go value of type map[string]interface {}`],
  ];
  const jsons: [patch: string, message: string][] = [
    ['{}', `${decoding} object into Go value of type []handlers.jsonPatchOp`],
    ['["x"]', `${decoding} string into Go value of type handlers.jsonPatchOp`],
    ['[{"op":7}]', `${decoding} number into Go struct field jsonPatchOp.op of type string`],
    ['[null]', 'the server rejected our request due to an error in our request'],
  ];
  for (const [type, cases] of [['merge', merges] as const, ['json', jsons] as const]) {
    for (const [patch, message] of cases) {
      check(`${type} ${patch}`, async world => {
        await world.create({ name: 'a' });
        assert.equal((await refusal(world[type](patch))).message, message);
      });
    }
  }

  check('a JSON patch of null changes nothing', async world => {
    const created = await world.create({ name: 'a' });
    assert.deepEqual(await world.json('null'), created);
  });

  check('a strict refusal shows the result with its fields in order', async world => {
    const { metadata } = await world.create({ name: 'a' });
    const status = await refusal(world.merge({ odd: 1 }, { fieldValidation: 'Strict' }));
    const shown = JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkSet',
      metadata: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
      odd: 1,
      spec: {},
    });
    const detail = 'strict decoding error: unknown field "odd"';
    assert.equal(status.message, ` "" is invalid: patch: Invalid value: ${JSON.stringify(shown)}: ${detail}`);
    assert.deepEqual(Object.keys(status.details!), ['causes']);
  });

  check('fields of an operation that mean nothing are told of', async world => {
    await world.create({ name: 'a' });
    const patch = [{ op: 'add', path: '/metadata/labels', value: {}, extra: 1 }];
    await world.json(patch);
    assert.deepEqual(world.warnings, ['json patch unknown field "[0].extra"']);
    const status = await refusal(world.json(patch, { fieldValidation: 'Strict' }));
    assert.match(status.message!, /: strict decoding error: json patch unknown field "\[0\]\.extra"$/);
  });
});

suite('deletes', () => {
  check('a later delete changes what becomes of dependents, and nothing else', async world => {
    await world.create({ name: 'a', finalizers: ['x.org/f'] });
    const first = await world.remove({ propagationPolicy: 'Foreground' });
    const second = await world.remove({ propagationPolicy: 'Background' });
    assert.deepEqual(second.metadata.finalizers, ['x.org/f']);
    assert.equal(second.metadata.deletionTimestamp, first.metadata.deletionTimestamp);
    assert.equal(second.metadata.generation, first.metadata.generation);
    assert.notEqual(versionOf(second), versionOf(first));
    assert.deepEqual(await world.remove(), second);
  });

  check('an empty precondition is one', async world => {
    await world.create({ name: 'a' });
    const uid = await refusal(world.remove({ preconditions: { uid: '' } }));
    assert.match(uid.message!, /the UID in the precondition \(\) does not match the UID in record/);
    const version = await refusal(world.remove({ preconditions: { resourceVersion: '' } }));
    assert.match(version.message!, /the ResourceVersion in the precondition \(\) does not match/);
  });

  check('a collection is answered as it was listed, page by page', async world => {
    const created = await world.create({ name: 'a', finalizers: ['x.org/f'] });
    await world.create({ name: 'b' });
    const context = { warn() {}, signal: new AbortController().signal };
    const list = await world.resource.deleteCollection(
      context,
      'shop',
      { dryRun: false },
      { ...everything, limit: 1 },
    );
    assert.deepEqual(
      list.entries.map(entry => entry.object()),
      [created],
    );
    assert.equal(list.remainingItemCount, 1);
    assert.ok(list.continue);
  });
});

suite('reads', () => {
  const token = (rv: number) =>
    Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start: 'a\u0000' })).toString('base64url');

  check('a token of a version from the future is a 504', async world => {
    await world.create({ name: 'a' });
    const list = world.resource.list('shop', { ...everything, continue: token(999) });
    assert.match((await refusal(list)).message!, /^Timeout: Too large resource version: 999, current: \d+$/);
  });

  check('a token is read before the version beside it is refused', async world => {
    const beside = (text: string) =>
      refusal(world.resource.list('shop', { ...everything, continue: text, resourceVersion: '5' }));
    assert.match((await beside('x')).message!, /^invalid continue token: /);
    assert.equal(
      (await beside(token(1))).message,
      'specifying resource version is not allowed when using continue',
    );
  });

  check('a version that is too old', async world => {
    await world.create({ name: 'a' });
    await world.backend.compact(await world.backend.revision());
    const other = await openWorld(world.backend);
    const list = other.resources.byPlural
      .get('networksets')!
      .list('shop', { ...everything, resourceVersion: '1', resourceVersionMatch: 'Exact' });
    assert.equal((await refusal(list)).message, 'The resourceVersion for the provided list is too old.');
    other.close();
  });

  check('a watch that is to begin in the future says so in the stream, and ends', async world => {
    const options = {
      ...everything,
      watch: true,
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      resourceVersion: '999',
    } as const;
    const start = await world.resource.watch(
      'shop',
      options,
      objectEncoder('NetworkSet', 'projectcalico.org/v3'),
    );
    const told: string[] = [];
    const stream = start({
      write: chunk => void told.push(chunk.toString()),
      bufferedBytes: () => 0,
      drained: async () => {},
      end: () => void told.push('end'),
    });
    stream.close();
    const [event, end] = told;
    assert.equal(end, 'end');
    const { type, object } = JSON.parse(event!);
    assert.equal(type, 'ERROR');
    assert.deepEqual(object.details, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  });
});
