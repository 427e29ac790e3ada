import { Session } from 'node:inspector';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Counts the steps that a piece of work takes, which no machine and no load changes: how often each block of the code under `src`
 * runs, and how many items or characters the built-in functions walk over that are called meanwhile.
 */
export interface StepCounter {
  count(work: () => Promise<unknown>): Promise<number>;
  /** The most steps that the work takes between two turns of the event loop. */
  longest(work: () => Promise<unknown>): Promise<number>;
  close(): void;
}

interface Coverage {
  result: { url: string; functions: { ranges: { count: number }[] }[] }[];
}

const sources = `${pathToFileURL(resolve(import.meta.dirname, '../../../src'))}/`;

/** Starts to count. Must be called before the code under test has become hot. */
export function openStepCounter(): StepCounter {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters = {}): unknown => {
    let answer: unknown;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const blocks = () =>
    (post('Profiler.takePreciseCoverage') as Coverage).result
      .filter(({ url }) => url.startsWith(sources))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
      .reduce((sum, count) => sum + count, 0);
  return {
    count: async work => {
      blocks();
      const builtIns = countBuiltIns();
      try {
        await work();
      } finally {
        builtIns.stop();
      }
      return blocks() + builtIns.walked();
    },
    longest: async work => {
      const builtIns = countBuiltIns();
      let longest = 0;
      let walkedBefore = 0;
      let isDone = false;
      const look = () => {
        const walked = builtIns.walked();
        longest = Math.max(longest, blocks() + walked - walkedBefore);
        walkedBefore = walked;
      };
      const lookEachTurn = () => {
        if (isDone) return;
        look();
        setImmediate(lookEachTurn);
      };
      blocks();
      setImmediate(lookEachTurn);
      try {
        await work();
      } finally {
        isDone = true;
        look();
        builtIns.stop();
      }
      return longest;
    },
    close: () => session.disconnect(),
  };
}

type AnyFunction = (...parameters: unknown[]) => unknown;
type Cost = (self: unknown, parameters: unknown[], result: unknown) => number;

const length = (of: unknown): number =>
  typeof of === 'string' || Array.isArray(of) || of instanceof Uint8Array ? of.length : 0;
const self: Cost = of => length(of);
const result: Cost = (_of, _parameters, made) => length(made);
/** From where the search starts to what it finds, or to the end. */
const search: Cost = (of, [, start], found) =>
  (Number(found) < 0 ? length(of) : Number(found) + 1) - Math.max(0, Number(start ?? 0));
const sorting: Cost = of => length(of) * Math.ceil(Math.log2(length(of) + 1));
/** What has to be moved when items are put into a list, or taken from it, at a place. */
const behind: Cost = (of, [start]) => Math.max(0, length(of) - Number(start ?? 0)) + 1;

const onLists: Record<string, Cost> = {
  includes: self,
  indexOf: search,
  lastIndexOf: self,
  slice: result,
  splice: behind,
  concat: result,
  unshift: self,
  shift: self,
  push: (_of, parameters) => parameters.length,
  join: self,
  reverse: self,
  flat: result,
  fill: self,
  sort: sorting,
  toSorted: sorting,
};
const onTexts: Record<string, Cost> = {
  includes: self,
  indexOf: search,
  lastIndexOf: self,
  split: self,
  replace: self,
  replaceAll: self,
  toLowerCase: self,
  toUpperCase: self,
  trim: self,
  toWellFormed: self,
  startsWith: (_of, [start]) => length(start),
  endsWith: (_of, [end]) => length(end),
};
const first: Cost = (_of, [text]) => length(text);

/** Puts a counting function in the place of each built-in one that walks, until it is stopped. */
function countBuiltIns(): { walked(): number; stop(): void } {
  let walked = 0;
  const undo: (() => void)[] = [];
  const wrap = (owner: object, name: string | symbol, cost: Cost): void => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)!;
    const original = descriptor.value as AnyFunction;
    function counting(this: unknown, ...parameters: unknown[]): unknown {
      const before = cost === behind ? cost(this, parameters, undefined) : 0;
      const made = original.apply(this, parameters);
      walked += cost === behind ? before : cost(this, parameters, made);
      return made;
    }
    Object.defineProperty(owner, name, { ...descriptor, value: counting });
    undo.push(() => Object.defineProperty(owner, name, descriptor));
  };
  const wrapAll = (owner: object, costs: Record<string, Cost>) => {
    for (const [name, cost] of Object.entries(costs)) wrap(owner, name, cost);
  };
  /** A pattern that goes on where it last matched reads from there; replace and split call exec for each match. */
  const wrapExec = (): void => {
    const original = RegExp.prototype.exec;
    RegExp.prototype.exec = function (this: RegExp, text: string) {
      const start = this.global || this.sticky ? this.lastIndex : 0;
      const match = original.call(this, text);
      walked += (match ? match.index + match[0].length : length(text)) - start + 1;
      return match;
    };
    undo.push(() => {
      RegExp.prototype.exec = original;
    });
  };
  const sizeOf: Cost = of => (of as { size: number }).size;
  wrap(Array.prototype, Symbol.iterator, self);
  wrap(Map.prototype, Symbol.iterator, sizeOf);
  wrap(Set.prototype, Symbol.iterator, sizeOf);
  wrapAll(Object, { keys: result, values: result, entries: result, fromEntries: first });
  wrapAll(JSON, { stringify: result, parse: first });
  wrapAll(RegExp.prototype, { test: first });
  wrapExec();
  wrapAll(Buffer, { byteLength: first, from: first, concat: result });
  wrapAll(String.prototype, onTexts);
  wrapAll(Array.prototype, onLists);
  return {
    walked: () => walked,
    stop: () => {
      for (const each of undo.reverse()) each();
    },
  };
}
