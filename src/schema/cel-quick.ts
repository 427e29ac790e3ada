import type { ASTNode } from '@marcbachmann/cel-js';
import { type IpAddress, isMapped, parseIp } from './cidr.ts';
import { codeAllowed, runCode } from './made-code.ts';

/**
 * A short way for rules that hold, which is nearly always: the part of CEL that the rules of Calico use, made into a function of
 * JavaScript that reads JSON values as they are. Where anything is out of the ordinary (a missing field, a type that does not fit, a
 * function not known here) the answer is `unsure`, and CEL proper has to decide. What is sure here is what CEL says.
 */
export const unsure = Symbol('unsure');

/** Whether a rule holds for a value; unsure where CEL proper is needed. */
export type QuickRule = (self: unknown) => boolean | typeof unsure;

/** A node of a parsed rule: the library's own type says less. */
interface Tree {
  op: string;
  args: unknown;
}

/** The code for each variable of CEL that is in sight. */
type Names = ReadonlyMap<string, string>;

/** The quick form of a parsed rule; where no code can be made it is never sure. */
export function quickRule(tree: ASTNode): QuickRule {
  if (!codeAllowed) return () => unsure;
  const names = new Map([['self', 'self']]);
  const [yes, no] = [
    holds(tree as unknown as Tree, true, names),
    holds(tree as unknown as Tree, false, names),
  ];
  const library = { unsure, isMap, asMap, equals, less, lessOrEqual, size, search, exists, address, family };
  const code = `return self => { const fields = asMap(self); return ${yes} ? true : ${no} ? false : unsure; };`;
  return runCode(code, library) as QuickRule;
}

const never = 'undefined';

/** An expression that is true only where CEL surely gives what is wanted, true or false. */
function holds({ op, args }: Tree, wanted: boolean, names: Names): string {
  const part = (index: number, result: boolean) => holds((args as Tree[])[index]!, result, names);
  switch (op) {
    case '!_':
      return holds(args as Tree, !wanted, names);
    case '||':
    case '&&':
      // An error on one side does not matter where the other one decides.
      return `(${part(0, wanted)} ${wanted === (op === '||') ? '||' : '&&'} ${part(1, wanted)})`;
    case '?:':
      return `(${part(0, true)} && ${part(1, wanted)} || ${part(0, false)} && ${part(2, wanted)})`;
    case '!=':
      return holds({ op: '==', args }, !wanted, names);
    case 'call': {
      const [name, [of]] = args as [string, [Tree]];
      return name === 'has' ? has(of, wanted, names) : `(${value({ op, args }, names)} === ${wanted})`;
    }
    default:
      return `(${value({ op, args }, names)} === ${wanted})`;
  }
}

/** An expression for what CEL gives, which is undefined, null or of a type that fits nowhere where that is not sure. */
function value(tree: Tree, names: Names): string {
  const { op, args } = tree;
  const part = (index: number) => value((args as Tree[])[index]!, names);
  switch (op) {
    case 'value':
      return literal(args);
    case 'id':
      return names.get(args as string) ?? never;
    case '.': {
      const [of, name] = args as [Tree, string];
      return isHidden(of, name) ? never : field(of, name, names);
    }
    case '==':
      return `equals(${part(0)}, ${part(1)})`;
    case '<':
      return `less(${part(0)}, ${part(1)})`;
    case '<=':
      return `lessOrEqual(${part(0)}, ${part(1)})`;
    case '>':
      return `less(${part(1)}, ${part(0)})`;
    case '>=':
      return `lessOrEqual(${part(1)}, ${part(0)})`;
    case '!_':
    case '||':
    case '&&':
    case '!=':
      return `(${holds(tree, true, names)} ? true : ${holds(tree, false, names)} ? false : undefined)`;
    case 'call':
      return call(args as [string, Tree[]], names);
    case 'rcall':
      return method(args as [string, Tree, Tree[]], names);
    default:
      return never;
  }
}

/** An int of CEL is a number here: it is compared with numbers of JSON. */
function literal(given: unknown): string {
  const plain = typeof given === 'bigint' ? Number(given) : given;
  if (typeof plain === 'number' && !Number.isSafeInteger(plain)) return never;
  return ['string', 'number', 'boolean'].includes(typeof plain) ? JSON.stringify(plain) : never;
}

/** Names that CEL escapes, and what it hides of metadata, are left to it. */
function isHidden({ op, args }: Tree, name: string): boolean {
  const ofMetadata = op === '.' && (args as unknown[])[1] === 'metadata';
  if (ofMetadata && name !== 'name' && name !== 'generateName') return true;
  return name.startsWith('__') || name in Object.prototype;
}

function has({ op, args }: Tree, wanted: boolean, names: Names): string {
  if (op !== '.') return never;
  const [of, name] = args as [Tree, string];
  if (isHidden(of, name)) return never;
  const found = field(of, name, names);
  if (wanted) return `(${found} ?? undefined) !== undefined`;
  return `(isMap(${value(of, names)}) && ${found} === undefined)`;
}

/** A field, which is undefined where the value is no map. */
function field({ op, args }: Tree, name: string, names: Names): string {
  const isSelf = op === 'id' && names.get(args as string) === 'self';
  return `${isSelf ? 'fields' : `asMap(${value({ op, args }, names)})`}[${JSON.stringify(name)}]`;
}

function call([name, args]: [string, Tree[]], names: Names): string {
  if (args.length !== 1) return never;
  const arg = value(args[0]!, names);
  if (name === 'size') return `size(${arg})`;
  // What is no address is left to CEL.
  if (name === 'ip') return `address(${arg})`;
  return name === 'isIP' ? `(address(${arg}) && true)` : never;
}

function method([name, of, args]: [string, Tree, Tree[]], names: Names): string {
  const receiver = value(of, names);
  if (name === 'exists') {
    const [variable, body] = args as [Tree, Tree];
    if (args.length !== 2 || variable.op !== 'id') return never;
    const item = `item${names.size}`;
    const inner = new Map([...names, [variable.args as string, item]]);
    const result = `${holds(body, true, inner)} ? true : ${holds(body, false, inner)} ? false : undefined`;
    return `exists(${receiver}, ${item} => ${result})`;
  }
  if (name === 'family' && args.length === 0) return isCallOf(of, 'ip') ? `family(${receiver})` : never;
  if (args.length !== 1 || (name !== 'contains' && name !== 'startsWith')) return never;
  return `search(${receiver}, ${value(args[0]!, names)}, ${name === 'startsWith'})`;
}

function isCallOf({ op, args }: Tree, name: string): boolean {
  return op === 'call' && (args as unknown[])[0] === name;
}

function isMap(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

const nothing: Record<string, unknown> = Object.freeze({});

/** For reading a field, which is undefined where the value is no map. */
function asMap(given: unknown): Record<string, unknown> {
  return isMap(given) ? given : nothing;
}

function equals(a: unknown, b: unknown): boolean | undefined {
  const isPlain = (one: unknown) => typeof one === 'string' || typeof one === 'number';
  const comparable = (isPlain(a) && isPlain(b)) || (typeof a === 'boolean' && typeof b === 'boolean');
  return comparable ? a === b : undefined;
}

function less(a: unknown, b: unknown): boolean | undefined {
  return typeof a === 'number' && typeof b === 'number' ? a < b : undefined;
}

function lessOrEqual(a: unknown, b: unknown): boolean | undefined {
  return typeof a === 'number' && typeof b === 'number' ? a <= b : undefined;
}

function size(given: unknown): number | undefined {
  if (Array.isArray(given)) return given.length;
  // CEL counts code points.
  return typeof given === 'string' && !/[\ud800-\udfff]/.test(given) ? given.length : undefined;
}

function search(text: unknown, searched: unknown, atStart: boolean): boolean | undefined {
  if (typeof text !== 'string' || typeof searched !== 'string') return undefined;
  return atStart ? text.startsWith(searched) : text.includes(searched);
}

function exists(items: unknown, holdsFor: (item: unknown) => boolean | undefined): boolean | undefined {
  if (!Array.isArray(items)) return undefined;
  for (const item of items) {
    const result = item === null ? undefined : holdsFor(item);
    if (result !== false) return result;
  }
  return false;
}

function address(given: unknown): IpAddress | undefined {
  const found = typeof given === 'string' ? parseIp(given) : undefined;
  return found && !isMapped(found) ? found : undefined;
}

function family(found: IpAddress | undefined): number | undefined {
  return found?.family;
}
