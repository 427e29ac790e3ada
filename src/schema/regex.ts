import { limits } from '../limits.ts';
import { type Expression, parseRegex, type Ranges } from './regex-parse.ts';

/**
 * Go's regular expressions with Go's promise: time linear in the text. JavaScript's engine backtracks, and some of
 * Calico's patterns (`^(([0-9]*(\.[0-9]*)?(ms|s|h|m|us)+)+|Auto)$`) take it hours for a text of 40 characters,
 * which would stop the whole server. Patterns become an automaton whose states are made when first needed.
 */
export interface Regex {
  test(text: string): boolean;
}

type Instruction =
  | { op: 'chars'; ranges: Ranges }
  | { op: 'split'; targets: number[] }
  | { op: 'start' | 'end' | 'match' };

/** A regular expression of Go; throws SyntaxError for one that Go refuses or that is not known here. */
export function compileRegex(pattern: string): Regex {
  const program: Instruction[] = [];
  emit(program, parseRegex(pattern));
  push(program, { op: 'match' });
  return new Automaton(program);
}

/** Appends the instructions of an expression; each falls through to the next one. */
function emit(program: Instruction[], expression: Expression): void {
  switch (expression.op) {
    case 'empty':
      return;
    case 'start':
    case 'end':
      push(program, { op: expression.op });
      return;
    case 'chars':
      push(program, { op: 'chars', ranges: expression.ranges });
      return;
    case 'sequence':
      for (const part of expression.parts) emit(program, part);
      return;
    case 'choice':
      emitChoice(program, expression.parts);
      return;
    case 'repeat':
      emitRepeat(program, expression.part, expression.min, expression.max);
  }
}

function emitChoice(program: Instruction[], parts: Expression[]): void {
  const targets: number[] = [];
  const exits: number[][] = [];
  push(program, { op: 'split', targets });
  for (const part of parts) {
    targets.push(program.length);
    emit(program, part);
    const exit: number[] = [];
    push(program, { op: 'split', targets: exit });
    exits.push(exit);
  }
  for (const exit of exits) exit.push(program.length);
}

function emitRepeat(program: Instruction[], part: Expression, min: number, max: number): void {
  for (let count = 0; count < min; count++) emit(program, part);
  if (max === Infinity) {
    const loop = program.length;
    const targets = [loop + 1];
    push(program, { op: 'split', targets });
    emit(program, part);
    push(program, { op: 'split', targets: [loop] });
    targets.push(program.length);
    return;
  }
  const skips: number[][] = [];
  for (let count = min; count < max; count++) {
    const targets = [program.length + 1];
    push(program, { op: 'split', targets });
    skips.push(targets);
    emit(program, part);
  }
  for (const targets of skips) targets.push(program.length);
}

function push(program: Instruction[], instruction: Instruction): void {
  if (program.length >= limits.maxPatternInstructions) throw new SyntaxError('pattern is too large');
  program.push(instruction);
}

interface State {
  /** The character instructions that wait for the next character. */
  waiting: number[];
  matches: boolean;
  matchesAtEnd: boolean;
  /** The following state for each class of characters. */
  next: (State | undefined)[];
}

class Automaton implements Regex {
  readonly #program: Instruction[];
  /** First code points of the classes: the pattern treats all characters of a class alike. */
  readonly #classes: number[];
  readonly #asciiClasses: number[];
  #states = new Map<string, State>();
  #first: State | undefined;

  constructor(program: Instruction[]) {
    this.#program = program;
    const starts = new Set([0]);
    for (const instruction of program) {
      if (instruction.op !== 'chars') continue;
      for (let index = 0; index < instruction.ranges.length; index += 2) {
        starts.add(instruction.ranges[index]!);
        starts.add(instruction.ranges[index + 1]! + 1);
      }
    }
    this.#classes = [...starts].sort((a, b) => a - b);
    this.#asciiClasses = Array.from({ length: 128 }, (_, point) => this.#searchClass(point));
  }

  test(text: string): boolean {
    this.#first ??= this.#closure([0], true);
    let state = this.#first;
    for (let index = 0; index < text.length; index++) {
      if (state.matches) return true;
      const point = text.codePointAt(index)!;
      if (point > 0xffff) index++;
      const characters = point < 128 ? this.#asciiClasses[point]! : this.#searchClass(point);
      state = state.next[characters] ?? this.#step(state, characters);
    }
    return state.matches || state.matchesAtEnd;
  }

  #searchClass(point: number): number {
    let low = 0;
    let high = this.#classes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#classes[middle]! <= point) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #step(state: State, characters: number): State {
    const point = this.#classes[characters]!;
    const reached = state.waiting
      .filter(at => contains((this.#program[at] as { ranges: Ranges }).ranges, point))
      .map(at => at + 1);
    // A match may begin anywhere, so the program also starts anew behind each character.
    const next = this.#closure([...reached, 0], false);
    state.next[characters] = next;
    return next;
  }

  /** The state of all instructions that are reached without reading a character. */
  #closure(from: number[], atStart: boolean): State {
    const { waiting, matches } = this.#follow(from, atStart, false);
    const matchesAtEnd = matches || this.#follow(from, atStart, true).matches;
    const key = `${waiting.join()},${matches},${matchesAtEnd}`;
    const known = this.#states.get(key);
    if (known) return known;
    const state: State = { waiting, matches, matchesAtEnd, next: [] };
    if (this.#states.size >= limits.maxPatternStates) this.#forget();
    this.#states.set(key, state);
    return state;
  }

  #forget(): void {
    for (const state of this.#states.values()) state.next = [];
    this.#states = new Map();
    this.#first = undefined;
  }

  #follow(from: number[], atStart: boolean, atEnd: boolean): { waiting: number[]; matches: boolean } {
    const seen = new Set<number>();
    const waiting: number[] = [];
    const open = [...from];
    let matches = false;
    while (open.length > 0) {
      const at = open.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = this.#program[at]!;
      if (instruction.op === 'chars') waiting.push(at);
      else if (instruction.op === 'match') matches = true;
      else if (instruction.op === 'split') open.push(...instruction.targets);
      else if (instruction.op === 'start' ? atStart : atEnd) open.push(at + 1);
    }
    return { waiting: waiting.sort((a, b) => a - b), matches };
  }
}

function contains(ranges: Ranges, point: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (point >= ranges[index]! && point <= ranges[index + 1]!) return true;
  }
  return false;
}
