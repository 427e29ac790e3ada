import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { clientOf, eventually } from '../e2e/client.ts';
import { type Kubectl, kubectlOf } from '../e2e/kubectl.ts';
import { endToEnd, root } from '../e2e/suite.ts';
import { type Deployed, deployBase } from '../e2e/tortie.ts';
import { installed, oldMinors } from './programs.ts';

const { folder, skip } = await installed('kubectl');
const examples = join(root, 'examples');
const policies = 'networkpolicies.projectcalico.org';

endToEnd('kubectl of other minors', { skip }, suite => {
  let kubeconfig: string;
  let deployed: Deployed;
  before(async () => {
    const cluster = await suite.startCluster();
    deployed = await deployBase(suite, cluster);
    kubeconfig = cluster.adminKubeconfig;
    await untilDocumented(kubeconfig);
  });

  const binaries = oldMinors.map(minor => [minor, join(folder, `v${minor}/kubectl/kubectl`)] as const);
  for (const [minor, binary] of [...binaries, ['36', suite.binaries.kubectl] as const]) {
    describe(`1.${minor}`, () => {
      let kubectl: Kubectl;
      before(async () => {
        kubectl = await kubectlOf(binary, kubeconfig, suite.folder);
        const { clientVersion } = JSON.parse(await kubectl.ok(['version', '--client', '-o', 'json']));
        assert.match(clientVersion.gitVersion, new RegExp(`^v1\\.${minor}\\.`));
      });
      script(
        () => kubectl,
        () => deployed,
      );
    });
  }
});

/** kube-apiserver takes the documents in the background; older kubectls check objects against them. */
async function untilDocumented(kubeconfig: string): Promise<void> {
  const client = await clientOf(kubeconfig);
  for (const path of ['/openapi/v2', '/openapi/v3']) {
    const read = async () => (await client.request('GET', path)).text;
    await eventually(
      `the group in ${path}`,
      read,
      text => text.includes('apis/projectcalico.org/v3'),
      150_000,
    );
  }
  client.close();
}

const policy = (order: number, more: object = {}) => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'NetworkPolicy',
  metadata: { name: 'minor', namespace: 'default' },
  spec: { order, selector: "app == 'web'", types: ['Ingress'], ingress: [{ action: 'Allow' }], ...more },
});

/** Each step a test; later steps use the objects of earlier ones, and the last leaves nothing behind. */
function script(kubectl: () => Kubectl, deployed: () => Deployed): void {
  applyingAndReading(kubectl);
  explaining(kubectl);
  changing(kubectl);
  applyingOnTheServer(kubectl);
  watching(kubectl, deployed);
  deleting(kubectl);
}

function applyingAndReading(kubectl: () => Kubectl): void {
  test('apply examples/, and again: every object is unchanged', async () => {
    const first = lines(await kubectl().ok(['apply', '-f', examples]));
    assert.ok(first.length >= 20, `only ${first.length} objects`);
    assert.deepEqual(
      first.filter(line => !line.endsWith(' created')),
      [],
    );
    const second = lines(await kubectl().ok(['apply', '-f', examples]));
    assert.deepEqual(
      second.filter(line => !line.endsWith(' unchanged')),
      [],
    );
  });

  test('get: the columns of the kind, other forms, and pages', async () => {
    assert.match(await kubectl().ok(['get', policies, '-A']), /^NAMESPACE +NAME +TIER +ORDER\b.*\bAGE\n/);
    const names = ['get', 'globalnetworkpolicies.projectcalico.org', '-o', 'name'];
    const whole = lines(await kubectl().ok(names));
    assert.ok(whole.length > 0);
    assert.deepEqual(lines(await kubectl().ok([...names, '--chunk-size=1'])), whole);
  });

  test('apply refuses a field that is not there, by name', async () => {
    const input = stringify(policy(1, { ordr: 2 }));
    const message = await kubectl().fails(['apply', '-f', '-'], { input });
    assert.match(message, /unknown field "(spec\.)?ordr"/);
  });
}

function explaining(kubectl: () => Kubectl): void {
  test('explain: fields of ours, and still those of the cluster', async () => {
    const field = await kubectl().ok(['explain', `${policies}.spec.ingress.source.selector`]);
    assert.match(field, /^KIND: +NetworkPolicy$/m);
    assert.match(field, /^FIELD: +selector <string>/m);
    assert.match(await kubectl().ok(['explain', 'pods.spec.containers.image']), /^FIELD: +image <string>/m);
    assert.match(await kubectl().ok(['explain', 'networkpolicies.networking.k8s.io']), /networking\.k8s\.io/);
    const tree = await kubectl().ok(['explain', 'felixconfigurations.projectcalico.org', '--recursive']);
    assert.match(tree, /^ +bpfEnabled\s+<boolean>/m);
  });

  test('api-resources lists the kinds', async () => {
    const listed = lines(
      await kubectl().ok(['api-resources', '--api-group=projectcalico.org', '-o', 'name']),
    );
    assert.ok(listed.includes(policies) && listed.includes('tiers.projectcalico.org'), listed.join());
  });
}

function changing(kubectl: () => Kubectl): void {
  const order = () => kubectl().ok(['get', policies, 'minor', '-o', 'jsonpath={.spec.order}']);

  test('create, describe, label', async () => {
    await kubectl().ok(['create', '-f', '-'], { input: stringify(policy(10)) });
    await kubectl().ok(['label', policies, 'minor', 'stage=test']);
    const described = await kubectl().ok(['describe', policies, 'minor']);
    assert.match(described, /^(Labels:)? +stage=test$/m);
    assert.match(described, /^ +Selector: +app == 'web'$/m);
  });

  test('patch: JSON merge and JSON', async () => {
    await kubectl().ok(['patch', policies, 'minor', '--type=merge', '-p', '{"spec":{"order":20}}']);
    assert.equal(await order(), '20');
    const operations = JSON.stringify([{ op: 'replace', path: '/spec/order', value: 30 }]);
    await kubectl().ok(['patch', policies, 'minor', '--type=json', '-p', operations]);
    assert.equal(await order(), '30');
  });

  test('diff shows what would change, and changes nothing', async () => {
    const { code, stdout, stderr } = await kubectl().run(['diff', '-f', '-'], {
      input: stringify(policy(40)),
    });
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^- {2}order: 30\n\+ {2}order: 40$/m);
    assert.equal(await order(), '30');
  });

  test('wait for a value', async () => {
    const waiting = kubectl().ok([
      'wait',
      policies,
      'minor',
      '--for=jsonpath={.spec.order}=50',
      '--timeout=60s',
    ]);
    await kubectl().ok(['patch', policies, 'minor', '--type=merge', '-p', '{"spec":{"order":50}}']);
    assert.match(await waiting, /minor condition met/);
  });

  test('delete, and wait for the end of an object that is held', async () => {
    const hold = '{"metadata":{"finalizers":["example.org/hold"]}}';
    await kubectl().ok(['patch', policies, 'minor', '--type=merge', '-p', hold]);
    await kubectl().ok(['delete', policies, 'minor', '--wait=false']);
    const waiting = kubectl().ok(['wait', policies, 'minor', '--for=delete', '--timeout=60s']);
    await kubectl().ok([
      'patch',
      policies,
      'minor',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
    await waiting;
    assert.match(await kubectl().fails(['get', policies, 'minor']), /NotFound/);
  });
}

function applyingOnTheServer(kubectl: () => Kubectl): void {
  const apply = (order: number, more: string[] = []) =>
    [['apply', '--server-side', '-f', '-', ...more], { input: stringify(policy(order)) }] as const;

  test('apply --server-side creates, and conflicts with another manager', async () => {
    const [args, input] = apply(10);
    assert.match(await kubectl().ok([...args], input), /serverside-applied/);
    const [other, otherInput] = apply(20, ['--field-manager=other']);
    const message = await kubectl().fails([...other], otherInput);
    assert.match(message, /conflict with "kubectl".*\.spec\.order/s);
    await kubectl().ok([...other, '--force-conflicts'], otherInput);
    const path = 'jsonpath={.spec.order}';
    assert.equal(await kubectl().ok(['get', policies, 'minor', '-o', path]), '20');
  });

  test('apply --server-side takes over what was applied from the client', async () => {
    await kubectl().ok(['delete', policies, 'minor']);
    await kubectl().ok(['apply', '-f', '-'], { input: stringify(policy(10)) });
    const [args, input] = apply(30);
    await kubectl().ok([...args], input);
    const stored = JSON.parse(
      await kubectl().ok(['get', policies, 'minor', '-o', 'json', '--show-managed-fields']),
    );
    assert.equal(stored.spec.order, 30);
    const managers = stored.metadata.managedFields.map((entry: { manager: string }) => entry.manager);
    assert.ok(managers.includes('kubectl'), managers.join());
  });
}

function watching(kubectl: () => Kubectl, deployed: () => Deployed): void {
  // kubectl does not open a watch again by itself.
  test('get --watch ends well when the server is restarted, and another one goes on from there', async () => {
    const watch = () => kubectl().start(['get', policies, '--watch', '-o', 'jsonpath={.spec.order}{"\\n"}']);
    const patch = (order: number) =>
      kubectl().ok(['patch', policies, 'minor', '--type=merge', '-p', `{"spec":{"order":${order}}}`]);
    await patch(60);
    const first = await watch();
    // What is there comes from a list, before kubectl opens the watch.
    await first.waitForLine(/^60$/);
    await patch(61);
    await first.waitForLine(/^61$/);
    await deployed().restart();
    assert.equal(await first.exited, 0, first.tail());
    const second = await watch();
    await second.waitForLine(/^61$/);
    await patch(62);
    await second.waitForLine(/^62$/);
    await second.stop();
  });
}

function deleting(kubectl: () => Kubectl): void {
  test('delete by name and by file leaves nothing', async () => {
    await kubectl().ok(['delete', policies, 'minor']);
    const files = readdirSync(examples).sort().reverse();
    await kubectl().ok(['delete', ...files.flatMap(file => ['-f', join(examples, file)])]);
    assert.equal(await kubectl().ok(['get', '-f', examples, '--ignore-not-found', '-o', 'name']), '');
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
