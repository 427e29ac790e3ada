import type { TestsStream } from 'node:test';
import { inspect } from 'node:util';

/** What became of some tests. Tests are counted, not suites. */
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
  skip?: string | boolean | undefined;
  details: { type?: string | undefined; error?: Error };
}

const maxOutput = 60_000;

/**
 * Follows the events of node:test for one file: a line for the file, the whole story of each failure (its error, and
 * what the file printed), and the counts. A suite that is skipped counts as one skipped test, since its own are never
 * defined.
 */
export async function report(stream: TestsStream, file: string): Promise<Outcome> {
  const startedAt = performance.now();
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [], files: [] };
  /** The names of the tests and suites that are open, outermost first. */
  const path: string[] = [];
  const nameOf = ({ name, nesting }: TestEvent) => [...path.slice(0, nesting), name].join(' › ');
  let story = '';
  let output = '';

  for await (const { type, data } of stream) {
    if (type === 'test:start') path.splice(data.nesting, Number.POSITIVE_INFINITY, data.name);
    else if (type === 'test:stdout' || type === 'test:stderr') {
      if (output.length < maxOutput) output += data.message;
    } else if (type === 'test:diagnostic') {
      // What a test says, such as its seed; the counts that node adds at the end are of no file.
      if (data.file) output += `${data.message}\n`;
    } else if (type === 'test:pass') {
      const { skip, details } = data as TestEvent;
      if (skip !== undefined && skip !== false) {
        const reason = typeof skip === 'string' && skip ? skip : 'no reason given';
        outcome.skipped.push({ file, name: nameOf(data), reason });
      } else if (details.type !== 'suite') outcome.passed++;
    } else if (type === 'test:fail') {
      const error = data.details.error as Error & { failureType?: string };
      // A suite, or a test with subtests, that failed for the sake of one of those has been told of already.
      if (error.failureType === 'subtestsFailed') continue;
      outcome.failed++;
      // So has one that was never begun since `before` failed: the suite has the error.
      if (error.failureType === 'cancelledByParent') continue;
      story += `\n  ✖ ${nameOf(data)}\n${indent(describeError(error))}\n`;
    }
  }

  const seconds = (performance.now() - startedAt) / 1_000;
  outcome.files.push({ name: file, seconds });
  const mark = outcome.failed > 0 ? '✖' : outcome.passed > 0 ? '✔' : '﹣';
  const failed = outcome.failed > 0 ? `, ${outcome.failed} failed` : '';
  const skipped = outcome.skipped.length > 0 ? `, ${outcome.skipped.length} SKIPPED` : '';
  console.log(`${mark} ${file}: ${outcome.passed} passed${failed}${skipped}, ${seconds.toFixed(1)} s`);
  if (outcome.failed > 0) console.log(`${story}${output && `\n  it printed\n${indent(output)}\n`}`);
  return outcome;
}

function describeError(error: Error): string {
  const cause = error.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 6, breakLength: 110 });
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map(line => `    ${line}`)
    .join('\n');
}
