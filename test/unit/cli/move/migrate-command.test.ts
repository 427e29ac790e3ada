import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportObjects } from '../../../../src/cli/export.ts';
import { importFile } from '../../../../src/cli/import.ts';
import { migrate } from '../../../../src/cli/migrate.ts';
import { reporterOf } from '../../../../src/cli/move/migrate-report.ts';
import type { Result } from '../../../../src/cli/move/migration.ts';
import { readCommand } from '../../../../src/config/command.ts';
import { OptionError } from '../../../../src/config/parse.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import { newFolder, objectOf, oneOfEach, runCommand } from './commands.ts';

const never = () => new Promise<never>(() => {});
const run = (args: string[], options: Parameters<typeof runCommand>[2] = {}) =>
  runCommand((given, environment, streams) => migrate(given, environment, streams, never), args, options);
const dump = (folder: string) => runCommand(exportObjects, ['--data-dir', folder]);

suite('the command migrate', () => {
  test('copies one data directory into another, tells programs by lines of JSON, and keeps its journal', async t => {
    const [from, to] = [newFolder(t), newFolder(t)];
    const text = oneOfEach()
      .map(object => encode(object))
      .join('\n');
    await runCommand(importFile, ['-', '--data-dir', from], { stdin: text });
    const journal = join(to, 'journal');
    const args = ['--from', 'embedded', '--from-data-dir', from, '--to', 'embedded', '--to-data-dir', to];
    const { code, stdout } = await run([...args, '--journal', journal]);
    assert.equal(code, 0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    const report = events.at(-1);
    assert.equal(report.event, 'report');
    assert.equal(report.succeeded, true);
    assert.equal(report.verified, report.objects);
    assert.equal(report.from, `the embedded store in ${from}`);
    assert.equal((await dump(to)).stdout, (await dump(from)).stdout);
    assert.ok(existsSync(journal));

    // In the target only, changed there since: told, left, and no success for what is a conflict.
    const changed = objectOf(
      'Tier',
      'default',
      { order: 1_000_000, defaultAction: 'Deny' },
      { labels: { a: 'b' } },
    );
    const own = objectOf('Tier', 'own', { order: 5 });
    const there = ['--data-dir', to, '--on-conflict', 'replace'];
    await runCommand(importFile, ['-', ...there], { stdin: `${encode(changed)}\n${encode(own)}` });
    const again = await run([...args, '--journal', journal], { terminal: true });
    assert.equal(again.code, 1);
    const lines = again.stdout.split('\n');
    assert.match(lines[0]!, /^error: Tier default: it has been changed there; --on-conflict=replace/);
    assert.match(lines[1]!, /^note: Tier own: it is in the target only/);
    assert.match(lines[2]!, /^from the embedded store in .*: 0 created, 0 updated, 0 deleted$/);
    assert.match(lines[3]!, /^\d+ of \d+ objects verified, as of revision \d+ of the source$/);
  });

  test('follows until the signal, and says when it has caught up', async t => {
    const [from, to] = [newFolder(t), newFolder(t)];
    await runCommand(importFile, ['-', '--data-dir', from], {
      stdin: encode(objectOf('Tier', 't', { order: 1 })),
    });
    const end = Promise.withResolvers<string>();
    const written: string[] = [];
    const output = {
      write(text: string) {
        written.push(text);
        if (text.includes('"caughtUp"')) end.resolve('SIGTERM');
      },
    };
    async function* stdin() {}
    const args = ['--from=embedded', `--from-data-dir=${from}`, '--to=embedded', `--to-data-dir=${to}`];
    const code = await migrate(
      [...args, '--follow', `--journal=${join(to, 'journal')}`],
      {},
      { stdin: stdin(), stdout: output, stderr: output },
      () => end.promise,
    );
    assert.equal(code, 0);
    assert.deepEqual(
      written.map(line => JSON.parse(line).event).filter(event => event !== 'progress'),
      ['caughtUp', 'report'],
    );
  });

  test('a signal before that cuts it short', async t => {
    const [from, to] = [newFolder(t), newFolder(t)];
    await runCommand(importFile, ['-', '--data-dir', from], {
      stdin: encode(objectOf('Tier', 't', { order: 1 })),
    });
    const args = ['--from=embedded', `--from-data-dir=${from}`, '--to=embedded', `--to-data-dir=${to}`];
    await assert.rejects(
      runCommand(
        (given, environment, streams) => migrate(given, environment, streams, async () => 'SIGINT'),
        [...args, `--journal=${join(to, 'journal')}`],
      ),
      /ended by SIGINT; what was copied stays, run it again/,
    );
  });

  const wrong: [string, string[], RegExp][] = [
    ['no source', ['--to', 'embedded'], /--from DATASTORE is needed/],
    ['no target', ['--from', 'embedded'], /--to DATASTORE is needed/],
    ['the same store twice', ['--from', 'embedded', '--to', 'embedded'], /source and target are the same/],
    ['memory', ['--from', 'memory', '--to', 'embedded'], /a memory store is empty/],
    ['an argument', ['--from', 'embedded', '--to', 'memory', 'x'], /unexpected argument "x"/],
    ['an unknown flag of a side', ['--from', 'embedded', '--to-port', '1'], /unknown flag --to-port/],
    [
      'a wrong value of a side',
      ['--from', 'embed', '--to', 'embedded'],
      /--from must be |--datastore must be/,
    ],
  ];
  for (const [name, args, message] of wrong) {
    test(`refused: ${name}`, async () => {
      await assert.rejects(run(args), error => {
        assert.ok(error instanceof OptionError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test('a journal of other stores is refused before anything is written', async t => {
    const [from, to] = [newFolder(t), newFolder(t)];
    await runCommand(importFile, ['-', '--data-dir', from], {
      stdin: encode(objectOf('Tier', 't', { order: 1 })),
    });
    const journal = join(to, 'journal');
    writeFileSync(journal, '{"title":"journal of a migration by tortie","version":1,"from":"x","to":"y"}\n');
    const args = ['--from=embedded', `--from-data-dir=${from}`, '--to=embedded', `--to-data-dir=${to}`];
    await assert.rejects(run([...args, '--journal', journal]), /is the journal of a migration from x to y/);
    assert.match((await dump(to)).stderr, /exported 0 objects/);
  });

  test('help tells of both sides', async () => {
    const { code, stdout } = await run(['--help']);
    assert.equal(code, 0);
    assert.match(stdout, /each also as --from-… and --to-…/);
  });
});

suite('options of two stores', () => {
  const read = (args: string[], environment: NodeJS.ProcessEnv = {}) => {
    const { stores } = readCommand(args, environment, { flags: {}, stores: ['from', 'to'] });
    return stores.map(({ datastore, dataDir }) => [datastore, dataDir]);
  };
  const table: [string, string[], NodeJS.ProcessEnv, string[][]][] = [
    [
      'the plain option is the default of both',
      ['--from', 'memory', '--to', 'embedded', '--data-dir', 'x'],
      {},
      [
        ['memory', 'x'],
        ['embedded', 'x'],
      ],
    ],
    [
      'one of a side wins, wherever it stands',
      ['--to-data-dir', 'y', '--from', 'memory', '--to', 'embedded', '--data-dir', 'x'],
      {},
      [
        ['memory', 'x'],
        ['embedded', 'y'],
      ],
    ],
    [
      'the datastore has a long name too',
      ['--from-datastore=memory', '--to-datastore=embedded'],
      {},
      [
        ['memory', '.tortie'],
        ['embedded', '.tortie'],
      ],
    ],
    [
      'from the environment',
      [],
      {
        TORTIE_FROM_DATASTORE: 'memory',
        TORTIE_TO_DATASTORE: 'embedded',
        TORTIE_DATA_DIR: 'x',
        TORTIE_TO_DATA_DIR: 'y',
      },
      [
        ['memory', 'x'],
        ['embedded', 'y'],
      ],
    ],
  ];
  for (const [name, args, environment, expected] of table) {
    test(name, () => assert.deepEqual(read(args, environment), expected));
  }
});

test('progress on a terminal tells the speed and what is left, once that can be said', () => {
  let nowMs = 0;
  const written: string[] = [];
  const output = { isTTY: true, write: (text: string) => void written.push(text) };
  async function* stdin() {}
  const reporter = reporterOf(
    { stdin: stdin(), stdout: output, stderr: output },
    { from: 'a', to: 'b' },
    () => nowMs,
  );
  for (const [atMs, done] of [
    [0, 0],
    [1_000, 50],
    [2_000, 200],
  ] as const) {
    nowMs = atMs;
    reporter.progress({ phase: 'copy', done, total: 1_000 });
  }
  reporter.progress({ phase: 'verify', done: 0, total: 1_000 });
  assert.deepEqual(written, [
    '\r\x1b[Kcopied 50 of 1000 objects, 50/s',
    '\r\x1b[Kcopied 200 of 1000 objects, 100/s, about 8 s left',
  ]);
  const result: Result = {
    revision: 7,
    objects: 3,
    verified: 2,
    created: 1,
    updated: 0,
    deleted: 0,
    stillChanging: 1,
    problems: [],
    lost: new Map([['Tier metadata.uid', 2]]),
  };
  written.length = 0;
  reporter.done(result);
  assert.deepEqual(written, [
    '\r\x1b[K',
    [
      'note: the target does not keep Tier metadata.uid (2)',
      'note: the source is still being written: 1 object changed while being verified, and were carried only',
      'from a to b: 1 created, 0 updated, 0 deleted',
      '2 of 3 objects verified, as of revision 7 of the source',
      '',
    ].join('\n'),
  ]);
});
