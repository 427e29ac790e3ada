import { test } from 'node:test';
import { stores } from '../../bench/store.ts';
import { requireBinaries } from '../../e2e/binaries.ts';
import { temporaryFolder } from '../../system/server.ts';
import { attackAll, groups } from '../suite.ts';

const { skip } = await requireBinaries();

test('attacks on a server whose store is etcd', { skip }, async t => {
  const store = await stores.etcd!(temporaryFolder(t));
  t.after(() => store.stop());
  await attackAll(t, { groups, seconds: 15, args: store.args });
});
