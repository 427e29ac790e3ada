import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapSettings } from '../../../src/cli/heap-size.ts';
import { memoryLimit } from '../../../src/cli/memory-limit.ts';
import { OptionError, parseOptions } from '../../../src/config/parse.ts';
import { memoryPlan } from '../../../src/memory/plan.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const machine = 16 * GiB;
const unlimited = '9223372036854771712\n';

const cases: { name: string; files: Record<string, string>; expected: number }[] = [
  {
    name: 'version 2, in a container with a namespace of its own',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': `${GiB}\n` },
    expected: GiB,
  },
  {
    name: 'version 2, a group above has the limit',
    files: {
      '/proc/self/cgroup': '0::/system.slice/tortie.service\n',
      '/sys/fs/cgroup/system.slice/tortie.service/memory.max': 'max\n',
      '/sys/fs/cgroup/system.slice/memory.max': `${2 * GiB}\n`,
    },
    expected: 2 * GiB,
  },
  {
    name: 'version 1, the least of all groups',
    files: {
      '/proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n',
      '/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': `${3 * GiB}\n`,
      '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${GiB}\n`,
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': unlimited,
    },
    expected: GiB,
  },
  {
    name: "version 1 in a container: the path is the host's, and the root is the container's",
    files: {
      '/proc/self/cgroup': '4:memory:/kubepods/pod1/c1\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${512 * MiB}\n`,
    },
    expected: 512 * MiB,
  },
  {
    name: 'no limit: a quarter of the machine',
    files: {
      '/proc/self/cgroup': '4:memory:/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': unlimited,
    },
    expected: 4 * GiB,
  },
  { name: 'no control groups at all', files: {}, expected: 4 * GiB },
  {
    name: 'a limit that is too low for any server: the least that there is a plan for',
    files: { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': `${64 * MiB}\n` },
    expected: 256 * MiB,
  },
];

for (const { name, files, expected } of cases) {
  test(`the memory limit: ${name}`, () => {
    assert.equal(
      memoryLimit(undefined, path => files[path], machine),
      expected,
    );
  });
}

test('the option wins over the control group; a small machine is used whole', () => {
  const files: Record<string, string> = { '/sys/fs/cgroup/memory.max': `${GiB}` };
  assert.equal(
    memoryLimit(700 * MiB, path => files[path], machine),
    700 * MiB,
  );
  assert.equal(
    memoryLimit(undefined, () => undefined, 400 * MiB),
    400 * MiB,
  );
});

test('--memory-limit takes bytes with the suffixes of Kubernetes', () => {
  const limit = (text: string) => parseOptions([`--memory-limit=${text}`], {}).memoryLimit;
  assert.equal(limit('1Gi'), GiB);
  assert.equal(limit('512Mi'), 512 * MiB);
  assert.equal(limit('524288Ki'), 512 * MiB);
  assert.equal(limit(String(GiB)), GiB);
  for (const wrong of ['1G', '1.5Gi', '-1Gi', 'Gi', '', '255Mi', '1gi']) {
    assert.throws(() => limit(wrong), OptionError, wrong);
  }
});

test("the heap is the plan's, unless it was set by whoever starts the server", () => {
  const plan = memoryPlan(GiB);
  const settings = heapSettings(plan, ['--enable-source-maps'], { PATH: '/bin', MALLOC_ARENA_MAX: '4' });
  assert.deepEqual(settings?.execArgv, [
    `--max-old-space-size=${Math.floor(plan.heap / MiB)}`,
    '--max-semi-space-size=16',
    '--enable-source-maps',
  ]);
  assert.equal(settings?.environment.MALLOC_ARENA_MAX, '4', 'the environment has the last word');
  assert.equal(heapSettings(plan, settings!.execArgv, {}), undefined, 'once is enough');
  assert.equal(heapSettings(plan, [], { NODE_OPTIONS: '--max-old-space-size=300' }), undefined);
  assert.equal(heapSettings(plan, ['--max_old_space_size=300'], {}), undefined);
});
