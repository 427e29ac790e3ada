import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../e2e/client.ts';
import { root } from '../e2e/suite.ts';
import { installed } from './programs.ts';
import { clientSuite, everyClient, type Setting } from './scenario.ts';

const { folder, skip } = await installed('go');

for (const streaming of [true, false]) {
  const start = {
    command: join(folder, 'bin/clientgo'),
    args: [],
    env: { KUBE_FEATURE_WatchListClient: String(streaming) },
  };
  clientSuite(`client-go, streaming lists ${streaming ? 'on' : 'off'}`, skip, start, setting => {
    test('informers begin as they are told to', async () => {
      const follow = { do: 'follow', resource: 'tiers', selector: '' };
      const { lists, streams } = await setting.client.ask(follow);
      assert.deepEqual({ lists, streams }, streaming ? { lists: 0, streams: 2 } : { lists: 2, streams: 0 });
    });
    everyClient(setting);
    if (streaming) documents(setting);
  });
}

/** OpenAPI through kube-apiserver, as Argo CD reads it: with the types that it compares objects by. */
function documents(setting: Setting): void {
  test('the documents of the whole cluster can be read, and objects have the types that they tell', async () => {
    for (const path of ['/openapi/v2', '/openapi/v3']) {
      const read = async () => (await setting.admin.request('GET', path)).text;
      await eventually(path, read, text => text.includes('apis/projectcalico.org/v3'), 150_000);
    }
    const examples = join(root, 'examples');
    await setting.kubectl.ok(['apply', '-f', examples]);
    const object = JSON.parse(
      await setting.kubectl.ok(['get', '-f', examples, '-o', 'json', '--show-managed-fields']),
    );
    const report = await setting.client.ask({ do: 'documents', object });
    assert.equal(report.code, 200, report.message);
    assert.ok(report.lists! >= 20, `only ${report.lists} objects`);
    assert.ok(report.pages! > 50, `only ${report.pages} paths`);
  });
}
