import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Client } from '../client.ts';
import { endToEnd } from '../suite.ts';
import {
  acceptOf,
  type CalicoList,
  type CalicoObject,
  type EventStream,
  exactJson,
  exactText,
  type GoClient,
  goClient,
  pathOf,
  Refused,
  type StatusBody,
  type WatchEvent,
} from './go-client.ts';
import { type Datastore, type Installation, install } from './installation.ts';
import { type Row, rows, type Who } from './rows.ts';

/**
 * Every request that Calico's components make in their mode for `projectcalico.org/v3`, through a kube-apiserver to a server that
 * has this datastore, with the account, the headers, the query and the body that they send, and what must be answered.
 */
export function agentRequests(datastore: Datastore): void {
  endToEnd(`what Calico's components ask of a datastore: ${datastore.name}`, {}, suite => {
    let installation: Installation;
    const clients = new Map<string, Client>();
    const clientFor = async ({ account }: Who): Promise<Client> => {
      const known = clients.get(account) ?? (await installation.clientFor(account));
      clients.set(account, known);
      return known;
    };
    const goClientFor = async (who: Who) => goClient(await clientFor(who), who.client);
    before(async () => {
      installation = await install(suite, datastore);
    });

    test('discovery names the group, and not the one that its components would rather have', async () => {
      const client = await clientFor({ account: 'calico-node', client: 'datastore' });
      const { groups } = (await client.request('GET', '/apis')).json<{ groups: { name: string }[] }>();
      const names = groups.map(({ name }) => name);
      assert.ok(names.includes('projectcalico.org'));
      assert.ok(!names.includes('crd.projectcalico.org'));
    });

    for (const row of rows) {
      describe(row.plural, () => rowTests(row, { clientFor, goClientFor }));
    }

    test('who may write is for RBAC to say: 403, and never 405', async () => {
      const forbidden: [Who['account'], string, string, string][] = [
        ['calico-node', 'POST', 'ipreservations', ''],
        ['calico-node', 'PUT', 'hostendpoints', 'any'],
        ['calico-node', 'DELETE', 'clusterinformations', 'default'],
        ['calico-node', 'PATCH', 'ipamblocks', 'any'],
        ['calico-cni-plugin', 'POST', 'tiers', ''],
        ['calico-cni-plugin', 'PUT', 'felixconfigurations', 'default'],
      ];
      for (const [account, method, plural, name] of forbidden) {
        const client = await clientFor({ account, client: 'datastore' });
        const body = exactText({ metadata: { name: name || 'any' } });
        const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
        const answer = await client.request(method, pathOf(plural, { name }), { body, contentType });
        assert.equal(answer.status, 403, `${account} ${method} ${plural}: ${answer.text}`);
        assert.equal(answer.json<StatusBody>().reason, 'Forbidden');
      }
    });
  });
}

interface Clients {
  clientFor(who: Who): Promise<Client>;
  goClientFor(who: Who): Promise<GoClient>;
}

/** One row of the table; its tests run in this order, on one object. */
function rowTests(row: Row, clients: Clients): void {
  const { plural } = row;
  const path = pathOf(plural, row.object.metadata);
  let live: CalicoObject;
  let watched: { stream: EventStream; expected: WatchEvent['type'][] } | undefined;
  const wrote = (type: WatchEvent['type'], object: CalicoObject) => {
    live = object;
    watched?.expected.push(type);
  };

  if (row.get && !row.present) {
    test('get of what is not there: 404 NotFound', async () => {
      const answer = await (await clients.clientFor(row.get!)).request('GET', path, {
        accept: acceptOf.datastore,
      });
      const { name } = row.object.metadata;
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['content-type'], 'application/json');
      const { kind, reason, details } = answer.json<StatusBody>();
      assert.deepEqual({ kind, reason }, { kind: 'Status', reason: 'NotFound' });
      assert.deepEqual(details, { name, group: 'projectcalico.org', kind: plural });
    });
  }

  test('lists: from the cache, at start, by name and by label', async () => {
    for (const who of row.list) {
      const client = await clients.goClientFor(who);
      const queries = [
        'limit=500&resourceVersion=0&resourceVersionMatch=NotOlderThan',
        'limit=500',
        'fieldSelector=metadata.name%3Ddefault&limit=500',
        'labelSelector=%21projectcalico.org%2Faffinity-type&limit=500',
        'limit=500&resourceVersion=0',
      ];
      for (const query of queries) checkList(row, await client.page(plural, query));
    }
  });

  if (row.watch) {
    test('a watch from the version of the list opens', async () => {
      const client = await clients.goClientFor(row.watch!);
      const { resourceVersion } = (await client.list(plural, { resourceVersion: '0' })).metadata;
      const query = `allowWatchBookmarks=true&resourceVersion=${resourceVersion}&watch=true`;
      watched = { stream: await client.watch(plural, query), expected: [] };
    });
  }

  test(`create: ${row.present ? '409 AlreadyExists' : '201, and a second one 409 AlreadyExists'}`, async () => {
    const client = await clients.goClientFor(row.create);
    if (!row.present) {
      const created = await client.create(plural, row.object);
      wrote('ADDED', created);
      checkStored(row.object, created);
    }
    const { code, reason, details } = await refusal(client.create(plural, row.object));
    assert.deepEqual({ code, reason }, { code: 409, reason: 'AlreadyExists' });
    const { name } = row.object.metadata;
    assert.deepEqual(details, { name, group: 'projectcalico.org', kind: plural });
  });

  test('get, and lists that choose it: the object as it was written', async () => {
    const { name, namespace } = row.object.metadata;
    const reader = await clients.goClientFor(row.get ?? row.list[0]!);
    if (row.get) {
      const read = await reader.get(plural, name, namespace);
      if (live) assert.deepEqual(read, live);
      live = read;
    }
    const byName = await reader.page(plural, `fieldSelector=metadata.name%3D${name}&limit=500`);
    checkList(row, byName);
    assert.deepEqual(
      byName.items.map(item => item.metadata.name),
      [name],
    );
    live ??= byName.items[0]!;
    for (const selector of row.selectors ?? []) {
      const chosen = await reader.page(plural, `labelSelector=${encodeURIComponent(selector)}&limit=500`);
      assert.deepEqual(chosen.items, [live], selector);
    }
  });

  if (row.update) {
    test('update: 200 with a new version, and 409 Conflict with the old one', async () => {
      const client = await clients.goClientFor(row.update!);
      const sent = structuredClone(live);
      row.change!(sent);
      const updated = await client.update(plural, sent);
      wrote('MODIFIED', updated);
      checkStored(sent, updated);
      const { code, reason } = await refusal(client.update(plural, sent));
      assert.deepEqual({ code, reason }, { code: 409, reason: 'Conflict' });
    });
  }

  if (row.status) {
    test('update of the status: 200, and nothing else changes', async () => {
      const { by, value } = row.status!;
      const client = await clients.goClientFor(by);
      const sent = { ...structuredClone(live), status: value };
      const { spec } = live;
      sent.metadata.labels = { ...sent.metadata.labels, passed: 'over' };
      const updated = await client.updateStatus(plural, sent);
      wrote('MODIFIED', updated);
      assert.deepEqual(updated.status, withoutNulls(value));
      assert.deepEqual(updated.spec, spec);
      assert.equal(updated.metadata.labels?.passed, undefined);
    });
  }

  if (row.finalizer) finalizerTest(row, clients, () => live, wrote);
  if (row.watchList) watchListTest(row, clients, () => live);
  if (row.remove) removeTests(row, clients, () => live, wrote);

  if (row.watch) {
    test('the watch has told of every write, in order', async () => {
      const { stream, expected } = watched!;
      const types: string[] = [];
      let last = 0;
      while (types.length < expected.length) {
        const event = await stream.next();
        assert.ok(event, 'the watch has ended');
        if (event.type === 'BOOKMARK') continue;
        types.push(event.type);
        const version = Number(event.object.metadata.resourceVersion);
        assert.ok(version > last, 'versions grow');
        last = version;
      }
      stream.close();
      assert.deepEqual(types, expected);
    });
  }
}

/** kube-controllers marks what it looks after, and lets go of it in the same way. */
function finalizerTest(
  row: Row,
  clients: Clients,
  current: () => CalicoObject,
  wrote: (type: WatchEvent['type'], object: CalicoObject) => void,
): void {
  const { by, name, how } = row.finalizer!;
  test(`a finalizer by ${how}: 200`, async () => {
    const client = await clients.goClientFor(by);
    const { metadata } = current();
    const marked =
      how === 'patch'
        ? await client.patch(row.plural, metadata.name, { metadata: { finalizers: [name] } })
        : await client.update(row.plural, { ...current(), metadata: { ...metadata, finalizers: [name] } });
    wrote('MODIFIED', marked);
    assert.deepEqual(marked.metadata.finalizers, [name]);
  });
}

/** How client-go's informers begin: what there is comes as ADDED, then a marked BOOKMARK. */
function watchListTest(row: Row, clients: Clients, current: () => CalicoObject): void {
  test('list and watch in one request', async () => {
    const client = await clients.goClientFor(row.watchList!);
    const query =
      'allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=420&watch=true';
    const stream = await client.watch(row.plural, query);
    const added: CalicoObject[] = [];
    for (;;) {
      const event = await stream.next();
      assert.ok(event, 'the watch has ended');
      if (event.type === 'BOOKMARK') {
        assert.equal(event.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true');
        assert.ok(Number(event.object.metadata.resourceVersion) > 0);
        break;
      }
      assert.equal(event.type, 'ADDED');
      added.push(event.object);
    }
    stream.close();
    const { items } = await client.page(row.plural, 'limit=500');
    assert.deepEqual(added, items);
    assert.ok(added.some(({ metadata }) => metadata.uid === current().metadata.uid));
  });
}

function removeTests(
  row: Row,
  clients: Clients,
  current: () => CalicoObject,
  wrote: (type: WatchEvent['type'], object: CalicoObject) => void,
): void {
  const { by, marked } = row.remove!;
  const { plural } = row;
  test('delete with the uid of another object: 409 Conflict', async () => {
    const client = await clients.goClientFor(by);
    const other = structuredClone(current());
    other.metadata.uid = 'c0ffee00-0000-4000-8000-000000000000';
    const { code, reason } = await refusal(client.remove(plural, other));
    assert.deepEqual({ code, reason }, { code: 409, reason: 'Conflict' });
  });

  if (row.finalizer) {
    test('delete while a finalizer holds it: 200 with the object, which goes with the finalizer', async () => {
      const client = await clients.goClientFor(by);
      const answer = (await client.remove(plural, current())) as unknown as CalicoObject;
      assert.ok(answer.metadata.deletionTimestamp);
      wrote('MODIFIED', answer);
      const owner = await clients.goClientFor(row.finalizer!.by);
      const { finalizers: _gone, ...metadata } = answer.metadata;
      const last = await owner.update(plural, { ...answer, metadata });
      wrote('DELETED', last);
    });
  } else {
    test(`delete${marked ? ', after the mark that stands for a compare-and-delete' : ''}: 200 Success`, async () => {
      const client = await clients.goClientFor(by);
      if (marked) {
        const sent = structuredClone(current());
        sent.spec!.deleted = true;
        const stored = await client.update(plural, sent);
        assert.equal(stored.spec!.deleted, true);
        wrote('MODIFIED', stored);
      }
      const { status, details } = await client.remove(plural, current());
      assert.equal(status, 'Success');
      const { name } = row.object.metadata;
      assert.equal(details?.name, name);
      wrote('DELETED', current());
    });
  }

  test('it is gone: get and delete answer 404 NotFound', async () => {
    const client = await clients.goClientFor(by);
    const { name, namespace } = row.object.metadata;
    const requests = [() => client.get(plural, name, namespace), () => client.remove(plural, current())];
    for (const request of requests) {
      const { code, reason } = await refusal(request());
      assert.deepEqual({ code, reason }, { code: 404, reason: 'NotFound' });
    }
  });
}

function checkList(row: Row, list: CalicoList): void {
  assert.equal(list.kind, `${row.object.kind}List`);
  assert.match(list.metadata.resourceVersion, /^[1-9]\d*$/, 'a version to watch from');
  assert.ok(Array.isArray(list.items));
}

/** What was sent is what is stored, but for the metadata that the server keeps. */
function checkStored(sent: CalicoObject, stored: CalicoObject): void {
  assert.equal(stored.kind, sent.kind);
  assert.equal(stored.apiVersion, 'projectcalico.org/v3');
  assert.match(stored.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
  assert.match(stored.metadata.resourceVersion ?? '', /^[1-9]\d*$/);
  for (const [label, value] of Object.entries(sent.metadata.labels ?? {})) {
    assert.equal(stored.metadata.labels?.[label], value);
  }
  for (const [field, value] of Object.entries(sent.spec ?? {})) {
    // Through text, so that numbers and their spelling count. An empty text and none are one to Go, and to Calico's layout in etcd.
    const kept = stored.spec?.[field] ?? (value === '' ? '' : undefined);
    assert.equal(exactText(kept), exactText(value), `spec.${field}`);
  }
}

function withoutNulls(value: unknown): unknown {
  return exactJson(exactText(value).replaceAll(/"\w+":null,?/g, ''));
}

async function refusal(request: Promise<unknown>): Promise<StatusBody> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    assert.equal(error.status.kind, 'Status', error.message);
    return error.status;
  }
  throw new Error('the request was not refused');
}
