import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { networkSet, networkSets, startServer, temporaryFolder } from './server.ts';

const rounds = 10;
const creates = 1_000;

interface Listed {
  metadata: { resourceVersion: string };
  items: { metadata: { name: string; uid: string; resourceVersion: string } }[];
}

test(`kill -9 during ${creates} concurrent creates, ${rounds} times over: what was acknowledged is there, versions never go back`, async t => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const acknowledged = new Map<string, string>();
  let highest = 0;
  for (let round = 0; round < rounds; round++) {
    const server = await startServer(t, { data, folder, args: ['-v=1'] });
    const listed = (await server.client.request('GET', networkSets)).json<Listed>();
    assert.ok(Number(listed.metadata.resourceVersion) >= highest, 'the version never goes back');
    const found = new Map(listed.items.map(item => [item.metadata.name, item.metadata.uid]));
    for (const [name, uid] of acknowledged) assert.equal(found.get(name), uid, `${name} was acknowledged`);

    // Killed once a part of this round, another each time, has been answered.
    const killAfter = 50 + Math.floor((round * creates) / (rounds + 1));
    let answered = 0;
    const one = async (index: number) => {
      const name = `r${round}-${index}`;
      const answer = await server.client.request('POST', networkSets, { body: networkSet(name) });
      if (answer.status !== 201) return;
      const { metadata } = answer.json<Listed['items'][0]>();
      acknowledged.set(name, metadata.uid);
      highest = Math.max(highest, Number(metadata.resourceVersion));
      if (++answered === killAfter) server.process.signal('SIGKILL');
    };
    // Those in flight at the kill fail: they may or may not be there.
    await Promise.allSettled(Array.from({ length: creates }, (_unused, index) => one(index)));
    assert.equal(await server.process.exited, 'SIGKILL');
    server.client.close();
  }
  const server = await startServer(t, { data, folder });
  const listed = (await server.client.request('GET', networkSets)).json<Listed>();
  const found = new Map(listed.items.map(item => [item.metadata.name, item.metadata.uid]));
  for (const [name, uid] of acknowledged) assert.equal(found.get(name), uid, `${name} was acknowledged`);
  assert.ok(acknowledged.size > rounds * 50);
  assert.ok(Number(listed.metadata.resourceVersion) >= highest);
  await server.process.stop();
});
