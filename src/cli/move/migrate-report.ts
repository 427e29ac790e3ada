import { countOf } from '../count.ts';
import { ProgressLine } from '../progress-line.ts';
import type { Output, Streams } from '../streams.ts';
import { visible } from '../validate/text.ts';
import type { Route } from './journal.ts';
import type { Problem, Progress, Result } from './migration.ts';

/** Tells people or programs how a migration goes: a line that changes on a terminal, JSON lines elsewhere. */
export interface Reporter {
  progress(progress: Progress): void;
  caughtUp(result: Result): void;
  done(result: Result): void;
}

const lineIntervalMs = 1_000;

/** Problems that make the command fail; the others are told. */
const failures = new Set<Problem['outcome']>(['conflict', 'refused', 'unreadable', 'differs']);

/** Whether the target is as the source is, but for what it cannot keep and what the user wants left. */
export function succeeded({ problems }: Result): boolean {
  return !problems.some(({ outcome }) => failures.has(outcome));
}

/** The reporter for these streams. */
export function reporterOf(
  streams: Streams,
  route: Route,
  now: () => number = () => performance.now(),
): Reporter {
  return streams.stdout.isTTY ? forPeople(streams, route, now) : forPrograms(streams.stdout, route, now);
}

function forPeople({ stdout, stderr }: Streams, route: Route, now: () => number): Reporter {
  const line = new ProgressLine(stderr, now);
  const pace = new Pace(now);
  return {
    progress: progress => {
      const { perSecond, secondsLeft } = pace.of(progress);
      line.tell(() => {
        const { phase, done, total } = progress;
        if (phase === 'follow') return `following, ${countOf(total, 'object')} carried`;
        const left = secondsLeft === undefined ? '' : `, about ${secondsLeft} s left`;
        return `${verbs[phase]} ${done} of ${countOf(total, 'object')}, ${perSecond}/s${left}`;
      });
    },
    caughtUp(result) {
      line.clear();
      stdout.write(`${sentenceOf(result)}; following until Ctrl-C\n`);
    },
    done(result) {
      line.clear();
      stdout.write(textOf(result, route));
    },
  };
}

function forPrograms(stdout: Output, route: Route, now: () => number): Reporter {
  const pace = new Pace(now);
  let nextAtMs = now() + lineIntervalMs;
  const write = (event: string, fields: object) => {
    const time = new Date().toISOString();
    stdout.write(`${JSON.stringify({ time, event, ...fields })}\n`);
  };
  return {
    progress(progress) {
      const rate = pace.of(progress);
      if (now() < nextAtMs) return;
      nextAtMs = now() + lineIntervalMs;
      write('progress', { ...progress, ...rate });
    },
    caughtUp: result => write('caughtUp', jsonOf(result)),
    done(result) {
      for (const problem of result.problems) write('problem', problem);
      write('report', { ...route, succeeded: succeeded(result), ...jsonOf(result) });
    },
  };
}

/** Objects after which the speed says something of what is to come. */
const enoughToTell = 100;

const verbs = { copy: 'copied', verify: 'verified' } as const;

/** How fast a phase goes, and how long the rest of it will take at that. */
class Pace {
  readonly #now: () => number;
  #phase: string | undefined;
  #startMs = 0;
  #startDone = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  of({ phase, done, total }: Progress): { perSecond: number; secondsLeft?: number } {
    if (phase !== this.#phase || done < this.#startDone) {
      this.#phase = phase;
      this.#startMs = this.#now();
      this.#startDone = done;
    }
    const seconds = (this.#now() - this.#startMs) / 1_000;
    const perSecond = seconds > 0 ? (done - this.#startDone) / seconds : 0;
    const rounded = Math.round(perSecond);
    if (done - this.#startDone < enoughToTell || done >= total) return { perSecond: rounded };
    return { perSecond: rounded, secondsLeft: Math.ceil((total - done) / perSecond) };
  }
}

function jsonOf({ problems, lost, ...counts }: Result): object {
  const byOutcome = Object.fromEntries(
    Object.entries(Object.groupBy(problems, ({ outcome }) => outcome)).map(([outcome, list]) => [
      outcome,
      list!.length,
    ]),
  );
  return { ...counts, problems: byOutcome, lost: Object.fromEntries(lost) };
}

function sentenceOf({ verified, objects, revision }: Result): string {
  return `${verified} of ${countOf(objects, 'object')} verified, as of revision ${revision} of the source`;
}

function textOf(result: Result, { from, to }: Route): string {
  const { created, updated, deleted, stillChanging, problems, lost } = result;
  const lines = problems.map(({ outcome, id, problem }) => {
    return `${failures.has(outcome) ? 'error' : 'note'}: ${visible(id)}: ${visible(problem)}`;
  });
  for (const [field, count] of lost) lines.push(`note: the target does not keep ${field} (${count})`);
  if (stillChanging > 0) {
    const rest = `${countOf(stillChanging, 'object')} changed while being verified`;
    lines.push(`note: the source is still being written: ${rest}, and were carried only`);
  }
  lines.push(
    `from ${from} to ${to}: ${created} created, ${updated} updated, ${deleted} deleted`,
    sentenceOf(result),
  );
  return `${lines.join('\n')}\n`;
}
