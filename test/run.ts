import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { describeMachine } from './attack/machine.ts';
import { installAll } from './clients/programs.ts';
import { findBinaries } from './e2e/binaries.ts';
import { buildBinaries } from './e2e/build-binaries.ts';
import { type Outcome, report } from './reporter.ts';

/**
 * `npm test`: what the machine allows, format, types and generated files, then the tests, those against a kube-apiserver last. Without CI=true
 * nothing large is built: tests against real binaries run when those are at hand, and a skipped test is said
 * aloud. With CI=true the binaries are built, and a skipped test is a failure. `--long` adds the tests named
 * *.long.test.ts; file names or folders as further arguments run those tests only.
 */
const root = resolve(import.meta.dirname, '..');
const isCi = process.env.CI === 'true';
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

interface Phase {
  name: string;
  seconds: number;
  outcome: Outcome;
}

const groups = ['unit', 'conformance', 'system', 'attack', 'differential', 'e2e', 'clients'];
const phases: Phase[] = [];

async function phase(name: string, work: () => Promise<Outcome>): Promise<void> {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const outcome = await work();
  phases.push({ name, seconds: (performance.now() - startedAt) / 1_000, outcome });
}

/** A command that must succeed; counts as one test. Its output is shown when it fails. */
async function check(name: string, command: string, args: string[]): Promise<Outcome> {
  const startedAt = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  const code = await new Promise<number | null>(done => {
    child.on('error', error => {
      output += error.message;
      done(null);
    });
    child.on('close', done);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`${code === 0 ? '✔' : '✖'} ${name}: ${seconds.toFixed(1)} s${code === 0 ? '' : `\n${output}`}`);
  return {
    passed: code === 0 ? 1 : 0,
    failed: code === 0 ? 0 : 1,
    skipped: [],
    files: [{ name, seconds }],
  };
}

async function checks(): Promise<Outcome> {
  const bin = (name: string) => join(root, 'node_modules/.bin', name);
  const outcomes = await Promise.all([
    check('biome check', bin('biome'), ['check', '.']),
    check('tsc --noEmit', bin('tsc'), ['--noEmit']),
    check('generated files are fresh', process.execPath, ['scripts/gen.ts', '--check']),
  ]);
  return sum(outcomes);
}

/** The test files of a group that the arguments ask for. */
function filesOf(group: string): string[] {
  return globSync(`test/${group}/**/*.test.ts`, { cwd: root })
    .filter(file => values.long || !file.endsWith('.long.test.ts'))
    .filter(
      file =>
        positionals.length === 0 || positionals.some(wanted => file.startsWith(wanted.replace(/^\.\//, ''))),
    )
    .sort();
}

/** Runs each file in a process of its own, two at a time. */
async function tests(files: string[]): Promise<Outcome> {
  const waiting = [...files];
  const outcomes: Outcome[] = [];
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const stream = run({
        files: [join(root, file)],
        cwd: root,
        timeout: values.long ? 4_500_000 : 900_000,
      });
      outcomes.push(await report(stream, file));
    }
  };
  await Promise.all([worker(), worker()]);
  return sum(outcomes);
}

/** Whether a file runs real binaries: those of three groups do, and those that are about etcd. */
function needsBinaries(file: string): boolean {
  return /^test\/(differential|e2e|clients)\//.test(file) || file.includes('etcd');
}

/** Without binaries the suites skip themselves; in CI there is no such excuse. */
async function binaries(): Promise<Outcome> {
  const { missing } = await findBinaries();
  const nothing: Outcome = { passed: 0, failed: 0, skipped: [], files: [] };
  if (missing.length === 0) return nothing;
  try {
    await buildBinaries(console.log);
    return nothing;
  } catch (error) {
    console.log(`✖ ${error instanceof Error ? error.message : error}`);
    return { ...nothing, failed: 1 };
  }
}

/** What clients' tests cannot find is said by each of them: its skip is a failure in CI. */
async function clients(): Promise<Outcome> {
  const failures = await installAll(console.log);
  return { passed: 0, failed: failures.length, skipped: [], files: [] };
}

function sum(outcomes: Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, one) => total + one.passed, 0),
    failed: outcomes.reduce((total, one) => total + one.failed, 0),
    skipped: outcomes.flatMap(one => one.skipped),
    files: outcomes.flatMap(one => one.files),
  };
}

function printWhereTimeWent(files: Outcome['files']): void {
  console.log('\n== where the time went');
  for (const { name, seconds } of phases) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, 10);
  console.log('the slowest files (two run at once):');
  for (const { name, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
}

function printSkipped(skipped: Outcome['skipped']): void {
  if (skipped.length === 0) return;
  const line = '!'.repeat(80);
  console.log(`\n${line}\n!! SKIPPED${isCi ? ', which is a failure in CI' : ''}`);
  for (const [reason, tests] of Map.groupBy(skipped, ({ reason }) => reason)) {
    console.log(`!! ${reason}`);
    for (const { file, name } of tests) console.log(`!!   ${file}: ${name}`);
  }
  console.log(line);
}

console.log(describeMachine());
if (positionals.length === 0) await phase('checks', checks);
let sought = false;
for (const group of groups) {
  const files = filesOf(group);
  if (files.length === 0) continue;
  if (isCi && !sought && files.some(needsBinaries)) {
    sought = true;
    await phase('binaries of Kubernetes and etcd', binaries);
  }
  if (isCi && group === 'clients') await phase('client libraries', clients);
  await phase(`${group} tests`, () => tests(files));
}
const total = sum(phases.map(({ outcome }) => outcome));
printWhereTimeWent(total.files);
printSkipped(total.skipped);
if (total.passed + total.failed + total.skipped.length === 0) {
  console.log(`there is no such test: ${positionals.join(' ')}`);
  total.failed++;
}
process.exitCode = total.failed > 0 || (isCi && total.skipped.length > 0) ? 1 : 0;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
