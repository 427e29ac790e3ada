import type { ASTNode } from '@marcbachmann/cel-js';
import { type IpAddress, isMapped, parseIp } from './cidr.ts';

/**
 * A short way for rules that hold, which is nearly always: the part of CEL that the rules of Calico use, run on JSON values
 * as they are. Where anything is out of the ordinary (a missing field, a type that does not fit, a function not known here) the
 * answer is `unsure`, and CEL proper has to decide. What is sure here is what CEL says.
 */
export const unsure = Symbol('unsure');

/** `scope[0]` is self; variables of macros follow. */
type Evaluate = (scope: unknown[]) => unknown;

/** Whether a rule holds for a value; unsure where CEL proper is needed. */
export type QuickRule = (self: unknown) => boolean | typeof unsure;

/** The quick form of a parsed rule. */
export function quickRule(tree: ASTNode): QuickRule {
  const evaluate = compile(tree, ['self']);
  // One for all: no rule runs within itself.
  const scope: unknown[] = [undefined];
  return self => {
    scope[0] = self;
    const result = evaluate(scope);
    scope[0] = undefined;
    return typeof result === 'boolean' ? result : unsure;
  };
}

const never: Evaluate = () => unsure;

function compile(tree: ASTNode, names: string[]): Evaluate {
  const { op, args } = tree as { op: string; args: unknown };
  const part = (index: number) => compile((args as ASTNode[])[index]!, names);
  switch (op) {
    case 'value':
      return literal(args);
    case 'id': {
      const at = names.lastIndexOf(args as string);
      return at < 0 ? never : scope => scope[at];
    }
    case '.':
      return field(args as [ASTNode, string], names, value => value);
    case '!_': {
      const inner = compile(args as ASTNode, names);
      return scope => negated(inner(scope));
    }
    case '||':
      return either(part(0), part(1), true);
    case '&&':
      return either(part(0), part(1), false);
    case '?:': {
      const [condition, yes, no] = [part(0), part(1), part(2)];
      return scope => {
        const chosen = condition(scope);
        return typeof chosen === 'boolean' ? (chosen ? yes : no)(scope) : unsure;
      };
    }
    case '==':
    case '!=':
      return equality(part(0), part(1), op === '==');
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(part(0), part(1), op);
    case 'call':
      return call(args as [string, ASTNode[]], names);
    case 'rcall':
      return method(args as [string, ASTNode, ASTNode[]], names);
    default:
      return never;
  }
}

/** An int of CEL is a number here: it is compared with numbers of JSON. */
function literal(value: unknown): Evaluate {
  const plain = typeof value === 'bigint' ? Number(value) : value;
  if (typeof plain === 'number' && !Number.isSafeInteger(plain)) return never;
  return ['string', 'number', 'boolean'].includes(typeof plain) ? () => plain : never;
}

function negated(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : unsure;
}

/** `||` where `decisive` is true, `&&` where it is false. */
function either(left: Evaluate, right: Evaluate, decisive: boolean): Evaluate {
  return scope => {
    const first = left(scope);
    if (typeof first !== 'boolean') return unsure;
    return first === decisive ? first : right(scope);
  };
}

/** A field that is there, as `read` sees it. Names that CEL escapes, and what it hides of metadata, are left to it. */
function field([of, name]: [ASTNode, string], names: string[], read: (value: unknown) => unknown): Evaluate {
  const parent = of as unknown as { op: string; args: unknown[] };
  const ofMetadata = parent.op === '.' && parent.args[1] === 'metadata';
  if (
    name.startsWith('__') ||
    name in Object.prototype ||
    (ofMetadata && name !== 'name' && name !== 'generateName')
  )
    return never;
  const object = compile(of, names);
  return scope => {
    const value = object(scope);
    if (!isMap(value)) return unsure;
    const found = value[name];
    return found === null ? unsure : read(found);
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function equality(left: Evaluate, right: Evaluate, wanted: boolean): Evaluate {
  const isPlain = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  return scope => {
    const [a, b] = [left(scope), right(scope)];
    const comparable = (isPlain(a) && isPlain(b)) || (typeof a === 'boolean' && typeof b === 'boolean');
    return comparable ? (a === b) === wanted : unsure;
  };
}

function comparison(left: Evaluate, right: Evaluate, op: '<' | '<=' | '>' | '>='): Evaluate {
  return scope => {
    const [a, b] = [left(scope), right(scope)];
    if (typeof a !== 'number' || typeof b !== 'number') return unsure;
    if (op === '<') return a < b;
    if (op === '<=') return a <= b;
    return op === '>' ? a > b : a >= b;
  };
}

function call([name, args]: [string, ASTNode[]], names: string[]): Evaluate {
  if (args.length !== 1) return never;
  const [arg] = args as [ASTNode];
  if (name === 'has') {
    const { op, args: selected } = arg as unknown as { op: string; args: [ASTNode, string] };
    return op === '.' ? field(selected, names, value => value !== undefined) : never;
  }
  const value = compile(arg, names);
  if (name === 'size') return scope => size(value(scope));
  if (name === 'ip' || name === 'isIP') {
    return scope => {
      const address = addressOf(value(scope));
      return name === 'ip' || address === unsure ? address : true;
    };
  }
  return never;
}

function size(value: unknown): unknown {
  if (Array.isArray(value)) return value.length;
  // CEL counts code points.
  return typeof value === 'string' && !/[\ud800-\udfff]/.test(value) ? value.length : unsure;
}

function addressOf(value: unknown): IpAddress | typeof unsure {
  const address = typeof value === 'string' ? parseIp(value) : undefined;
  return address && !isMapped(address) ? address : unsure;
}

function method([name, of, args]: [string, ASTNode, ASTNode[]], names: string[]): Evaluate {
  const receiver = compile(of, names);
  if (name === 'exists') return exists(receiver, args, names);
  if (name === 'family' && args.length === 0 && isCallOf(of, 'ip')) {
    return scope => {
      const address = receiver(scope);
      return address === unsure ? unsure : (address as IpAddress).family;
    };
  }
  if ((name !== 'contains' && name !== 'startsWith') || args.length !== 1) return never;
  const needle = compile(args[0]!, names);
  return scope => {
    const [text, searched] = [receiver(scope), needle(scope)];
    if (typeof text !== 'string' || typeof searched !== 'string') return unsure;
    return name === 'contains' ? text.includes(searched) : text.startsWith(searched);
  };
}

function isCallOf(tree: ASTNode, name: string): boolean {
  const { op, args } = tree as unknown as { op: string; args: unknown[] };
  return op === 'call' && args[0] === name;
}

function exists(list: Evaluate, args: ASTNode[], names: string[]): Evaluate {
  const [variable, body] = args as unknown as [{ op: string; args: string }, ASTNode];
  if (args.length !== 2 || variable.op !== 'id') return never;
  const holds = compile(body, [...names, variable.args]);
  const at = names.length;
  return scope => {
    const items = list(scope);
    if (!Array.isArray(items)) return unsure;
    const inner = scope.slice(0, at);
    for (const item of items) {
      if (item === null) return unsure;
      inner[at] = item;
      const result = holds(inner);
      if (result !== false) return typeof result === 'boolean' ? result : unsure;
    }
    return false;
  };
}
