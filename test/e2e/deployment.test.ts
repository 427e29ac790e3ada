import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { type Client, clientOf, probe } from './client.ts';
import type { Cluster } from './cluster.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Kubectl } from './kubectl.ts';
import { endToEnd, root } from './suite.ts';
import { type Deployed, deployBase, type KubernetesObject, render } from './tortie.ts';

const tiers = '/apis/projectcalico.org/v3/tiers';

const reader = [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'reader', namespace: 'default' },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'tier-reader' },
    rules: [{ apiGroups: ['projectcalico.org'], resources: ['tiers'], verbs: ['get', 'list', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'tier-readers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'tier-reader' },
    subjects: [
      { kind: 'ServiceAccount', name: 'reader', namespace: 'default' },
      { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' },
    ],
  },
];

/** What kube-apiserver fills in for a Service that has an address of its own. */
const allocated = new Set([
  'clusterIP',
  'clusterIPs',
  'ipFamilies',
  'ipFamilyPolicy',
  'internalTrafficPolicy',
]);

endToEnd('the base, with no rights but its own', {}, suite => {
  let cluster: Cluster;
  let deployed: Deployed;
  let admin: Kubectl;
  before(async () => {
    cluster = await suite.startCluster();
    deployed = await deployBase(suite, cluster);
    admin = await suite.kubectl(cluster.adminKubeconfig);
    await admin.ok(['apply', '-f', '-'], { input: reader.map(object => stringify(object)).join('---\n') });
  });

  describe('manifests', () => {
    test('the pod satisfies the restricted Pod Security Standard', async () => {
      const deployment = (await render(admin, 'base')).find(({ kind }) => kind === 'Deployment')!;
      const template = deployment.spec!.template as KubernetesObject;
      const pod = {
        ...template,
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pod', namespace: 'tortie' },
      };
      await admin.ok(['create', '--dry-run=server', '-f', '-'], { input: stringify(pod) });
      const { securityContext } = (template.spec!.containers as { securityContext: object }[])[0]!;
      assert.equal(
        'readOnlyRootFilesystem' in securityContext && securityContext.readOnlyRootFilesystem,
        true,
      );
      const rooted = { ...pod, spec: { ...pod.spec, securityContext: { runAsUser: 0 } } };
      assert.match(
        await admin.fails(['create', '--dry-run=server', '-f', '-'], { input: stringify(rooted) }),
        /violates PodSecurity "restricted/,
        'the namespace enforces it',
      );
    });

    test('what runs here differs from the base in the type of the Service, the port and the CA only', async () => {
      const { code, stdout, stderr } = await admin.run(['diff', '-k', join(root, 'manifests/base')]);
      assert.equal(code, 1, stderr);
      const changed = stdout.split('\n').flatMap(line => /^[-+] +(?:- )?(\w+):/.exec(line)?.[1] ?? []);
      const fields = [...new Set(changed)].filter(field => !allocated.has(field)).sort();
      assert.deepEqual(fields, ['caBundle', 'externalName', 'port', 'type'], stdout);
    });

    test('one replica that is never two, and a claim that outlives the pod', async () => {
      const path = '{.spec.replicas} {.spec.strategy.type} {.spec.template..persistentVolumeClaim.claimName}';
      const printed = await admin.ok([
        '-n',
        'tortie',
        'get',
        'deployment',
        'tortie',
        '-o',
        `jsonpath=${path}`,
      ]);
      assert.equal(printed, '1 Recreate tortie-data');
      await admin.ok(['-n', 'tortie', 'get', 'persistentvolumeclaim', 'tortie-data']);
    });

    test('the APIService verifies the certificate', async () => {
      const { spec, status } = JSON.parse(
        await admin.ok(['get', 'apiservice', 'v3.projectcalico.org', '-o', 'json']),
      ) as {
        spec: Record<string, unknown>;
        status: { conditions: { type: string; status: string; reason: string }[] };
      };
      assert.equal(spec.insecureSkipTLSVerify, undefined);
      assert.equal(spec.groupPriorityMinimum, 1500);
      assert.equal(spec.versionPriority, 200);
      const [{ type, status: value, reason } = {}] = status.conditions;
      assert.deepEqual({ type, value, reason }, { type: 'Available', value: 'True', reason: 'Passed' });
    });

    test('the ServiceAccount may do nothing but ask who somebody is and what they may do', async () => {
      const as = ['--as=system:serviceaccount:tortie:tortie', '-q'];
      const canI = async (...args: string[]) =>
        (await admin.run(['auth', 'can-i', ...args, ...as])).code === 0;
      assert.equal(await canI('create', 'tokenreviews.authentication.k8s.io'), true);
      assert.equal(await canI('create', 'subjectaccessreviews.authorization.k8s.io'), true);
      const configMap = 'configmap/extension-apiserver-authentication';
      assert.equal(await canI('get', configMap, '-n', 'kube-system'), true);
      assert.equal(await canI('get', 'secrets', '-n', 'tortie'), false);
      assert.equal(await canI('get', 'tiers.projectcalico.org'), false);
    });
  });

  describe("manifests of a datastore for Calico's components", () => {
    let objects: KubernetesObject[];
    const one = (kind: string) => objects.find(object => object.kind === kind)!;
    before(async () => {
      objects = await render(admin, 'agents-datastore');
    });

    test('the cluster takes all of them', async () => {
      await admin.ok(['apply', '--dry-run=server', '-k', join(root, 'manifests/agents-datastore')]);
    });

    test('the pod needs no network of the cluster, no DNS and no node that is ready', async () => {
      const { spec } = one('Deployment').spec!.template as KubernetesObject;
      const { hostNetwork, dnsPolicy, tolerations } = spec!;
      const needed = { hostNetwork: true, dnsPolicy: 'Default', tolerations: [{ operator: 'Exists' }] };
      assert.deepEqual({ hostNetwork, dnsPolicy, tolerations }, needed);
    });

    test('its namespace takes the pod, which is restricted but for the network', async () => {
      const { labels = {} } = one('Namespace').metadata;
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'on-hosts', labels } };
      await admin.ok(['create', '-f', '-'], { input: stringify(namespace) });
      const pod = {
        ...(one('Deployment').spec!.template as KubernetesObject),
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pod', namespace: 'on-hosts' },
      };
      await admin.ok(['-n', 'on-hosts', 'create', 'serviceaccount', 'tortie']);
      const { code, stderr } = await admin.run(['create', '--dry-run=server', '-f', '-'], {
        input: stringify(pod),
      });
      assert.equal(code, 0, stderr);
      const violations = /would violate PodSecurity "restricted:latest": (.*)/.exec(stderr)?.[1] ?? stderr;
      assert.match(violations, /^host namespaces \(hostNetwork=true\), hostPort \([^()]*\)$/);
    });
  });

  describe('through kube-apiserver', () => {
    test('the default tiers are there', async () => {
      const names = await admin.ok(['get', 'tiers.projectcalico.org', '-o', 'name']);
      for (const name of ['default', 'kube-admin', 'kube-baseline']) {
        assert.match(names, new RegExp(`^tier.projectcalico.org/${name}$`, 'm'));
      }
    });

    test('a user has the rights that the cluster grants', async () => {
      const jane = await suite.kubectl(await cluster.kubeconfigFor({ name: 'jane' }));
      await jane.ok(['get', 'tiers.projectcalico.org']);
      assert.match(
        await jane.fails(['delete', 'tier.projectcalico.org', 'default']),
        /\(Forbidden\): .*User "jane" cannot delete resource "tiers" in API group "projectcalico.org"/,
      );
      const nobody = await suite.kubectl(await cluster.kubeconfigFor({ name: 'nobody' }));
      assert.match(await nobody.fails(['get', 'tiers.projectcalico.org']), /\(Forbidden\)/);
    });

    test('what is stored is there after a restart', async () => {
      const set = {
        apiVersion: 'projectcalico.org/v3',
        kind: 'GlobalNetworkSet',
        metadata: { name: 'survivor' },
        spec: { nets: ['192.0.2.1/32'] },
      };
      await admin.ok(['create', '-f', '-'], { input: stringify(set) });
      const path = 'jsonpath={.metadata.uid} {.metadata.resourceVersion} {.spec.nets[0]}';
      const before = await admin.ok(['get', 'globalnetworksets.projectcalico.org', 'survivor', '-o', path]);
      await deployed.restart();
      assert.equal(
        await admin.ok(['get', 'globalnetworksets.projectcalico.org', 'survivor', '-o', path]),
        before,
      );
    });
  });

  describe('past kube-apiserver', () => {
    const url = (path: string) => `https://127.0.0.1:${deployed.port}${path}`;
    const direct = async (
      name: string,
      user: Parameters<typeof writeKubeconfig>[1]['user'],
    ): Promise<Client> => {
      const path = join(suite.folder, `${name}.kubeconfig`);
      await writeKubeconfig(path, { server: url(''), authority: deployed.authority, user });
      return clientOf(path);
    };

    test('probes need no credential; nothing else is open', async () => {
      for (const path of ['/healthz', '/livez', '/readyz']) assert.equal(await probe(url(path)), 200, path);
      assert.equal(await probe(url(tiers)), 403);
    });

    test('the protections that it lacks stand in /readyz?verbose and in its log', async () => {
      const token = (await admin.ok(['-n', 'default', 'create', 'token', 'reader'])).trim();
      const client = await direct('on-call', { token });
      const { text } = await client.request('GET', '/readyz?verbose');
      client.close();
      for (const name of ['tier-rights', 'admission']) {
        assert.match(text, new RegExp(`^\\[\\+\\]${name} ok: not enforced: `, 'm'));
        await deployed.process.waitForLine(new RegExp(`"level":"warn".*"msg":"${name}: `));
      }
    });

    test('a token is reviewed by the cluster, and so are the rights of its bearer', async () => {
      const token = (await admin.ok(['-n', 'default', 'create', 'token', 'reader'])).trim();
      const client = await direct('reader', { token });
      const list = await client.request('GET', tiers);
      assert.equal(list.status, 200, list.text);
      const refused = await client.request('DELETE', `${tiers}/default`);
      assert.equal(refused.status, 403, refused.text);
      const user = 'system:serviceaccount:default:reader';
      const message = `tiers.projectcalico.org "default" is forbidden: User "${user}" cannot delete resource`;
      assert.equal(refused.json<{ message: string }>().message.startsWith(message), true, refused.text);
      client.close();
      const stranger = await direct('stranger', { token: `${token}x` });
      assert.equal((await stranger.request('GET', tiers)).status, 401);
      stranger.close();
    });

    test('a client certificate of the cluster is a user, but not the front proxy', async () => {
      const cases = [
        { name: 'jane', status: 200 },
        { name: 'front-proxy-client', status: 403 },
      ];
      for (const { name, status } of cases) {
        const client = await direct(name, await cluster.issueClient({ name }));
        const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
        const answer = await client.request('GET', tiers, { headers });
        assert.equal(answer.status, status, answer.text);
        client.close();
      }
    });
  });
});
