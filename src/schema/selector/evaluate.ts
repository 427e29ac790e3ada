import type { Group, Selector, Test } from './parse.ts';

/**
 * Whether a selector matches labels (libcalico-go's selector nodes; selectors.md 3). A missing label fulfils `!=` and
 * `not in`, and no other test. `global()` always holds: what it means is up to whoever reads a namespaceSelector.
 */
export function matchesLabels(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const open: (Group | '!')[] = [];
  /** How many operands of each open group are done. */
  const done: number[] = [];
  let next: Selector | undefined = selector;
  let value = true;
  for (;;) {
    if (next) {
      if (next.op === '!') {
        open.push('!');
        next = next.operand;
      } else if (next.op === '&&' || next.op === '||') {
        open.push(next);
        done.push(0);
        next = next.operands[0];
      } else {
        value = holds(next, labels);
        next = undefined;
      }
      continue;
    }
    const within = open.at(-1);
    if (within === undefined) return value;
    if (within === '!') {
      value = !value;
      open.pop();
      continue;
    }
    const decided = value === (within.op === '||');
    const index = done.pop()! + 1;
    if (decided || index === within.operands.length) open.pop();
    else {
      done.push(index);
      next = within.operands[index];
    }
  }
}

function holds(test: Test, labels: Readonly<Record<string, string>>): boolean {
  if (test.op === 'all' || test.op === 'global') return true;
  const value = Object.hasOwn(labels, test.label) ? labels[test.label] : undefined;
  return value === undefined ? test.op === '!=' || test.op === 'not in' : holdsFor(test, value);
}

/** Whether a test of a label holds where the label is there with the value. */
export function holdsFor(test: Exclude<Test, { op: 'all' | 'global' }>, value: string): boolean {
  switch (test.op) {
    case 'has':
      return true;
    case '==':
      return value === test.value;
    case '!=':
      return value !== test.value;
    case 'contains':
      return value.includes(test.value);
    case 'starts with':
      return value.startsWith(test.value);
    case 'ends with':
      return value.endsWith(test.value);
    case 'in':
      return test.values.includes(value);
    case 'not in':
      return !test.values.includes(value);
  }
}
