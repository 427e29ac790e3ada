import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../e2e/client.ts';
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
