import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { Kubectl } from './kubectl.ts';
import { servedKinds } from './served-kinds.ts';
import { root } from './suite.ts';

export interface Target {
  kubectl: () => Kubectl;
  /**
   * What stands behind: the server, or a kube-apiserver with Calico's CRDs, with which this script is checked
   * itself.
   */
  served: 'tortie' | 'definitions';
  /** Kinds that are only read there. */
  readOnly?: string[];
}

const examples = join(root, 'examples');
const policies = 'networkpolicies.projectcalico.org';
const sets = 'globalnetworksets.projectcalico.org';

const policy = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'e2e-web', namespace: 'default', labels: { suite: 'e2e' } },
  spec: {
    order: 100,
    selector: "app == 'web'",
    types: ['Ingress', 'Egress'],
    ingress: [
      {
        action: 'Allow',
        protocol: 'TCP',
        source: { selector: "app == 'client'" },
        destination: { ports: [80, '8080:8090'] },
      },
    ],
    egress: [{ action: 'Allow' }],
  },
};

/**
 * What a person does with kubectl, each step a test, in this order: later steps use the objects of earlier
 * ones. Resources have their full names, since kube-apiserver has network policies of its own.
 */
export function kubectlScript(target: Target): void {
  applying(target);
  reading(target);
  documenting(target);
  if (target.served === 'tortie') columns(target);
  changing(target);
  watching(target);
  refusing(target);
  if (target.served === 'tortie') relating(target);
  deleting(target);
}

function applying({ kubectl }: Target): void {
  test('apply examples/, and again: every object is unchanged', async () => {
    const first = lines(await kubectl().ok(['apply', '-f', examples]));
    assert.ok(first.length >= 20, `only ${first.length} objects`);
    assert.deepEqual(
      first.filter(line => !line.endsWith(' created')),
      [],
    );
    const second = lines(await kubectl().ok(['apply', '-f', examples]));
    assert.equal(second.length, first.length);
    assert.deepEqual(
      second.filter(line => !line.endsWith(' unchanged')),
      [],
    );
  });

  test('create --dry-run=server checks and stores nothing', async () => {
    const output = await kubectl().ok(['create', '--dry-run=server', '-f', '-'], {
      input: stringify(policy),
    });
    assert.match(output, /e2e-web created \(server dry run\)/);
    assert.match(await kubectl().fails(['get', policies, 'e2e-web']), /NotFound/);
  });

  test('create, with a name and with generateName', async () => {
    await kubectl().ok(['create', '-f', '-'], { input: stringify(policy) });
    assert.match(
      await kubectl().fails(['create', '-f', '-'], { input: stringify(policy) }),
      /AlreadyExists.*"e2e-web" already exists/,
    );
    const named = { ...policy, metadata: { generateName: 'e2e-any-', namespace: 'default' } };
    const name = await kubectl().ok(['create', '-o', 'name', '-f', '-'], { input: stringify(named) });
    assert.match(name, /^networkpolicy\.projectcalico\.org\/e2e-any-[a-z0-9]{5}\n$/);
    await kubectl().ok(['delete', name.trim()]);
  });
}

function reading({ kubectl }: Target): void {
  test('get -o yaml gives back what was applied, and what the server adds', async () => {
    const stored = parse(await kubectl().ok(['get', policies, 'e2e-web', '-o', 'yaml']));
    for (const [field, value] of Object.entries(policy.spec))
      assert.deepEqual(stored.spec[field], value, field);
    assert.equal(stored.kind, 'NetworkPolicy');
    assert.equal(stored.metadata.generation, 1);
    assert.match(stored.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(stored.metadata.resourceVersion, /^[1-9]\d*$/);
    assert.match(stored.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test('get chooses by label, by field and by name, and prints other forms', async () => {
    const one = 'networkpolicy.projectcalico.org/e2e-web\n';
    assert.equal(await kubectl().ok(['get', policies, '-l', 'suite=e2e', '-o', 'name']), one);
    assert.doesNotMatch(
      await kubectl().ok(['get', policies, '-l', 'suite notin (e2e)', '-o', 'name']),
      /e2e-web/,
    );
    assert.equal(
      await kubectl().ok(['get', policies, '--field-selector=metadata.name=e2e-web', '-o', 'name']),
      one,
    );
    assert.equal(
      await kubectl().ok(['get', policies, 'e2e-web', '-o', 'jsonpath={.spec.ingress[0].destination.ports}']),
      '[80,"8080:8090"]',
    );
  });

  test('get --chunk-size reads page by page', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `e2e-page-${index}`);
    const pages = names.map(name => networkSet(name, { page: 'e2e' }));
    await kubectl().ok(['create', '-f', '-'], { input: documents(pages) });
    const args = ['get', sets, '--chunk-size=3', '-l', 'page=e2e', '-o', 'name', '-v=6'];
    const { code, stdout, stderr } = await kubectl().run(args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      lines(stdout),
      names.map(name => `globalnetworkset.projectcalico.org/${name}`),
    );
    assert.match(stderr, /continue=[^&"\s]+&[^"\s]*limit=3/, 'a second page was asked for');
  });

  test('describe', async () => {
    const output = await kubectl().ok(['describe', policies, 'e2e-web']);
    assert.match(output, /^Name: +e2e-web$/m);
    assert.match(output, /^(Labels:)? +suite=e2e$/m);
    assert.match(output, /^ +Selector: +app == 'client'$/m);
  });
}

function documenting({ kubectl, served, readOnly = [] }: Target): void {
  test('explain follows nested fields', async () => {
    const output = await kubectl().ok(['explain', `${policies}.spec.ingress.source.selector`]);
    assert.match(output, /^GROUP: +projectcalico\.org$/m);
    assert.match(output, /^KIND: +NetworkPolicy$/m);
    assert.match(output, /^FIELD: selector <string>/m);
    const action = await kubectl().ok(['explain', `${policies}.spec.ingress.action`]);
    assert.match(action, /^ENUM:\n +Allow\n +Deny\n +Log\n +Pass$/m);
  });

  test('api-resources lists every kind, with its scope, short names and verbs', async () => {
    const output = await kubectl().ok(['api-resources', '--api-group=projectcalico.org', '-o', 'json']);
    const { resources } = JSON.parse(output) as { resources: ListedResource[] };
    for (const { plural, kind, namespaced, shortNames } of servedKinds) {
      if (served === 'definitions' && kind === 'Profile') continue;
      const listed = resources.find(({ name }) => name === plural);
      assert.ok(listed, `no ${plural}`);
      assert.equal(listed.kind, kind);
      assert.equal(listed.namespaced, namespaced, kind);
      const verbs = [...listed.verbs].sort().join();
      const all = 'create,delete,deletecollection,get,list,patch,update,watch';
      const kept = kind === 'ClusterInformation' ? all.replace('delete,deletecollection,', '') : all;
      assert.equal(verbs, readOnly.includes(kind) ? 'get,list,watch' : kept, kind);
      const unknown = shortNames.filter(name => !listed.shortNames?.includes(name));
      if (served === 'tortie') assert.deepEqual(unknown, [], kind);
    }
    assert.equal(resources.length, served === 'tortie' ? servedKinds.length : servedKinds.length - 1);
  });
}

/** The columns that a person wants are ours; Calico's CRDs have fewer. */
function columns({ kubectl }: Target): void {
  test('get prints the columns of the kind', async () => {
    const tiers = lines(await kubectl().ok(['get', 'tiers.projectcalico.org']));
    assert.match(tiers[0]!, /^NAME +ORDER +DEFAULT-ACTION\b.*\bAGE$/);
    assert.ok(
      tiers.some(line => /^security +100 +Pass\b/.test(line)),
      tiers.join('\n'),
    );
    for (const name of ['default', 'kube-admin', 'kube-baseline']) {
      assert.ok(
        tiers.some(line => line.startsWith(`${name} `)),
        `no tier ${name}`,
      );
    }
    assert.match(await kubectl().ok(['get', policies, '-A']), /^NAMESPACE +NAME +TIER +ORDER\b.*\bAGE\n/);
    assert.match(await kubectl().ok(['get', 'ippools.projectcalico.org']), /^NAME +CIDR\b.*\bAGE\n/);
  });
}

interface ListedResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: string[];
}

function changing({ kubectl }: Target): void {
  const read = async (path: string) => kubectl().ok(['get', policies, 'e2e-web', '-o', `jsonpath={${path}}`]);

  test('label, annotate, and taking them away', async () => {
    await kubectl().ok(['label', policies, 'e2e-web', 'stage=test']);
    assert.match(await kubectl().fails(['label', policies, 'e2e-web', 'stage=live']), /--overwrite/);
    await kubectl().ok(['label', policies, 'e2e-web', 'stage=live', '--overwrite']);
    await kubectl().ok(['annotate', policies, 'e2e-web', 'example.org/note=two words']);
    assert.equal(await read('.metadata.labels.stage'), 'live');
    assert.equal(await read('.metadata.labels.suite'), 'e2e');
    assert.equal(await read('.metadata.annotations.example\\.org/note'), 'two words');
    await kubectl().ok(['label', policies, 'e2e-web', 'stage-']);
    await kubectl().ok(['annotate', policies, 'e2e-web', 'example.org/note-']);
    assert.equal(await read('.metadata.labels.stage'), '');
    assert.equal(await read('.metadata.labels.suite'), 'e2e');
    assert.equal(await read('.metadata.generation'), '1', 'metadata is not a new generation');
  });

  test('patch: JSON merge, JSON, and the strategic merge that is its default', async () => {
    await kubectl().ok(['patch', policies, 'e2e-web', '--type=merge', '-p', '{"spec":{"order":200}}']);
    assert.equal(await read('.spec.order'), '200');
    const operations = [
      { op: 'test', path: '/spec/order', value: 200 },
      { op: 'replace', path: '/spec/order', value: 300 },
      { op: 'add', path: '/spec/ingress/0/destination/ports/-', value: 443 },
    ];
    await kubectl().ok(['patch', policies, 'e2e-web', '--type=json', '-p', JSON.stringify(operations)]);
    assert.equal(await read('.spec.order'), '300');
    assert.equal(await read('.spec.ingress[0].destination.ports'), '[80,"8080:8090",443]');
    assert.equal(await read('.metadata.generation'), '3');
    const again = ['patch', policies, 'e2e-web', '--type=json', '-p', JSON.stringify(operations)];
    assert.match(
      await kubectl().fails(again),
      /the server rejected our request due to an error in our request|test/i,
    );
    const strategic = {
      metadata: { finalizers: ['e2e/a'] },
      spec: { order: 250, types: ['Ingress', 'Egress'] },
    };
    await kubectl().ok(['patch', policies, 'e2e-web', '-p', JSON.stringify(strategic)]);
    assert.equal(await read('.spec.order'), '250');
    const deletion = { metadata: { '$deleteFromPrimitiveList/finalizers': ['e2e/a'] } };
    await kubectl().ok(['patch', policies, 'e2e-web', '-p', JSON.stringify(deletion)]);
    assert.equal(await read('.metadata.finalizers'), '');
  });

  test('replace, and a conflict when the object has changed since', async () => {
    const stored = parse(await kubectl().ok(['get', policies, 'e2e-web', '-o', 'yaml']));
    stored.spec.order = 400;
    await kubectl().ok(['replace', '-f', '-'], { input: stringify(stored) });
    assert.equal(await read('.spec.order'), '400');
    stored.spec.order = 500;
    assert.match(
      await kubectl().fails(['replace', '-f', '-'], { input: stringify(stored) }),
      /Conflict.*the object has been modified; please apply your changes to the latest version and try again/,
    );
  });

  test('edit', async () => {
    const editor = await kubectl().file(
      'editor.mjs',
      `import { readFileSync, writeFileSync } from 'node:fs';
       const [path] = process.argv.slice(2);
       writeFileSync(path, readFileSync(path, 'utf8').replace('order: 400', 'order: 450'));`,
    );
    const env = { KUBE_EDITOR: `${process.execPath} ${editor}` };
    assert.match(await kubectl().ok(['edit', policies, 'e2e-web'], { env }), /e2e-web edited/);
    assert.equal(await read('.spec.order'), '450');
    assert.match((await kubectl().run(['edit', policies, 'e2e-web'], { env })).stderr, /no changes made/);
  });

  test('apply --server-side: conflicts, force, what is given up, and diff', async () => {
    const manifest = (spec: object, labels: object = {}) => ({
      input: stringify({
        apiVersion: policy.apiVersion,
        kind: 'NetworkSet',
        metadata: { name: 'e2e-applied', namespace: 'default', labels },
        spec,
      }),
    });
    const apply = (...more: string[]) => ['apply', '--server-side', '-f', '-', ...more];
    const sets = 'networksets.projectcalico.org';
    const nets = async () =>
      kubectl().ok(['get', sets, 'e2e-applied', '-n', 'default', '-o', 'jsonpath={.spec.nets}']);
    const first = manifest({ nets: ['10.0.0.0/8'] }, { team: 'a' });
    assert.match(await kubectl().ok(apply(), first), /e2e-applied serverside-applied/);
    const shown = ['get', sets, 'e2e-applied', '-n', 'default', '-o', 'yaml', '--show-managed-fields'];
    const [entry] = parse(await kubectl().ok(shown)).metadata.managedFields;
    assert.deepEqual([entry.manager, entry.operation], ['kubectl', 'Apply']);
    assert.deepEqual(entry.fieldsV1['f:spec'], { 'f:nets': { 'v:"10.0.0.0/8"': {} } });
    const other = manifest({ nets: ['10.1.0.0/16'] }, { team: 'b' });
    assert.match(
      await kubectl().fails(apply('--field-manager=other'), other),
      /Apply failed with 1 conflict: conflict with "kubectl": \.metadata\.labels\.team/,
    );
    await kubectl().ok(apply('--field-manager=other', '--force-conflicts'), other);
    assert.equal(await nets(), '["10.0.0.0/8","10.1.0.0/16"]');
    const given = manifest({ nets: ['10.2.0.0/16'] });
    const diff = await kubectl().run(['diff', '--server-side', '-f', '-'], given);
    assert.equal(diff.code, 1, diff.stderr);
    assert.match(diff.stdout, /^- +- 10\.0\.0\.0\/8$/m);
    await kubectl().ok(apply(), given);
    assert.equal(await nets(), '["10.1.0.0/16","10.2.0.0/16"]');
    assert.equal(await kubectl().ok(['diff', '--server-side', '-f', '-'], given), '');
    await kubectl().ok(['apply', '-f', '-'], manifest({ nets: ['10.3.0.0/16'] }));
    await kubectl().ok(['delete', sets, 'e2e-applied', '-n', 'default']);
  });

  test('client-side apply goes over into server-side apply', async () => {
    const manifest = (order: number) => ({
      input: stringify({
        apiVersion: policy.apiVersion,
        kind: 'GlobalNetworkPolicy',
        metadata: { name: 'e2e-moved' },
        spec: { order, selector: 'all()' },
      }),
    });
    const read = async (path: string) =>
      kubectl().ok(['get', 'gnp', 'e2e-moved', '-o', `jsonpath={${path}}`]);
    await kubectl().ok(['apply', '-f', '-'], manifest(1));
    await kubectl().ok(['apply', '--server-side', '-f', '-'], manifest(2));
    assert.equal(await read('.spec.order'), '2');
    const managers = await read('.metadata.managedFields[*].manager');
    assert.ok(managers.split(' ').includes('kubectl'), managers);
    const note = await read('.metadata.annotations.kubectl\\.kubernetes\\.io/last-applied-configuration');
    assert.equal(JSON.parse(note).spec.order, 2);
    // The note is in kubectl's own words again after the first.
    await kubectl().ok(['apply', '-f', '-'], manifest(2));
    assert.match(await kubectl().ok(['apply', '-f', '-'], manifest(2)), /unchanged/);
    await kubectl().ok(['delete', 'gnp', 'e2e-moved']);
  });

  test('diff: nothing for what is there, the lines that would change for the rest', async () => {
    assert.equal(await kubectl().ok(['diff', '-f', examples]), '');
    const tier = parse(await kubectl().ok(['get', 'tiers.projectcalico.org', 'security', '-o', 'yaml']));
    tier.spec.order = 101;
    const { code, stdout, stderr } = await kubectl().run(['diff', '-f', '-'], { input: stringify(tier) });
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^- +order: 100\n\+ +order: 101$/m);
    const path = 'jsonpath={.spec.order}';
    assert.equal(await kubectl().ok(['get', 'tiers.projectcalico.org', 'security', '-o', path]), '100');
  });
}

function watching({ kubectl }: Target): void {
  test('get --watch shows what becomes of an object', async () => {
    const running = await kubectl().start([
      'get',
      sets,
      '-l',
      'watch=e2e',
      '--watch',
      '--output-watch-events',
    ]);
    try {
      await kubectl().ok(['create', '-f', '-'], {
        input: stringify(networkSet('e2e-watch', { watch: 'e2e' })),
      });
      await running.waitForLine(/^ADDED +e2e-watch\b/);
      await kubectl().ok(['label', sets, 'e2e-watch', 'more=1']);
      await running.waitForLine(/^MODIFIED +e2e-watch\b/);
      // An object that leaves the selection is gone for this watch.
      await kubectl().ok(['label', sets, 'e2e-watch', 'watch-']);
      await running.waitForLine(/^DELETED +e2e-watch\b/);
      assert.equal(running.hasExited(), false);
    } finally {
      await running.stop();
      await kubectl().ok(['delete', sets, 'e2e-watch']);
    }
  });

  test('wait --for=delete ends when the last finalizer is gone', async () => {
    const held = networkSet('e2e-held', {});
    const metadata = { ...held.metadata, finalizers: ['example.org/hold'] };
    await kubectl().ok(['create', '-f', '-'], { input: stringify({ ...held, metadata }) });
    await kubectl().ok(['delete', sets, 'e2e-held', '--wait=false']);
    const deleted = 'jsonpath={.metadata.deletionTimestamp}';
    assert.match(await kubectl().ok(['get', sets, 'e2e-held', '-o', deleted]), /^\d{4}-/);
    const waiting = ['wait', '--for=delete', `${sets}/e2e-held`, '--timeout=60s', '-v=6'];
    const running = await kubectl().start(waiting);
    await running.waitForLine(/watch=true/);
    assert.equal(running.hasExited(), false);
    await kubectl().ok(['patch', sets, 'e2e-held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    assert.equal(await running.exited, 0, running.tail());
    assert.match(await kubectl().fails(['get', sets, 'e2e-held']), /NotFound/);
  });
}

function refusing({ kubectl }: Target): void {
  const misspelt = stringify({
    ...policy,
    metadata: { name: 'e2e-misspelt', namespace: 'default' },
    spec: { ...policy.spec, selektor: 'all()' },
  });

  test('an unknown field is an error under strict validation, a warning under warn', async () => {
    assert.match(
      await kubectl().fails(['apply', '-f', '-'], { input: misspelt }),
      /BadRequest.*strict decoding error: unknown field "spec\.selektor"/,
    );
    const { code, stderr } = await kubectl().run(['apply', '--validate=warn', '-f', '-'], {
      input: misspelt,
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Warning: unknown field "spec\.selektor"$/m);
    const stored = await kubectl().ok(['get', policies, 'e2e-misspelt', '-o', 'jsonpath={.spec}']);
    assert.doesNotMatch(stored, /selektor/);
    const ignored = ['apply', '--validate=false', '-f', '-'];
    assert.doesNotMatch((await kubectl().run(ignored, { input: misspelt })).stderr, /selektor/);
    await kubectl().ok(['delete', policies, 'e2e-misspelt']);
  });

  test('a value that is none of the allowed ones is an error that names the field', async () => {
    const wrong = structuredClone(policy);
    wrong.metadata.name = 'e2e-wrong';
    wrong.spec.ingress[0]!.action = 'allow';
    assert.match(
      await kubectl().fails(['apply', '-f', '-'], { input: stringify(wrong) }),
      /"e2e-wrong" is invalid:.*spec\.ingress\[0\]\.action: Unsupported value: "allow": .*"Allow", "Deny"/s,
    );
    assert.match(await kubectl().fails(['get', policies, 'e2e-wrong']), /NotFound/);
  });

  test('what is not there is NotFound', async () => {
    assert.match(await kubectl().fails(['get', policies, 'nothing']), /\(NotFound\): .*"nothing" not found/);
    assert.match(
      await kubectl().fails(['delete', policies, 'nothing']),
      /\(NotFound\): .*"nothing" not found/,
    );
    assert.equal(await kubectl().ok(['delete', policies, 'nothing', '--ignore-not-found']), '');
  });
}

/** Rules that an object keeps with others. */
function relating({ kubectl }: Target): void {
  const send = (kind: string, spec: object) =>
    kubectl().fails(['create', '-f', '-'], {
      input: stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name: 'e2e-related' }, spec }),
    });

  test('a policy needs its tier, a peer its filters, a pool a range of its own', async () => {
    const stray = await send('GlobalNetworkPolicy', { tier: 'securty', selector: 'all()' });
    assert.match(stray, /spec\.tier: Not found: "securty": there is no such tier; there are: default, /);
    const peer = { peerIP: '192.0.2.1', asNumber: 64513, filters: ['e2e-nothing'] };
    assert.match(await send('BGPPeer', peer), /spec\.filters\[0\]: Not found: "e2e-nothing"/);
    const pool = await send('IPPool', { cidr: '10.244.128.0/20' });
    assert.match(pool, /spec\.cidr: .*overlaps 10\.244\.0\.0\/16 of IPPool pods-ipv4/);
  });

  test('a tier stays while policies are in it, and the built-in ones stay for good', async () => {
    assert.match(
      await kubectl().fails(['delete', 'tiers.projectcalico.org', 'security']),
      /\(Conflict\): .*2 policies are in this tier: GlobalNetworkPolicy security\.block-threats, /,
    );
    assert.match(
      await kubectl().fails(['delete', 'tiers.projectcalico.org', 'default']),
      /\(Forbidden\): .*this tier is built in and cannot be deleted/,
    );
  });
}

function deleting({ kubectl }: Target): void {
  test('delete by name, by label and --all', async () => {
    await kubectl().ok(['delete', policies, 'e2e-web']);
    assert.match(await kubectl().fails(['get', policies, 'e2e-web']), /NotFound/);
    assert.equal(lines(await kubectl().ok(['delete', sets, '-l', 'page=e2e'])).length, 7);
    assert.equal(await kubectl().ok(['get', sets, '-l', 'page=e2e', '-o', 'name']), '');
  });

  test('delete -f takes examples/ away again, the last file first: a tier goes after its policies', async () => {
    const files = readdirSync(examples).sort().reverse();
    const deleted = lines(
      await kubectl().ok(['delete', ...files.flatMap(file => ['-f', join(examples, file)])]),
    );
    assert.deepEqual(
      deleted.filter(line => !/ deleted( from default namespace)?$/.test(line)),
      [],
    );
    assert.equal(await kubectl().ok(['get', '-f', examples, '--ignore-not-found', '-o', 'name']), '');
  });
}

function networkSet(name: string, labels: Record<string, string>) {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkSet',
    metadata: { name, labels },
    spec: { nets: ['192.0.2.0/24'] },
  };
}

function documents(objects: object[]): string {
  return objects.map(object => stringify(object)).join('---\n');
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
