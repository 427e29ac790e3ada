import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, eventually } from '../e2e/client.ts';
import { networkSet, networkSets, startServer, temporaryFolder } from './server.ts';

const kilobytes = 1_024;

// A limit on the size of files is the fault that needs no rights: writes beyond it fail as on a full disk.
const skip = process.platform !== 'linux' && 'needs prlimit (Linux)';

test('a full disk: writes get an error Status, reads go on, /readyz says so, and it recovers without a restart', {
  skip,
}, async t => {
  const folder = temporaryFolder(t);
  const server = await startServer(t, {
    data: join(folder, 'data'),
    folder,
    before: `trap '' XFSZ; ulimit -S -f ${3 * kilobytes}`,
  });
  const create = (name: string, filler = 0) => {
    const object = JSON.parse(networkSet(name));
    object.metadata.annotations = { filler: 'x'.repeat(filler) };
    return server.client.request('POST', networkSets, { body: JSON.stringify(object) });
  };
  // Large objects until one does not fit, then small ones, until there is no room for anything.
  let stored = 0;
  let refused = await create('n0', 100_000);
  while (refused.status === 201 && stored < 200) refused = await create(`n${++stored}`, 100_000);
  refused = await create(`n${stored}`);
  while (refused.status === 201 && stored < 2_000) refused = await create(`n${++stored}`);
  assert.ok(refused.status === 503 || refused.status === 507, `status ${refused.status}: ${refused.text}`);
  const status = refused.json<{ kind: string; reason: string; message: string }>();
  assert.equal(status.kind, 'Status');
  assert.equal(status.reason, 'ServiceUnavailable');
  assert.ok(refused.headers['retry-after'], 'says when to try again');

  const ready = await server.client.request('GET', '/readyz?verbose');
  assert.equal(ready.status, 500);
  assert.match(ready.text, /\[-\]datastore failed/);
  assert.equal((await server.client.request('GET', '/livez')).status, 200);
  assert.equal((await server.client.request('GET', '/apis/projectcalico.org/v3')).status, 200);
  const listed = (await server.client.request('GET', networkSets)).json<{ items: unknown[] }>();
  assert.equal(listed.items.length, stored);

  execFileSync('prlimit', [`--pid=${server.process.pid}`, '--fsize=unlimited']);
  const recovered = await eventually(
    'a create after the disk has room again',
    () => create('after'),
    answer => answer.status === 201,
    20_000,
  );
  assert.equal(recovered.status, 201);
  assert.equal((await server.client.request('GET', '/readyz')).status, 200);
  assert.equal(await server.process.stop(), 0);
});

/** A small file system of its own, which ends with the test; undefined where this process may make none. */
function smallDisk(t: { after(work: () => void): void }, size: string): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'tortie-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', path]);
    rmSync(path, { recursive: true });
  });
  return path;
}

const pools = '/apis/projectcalico.org/v3/ippools';
const affinities = '/apis/projectcalico.org/v3/blockaffinities';

/** What is not removed by a delete alone: a set that two finalizers hold, and a pool with a block of a node. */
async function createHeld({ request }: Pick<Client, 'request'>): Promise<void> {
  const held = JSON.parse(networkSet('held'));
  held.metadata.finalizers = ['example.com/one', 'example.com/two'];
  const spec = { cidr: '10.99.0.0/26', blockSize: 26 };
  const affinity = { cidr: '10.99.0.0/26', node: 'n1', state: 'confirmed', deleted: false };
  for (const [path, object] of [
    [networkSets, held],
    [pools, { metadata: { name: 'pool' }, spec }],
    [affinities, { metadata: { name: 'n1-10-99-0-0-26' }, spec: affinity }],
  ] as const) {
    const created = await request('POST', path, { body: JSON.stringify(object) });
    assert.equal(created.status, 201, created.text);
  }
}

async function removeHeld({ request }: Pick<Client, 'request'>): Promise<void> {
  const marked = await request('DELETE', `${networkSets}/held`);
  assert.equal(marked.status, 200, marked.text);
  assert.match(marked.text, /"deletionTimestamp"/);
  for (const finalizers of [['example.com/two'], []]) {
    const body = JSON.stringify({ metadata: { finalizers } });
    const contentType = 'application/merge-patch+json';
    const growing = JSON.stringify({ metadata: { finalizers, annotations: { filler: 'x' } } });
    // The last one makes a delete of it, whatever else it says.
    if (finalizers.length > 0)
      assert.equal(
        (await request('PATCH', `${networkSets}/held`, { body: growing, contentType })).status,
        503,
      );
    const patched = await request('PATCH', `${networkSets}/held`, { body, contentType });
    assert.equal(patched.status, 200, patched.text);
  }
  assert.equal((await request('GET', `${networkSets}/held`)).status, 404);
  const gone = await request('DELETE', `${pools}/pool`);
  assert.equal(gone.status, 200, gone.text);
  assert.equal((await request('GET', `${affinities}/n1-10-99-0-0-26`)).status, 404);
}

test('a disk that fills up: /readyz says so before writes fail, and deletes pass even when others have taken the rest', async t => {
  const folder = temporaryFolder(t);
  const disk = smallDisk(t, '96m');
  if (disk === undefined) return t.skip('needs the right to mount a tmpfs');
  const server = await startServer(t, { data: join(disk, 'data'), folder });
  const ready = async () => (await server.client.request('GET', '/readyz?verbose')).text;
  const create = (name: string) => {
    const object = JSON.parse(networkSet(name));
    object.metadata.annotations = { filler: 'x'.repeat(250_000) };
    return server.client.request('POST', networkSets, { body: JSON.stringify(object) });
  };
  assert.match(await ready(), /^\[\+\]datastore ok$/m);
  await createHeld(server.client);
  let noted = -1;
  let unready = -1;
  let stored = 0;
  let refused = await create('n0');
  while (refused.status === 201) {
    stored++;
    const text = await ready();
    if (noted < 0 && /^\[\+\]datastore ok: [\d.]+ MiB are left for the store$/m.test(text)) noted = stored;
    if (unready < 0 && /^\[-\]datastore failed/m.test(text)) unready = stored;
    refused = await create(`n${stored}`);
  }
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /the disk is full: [\d.]+ MiB are left for the store, only deletes are taken/);
  assert.ok(0 < noted && noted < unready && unready < stored, `${noted}, ${unready}, ${stored}`);

  // Whatever is left, another program takes.
  const filler = join(disk, 'filler');
  const file = openSync(filler, 'w');
  assert.throws(() => {
    for (;;) writeSync(file, new Uint8Array(4_096).fill(1));
  }, /ENOSPC/);
  closeSync(file);
  assert.equal((await create('none')).status, 503);
  await removeHeld(server.client);
  const listed = (await server.client.request('GET', networkSets)).json<{ items: unknown[] }>();
  assert.equal(listed.items.length, stored, 'reads go on');
  for (let index = 0; index < stored; index++) {
    const gone = await server.client.request('DELETE', `${networkSets}/n${index}`);
    assert.equal(gone.status, 200, `n${index}: ${gone.text}`);
  }
  rmSync(filler);
  assert.equal((await create('again')).status, 201, 'what was deleted has made room');
  assert.match(await ready(), /^\[\+\]datastore ok/m);
  assert.equal(await server.process.stop(), 0);

  const later = await startServer(t, { data: join(disk, 'data'), folder });
  const after = (await later.client.request('GET', networkSets)).json<{ items: unknown[] }>();
  assert.equal(after.items.length, 1);
  assert.equal(await later.process.stop(), 0);
});
