import type { Selector, Test } from './parse.ts';

/**
 * The canonical text of a selector (libcalico-go's Selector.String; selectors.md 5): selectors with equal canonical
 * texts are the same selector. It parses to the selector that it came from, also for `!(!a == "b")`, which Calico
 * writes with two `!` and reads with none.
 */
export function canonicalSelector(selector: Selector): string {
  const text: string[] = [];
  const open: (Selector | string)[] = [selector];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') text.push(next);
    else if (next.op === '!') open.push(next.operand, '!');
    else if (next.op === '&&' || next.op === '||') {
      open.push(')');
      for (let index = next.operands.length - 1; index >= 0; index--) {
        open.push(next.operands[index]!, index === 0 ? '(' : ` ${next.op} `);
      }
    } else text.push(testText(next));
  }
  return text.join('');
}

function testText(test: Test): string {
  switch (test.op) {
    case 'all':
    case 'global':
      return `${test.op}()`;
    case 'has':
      return `has(${test.label})`;
    case 'in':
    case 'not in':
      return `${test.label} ${test.op} {${test.values.map(quote).join(', ')}}`;
    default:
      return `${test.label} ${test.op} ${quote(test.value)}`;
  }
}

/** A value in double quotes, or in single quotes where it holds a double one. No value holds both. */
function quote(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
