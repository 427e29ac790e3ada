import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { openSqliteBackend } from '../../src/storage/sqlite/backend.ts';
import { clientOf } from '../e2e/client.ts';
import { startProcess } from '../e2e/process.ts';
import { networkSet, networkSets, root, startServer, temporaryFolder } from './server.ts';

/** Runs the server on a data directory that it cannot use. What it says last. */
function refused(data: string): { status: number | null; stderr: string } {
  const args = [join(root, 'src/main.ts'), 'serve', `--data-dir=${data}`, '--secure-port=0'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, stderr };
}

suite('a data directory that cannot be used is refused, with the reason', () => {
  const damages: [string, (file: string) => void, RegExp][] = [
    [
      'a file of a newer format',
      file => tamper(file, 'PRAGMA user_version = 3'),
      /^tortie: .*store\.db has format 3, made by a newer version; this one reads up to 2$/m,
    ],
    [
      'the database of another program',
      file => tamper(file, 'PRAGMA application_id = 1'),
      /^tortie: .*store\.db is the database of another program$/m,
    ],
    [
      'a file that is no database',
      file => writeFileSync(file, 'no database, but long enough to be looked at\n'.repeat(200)),
      /^tortie: .*store\.db: file is not a database$/m,
    ],
    [
      'a file of 0 bytes where there was a store',
      file => truncateSync(file),
      /^tortie: .*store\.db is missing or empty, but this directory was used with the store \S+ up to revision 1\..* --accept-store=\S+ to begin with an empty store$/m,
    ],
    [
      'no store directory any more',
      file => rmSync(dirname(file), { recursive: true }),
      /^tortie: .*store\.db is missing or empty/m,
    ],
  ];
  for (const [name, damage, message] of damages) {
    test(name, async t => {
      const data = join(temporaryFolder(t), 'data');
      const directory = join(data, 'store');
      mkdirSync(directory, { recursive: true });
      const store = await openSqliteBackend({ directory, markerFile: join(data, 'store.id') });
      await store.close();
      damage(join(directory, 'store.db'));
      const { status, stderr } = refused(data);
      assert.equal(status, 1);
      assert.match(stderr, message);
    });
  }
});

function tamper(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

test('values that are no objects of their kind: passed over, counted, logged, told by /readyz, and never in the way', async t => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const store = await openSqliteBackend({ directory: join(data, 'store') });
  const values: [string, string][] = [
    ['/networksets/default/cut-off', '{"apiVersion":"projectcalico.org/v3","kind":"Netw'],
    [
      '/networksets/default/other-kind',
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"other-kind"}}',
    ],
    ['/networksets/default/other-name', networkSet('elsewhere')],
    ['/networksets/no-namespace', networkSet('no-namespace')],
    ['/tiers/bytes', '\u0000\ufffd'],
    ['/unheard/of', 'x'],
    ['/networksets/default/good', networkSet('good')],
  ];
  for (const [key, value] of values) {
    await store.write({ type: 'create', key, value: Buffer.from(value) });
  }
  await store.close();

  const server = await startServer(t, { data, folder });
  const { client } = server;
  const listed = (await client.request('GET', networkSets)).json<{
    items: { metadata: { name: string } }[];
  }>();
  assert.deepEqual(
    listed.items.map(({ metadata }) => metadata.name),
    ['good'],
  );
  const watch = await client.stream(`${networkSets}?watch=1&timeoutSeconds=1`);
  const told: string[] = [];
  for await (const line of watch.lines) told.push(line);
  assert.deepEqual(
    told.map(line => JSON.parse(line).object.metadata.name),
    ['good'],
  );

  const ready = await client.request('GET', '/readyz?verbose');
  assert.equal(ready.status, 200);
  assert.match(
    ready.text,
    /^\[\+\]stored-values ok: unreadable and passed over: 4 of networksets, 1 of tiers$/m,
  );
  const metrics = (await client.request('GET', '/metrics')).text;
  assert.match(metrics, /^tortie_unreadable_values\{resource="networksets"\} 4$/m);
  assert.match(metrics, /^tortie_unreadable_values\{resource="tiers"\} 1$/m);
  for (const [key] of values.slice(0, 5)) assert.ok(server.process.tail().includes(`"${key}"`), key);

  // The rest of the kind can be written, and the tiers that every installation has are there.
  assert.equal((await client.request('POST', networkSets, { body: networkSet('new') })).status, 201);
  const taken = await client.request('POST', networkSets, { body: networkSet('cut-off') });
  assert.equal(taken.status, 409);
  const tiers = (await client.request('GET', '/apis/projectcalico.org/v3/tiers')).json<{
    items: unknown[];
  }>();
  assert.equal(tiers.items.length, 3);
  assert.equal(await server.process.stop(), 0);
});

test('a value that is not what was written: its kind answers 503 and so does every write, the other kinds are served, /readyz fails', async t => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const first = await startServer(t, { data, folder });
  for (const name of ['one', 'two']) {
    assert.equal((await first.client.request('POST', networkSets, { body: networkSet(name) })).status, 201);
  }
  assert.equal(await first.process.stop(), 0);
  const file = join(data, 'store/store.db');
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('192.0.2.0/24')]! ^= 1;
  writeFileSync(file, bytes);

  const server = await startProcess({
    name: 'damaged',
    command: process.execPath,
    args: [join(root, 'src/main.ts'), 'serve', `--data-dir=${data}`, '--secure-port=0'],
    folder,
    env: { PATH: process.env.PATH },
  });
  t.after(() => server.stop());
  const [, port] = await server.waitForLine(/"port":(\d+)/);
  await server.waitForLine(/the embedded store is damaged/);
  const config = JSON.parse(readFileSync(join(data, 'kubeconfig'), 'utf8'));
  config.clusters[0].cluster.server = `https://127.0.0.1:${port}`;
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  const client = await clientOf(join(folder, 'kubeconfig'));
  t.after(() => client.close());

  const group = '/apis/projectcalico.org/v3';
  assert.equal((await client.request('GET', networkSets)).status, 503, 'no list that lacks the object');
  const tiers = (await client.request('GET', `${group}/tiers`)).json<{ items: unknown[] }>();
  assert.equal(tiers.items.length, 3);
  const tier = JSON.stringify({ metadata: { name: 'new' }, spec: { order: 1 } });
  const refused = await client.request('POST', `${group}/tiers`, { body: tier });
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /is damaged: the value of .* is not what was written.*takes no more writes/);
  assert.match((await client.request('GET', '/readyz')).text, /\[-\]datastore failed/);
  assert.match((await client.request('GET', '/readyz/datastore')).text, /is damaged/);
  assert.equal((await client.request('GET', '/livez')).status, 200);
  assert.match((await client.request('GET', '/metrics')).text, /^tortie_store_damaged 1$/m);
});
