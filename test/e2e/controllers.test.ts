import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { stringify } from 'yaml';
import { eventually } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { endToEnd } from './suite.ts';
import { deployBase } from './tortie.ts';

const policies = 'networkpolicies.projectcalico.org';

function object(kind: string, name: string, metadata: object = {}, spec: object = {}) {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...metadata }, spec };
}

endToEnd('the controllers of the cluster', {}, suite => {
  let kubectl: Kubectl;
  const create = async (...objects: object[]) =>
    kubectl.ok(['create', '-f', '-'], { input: objects.map(one => stringify(one)).join('---\n') });
  const uidOf = async (resource: string, name: string) =>
    kubectl.ok(['-n', 'default', 'get', resource, name, '-o', 'jsonpath={.metadata.uid}']);
  const untilGone = async (name: string) =>
    eventually(
      `${name} is collected`,
      () => kubectl.ok(['-n', 'default', 'get', policies, name, '--ignore-not-found', '-o', 'name']),
      output => output === '',
      90_000,
    );

  before(async () => {
    const cluster = await suite.startCluster();
    await deployBase(suite, cluster);
    kubectl = await suite.kubectl(cluster.adminKubeconfig);
    await cluster.startControllerManager([
      'namespace-controller',
      'garbage-collector-controller',
      'resourcequota-controller',
    ]);
  });

  test('a namespace with policies in it is deleted to the end', async () => {
    const inside = { namespace: 'doomed' };
    await kubectl.ok(['create', 'namespace', 'doomed']);
    await create(
      ...Array.from({ length: 12 }, (_, index) => object('NetworkPolicy', `policy-${index}`, inside)),
      object('StagedNetworkPolicy', 'staged', inside),
      object('StagedKubernetesNetworkPolicy', 'staged-kubernetes', inside),
      object('NetworkSet', 'set', { ...inside, labels: { kind: 'set' } }),
      object('NetworkPolicy', 'bystander', { namespace: 'default' }),
    );
    await kubectl.ok(['delete', 'namespace', 'doomed', '--timeout=90s']);
    assert.match(await kubectl.fails(['get', 'namespace', 'doomed']), /NotFound/);
    const left = await kubectl.ok(['get', policies, '-A', '-o', 'jsonpath={.items[*].metadata.name}']);
    assert.equal(left, 'bystander');
    assert.equal(
      await kubectl.ok(['-n', 'doomed', 'get', 'networksets.projectcalico.org', '-o', 'name']),
      '',
    );
    await kubectl.ok(['-n', 'default', 'delete', policies, 'bystander']);
  });

  test('a policy goes when its owner, of a built-in kind, goes', async () => {
    await kubectl.ok(['-n', 'default', 'create', 'configmap', 'owner']);
    const uid = await uidOf('configmap', 'owner');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    await create(object('NetworkPolicy', 'owned', { namespace: 'default', ownerReferences }));
    await kubectl.ok(['-n', 'default', 'delete', 'configmap', 'owner']);
    await untilGone('owned');
  });

  test('between our kinds: foreground deletion takes dependents first, orphaning leaves them', async () => {
    const makeFamily = async (parent: string, child: string) => {
      await create(object('NetworkPolicy', parent, { namespace: 'default' }));
      const uid = await uidOf(policies, parent);
      const owner = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', name: parent, uid };
      const ownerReferences = [{ ...owner, blockOwnerDeletion: true }];
      await create(object('NetworkPolicy', child, { namespace: 'default', ownerReferences }));
    };
    await makeFamily('parent', 'child');
    await kubectl.ok([
      '-n',
      'default',
      'delete',
      policies,
      'parent',
      '--cascade=foreground',
      '--timeout=90s',
    ]);
    assert.equal(
      await kubectl.ok(['-n', 'default', 'get', policies, 'child', '--ignore-not-found', '-o', 'name']),
      '',
      'the dependent went before its owner',
    );

    await makeFamily('leaver', 'orphan');
    await kubectl.ok(['-n', 'default', 'delete', policies, 'leaver', '--cascade=orphan', '--timeout=90s']);
    const references = [
      '-n',
      'default',
      'get',
      policies,
      'orphan',
      '-o',
      'jsonpath={.metadata.ownerReferences}',
    ];
    assert.equal(await kubectl.ok(references), '');
  });
});
