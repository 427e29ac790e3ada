import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { root } from './server.ts';

const skip = process.platform !== 'linux' && 'the benchmark reads /proc (Linux)';

test('a store that there is none of is refused', { skip }, () => {
  const args = ['test/bench/run.ts', '--datastore=paper', 'get'];
  assert.throws(
    () => execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' }),
    /there is no datastore paper to measure/,
  );
});

test('a scenario by itself has the objects that it is about', { skip }, () => {
  const args = ['test/bench/run.ts', '--objects=50', '--lists=2', 'list'];
  const { tortie } = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
  assert.deepEqual(Object.keys(tortie), ['list']);
  assert.equal(tortie.list.operations, 2);
});

test('the loop scenario tells for how long each request held the event loop', { skip }, () => {
  const args = ['test/bench/run.ts', '--objects=50', '--rounds=1', 'loop'];
  const { loop } = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
  assert.ok(Object.keys(loop).length > 10);
  for (const [name, { leastMs, mostMs }] of Object.entries<{ leastMs: number; mostMs: number }>(loop)) {
    assert.ok(leastMs > 0 && mostMs >= leastMs, name);
  }
});

test('the benchmark measures every scenario on the server and on the floor', { skip }, () => {
  const args = [
    'test/bench/run.ts',
    '--objects=200',
    '--lists=4',
    '--watchers=20',
    '--events=10',
    '--checks=64',
    '--applies=64',
  ];
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const figures = JSON.parse(output);
  for (const scenario of ['create', 'get', 'list', 'watch']) {
    for (const server of ['tortie', 'floor']) {
      const { operations, perSecond } = figures[server][scenario];
      assert.ok(operations > 0 && perSecond > 0, `${server} ${scenario}`);
    }
  }
  assert.equal(figures.tortie.watch.operations, 200);
  for (const what of ['policyOf50Rules', 'fullFelixConfiguration']) {
    const { operations, cpuMicrosPerOperation } = figures.validate[what];
    assert.ok(operations === 64 && cpuMicrosPerOperation > 0, what);
  }
  for (const what of ['unchanged', 'changed', 'takenByForce', 'changedAsYaml']) {
    const { operations, cpuMicrosPerOperation } = figures.apply[what];
    assert.ok(operations === 64 && cpuMicrosPerOperation > 0, what);
  }
});
