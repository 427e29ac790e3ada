import { isDeepStrictEqual } from 'node:util';
import { type Accepted, accepted, allows } from './accepted.ts';
import type { Normal } from './normalize.ts';
import { isWatch, type Step } from './sequence.ts';

/** One place at which the answers differ. */
export interface Difference {
  step: Step;
  index: number;
  /**
   * `headers.warning`, `body.metadata.labels.a`, `events[2].object.spec`; `answer` where the two are of different
   * kinds, or refuse for different reasons, with the code and the message in place of the values.
   */
  at: string;
  theirs: unknown;
  ours: unknown;
}

/** What differs and is not accepted, and the lines of the table by which the rest is. */
export function compare(
  steps: Step[],
  theirs: Normal[],
  ours: Normal[],
): { differences: Difference[]; applied: Set<Accepted> } {
  const differences: Difference[] = [];
  const applied = new Set<Accepted>();
  for (const [index, step] of steps.entries()) {
    for (const place of answerPlaces(theirs[index]!, ours[index]!)) {
      const difference = { step, index, ...place };
      const line = accepted.find(each => allows(each, difference));
      if (line) applied.add(line);
      else differences.push(difference);
    }
  }
  return { differences, applied };
}

type Place = Pick<Difference, 'at' | 'theirs' | 'ours'>;

function answerPlaces(theirs: Normal, ours: Normal): Place[] {
  const [summaryOfTheirs, summaryOfOurs] = [summaryOf(theirs), summaryOf(ours)];
  if (summaryOfTheirs === summaryOfOurs) return placesOf(theirs, ours);
  return [{ at: 'answer', theirs: summaryOfTheirs, ours: summaryOfOurs }];
}

/** What an answer is, in a line: two with different lines have nothing in common that could be compared further. */
function summaryOf({ status, body, events }: Normal): string {
  if (events) return `${status} watch`;
  if (!isPlain(body))
    return typeof body === 'string' && status >= 400 ? `${status} ${body.trim()}` : `${status}`;
  const { kind, reason = '', message = '' } = body;
  return kind === 'Status' ? `${status} ${reason}: ${message}` : `${status} ${kind}`;
}

function placesOf(theirs: unknown, ours: unknown, at = ''): Place[] {
  if (isDeepStrictEqual(theirs, ours)) return [];
  if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    return theirs.flatMap((item, index) => placesOf(item, ours[index], `${at}[${index}]`));
  }
  if (isPlain(theirs) && isPlain(ours)) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...names].flatMap(name => placesOf(theirs[name], ours[name], at ? `${at}.${name}` : name));
  }
  return [{ at, theirs, ours }];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One difference for a person to read. */
export function describeDifference({ step, index, at, theirs, ours }: Difference): string {
  const asked = isWatch(step) ? 'WATCH' : step.method;
  const path = `${step.path}${step.query === undefined ? '' : `?${step.query}`}`;
  const show = (value: unknown) => (value === undefined ? '(absent)' : JSON.stringify(value));
  return `step ${index}: ${asked} ${path}\n  ${at}\n    kube-apiserver: ${show(theirs)}\n    Tortie:         ${show(ours)}`;
}
