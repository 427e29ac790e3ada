import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportObjects } from '../../../../src/cli/export.ts';
import { importFile } from '../../../../src/cli/import.ts';
import { importObjects } from '../../../../src/cli/move/import-objects.ts';
import { readObjects } from '../../../../src/cli/move/manifest.ts';
import { inOrderOfCreation } from '../../../../src/cli/move/order.ts';
import { readKind } from '../../../../src/cli/move/read.ts';
import { OptionError } from '../../../../src/config/parse.ts';
import { kinds } from '../../../../src/kinds/index.ts';
import { decode } from '../../../../src/machinery/decode.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';
import { createMemoryBackend } from '../../../../src/storage/memory/backend.ts';
import { openSqliteBackend } from '../../../../src/storage/sqlite/backend.ts';
import { v3Codec } from '../../../../src/storage/v3-codec.ts';
import { newFolder, objectOf, oneOfEach, runCommand } from './commands.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

const store = (text: string, folder: string, ...flags: string[]) =>
  runCommand(importFile, ['-', '--data-dir', folder, ...flags], { stdin: text });
const dump = (folder: string, ...flags: string[]) =>
  runCommand(exportObjects, ['--data-dir', folder, ...flags]);
const lines = (objects: ApiObject[]) => objects.map(object => `${encode(object)}\n`).join('');

suite('export and import', () => {
  test('every example of every kind comes back as it was, through both forms, and in any order', async t => {
    const objects = oneOfEach();
    const [first, second, third] = [newFolder(t), newFolder(t), newFolder(t)];
    // What others refer to comes last in the file.
    const brought = await store(lines(objects.toReversed()), first);
    assert.equal(brought.code, 0, brought.stderr);
    const exported = await dump(first);
    assert.equal(exported.code, 0);
    const found = new Map(
      exported.stdout
        .trimEnd()
        .split('\n')
        .map(line => [decoded(line).metadata.uid, line]),
    );
    for (const object of objects) {
      const { metadata } = decoded(found.get(object.metadata.uid)!);
      assert.equal(metadata.resourceVersion, undefined);
      for (const field of ['name', 'namespace', 'creationTimestamp', 'generation'] as const) {
        assert.equal(metadata[field], object.metadata[field], `${object.kind} ${metadata.name}: ${field}`);
      }
    }

    assert.equal((await store(exported.stdout, second)).code, 0);
    assert.equal((await dump(second)).stdout, exported.stdout);

    const yaml = await dump(first, '--format', 'yaml');
    assert.equal((await store(yaml.stdout, third)).code, 0);
    const sorted = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map(line => canonical(decoded(line)));
    assert.deepEqual(sorted((await dump(third)).stdout), sorted(exported.stdout));
  });

  test('64-bit integers are exact, status, finalizers and a mark of deletion stay', async t => {
    const block = `{"apiVersion":"projectcalico.org/v3","kind":"IPAMBlock","metadata":{"name":"10-0-0-0-30"},"spec":{"cidr":"10.0.0.0/30","affinity":"host:a","allocations":[0,null,null,null],"unallocated":[1,2,3],"attributes":[{}],"sequenceNumber":1795447397743813691,"sequenceNumberForAllocation":{"0":1795447397743813690},"deleted":false,"strictAffinity":false}}`;
    const pool = objectOf('IPPool', 'p', { cidr: '10.0.0.0/24' }, { finalizers: ['example.com/held'] });
    Object.assign(pool.metadata, {
      deletionTimestamp: '2024-01-02T03:04:05Z',
      deletionGracePeriodSeconds: 0,
    });
    pool.status = { conditions: [condition] };
    const folder = newFolder(t);
    assert.equal((await store(`${block}\n${encode(pool)}`, folder)).code, 0);
    const { stdout } = await dump(folder);
    assert.match(stdout, /"sequenceNumber":1795447397743813691,/);
    assert.match(stdout, /"sequenceNumberForAllocation":\{"0":1795447397743813690\}/);
    const kept = decoded(stdout.split('\n').find(line => line.includes('"IPPool"'))!);
    assert.deepEqual(kept.status, pool.status);
    assert.deepEqual(kept.metadata.finalizers, ['example.com/held']);
    assert.equal(kept.metadata.deletionTimestamp, '2024-01-02T03:04:05Z');
  });

  test('a stream can be created one object after the other, as kubectl does', async t => {
    const folder = newFolder(t);
    await store(lines(oneOfEach()), folder);
    const { stdout } = await dump(folder);
    const memory = { backend: createMemoryBackend(), codecOf: v3Codec };
    for (const line of stdout.trimEnd().split('\n')) {
      const { objects } = readObjects('one', Buffer.from(line));
      const problems: unknown[] = [];
      await importObjects(memory, objects, {
        onExisting: 'replace',
        log,
        tell: told => problems.push(...told.problems),
        progress() {},
      });
      assert.deepEqual(problems, [], line);
    }
  });

  test('every kind has its place in the order, and an unknown one is before the last', () => {
    const order = inOrderOfCreation([...kinds, { ...kinds[0]!, kind: 'New', plural: 'news' }]).map(
      ({ kind }) => kind,
    );
    assert.equal(order.length, kinds.length + 1);
    assert.deepEqual(order.slice(-2), ['New', 'ClusterInformation']);
    const before = [
      ['Tier', 'NetworkPolicy'],
      ['IPPool', 'IPAMBlock'],
      ['BGPFilter', 'BGPPeer'],
    ];
    for (const [first, second] of before) assert.ok(order.indexOf(first!) < order.indexOf(second!), first);
  });
});

const condition = {
  type: 'Allocatable',
  status: 'True',
  reason: 'OK',
  message: '',
  lastTransitionTime: '2024-01-02T03:04:05Z',
};

function decoded(line: string): ApiObject {
  return decode(Buffer.from(line), 'application/json').value as unknown as ApiObject;
}

/** The same text for objects that differ in the order of their fields. */
function canonical(object: ApiObject): string {
  const fields = JSON.parse(encode(object), (_name, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return JSON.stringify(fields);
}

suite('export', () => {
  for (const name of ['memory', 'sqlite'] as const) {
    test(`${name}: kinds are read at one revision, whatever is written meanwhile`, async t => {
      const backend =
        name === 'memory' ? createMemoryBackend() : await openSqliteBackend({ directory: newFolder(t) });
      t.after(() => backend.close());
      const datastore = { backend, codecOf: v3Codec };
      const sets = kinds.find(({ kind }) => kind === 'GlobalNetworkSet')!;
      const tiers = kinds.find(({ kind }) => kind === 'Tier')!;
      const write = (kind: string, plural: string, number: number) => {
        const value = Buffer.from(encode(objectOf(kind, `n${number}`, { order: number })));
        return backend.write({ type: 'create', key: `/${plural}/n${number}`, value });
      };
      for (let number = 0; number < 20; number++) {
        await write('Tier', 'tiers', number);
        await write('GlobalNetworkSet', 'globalnetworksets', number);
      }
      const at = await backend.revision();
      const before = await readKind(datastore, sets, at);
      await write('Tier', 'tiers', 20);
      await write('GlobalNetworkSet', 'globalnetworksets', 20);
      const after = await readKind(datastore, tiers, at);
      assert.equal(before.objects.length, 20);
      assert.equal(after.objects.length, 20);
      assert.equal(after.revision, at);
      await backend.compact(await backend.revision());
      const now = await readKind(datastore, tiers, at);
      assert.equal(now.objects.length, 21, 'what is forgotten is read as of now');
      assert.ok(now.revision > at);
    });
  }

  test('a value that cannot be read is told, left out, and makes the exit code 1', async t => {
    const folder = newFolder(t);
    await store(lines([objectOf('Tier', 'good', { order: 1 })]), folder);
    const backend = await openSqliteBackend({ directory: join(folder, 'store') });
    await backend.write({ type: 'create', key: '/tiers/bad', value: Buffer.from('{"kind":') });
    await backend.close();
    const { code, stdout, stderr } = await dump(folder, '--kinds', 'Tier,ippools');
    assert.equal(code, 1);
    assert.match(stderr, /^cannot be read: \/tiers\/bad: .*no JSON/);
    assert.match(stderr, /, 1 value left out, as of revision \d+, from the embedded store in /);
    assert.ok(stdout.includes('"good"') && !stdout.includes('bad'));
  });

  test('a file is complete or not there, and for its owner only', async t => {
    const folder = newFolder(t);
    await store(lines([objectOf('Tier', 'good', { order: 1 })]), folder);
    const file = join(folder, 'out.json');
    const { code, stdout } = await dump(folder, '-o', file);
    assert.equal(code, 0);
    assert.equal(stdout, '');
    assert.match(readFileSync(file, 'utf8'), /"good"/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(existsSync(`${file}.part`), false);
  });

  test('a store in use is read all the same, and written by nobody else', async t => {
    const folder = newFolder(t);
    const backend = await openSqliteBackend({ directory: join(folder, 'store') });
    t.after(() => backend.close());
    const value = Buffer.from(encode(objectOf('Tier', 'now', { order: 1 })));
    await backend.write({ type: 'create', key: '/tiers/now', value });
    assert.match((await dump(folder)).stdout, /"name":"now"/);
    await assert.rejects(
      store(lines([objectOf('Tier', 't', { order: 1 })]), folder),
      new RegExp(`in use by process ${process.pid} .*; stop that server first, or .* kubectl apply -f`),
    );
  });

  const wrong: [string, string[], RegExp][] = [
    ['no store there', [], /there is no embedded store in .* \(--data-dir\)/],
    ['a memory store', ['--datastore', 'memory'], /a memory store is empty/],
    ['an unknown kind', ['--kinds', 'tears'], /--kinds: there is no kind "tears"/],
    ['an unknown format', ['--format', 'xml'], /--format must be json or yaml/],
    ['an unknown flag', ['--kind', 'tiers'], /unknown flag --kind; did you mean --kinds\?/],
    ['a flag of the server alone', ['--secure-port', '1'], /unknown flag --secure-port/],
    ['an argument', ['tiers'], /unexpected argument "tiers"/],
  ];
  for (const [name, flags, message] of wrong) {
    test(`refused: ${name}`, async t => {
      await assert.rejects(dump(newFolder(t), ...flags), error => {
        assert.ok(error instanceof OptionError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test('help lists the flags', async () => {
    for (const command of [exportObjects, importFile]) {
      const { code, stdout } = await runCommand(command, ['--help']);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: tortie/);
      assert.match(stdout, / {2}--data-dir DIR \(default .tortie\)\n/);
    }
  });
});

suite('import', () => {
  const policy = (name: string, tier: string) =>
    [
      'apiVersion: projectcalico.org/v3',
      'kind: NetworkPolicy',
      'metadata:',
      `  name: ${name}`,
      'spec:',
      `  tier: ${tier}`,
      '  selector: all()',
      '',
    ].join('\n');
  const pool = (name: string, cidr: string) =>
    `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: ${name}}\nspec:\n  cidr: ${cidr}\n`;

  const refusals: [string, string, string[], string][] = [
    [
      'what is wrong with an object by itself',
      policy('a', 'default').replace('all()', 'all('),
      ['<stdin>:7:3: error: spec.selector: '],
      '0 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'an unknown field',
      policy('a', 'default').replace('selector', 'selectr'),
      ['<stdin>:7:3: error: spec.selectr: unknown field; did you mean "selector"?'],
      '0 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'a tier that is not there; the rest is stored',
      [policy('a', 'default'), policy('zz.b', 'zz'), policy('c', 'default')].join('---\n'),
      ['<stdin>:14:3: error: NetworkPolicy default/zz.b: spec.tier: '],
      '2 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'pools that overlap',
      [pool('a', '10.0.0.0/16'), pool('b', '10.0.1.0/24')].join('---\n'),
      ['<stdin>:11:3: error: IPPool b: spec.cidr: '],
      '1 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'no name',
      pool('a', '10.0.0.0/16').replace('name: a', 'generateName: a'),
      ['<stdin>:3:1: error: IPPool : metadata.name is needed'],
      '0 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'two of one name in the file',
      [pool('a', '10.0.0.0/16'), pool('a', '10.2.0.0/16')].join('---\n'),
      ['<stdin>:7:1: error: IPPool a: ippools.projectcalico.org "a" already exists, with other content'],
      '1 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'the form in which Calico stores',
      pool('a', '10.0.0.0/16').replace('projectcalico.org/v3', 'crd.projectcalico.org/v1'),
      ['<stdin>:1:1: error: '],
      '0 created, 0 replaced, 0 unchanged, 1 refused',
    ],
    [
      'a document that is no YAML; others are stored',
      [pool('a', '10.0.0.0/16'), 'a: [\n', pool('b', '10.9.0.0/16')].join('---\n'),
      ['<stdin>:'],
      '2 created, 0 replaced, 0 unchanged, 1 refused',
    ],
  ];
  for (const [name, text, expected, summary] of refusals) {
    test(`refused with its place: ${name}`, async t => {
      const { code, stderr } = await store(text, newFolder(t));
      assert.equal(code, 1);
      const told = stderr.split('\n');
      for (const [index, line] of expected.entries()) assert.ok(told[index]!.startsWith(line), stderr);
      assert.equal(told.length, expected.length + 2, stderr);
      assert.ok(told.at(-2)!.startsWith(summary), stderr);
    });
  }

  test('objects of other groups and documents without one are passed over and counted', async t => {
    const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
    const { code, stderr } = await store(`${other}---\n${pool('a', '10.0.0.0/16')}---\n- 1\n`, newFolder(t));
    assert.equal(code, 0);
    assert.match(
      stderr,
      /1 object of other API groups passed over, 1 document without an object passed over/,
    );
  });

  test('what is there already: unchanged, a failure, left, or replaced', async t => {
    const folder = newFolder(t);
    const first = objectOf('GlobalNetworkSet', 's', { nets: ['10.0.0.0/8'] }, { labels: { a: 'b' } });
    first.metadata.uid = '00000000-0000-4000-8000-000000000001';
    const other = objectOf('GlobalNetworkSet', 's', { nets: ['11.0.0.0/8'] });
    const again = objectOf('GlobalNetworkSet', 's', { nets: ['10.0.0.0/8'] }, { labels: { a: 'b' } });
    again.metadata.uid = '00000000-0000-4000-8000-000000000002';
    const now = async () => decoded((await dump(folder, '--kinds', 'globalnetworksets')).stdout);
    assert.equal((await store(encode(first), folder)).code, 0);
    const created = await now();

    const same = await store(encode(again), folder);
    assert.equal(same.code, 0);
    assert.equal(same.stdout, '');
    assert.match(
      same.stderr,
      /^0 created, 0 replaced, 1 unchanged, 0 refused, 1 with a UID of the datastore's/,
    );
    assert.deepEqual(await now(), created);

    assert.equal((await store(encode(other), folder)).code, 1);
    const skipped = await store(encode(other), folder, '--on-conflict', 'skip');
    assert.equal(skipped.code, 0);
    assert.equal(skipped.stdout, 'skipped GlobalNetworkSet s\n');
    assert.deepEqual(await now(), created);

    const replaced = await store(encode(other), folder, '--on-conflict=replace');
    assert.equal(replaced.code, 0);
    assert.equal(replaced.stdout, 'replaced GlobalNetworkSet s\n');
    const { metadata, spec } = await now();
    assert.deepEqual(spec, other.spec);
    assert.equal(metadata.uid, first.metadata.uid);
    assert.equal(metadata.creationTimestamp, created.metadata.creationTimestamp);
    assert.equal(metadata.labels, undefined);
    assert.equal(metadata.generation, 2);
  });

  test('a replaced object is held to the rules of an update', async t => {
    const folder = newFolder(t);
    await store(pool('a', '10.0.0.0/16'), folder);
    const { code, stderr } = await store(pool('a', '10.9.0.0/16'), folder, '--on-conflict', 'replace');
    assert.equal(code, 1);
    assert.match(stderr, /^<stdin>:5:3: error: IPPool a: spec.cidr: /);
  });

  test('a dry run says what would be, also where objects rest on others of the file, and stores nothing', async t => {
    const folder = newFolder(t);
    await store(pool('a', '10.0.0.0/16'), folder);
    const before = (await dump(folder)).stdout;
    const tier = 'apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: 1}\n';
    const text = [policy('t.a', 't'), tier, pool('b', '10.0.1.0/24')].join('---\n');
    const { code, stdout, stderr } = await store(text, folder, '--dry-run');
    assert.equal(code, 1);
    assert.equal(stdout, 'created Tier t (dry run)\ncreated NetworkPolicy default/t.a (dry run)\n');
    assert.match(stderr, /spec.cidr/);
    assert.match(stderr, /2 created, 0 replaced, 0 unchanged, 1 refused \(dry run\)/);
    assert.equal((await dump(folder)).stdout, before);
  });

  test('every installation has its initial objects, the file’s own where it brings them', async t => {
    const folder = newFolder(t);
    const own = objectOf('Tier', 'default', { order: 1_000_000, defaultAction: 'Deny' });
    own.metadata.uid = '00000000-0000-4000-8000-000000000001';
    assert.equal((await store(lines([own]), folder)).code, 0);
    const names = (await dump(folder, '--kinds', 'tiers,clusterinfos')).stdout;
    assert.match(names, /"name":"default","uid":"00000000-0000-4000-8000-000000000001"/);
    assert.match(names, /"name":"kube-admin"/);
    assert.match(names, /"kind":"ClusterInformation"/);
  });

  test('a file that cannot be read is exit code 2', async t => {
    const folder = newFolder(t);
    const missing = await runCommand(importFile, [join(folder, 'none.yaml'), '--data-dir', folder]);
    assert.deepEqual([missing.code, missing.stdout], [2, '']);
    assert.match(missing.stderr, /there is no such file/);
    const file = join(folder, 'one.yaml');
    writeFileSync(file, policy('a', 'default').replace('all()', 'all('));
    const told = await runCommand(importFile, [file, '--data-dir', folder]);
    assert.ok(told.stderr.startsWith(`${file}:7:3: error: `), told.stderr);
  });

  const wrong: [string, string[], RegExp][] = [
    ['no file', [], /import needs one file/],
    ['two files', ['a', 'b'], /import needs one file/],
    ['an unknown way', ['-', '--on-conflict', 'merge'], /--on-conflict must be fail, skip or replace/],
    ['an unknown flag', ['-', '--dryrun'], /unknown flag --dryrun/],
  ];
  for (const [name, args, message] of wrong) {
    test(`refused: ${name}`, async () => {
      await assert.rejects(runCommand(importFile, args), error => {
        assert.ok(error instanceof OptionError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
