import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { networkSet, networkSets, root, startServer, temporaryFolder } from './server.ts';

const flag = '--disallow-code-generation-from-strings';

suite(`under node ${flag}`, () => {
  test('the server starts, stores what is right and refuses what is wrong', async t => {
    const folder = temporaryFolder(t);
    const env = { NODE_OPTIONS: flag };
    const { client } = await startServer(t, { data: join(folder, 'data'), folder, env });
    assert.equal((await client.request('POST', networkSets, { body: networkSet('right') })).status, 201);
    const wrong = networkSet('wrong').replace('192.0.2.0/24', '192.0.2.0/33');
    const refused = await client.request('POST', networkSets, { body: wrong });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /spec\.nets\[0\]/);
  });

  test('every example of every kind has the verdict that it has otherwise', async t => {
    const code = "try { new Function('') } catch { console.log('no code') }";
    const { stdout } = await promisify(execFile)(process.execPath, [flag, '-e', code]);
    assert.equal(stdout, 'no code\n');
    const examples = join(root, 'test/unit/kinds/examples.test.ts');
    // A test runner tells its children that they are its children: this one is on its own.
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const run = await promisify(execFile)(process.execPath, [flag, examples], { env, signal: t.signal });
    assert.match(run.stdout, /^ℹ pass [1-9]\d+$/m);
    assert.match(run.stdout, /^ℹ fail 0$/m);
  });
});
