import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { kinds } from '../../../../src/kinds/index.ts';
import { parseStored } from '../../../../src/machinery/decode.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import { equal } from '../../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject, ObjectMeta } from '../../../../src/machinery/object.ts';
import { StatusError } from '../../../../src/machinery/status.ts';
import { hasInt64 } from '../../../../src/schema/int64.ts';
import type { Codec } from '../../../../src/storage/backend.ts';
import { customKind, kubernetesCodec } from '../../../../src/storage/kubernetes/codec.ts';
import { convertUid } from '../../../../src/storage/kubernetes/uid.ts';
import { type CustomObject, samples } from './samples.ts';

function codecOf(kindName: string): Codec {
  const kind = kinds.find(each => each.kind === kindName || customKind(each) === kindName)!;
  return kubernetesCodec({ ...kind, hasInt64: hasInt64(kind.schema) });
}

/** The CR as the backend hands it over. */
function entryOf(custom: CustomObject, name = custom.metadata.name) {
  const plural = kinds.find(each => customKind(each) === custom.kind)!.plural;
  const { namespace, resourceVersion } = custom.metadata;
  const key = `/${plural}/${namespace ? `${namespace}/` : ''}${name}`;
  return { key, value: Buffer.from(encode(custom)), revision: Number(resourceVersion ?? 7) };
}

/** A CR of a policy with this metadata. */
function policy(metadata: ObjectMeta, spec: JsonObject = {}): CustomObject {
  return { apiVersion: 'crd.projectcalico.org/v1', kind: 'GlobalNetworkPolicy', metadata, spec };
}

const read = (custom: CustomObject) => codecOf(custom.kind).decode(entryOf(custom));
const written = (object: ApiObject) =>
  parseStored(codecOf(object.kind).encode(object), true) as unknown as CustomObject;
const annotation = 'projectcalico.org/metadata';
const heldIn = (custom: CustomObject) => JSON.parse(custom.metadata.annotations![annotation]!) as ObjectMeta;

suite("what Calico's own client has stored", () => {
  for (const sample of samples) {
    test(`${sample.kind} ${sample.metadata.name}: read and written again, it is the same`, () => {
      const object = read(sample);
      assert.equal(object.apiVersion, 'projectcalico.org/v3');
      assert.equal(object.metadata.name, sample.metadata.name);
      assert.equal(object.metadata.resourceVersion, sample.metadata.resourceVersion);
      const again = written(object);
      const { resourceVersion: _, creationTimestamp, generation: __, ...metadata } = sample.metadata;
      assert.deepEqual(heldIn(again), expectedHeld(sample, creationTimestamp!));
      const rest = { annotations: { ...metadata.annotations, [annotation]: '' } };
      const mine = { ...again.metadata.annotations, [annotation]: '' };
      assert.deepEqual(
        { ...again, metadata: { ...again.metadata, annotations: mine } },
        { ...sample, metadata: { ...metadata, ...rest } },
      );
    });
  }

  /** A read fills in the creation time of the CR where the annotation has none; IPAM's own objects keep no metadata. */
  function expectedHeld(sample: CustomObject, creationTimestamp: string): ObjectMeta {
    const held = heldIn(sample);
    return sample.kind === 'IPAMConfig' ? { creationTimestamp, ...held } : held;
  }
});

test('an object with every field of metadata, as clients see it', () => {
  const sample = samples.find(each => each.metadata.name === 'gns-full')!;
  const { uid, resourceVersion } = sample.metadata;
  assert.deepEqual(read(sample), {
    kind: 'GlobalNetworkSet',
    apiVersion: 'projectcalico.org/v3',
    metadata: {
      name: 'gns-full',
      uid: convertUid(uid!),
      resourceVersion,
      generation: 3,
      creationTimestamp: '2026-11-23T15:23:17Z',
      labels: { 'projectcalico.org/x': 'y', team: 'a' },
      annotations: { note: 'n', 'operator.tigera.io/z': 'w' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'cm', uid: '11111111-2222-4333-8444-555555555555' },
        {
          apiVersion: 'projectcalico.org/v3',
          kind: 'Tier',
          name: 'default',
          uid: '01020304-0506-4708-890a-0b0c0d0e0f10',
        },
      ],
      finalizers: ['example.com/f'],
      managedFields: [
        {
          manager: 'm',
          operation: 'Apply',
          apiVersion: 'projectcalico.org/v3',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': {} },
        },
      ],
    },
    spec: { nets: ['10.0.0.0/8'] },
  });
});

test('UIDs are turned around, there and back', () => {
  const pairs = [
    ['01020304-0506-4708-890a-0b0c0d0e0f10', '8040c020-a060-4710-8950-d030b070f008'],
    ['68ca4845-82c5-46cd-87d2-95d07d69759e', '165312a2-41a3-46b3-874b-a90bbe96ae79'],
  ];
  for (const [one, other] of pairs) {
    assert.equal(convertUid(one!), other);
    assert.equal(convertUid(other!.toUpperCase()), one);
  }
});

suite('names of policies', () => {
  const cases: { why: string; custom: CustomObject; name: string }[] = [
    {
      why: 'of an old release, in tier default',
      custom: policy({ name: 'default.web', annotations: { [annotation]: '{}' } }),
      name: 'web',
    },
    {
      why: 'of an old release, in another tier',
      custom: policy({ name: 'shop.web', annotations: { [annotation]: '{}' } }, { tier: 'shop' }),
      name: 'shop.web',
    },
    {
      why: 'with a name of its own',
      custom: policy({ name: 'default.web', annotations: { [annotation]: '{"name":"default.web"}' } }),
      name: 'default.web',
    },
    { why: 'without annotation', custom: policy({ name: 'default.web' }), name: 'default.web' },
  ];
  for (const { why, custom, name } of cases) {
    test(why, () => {
      const object = read(custom);
      assert.equal(object.metadata.name, name);
      assert.ok(
        codecOf(custom.kind).candidateKeys(undefined, name).includes(entryOf(custom).key),
        'it is looked for there',
      );
    });
  }
});

suite('what others have written', () => {
  test('without annotation: as it is on the CR', () => {
    const object = read(
      policy({ name: 'a', uid: '68ca4845-82c5-46cd-87d2-95d07d69759e', generation: 4, labels: { x: 'y' } }),
    );
    assert.deepEqual(object.metadata, {
      name: 'a',
      uid: '165312a2-41a3-46b3-874b-a90bbe96ae79',
      generation: 4,
      labels: { x: 'y', 'projectcalico.org/tier': 'default' },
      resourceVersion: '7',
    });
  });

  test('labels and annotations of the CR, under those of the annotation', () => {
    const annotations = {
      [annotation]: '{"name":"a","labels":{"x":"mine"},"annotations":{"n":"mine"},"creationTimestamp":null}',
      n: 'theirs',
      m: 'theirs',
    };
    const { metadata } = read(
      policy({
        name: 'a',
        labels: { x: 'theirs', z: 'theirs' },
        annotations,
        finalizers: ['theirs'],
        creationTimestamp: '2026-01-02T03:04:05Z',
      }),
    );
    assert.deepEqual(metadata.labels, { x: 'mine', z: 'theirs', 'projectcalico.org/tier': 'default' });
    assert.deepEqual(metadata.annotations, { n: 'mine', m: 'theirs' });
    assert.equal(metadata.finalizers, undefined);
    assert.equal(metadata.creationTimestamp, '2026-01-02T03:04:05Z');
  });

  for (const text of ['{"name":', '[]', '"text"', 'null']) {
    test(`an annotation that is ${text} is unreadable`, () => {
      assert.throws(() => read(policy({ name: 'a', annotations: { [annotation]: text } })), /annotation/);
    });
  }

  test('an owner in the v3 group, as old releases wrote it', () => {
    const uid = '8040c020-a060-4710-8950-d030b070f008';
    const owner = { apiVersion: 'projectcalico.org/v3', kind: 'Tier', name: 't', uid };
    const custom = policy({
      name: 'a',
      annotations: { [annotation]: JSON.stringify({ ownerReferences: [owner] }) },
    });
    assert.deepEqual(read(custom).metadata.ownerReferences, [{ ...owner, uid: convertUid(uid) }]);
  });

  test('a tier and a pool without what their defaults are', () => {
    const base = { apiVersion: 'crd.projectcalico.org/v1', metadata: { name: 'a' } };
    const tier = read({ ...base, kind: 'Tier', spec: {} });
    assert.deepEqual(tier.spec, { order: 1000000, defaultAction: 'Deny' });
    const pool = read({ ...base, kind: 'IPPool', spec: { cidr: '10.0.0.0/16' } }).spec as JsonObject;
    assert.deepEqual([pool.blockSize, pool.nodeSelector], [26, 'all()']);
  });
});

suite('what is written', () => {
  const object = (metadata: ObjectMeta, kind = 'GlobalNetworkSet'): ApiObject => ({
    kind,
    apiVersion: 'projectcalico.org/v3',
    metadata,
    spec: {},
  });

  test('an owner in the v3 group whose UID is none is refused', () => {
    const owner = { apiVersion: 'projectcalico.org/v3', kind: 'Tier', name: 't', uid: 'mine' };
    assert.throws(
      () => written(object({ name: 'a', ownerReferences: [owner] })),
      error =>
        error instanceof StatusError &&
        error.status.code === 422 &&
        /ownerReferences\[0\]\.uid/.test(error.message),
    );
  });

  test("the annotation is the server's own", () => {
    const custom = written(object({ name: 'a', annotations: { [annotation]: 'mine', x: 'y' } }));
    assert.deepEqual(heldIn(custom), { annotations: { x: 'y' } });
    assert.deepEqual(Object.keys(custom.metadata.annotations!), [annotation]);
  });

  test('64-bit numbers of blocks are kept to the last digit', () => {
    const sample = samples.find(each => each.kind === 'IPAMBlock')!;
    const again = written(read(sample));
    assert.ok(equal(again.spec.sequenceNumber as Json, 1795447397743813691n));
    assert.ok(equal(again.spec as Json, sample.spec as Json));
  });
});

test('the kinds that are only read', () => {
  const readOnly = kinds.filter(each => codecOf(each.kind).readOnly).map(each => each.kind);
  assert.deepEqual(readOnly.sort(), [
    'BlockAffinity',
    'ClusterInformation',
    'IPAMBlock',
    'IPAMHandle',
    'Profile',
  ]);
});

suite('profiles', () => {
  const codec = codecOf('Profile');
  const decode = (key: string, metadata: object) =>
    codec.decode({ key, value: Buffer.from(JSON.stringify({ metadata })), revision: 276 });

  test('of a namespace', () => {
    const metadata = {
      name: 'ns1',
      uid: 'f542b265-6a9a-49fa-8468-a5578ec635b7',
      creationTimestamp: '2026-11-23T15:17:30Z',
      labels: { a: 'b', 'kubernetes.io/metadata.name': 'ns1' },
    };
    assert.deepEqual(decode('/profiles/kns.ns1', metadata), {
      kind: 'Profile',
      apiVersion: 'projectcalico.org/v3',
      metadata: {
        name: 'kns.ns1',
        uid: convertUid(metadata.uid),
        resourceVersion: '276',
        creationTimestamp: '2026-11-23T15:17:30Z',
      },
      spec: {
        ingress: [{ action: 'Allow' }],
        egress: [{ action: 'Allow' }],
        labelsToApply: {
          'pcns.a': 'b',
          'pcns.kubernetes.io/metadata.name': 'ns1',
          'pcns.projectcalico.org/name': 'ns1',
        },
      },
    });
  });

  test('of a service account with dots in its name', () => {
    const { spec } = decode('/profiles/ksa.ns1.my.sa', {
      name: 'my.sa',
      namespace: 'ns1',
      labels: { q: '1' },
    });
    assert.deepEqual(spec, { labelsToApply: { 'pcsa.q': '1', 'pcsa.projectcalico.org/name': 'my.sa' } });
  });
});
