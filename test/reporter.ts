import { relative } from 'node:path';
import type { TestsStream } from 'node:test';
import { inspect } from 'node:util';

/** What became of the tests of one phase. Tests are counted, not suites. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: Skipped[];
  files: { name: string; seconds: number }[];
}

export interface Skipped {
  file: string;
  name: string;
  reason: string;
}

interface TestEvent {
  name: string;
  nesting: number;
  file?: string | undefined;
  skip?: string | boolean | undefined;
  todo?: string | boolean | undefined;
  details: { duration_ms: number; type?: string | undefined; error?: Error };
}

/** The tests of one file as they come in. */
interface FileState {
  /** The names of the tests and suites that are open, outermost first. */
  path: string[];
  passed: number;
  failed: number;
  skipped: number;
  output: string;
}

const maxOutput = 60_000;

/**
 * Follows the events of node:test: a line a file, the whole story of each failure (its error, and what the
 * file printed), and the counts. A suite that is skipped counts as one skipped test, since its own are never
 * defined.
 */
export async function report(stream: TestsStream, root: string): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [], files: [] };
  const states = new Map<string, FileState>();
  const stateOf = (file: string | undefined): FileState => {
    const key = file ?? '';
    const state = states.get(key) ?? { path: [], passed: 0, failed: 0, skipped: 0, output: '' };
    states.set(key, state);
    return state;
  };
  const shown = (file: string | undefined) => relative(root, file ?? '');

  const onPass = (event: TestEvent) => {
    const state = stateOf(event.file);
    if (event.skip !== undefined && event.skip !== false) {
      const name = [...state.path.slice(0, event.nesting), event.name].join(' › ');
      const reason = typeof event.skip === 'string' && event.skip ? event.skip : 'no reason given';
      outcome.skipped.push({ file: shown(event.file), name, reason });
      state.skipped++;
    } else if (event.details.type !== 'suite') {
      state.passed++;
      outcome.passed++;
    }
  };
  const onFail = (event: TestEvent) => {
    const error = event.details.error as (Error & { failureType?: string }) | undefined;
    const state = stateOf(event.file);
    // A suite, or a test with subtests, that failed for the sake of one of those has been told of already.
    if (error?.failureType === 'subtestsFailed') return;
    state.failed++;
    outcome.failed++;
    const name = [...state.path.slice(0, event.nesting), event.name].join(' › ');
    console.log(`\n✖ ${shown(event.file)}\n  ${name}\n${indent(describeError(error))}\n`);
  };
  const onFileEnd = (file: string, seconds: number) => {
    const state = stateOf(file);
    if (state.failed > 0 && state.output)
      console.log(indent(`what ${shown(file)} printed:\n${state.output}`));
    const mark = state.failed > 0 ? '✖' : state.passed > 0 ? '✔' : '﹣';
    const failed = state.failed > 0 ? `, ${state.failed} failed` : '';
    const skipped = state.skipped > 0 ? `, ${state.skipped} SKIPPED` : '';
    console.log(`${mark} ${shown(file)}: ${state.passed} passed${failed}${skipped}, ${seconds.toFixed(1)} s`);
    outcome.files.push({ name: shown(file), seconds });
  };

  for await (const { type, data } of stream) {
    if (type === 'test:start')
      stateOf(data.file).path.splice(data.nesting, Number.POSITIVE_INFINITY, data.name);
    else if (type === 'test:pass') onPass(data);
    else if (type === 'test:fail') onFail(data);
    else if (type === 'test:stdout' || type === 'test:stderr') {
      const state = stateOf(data.file);
      if (state.output.length < maxOutput) state.output += data.message;
    } else if (type === 'test:summary' && data.file) onFileEnd(data.file, data.duration_ms / 1_000);
  }
  // A file that ended before its tests did, or could not be loaded, has no summary; what it printed says why.
  const ended = new Set(outcome.files.map(({ name }) => name));
  for (const [file, { failed }] of states) if (failed > 0 && !ended.has(shown(file))) onFileEnd(file, 0);
  return outcome;
}

function describeError(error: Error | undefined): string {
  const cause = error?.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 6, breakLength: 110 });
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map(line => `    ${line}`)
    .join('\n');
}
