import { labelValueErrors, qualifiedNameErrors } from '../../machinery/names.ts';
import { canonicalSelector } from './canonical.ts';
import { holdsFor } from './evaluate.ts';
import { type Comparison, parseSelector, type Selector, SelectorSyntaxError, type Test } from './parse.ts';
import { shorten } from './tokenize.ts';

type LabelTest = Exclude<Test, { op: 'all' | 'global' }>;
type TextTest = Comparison & { op: 'contains' | 'starts with' | 'ends with' };

/** A test, or its negation. */
interface Literal<T extends Test = Test> {
  test: T;
  negated: boolean;
}

/** A group whose negations stand at the tests only, and that has no group of the same sort within. */
interface FlatGroup {
  op: '&&' | '||';
  literals: Literal[];
  groups: FlatGroup[];
  /** Why it holds for no labels, once that is known. */
  never?: string | undefined;
}

/** How many tests of one label, and how many values, are compared with each other; what is beyond is not looked at. */
const maxTests = 64;
const maxCandidates = 1000;

/**
 * Why a selector matches nothing whatever the labels are, told by its form alone: it contradicts itself, or asks for
 * a label that Kubernetes allows on no object. Undefined where it may match, where that is not found out, and for
 * texts that do not parse.
 */
export function neverMatches(selector: Selector | string): string | undefined {
  const parsed = typeof selector === 'string' ? parsedOrNone(selector) : selector;
  if (!parsed) return undefined;
  const groups = flatten(parsed);
  // Groups come after those that they stand in.
  for (const group of groups.reverse()) group.never = reasonOfGroup(group);
  return groups.at(-1)!.never;
}

function parsedOrNone(text: string): Selector | undefined {
  try {
    return parseSelector(text);
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return undefined;
    throw error;
  }
}

/** All groups of a selector, the outermost first; a selector that is none stands alone in one. */
function flatten(selector: Selector): FlatGroup[] {
  const outermost: FlatGroup = { op: '&&', literals: [], groups: [] };
  const groups = [outermost];
  const open: { selector: Selector; negated: boolean; within: FlatGroup }[] = [
    { selector, negated: false, within: outermost },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { selector, negated, within } = next;
    if (selector.op === '!') open.push({ selector: selector.operand, negated: !negated, within });
    else if (selector.op === '&&' || selector.op === '||') {
      const op = (selector.op === '&&') !== negated ? '&&' : '||';
      let group = within;
      if (op !== within.op) {
        group = { op, literals: [], groups: [] };
        groups.push(group);
        within.groups.push(group);
      }
      for (const operand of selector.operands.toReversed()) {
        open.push({ selector: operand, negated, within: group });
      }
    } else within.literals.push({ test: selector, negated });
  }
  return groups;
}

function reasonOfGroup({ op, literals, groups }: FlatGroup): string | undefined {
  if (op === '&&') return groups.find(group => group.never)?.never ?? reasonOfAll(literals);
  let first: string | undefined;
  for (const literal of literals) {
    const reason = reasonOfAll([literal]);
    if (reason === undefined) return undefined;
    first ??= reason;
  }
  return groups.every(group => group.never) ? (first ?? groups[0]?.never) : undefined;
}

/** Why the literals cannot all hold at once. */
function reasonOfAll(literals: Literal[]): string | undefined {
  const byLabel = new Map<string, Literal<LabelTest>[]>();
  for (const { test, negated } of literals) {
    if (test.op === 'global') continue;
    if (test.op === 'all') {
      if (negated) return '!all() matches nothing';
      continue;
    }
    const same = byLabel.get(test.label);
    if (!same) byLabel.set(test.label, [{ test, negated }]);
    else if (same.length < maxTests) same.push({ test, negated });
  }
  for (const [label, same] of byLabel) {
    const reason = reasonOfLabel(label, same);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why no object can be that has, or has not, the label as all of the literals want it. */
function reasonOfLabel(label: string, literals: Literal<LabelTest>[]): string | undefined {
  const emptySet = literals.find(
    ({ test, negated }) => test.op === (negated ? 'not in' : 'in') && isEmpty(test),
  );
  if (emptySet) return `${literalText(emptySet)} holds for no value`;
  const present = literals.find(literal => !holdsWithout(literal));
  if (!present) return undefined;
  const absent = literals.find(({ test, negated }) => test.op === 'has' && negated);
  if (absent) return `${both(present, absent)} cannot both hold`;
  if (qualifiedNameErrors(label).length > 0) {
    return `no object can have the label ${shorten(label, maxShownCharacters)}, whose name Kubernetes does not allow`;
  }
  return reasonOfValues(label, literals) ?? reasonOfTexts(literals);
}

function isEmpty(test: LabelTest): boolean {
  return 'values' in test && test.values.length === 0;
}

/** Whether a literal holds for what has no such label. */
function holdsWithout({ test, negated }: Literal<LabelTest>): boolean {
  return (test.op === '!=' || test.op === 'not in') !== negated;
}

/** Why none of the values that the label may have fits all literals, where they name its values. */
function reasonOfValues(label: string, literals: Literal<LabelTest>[]): string | undefined {
  const named = literals.flatMap(literal => namedValues(literal) ?? []);
  if (named.length === 0) return undefined;
  const candidates = named.reduce((least, values) => (values.length < least.length ? values : least));
  if (candidates.length > maxCandidates) return undefined;
  const fitting = candidates.filter(value =>
    literals.every(({ test, negated }) => holdsFor(test, value) !== negated),
  );
  if (fitting.length === 0) return `no value of the label ${label} fits ${listed(literals)} at once`;
  if (fitting.some(value => isLabelValue(label, value))) return undefined;
  const value = shorten(JSON.stringify(fitting[0]), maxShownCharacters);
  return `no object can have the label ${label} with the value ${value}, which Kubernetes does not allow`;
}

/** The values, in brackets, of which a literal wants one. */
function namedValues({ test, negated }: Literal<LabelTest>): [readonly string[]] | undefined {
  if (test.op === (negated ? '!=' : '==')) return [[(test as Comparison).value]];
  return test.op === (negated ? 'not in' : 'in') && 'values' in test ? [test.values] : undefined;
}

/** Labels that Calico adds may hold names, which are longer than what users may set. */
function isLabelValue(label: string, value: string): boolean {
  const isLong = label.startsWith('projectcalico.org/') && value.length <= 253;
  const errors = labelValueErrors(value);
  return (
    errors.length === 0 || (isLong && errors.length === 1 && errors[0]!.startsWith('must be no more than'))
  );
}

/** Why no text begins, ends and has within what the literals want. */
function reasonOfTexts(literals: Literal<LabelTest>[]): string | undefined {
  const texts = literals.filter((literal): literal is Literal<TextTest> =>
    ['contains', 'starts with', 'ends with'].includes(literal.test.op),
  );
  for (const literal of texts) {
    if (!literal.negated && /[^-A-Za-z0-9_.]/.test(literal.test.value)) {
      return `${literalText(literal)} fits no value that Kubernetes allows for a label`;
    }
    if (literal.negated && literal.test.value === '') return `${listed(literals)} cannot all hold`;
    const other = texts.find(other => clash(literal, other));
    if (other) return `${both(literal, other)} cannot both hold`;
  }
  return undefined;
}

/** Whether the first literal, if it holds, keeps the second from holding. */
function clash({ test, negated }: Literal<TextTest>, other: Literal<TextTest>): boolean {
  if (negated) return false;
  const [value, wanted] = [test.value, other.test.value];
  if (other.negated) return implies(test, other.test);
  if (test.op !== other.test.op) return false;
  if (test.op === 'starts with') return !value.startsWith(wanted) && !wanted.startsWith(value);
  return test.op === 'ends with' && !value.endsWith(wanted) && !wanted.endsWith(value);
}

function implies(test: TextTest, other: TextTest): boolean {
  if (other.op === 'contains') return test.value.includes(other.value);
  if (test.op !== other.op) return false;
  return other.op === 'starts with' ? test.value.startsWith(other.value) : test.value.endsWith(other.value);
}

function both(...literals: Literal<LabelTest>[]): string {
  return literals.map(literalText).join(' and ');
}

const maxListed = 4;
const maxShownCharacters = 60;

function listed(literals: Literal<LabelTest>[]): string {
  const rest = literals.length - maxListed;
  return both(...literals.slice(0, maxListed)) + (rest > 0 ? ` and ${rest} more` : '');
}

function literalText({ test, negated }: Literal<LabelTest>): string {
  return shorten(canonicalSelector(negated ? { op: '!', operand: test } : test), maxShownCharacters);
}
