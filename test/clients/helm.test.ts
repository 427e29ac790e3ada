import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProgramStart, Report } from './dialogue.ts';
import { installed } from './programs.ts';
import { clientSuite, type Setting } from './scenario.ts';

const { folder, skip } = await installed('go');

function start(program: string, args: string[] = []): ProgramStart {
  return { command: join(folder, 'bin', program), args, env: { CHART: join(import.meta.dirname, 'chart') } };
}

clientSuite('Helm 3', skip, start('helm3'), setting => releases(setting, 'overwritten'));
clientSuite('Helm 4', skip, start('helm4'), setting => releases(setting, 'conflict'));
clientSuite('Helm 4 without server-side apply', skip, start('helm4', ['client']), setting =>
  releases(setting, 'overwritten'),
);

const all = ['tiers', 'globalnetworkpolicies', 'networkpolicies', 'networksets']
  .map(plural => `${plural}.projectcalico.org`)
  .join();

interface Held {
  kind: string;
  metadata: { name: string; resourceVersion: string; managedFields?: { manager: string }[] };
  spec: { order?: number; ingress?: { destination: { ports: unknown[] } }[] };
}

/**
 * The life of one release of the chart. What somebody else has changed in the meantime is a conflict with
 * server-side apply, and is overwritten by the patch that Helm computes itself.
 */
function releases(setting: Setting, change: 'conflict' | 'overwritten'): void {
  const name = 'shop';
  const ask = async (step: string, object: Record<string, unknown> = {}, force = false): Promise<Report> =>
    setting.client.ask({ do: step, name, object, force });
  /** The objects of the release, by kind. */
  const held = async (): Promise<Map<string, Held>> => {
    const text = await setting.kubectl.ok([
      'get',
      all,
      '-l',
      'app.kubernetes.io/managed-by=Helm',
      '-o',
      'json',
    ]);
    return new Map((JSON.parse(text).items as Held[]).map(object => [object.kind, object]));
  };
  const order = async () => (await held()).get('Tier')!.spec.order;

  test('install, and wait until all is there', async () => {
    await ask('install');
    const objects = await held();
    assert.deepEqual([...objects.keys()].sort(), [
      'GlobalNetworkPolicy',
      'NetworkPolicy',
      'NetworkSet',
      'Tier',
    ]);
    assert.equal(objects.get('Tier')!.spec.order, 100);
    const { ingress } = objects.get('GlobalNetworkPolicy')!.spec;
    assert.deepEqual(ingress![0]!.destination.ports, [80, 443]);
  });

  test('upgrade with the same values writes nothing', async () => {
    const before = await held();
    await ask('upgrade');
    for (const [kind, { metadata }] of await held()) {
      assert.equal(metadata.resourceVersion, before.get(kind)!.metadata.resourceVersion, kind);
    }
  });

  test('upgrade changes what has other values, and deletes what is in the chart no more', async () => {
    const before = await held();
    await ask('upgrade', { order: 200, ports: [8080, '9000:9010'], guard: false });
    const objects = await held();
    assert.deepEqual([...objects.keys()].sort(), ['GlobalNetworkPolicy', 'NetworkPolicy', 'Tier']);
    assert.equal(objects.get('Tier')!.spec.order, 200);
    const { ingress } = objects.get('GlobalNetworkPolicy')!.spec;
    assert.deepEqual(ingress![0]!.destination.ports, [8080, '9000:9010']);
    const untouched = (kind: string, from: Map<string, Held>) => from.get(kind)!.metadata.resourceVersion;
    assert.equal(untouched('NetworkPolicy', objects), untouched('NetworkPolicy', before));
  });

  test('a value that the server refuses: the release fails with what it says', async () => {
    const refused = ask('upgrade', { ports: ['not a port!'], guard: false });
    const message = await refused.then(
      report => report.message ?? 'nothing was refused',
      (error: Error) => error.message,
    );
    assert.match(message, /spec\.ingress\[0\]\.destination\.ports\[0\]/);
    assert.deepEqual((await held()).get('GlobalNetworkPolicy')!.spec.ingress![0]!.destination.ports, [
      8080,
      '9000:9010',
    ]);
  });

  test(`a field that somebody else has changed: ${change}`, async () => {
    const tier = (await held()).get('Tier')!;
    const object = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'Tier',
      metadata: { name: tier.metadata.name },
    };
    const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=somebody', '-f', '-'];
    await setting.kubectl.ok(args, { input: JSON.stringify({ ...object, spec: { order: 250 } }) });
    const values = { order: 300, guard: false };
    if (change === 'conflict') {
      const message = await ask('upgrade', values).then(
        report => report.message ?? 'nothing was refused',
        (error: Error) => error.message,
      );
      assert.match(message, /conflict with "somebody".*\.spec\.order/s);
      assert.equal(await order(), 250);
      await ask('upgrade', values, true);
    } else await ask('upgrade', values);
    assert.equal(await order(), 300);
  });

  test('rollback brings back the first values, and what was deleted', async () => {
    const report = await ask('rollback', {}, change === 'conflict');
    assert.equal(report.code, 200, report.message);
    assert.equal(await order(), 100);
    assert.ok((await held()).has('NetworkSet'));
  });

  test('uninstall takes everything away', async () => {
    await ask('uninstall');
    assert.deepEqual([...(await held()).keys()], []);
    assert.equal(await setting.kubectl.ok(['get', 'secrets', '-l', 'owner=helm', '-o', 'name']), '');
  });
}
