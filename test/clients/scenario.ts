import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Client, clientOf, eventually } from '../e2e/client.ts';
import type { Kubectl } from '../e2e/kubectl.ts';
import { endToEnd, type Suite } from '../e2e/suite.ts';
import { type Deployed, deployBase } from '../e2e/tortie.ts';
import { type Command, type Dialogue, type ProgramStart, type Report, startDialogue } from './dialogue.ts';
import { networkSet, startWriter } from './writers.ts';

/** What the tests of one client share; the fields are there from `before` on. */
export interface Setting {
  suite: Suite;
  deployed: Deployed;
  kubectl: Kubectl;
  adminKubeconfig: string;
  /** Speaks with the server through kube-apiserver as an administrator. */
  admin: Client;
  client: Dialogue;
}

/** A suite with a cluster, the server behind its kube-apiserver, and the program of a client. */
export function clientSuite(
  name: string,
  skip: false | string,
  start: ProgramStart,
  define: (setting: Setting) => void,
): void {
  endToEnd(name, { skip }, suite => {
    const setting = { suite } as Setting;
    before(async () => {
      const cluster = await suite.startCluster();
      setting.adminKubeconfig = cluster.adminKubeconfig;
      setting.deployed = await deployBase(suite, cluster);
      setting.kubectl = await suite.kubectl(cluster.adminKubeconfig);
      setting.admin = await clientOf(cluster.adminKubeconfig);
      setting.client = startDialogue(start, cluster.adminKubeconfig, suite.folder);
    });
    after(async () => {
      setting.admin?.close();
      await setting.client?.end();
    });
    define(setting);
  });
}

const sets = 'globalnetworksets';
const policies = 'networkpolicies';
const setsPath = `/apis/projectcalico.org/v3/${sets}`;

/** What every client is asked to do. */
export function everyClient(setting: Setting): void {
  listing(setting);
  following(setting);
  applying(setting);
  deleting(setting);
}

function listing(setting: Setting): void {
  test('list: every object that the selector chooses, once, page by page where the client has pages', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `listed-${index}`);
    for (const name of names) await create(setting, networkSet(name, 'listed'));
    await create(setting, networkSet('other', 'other'));
    const report = await setting.client.ask({ do: 'list', resource: sets, selector: 'client=listed' });
    assert.deepEqual(report.names, names);
    if (report.pages !== undefined) assert.equal(report.pages, 3, 'pages of four');
  });
}

async function create({ admin }: Setting, body: object): Promise<void> {
  const answer = await admin.request('POST', setsPath, { body: JSON.stringify(body) });
  assert.equal(answer.status, 201, answer.text);
}

function following(setting: Setting): void {
  const followed = 'client=followed';
  test('follow: what the client holds is what kubectl lists, after two restarts under writers', async () => {
    const { client, admin, deployed } = setting;
    for (let index = 0; index < 5; index++) await create(setting, networkSet(`first-${index}`, 'followed'));
    await client.ask({ do: 'follow', resource: sets, selector: followed });
    const first = await client.ask({ do: 'view' });
    assert.deepEqual(first.objects, await listedBy(setting, followed), 'what is there at the start');

    const writers = ['one', 'two'].map(name => startWriter(admin, name, 'followed'));
    const written = () => writers.reduce((total, writer) => total + writer.done, 0);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const before = written();
      await eventually(
        'forty writes',
        async () => written(),
        count => count > before + 40,
      );
      deployed.process.signal(signal);
      await deployed.process.exited;
      await deployed.restart();
    }
    const before = written();
    await eventually(
      'writes after the last restart',
      async () => written(),
      count => count > before + 40,
    );
    for (const writer of writers) await writer.stop();

    const wanted = await listedBy(setting, followed);
    const same = ({ objects, metadata }: Report) =>
      equalMaps(objects, wanted) && (!metadata || equalMaps(metadata, wanted));
    const last = await eventually('the same view as kubectl', () => client.ask({ do: 'view' }), same, 90_000);
    assert.deepEqual(disorderIn(last.events!), []);
  });
}

/** Names and resourceVersions, as kubectl lists them. */
export async function listedBy({ kubectl }: Setting, selector: string): Promise<Record<string, string>> {
  const path = '{range .items[*]}{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
  const args = ['get', `${sets}.projectcalico.org`, '-l', selector, '-o', `jsonpath=${path}`];
  const lines = (await kubectl.ok(args)).split('\n').filter(Boolean);
  return Object.fromEntries(lines.map(line => line.split(' ') as [string, string]));
}

function equalMaps(one: Record<string, string> | undefined, other: Record<string, string>): boolean {
  if (!one || Object.keys(one).length !== Object.keys(other).length) return false;
  return Object.entries(other).every(([name, version]) => one[name] === version);
}

/**
 * What is wrong in the order of events: an object added twice, changed or deleted while it is not there, or a
 * version that goes back. A version may be told again, since informers repeat what they hold.
 */
function disorderIn(events: [string, string, string][]): string[] {
  const held = new Map<string, number>();
  const wrong: string[] = [];
  for (const [type, name, text] of events) {
    const version = Number(text);
    const before = held.get(name);
    if (type === 'ADDED' && before !== undefined) wrong.push(`${name} was added twice`);
    if ((type === 'MODIFIED' || type === 'DELETED') && before === undefined) {
      wrong.push(`${name} was ${type} while it was not there`);
    }
    if (before !== undefined && version < before)
      wrong.push(`${name} went back from ${before} to ${version}`);
    if (type === 'DELETED') held.delete(name);
    else held.set(name, version);
  }
  return wrong;
}

/** A NetworkPolicy as one manager applies it. */
function policy(name: string, order: number): Record<string, unknown> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'default' },
    spec: { order, selector: "app == 'web'", types: ['Ingress'], ingress: [{ action: 'Allow' }] },
  };
}

const target = { resource: policies, namespace: 'default' };

/** Asks one manager to apply. */
function applyBy(manager: string, object: Record<string, unknown>, force = false): Command {
  return { do: 'apply', ...target, manager, object, force };
}

async function stored({ kubectl }: Setting, name: string): Promise<StoredPolicy> {
  const args = ['get', `${policies}.projectcalico.org`, name, '-o', 'json', '--show-managed-fields'];
  return JSON.parse(await kubectl.ok(args));
}

interface StoredPolicy {
  metadata: {
    uid: string;
    labels?: Record<string, string>;
    managedFields: { manager: string; operation: string }[];
  };
  spec: { order: number };
}

function applying(setting: Setting): void {
  const managers = async (name: string) =>
    (await stored(setting, name)).metadata.managedFields
      .filter(({ operation }) => operation === 'Apply')
      .map(({ manager }) => manager)
      .sort();

  test('apply creates, and again changes nothing', async () => {
    const first = await setting.client.ask(applyBy('one', policy('applied', 10)));
    assert.equal(first.code, 200, first.message);
    const before = await stored(setting, 'applied');
    assert.equal((await setting.client.ask(applyBy('one', policy('applied', 10)))).code, 200);
    assert.deepEqual(await stored(setting, 'applied'), before);
  });

  test('apply by a second manager is a conflict that names the first and the field', async () => {
    const report = await setting.client.ask(applyBy('two', policy('applied', 20)));
    assert.equal(report.code, 409);
    assert.equal(report.reason, 'Conflict');
    assert.match(report.message!, /^Apply failed with 1 conflict: conflict with "one".*: \.spec\.order$/);
    const cause = { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.order' };
    assert.deepEqual(
      report.causes!.map(({ reason, message, field }) => ({ reason, message, field })),
      [cause],
    );
    assert.equal((await stored(setting, 'applied')).spec.order, 10);
    assert.deepEqual(await managers('applied'), ['one']);
  });

  test('apply with force takes the field', async () => {
    const report = await setting.client.ask(applyBy('two', policy('applied', 20), true));
    assert.equal(report.code, 200, report.message);
    assert.equal((await stored(setting, 'applied')).spec.order, 20);
    assert.deepEqual(await managers('applied'), ['one', 'two']);
  });

  test('patch, of the type that the client takes by itself', async () => {
    const object = { metadata: { labels: { patched: 'yes' } }, spec: { order: 30 } };
    const report = await setting.client.ask({ do: 'patch', ...target, name: 'applied', object });
    assert.equal(report.code, 200, report.message);
    const { metadata, spec } = await stored(setting, 'applied');
    assert.equal(metadata.labels?.patched, 'yes');
    assert.equal(spec.order, 30);
  });
}

function deleting(setting: Setting): void {
  test('delete: not with a wrong precondition, then once, then it is not there', async () => {
    const { client, kubectl } = setting;
    const refused = await client.ask({ do: 'delete', ...target, name: 'applied', uid: 'not-this-one' });
    assert.equal(refused.code, 409, JSON.stringify(refused));
    assert.equal(refused.reason, 'Conflict');
    assert.equal((await client.ask({ do: 'delete', ...target, name: 'applied' })).code, 200);
    assert.match(await kubectl.fails(['get', `${policies}.projectcalico.org`, 'applied']), /NotFound/);
    const again = await client.ask({ do: 'delete', ...target, name: 'applied' });
    assert.equal(again.code, 404);
    assert.equal(again.reason, 'NotFound');
  });

  test('delete of a collection takes what the selector chooses, and the client sees it go', async () => {
    const { client } = setting;
    await client.ask({ do: 'delete', resource: sets, selector: 'client=followed' });
    assert.deepEqual(await listedBy(setting, 'client=followed'), {});
    assert.notDeepEqual(await listedBy(setting, 'client=other'), {});
    const isEmpty = ({ objects }: Report) => Object.keys(objects!).length === 0;
    const last = await eventually('an empty view', () => client.ask({ do: 'view' }), isEmpty);
    assert.deepEqual(disorderIn(last.events!), []);
  });
}
