import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { ClusterClient } from '../../../src/kube/client.ts';
import {
  type ClusterTrust,
  type FollowedTrust,
  followTrust,
  parseTrust,
} from '../../../src/kube/configmap.ts';
import type { WatchEvent, WatchHandlers } from '../../../src/kube/watch.ts';
import { limits } from '../../../src/limits.ts';
import { silentLog } from './standin.ts';

const path =
  '/api/v1/namespaces/kube-system/configmaps' +
  '?fieldSelector=metadata.name%3Dextension-apiserver-authentication';

const data = {
  'client-ca-file': 'CLIENT',
  'requestheader-client-ca-file': 'PROXY',
  'requestheader-allowed-names': '["front-proxy-client"]',
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
};
const trust: ClusterTrust = {
  clientCa: 'CLIENT',
  requestHeader: {
    ca: 'PROXY',
    allowedNames: ['front-proxy-client'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraPrefixes: ['X-Remote-Extra-'],
  },
};

describe('parseTrust', () => {
  const { 'requestheader-client-ca-file': _ca, ...withoutProxyCa } = data;
  const { 'client-ca-file': _client, ...withoutClientCa } = data;
  const { 'requestheader-uid-headers': _uid, ...before132 } = data;
  const cases: [string, Record<string, string>, ClusterTrust][] = [
    ['everything', data, trust],
    ['nothing', {}, {}],
    ['no front proxy', withoutProxyCa, { clientCa: 'CLIENT' }],
    ['an empty front-proxy CA', { ...data, 'requestheader-client-ca-file': '' }, { clientCa: 'CLIENT' }],
    ['no client CA', withoutClientCa, { requestHeader: trust.requestHeader! }],
    ['before 1.32', before132, { ...trust, requestHeader: { ...trust.requestHeader!, uidHeaders: [] } }],
    [
      'any front proxy',
      { ...data, 'requestheader-allowed-names': '[]' },
      { ...trust, requestHeader: { ...trust.requestHeader!, allowedNames: [] } },
    ],
  ];
  for (const [name, from, expected] of cases) {
    it(name, () => assert.deepEqual(parseTrust(from), expected));
  }

  for (const damaged of ['front-proxy-client', '{}', '["a", 1]', 'null', '"a"', '[']) {
    it(`damaged names ${damaged} are not "any name"`, () => {
      const from = { ...data, 'requestheader-allowed-names': damaged };
      assert.throws(() => parseTrust(from), /requestheader-allowed-names is not a JSON array of strings/);
    });
  }
});

/** A cluster in memory: what a list gives, and the watch that is open. */
class FakeCluster {
  list: { status: number; items: object[]; resourceVersion: string } = {
    status: 200,
    items: [],
    resourceVersion: '1',
  };
  lists = 0;
  watches: { resourceVersion: string; handlers: WatchHandlers; closed: boolean }[] = [];

  readonly client: ClusterClient = {
    request: async (_method, requested) => {
      assert.equal(requested, path);
      this.lists++;
      const { status, items, resourceVersion } = this.list;
      const body = status === 200 ? { metadata: { resourceVersion }, items } : { message: 'no' };
      return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    },
    watch: (watched, handlers, { resourceVersion }) => {
      assert.equal(watched, path);
      const watch = { resourceVersion, handlers, closed: false };
      this.watches.push(watch);
      return {
        close: () => {
          watch.closed = true;
        },
      };
    },
    close: async () => {},
  };

  tell(type: WatchEvent['type'], object: object): void {
    const open = this.watches.filter(watch => !watch.closed);
    assert.equal(open.length, 1, 'one watch is open');
    open[0]!.handlers.event({ type, object: object as WatchEvent['object'] });
  }
}

function configMap(changes: Record<string, string> = {}): object {
  return { metadata: { name: 'extension-apiserver-authentication' }, data: { ...data, ...changes } };
}

describe('followTrust', () => {
  let cluster: FakeCluster;
  let changes: ClusterTrust[];
  let lines: string[];
  let followed: FollowedTrust | undefined;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    cluster = new FakeCluster();
    cluster.list.items = [configMap()];
    changes = [];
    lines = [];
  });
  afterEach(() => {
    followed?.close();
    followed = undefined;
    mock.timers.reset();
  });

  async function follow(
    options: { tolerateLookupFailure?: boolean; onChange?: (trust: ClusterTrust) => void } = {},
  ) {
    followed = await followTrust({
      client: cluster.client,
      onChange: each => changes.push(each),
      log: silentLog(lines),
      ...options,
    });
  }

  /** Lets a re-read that a timer began come to its end. */
  async function tick(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await new Promise(resolve => setImmediate(resolve));
  }

  const errors = () => lines.filter(line => line.startsWith('error'));

  it('tells the first state before it resolves, and watches behind it', async () => {
    cluster.list.resourceVersion = '77';
    await follow();
    assert.deepEqual(changes, [trust]);
    assert.deepEqual(
      cluster.watches.map(({ resourceVersion }) => resourceVersion),
      ['77'],
    );
  });

  it('tells changes, and nothing that is none', async () => {
    await follow();
    cluster.tell('MODIFIED', configMap());
    cluster.tell('BOOKMARK', { metadata: { resourceVersion: '80' } });
    cluster.tell('MODIFIED', configMap({ 'client-ca-file': 'CLIENT NEXT' }));
    assert.deepEqual(changes, [trust, { ...trust, clientCa: 'CLIENT NEXT' }]);
  });

  it('switches off what is taken out', async () => {
    await follow();
    cluster.tell('MODIFIED', configMap({ 'requestheader-client-ca-file': '' }));
    assert.deepEqual(changes.at(-1), { clientCa: 'CLIENT' });
  });

  it('reads again every minute, and watches from there', async () => {
    await follow();
    cluster.list.items = [configMap({ 'client-ca-file': 'SILENT' })];
    cluster.list.resourceVersion = '90';
    await tick(limits.trustReadMs);
    assert.equal(changes.at(-1)!.clientCa, 'SILENT');
    assert.deepEqual(
      cluster.watches.map(({ resourceVersion, closed }) => [resourceVersion, closed]),
      [
        ['1', true],
        ['90', false],
      ],
    );
  });

  it('lists anew when the history is gone', async () => {
    await follow();
    cluster.list.items = [configMap({ 'client-ca-file': 'LATER' })];
    cluster.watches[0]!.handlers.expired();
    await tick(0);
    assert.equal(changes.at(-1)!.clientCa, 'LATER');
    cluster.tell('MODIFIED', configMap());
    assert.deepEqual(changes.at(-1), trust);
  });

  it('keeps the last state while the cluster is away', async () => {
    await follow();
    cluster.list.status = 503;
    await tick(limits.trustReadMs);
    await tick(limits.trustReadMs);
    assert.deepEqual(changes, [trust]);
    assert.match(lines.join('\n'), /warn .*the last state stays/);
    assert.equal(cluster.watches.filter(({ closed }) => !closed).length, 1);
  });

  it('keeps the last state when the new one is damaged or refused', async () => {
    let refuse = false;
    await follow({
      onChange: each => {
        if (refuse) throw new Error('no PEM certificate found');
        changes.push(each);
      },
    });
    cluster.tell('MODIFIED', configMap({ 'requestheader-allowed-names': 'front-proxy-client' }));
    refuse = true;
    cluster.tell('MODIFIED', configMap({ 'client-ca-file': 'garbage' }));
    assert.deepEqual(changes, [trust]);
    assert.equal(errors().length, 2);
    assert.match(errors().join('\n'), /not a JSON array.*\n.*no PEM certificate/);
    refuse = false;
    cluster.tell('MODIFIED', configMap());
    assert.deepEqual(changes, [trust, trust]);
  });

  it('a deleted ConfigMap is trusted for a time of grace, then nobody is', async () => {
    await follow();
    cluster.list.items = [];
    cluster.tell('DELETED', configMap());
    assert.equal(errors().length, 1);
    await tick(limits.trustGraceMs - 1);
    assert.deepEqual(changes, [trust]);
    await tick(1);
    assert.deepEqual(changes, [trust, {}]);
    assert.match(errors().at(-1)!, /nobody is trusted/);
    cluster.tell('ADDED', configMap());
    assert.deepEqual(changes.at(-1), trust);
  });

  it('a deletion that only the re-read finds counts too', async () => {
    await follow();
    cluster.list.items = [];
    await tick(limits.trustReadMs);
    assert.equal(errors().length, 1);
    await tick(limits.trustGraceMs);
    assert.deepEqual(changes, [trust, {}]);
  });

  it('a ConfigMap that comes back in time changes nothing', async () => {
    await follow();
    cluster.tell('DELETED', configMap());
    cluster.tell('ADDED', configMap());
    await tick(limits.trustGraceMs);
    assert.deepEqual(changes, [trust]);
  });

  it('rejects when there is none at first', async () => {
    cluster.list.items = [];
    await assert.rejects(follow(), /extension-apiserver-authentication does not exist/);
    assert.ok(cluster.watches.every(({ closed }) => closed));
  });

  it('rejects when it may not be read, and names the Role', async () => {
    cluster.list.status = 403;
    await assert.rejects(follow(), /HTTP 403: no; bind the Role extension-apiserver-authentication-reader/);
  });

  it('rejects when the first one is damaged', async () => {
    cluster.list.items = [configMap({ 'requestheader-group-headers': 'x' })];
    await assert.rejects(follow(), /not a JSON array/);
    assert.ok(cluster.watches.every(({ closed }) => closed));
  });

  it('goes on without trust where that is tolerated, and learns later', async () => {
    cluster.list.status = 403;
    await follow({ tolerateLookupFailure: true });
    assert.deepEqual(changes, []);
    assert.match(errors()[0]!, /nobody is until it does/);
    cluster.list.status = 200;
    await tick(limits.trustReadMs);
    assert.deepEqual(changes, [trust]);
  });

  it('tells nothing after close', async () => {
    await follow();
    const { handlers } = cluster.watches[0]!;
    followed!.close();
    handlers.event({
      type: 'MODIFIED',
      object: configMap({ 'client-ca-file': 'X' }) as WatchEvent['object'],
    });
    handlers.expired();
    await tick(limits.trustReadMs);
    assert.deepEqual(changes, [trust]);
    assert.equal(cluster.lists, 1);
    assert.ok(cluster.watches.every(({ closed }) => closed));
  });
});
