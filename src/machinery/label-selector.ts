import { limits } from '../limits.ts';
import { lexLabelSelector, type SelectorToken } from './label-selector-tokens.ts';
import { labelTest, toInt64 } from './label-test.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';
import { badRequest, type FieldError, fieldErrorBody } from './status.ts';

export type LabelOperator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  values: string[];
}

/** A parsed label selector: all of its requirements must hold. They are sorted by key. */
export interface LabelSelector {
  /** True where there are no requirements: every object matches. */
  empty: boolean;
  /** True where the requirements contradict each other: no object can match. */
  impossible: boolean;
  matches(labels: Record<string, string>): boolean;
  requirements: LabelRequirement[];
  /** The selector in its canonical form; parsing it again gives the same selector. */
  toString(): string;
}

const binaryOperators = 'in, notin, =, ==, !=, gt, lt';
const operatorTokens: Record<string, LabelOperator> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '=',
  '!=': '!=',
  '>': '>',
  '<': '<',
};

/** A problem with the text of a selector; turned into a 400 by parseLabelSelector. */
class SelectorTextError extends Error {}

/**
 * Reads the tokens of one selector. `in` and `notin` are operators only in the place of one, and ordinary
 * keys or values everywhere else, hence isWord().
 */
class SelectorParser {
  private readonly tokens: SelectorToken[];
  private at = 0;

  constructor(tokens: SelectorToken[]) {
    this.tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (this.peek().kind !== 'end') {
      if (!this.startsRequirement()) {
        throw new SelectorTextError(
          `found '${this.peek().text}', expected: !, identifier, or 'end of string'`,
        );
      }
      requirements.push(this.requirement());
      const next = this.take();
      if (next.kind === 'end') break;
      if (next.kind !== ',') {
        throw new SelectorTextError(`found '${next.text}', expected: ',' or 'end of string'`);
      }
      if (!this.startsRequirement()) {
        throw new SelectorTextError(`found '${this.peek().text}', expected: identifier after ','`);
      }
    }
    return requirements;
  }

  private requirement(): LabelRequirement {
    try {
      const requirement = this.readRequirement();
      checkRequirement(requirement);
      return requirement;
    } catch (error) {
      if (!(error instanceof SelectorTextError)) throw error;
      throw new SelectorTextError(`unable to parse requirement: ${error.message}`);
    }
  }

  private readRequirement(): LabelRequirement {
    const negated = this.peek().kind === '!';
    if (negated) this.at++;
    const key = this.take();
    if (!isWord(key)) throw new SelectorTextError(`found '${key.text}', expected: identifier`);
    const keyErrors = qualifiedNameErrors(key.text);
    if (keyErrors.length > 0) throw fieldProblem('<nil>', key.text, keyErrors);
    if (negated) return { key: key.text, operator: '!', values: [] };
    const next = this.peek().kind;
    if (next === 'end' || next === ',') return { key: key.text, operator: 'exists', values: [] };
    const operatorToken = this.take();
    const operator = Object.hasOwn(operatorTokens, operatorToken.kind)
      ? operatorTokens[operatorToken.kind]
      : undefined;
    if (!operator) {
      throw new SelectorTextError(`found '${operatorToken.text}', expected: ${binaryOperators}`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.valueList() : [this.exactValue()];
    return { key: key.text, operator, values: [...new Set(values)].sort() };
  }

  private exactValue(): string {
    const { kind } = this.peek();
    if (kind === 'end' || kind === ',') return '';
    const token = this.take();
    if (!isWord(token)) throw new SelectorTextError(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** `(a,b)`; a place without a value, as in `()` or `(a,)`, stands for the empty value. */
  private valueList(): string[] {
    const open = this.take();
    if (open.kind !== '(') throw new SelectorTextError(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.kind !== ')' && first.kind !== ',' && !isWord(first)) {
      throw new SelectorTextError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values: string[] = [];
    for (;;) {
      if (isWord(this.peek())) values.push(this.take().text);
      else values.push('');
      const next = this.take();
      if (next.kind === ')') return values;
      if (next.kind !== ',') throw new SelectorTextError(`found '${next.text}', expected: ',' or ')'`);
      const after = this.peek();
      if (after.kind !== ')' && after.kind !== ',' && !isWord(after)) {
        throw new SelectorTextError(`found '${after.text}', expected: ',', or identifier`);
      }
    }
  }

  private startsRequirement(): boolean {
    return isWord(this.peek()) || this.peek().kind === '!';
  }

  private peek(): SelectorToken {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)]!;
  }

  private take(): SelectorToken {
    const token = this.peek();
    this.at++;
    return token;
  }
}

function isWord(token: SelectorToken): boolean {
  return token.kind === 'word' || token.kind === 'in' || token.kind === 'notin';
}

function fieldProblem(field: string, value: string, problems: string[]): SelectorTextError {
  const error: FieldError = { type: 'Invalid', field, value, detail: problems.join('; ') };
  return new SelectorTextError(`${field}: ${fieldErrorBody(error)}`);
}

/** labels.NewRequirement: values are label values, and integers for `>` and `<`. All problems at once. */
function checkRequirement(requirement: LabelRequirement): void {
  const problems: string[] = [];
  requirement.values.forEach((value, index) => {
    if ((requirement.operator === '>' || requirement.operator === '<') && toInt64(value) === undefined) {
      const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
      problems.push(fieldProblem(`values[${index}]`, value, [detail]).message);
    }
  });
  requirement.values.forEach((value, index) => {
    const errors = labelValueErrors(value);
    if (errors.length > 0) {
      problems.push(fieldProblem(`values[${index}][${requirement.key}]`, value, errors).message);
    }
  });
  if (problems.length > 0) {
    throw new SelectorTextError(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
  }
}

function requirementText(requirement: LabelRequirement): string {
  const { key, operator, values } = requirement;
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`;
  return `${key}${operator}${values[0]}`;
}

function checkBounds(text: string): void {
  if (Buffer.byteLength(text) > limits.maxSelectorBytes) {
    throw badRequest(`the label selector is longer than ${limits.maxSelectorBytes} bytes`);
  }
}

/**
 * Parses a label selector (`a=b,c in (d,e),!f`), in the grammar of apimachinery's labels.Parse. `==` becomes `=`.
 * Throws a StatusError 400 with the message of kube-apiserver; the bounds are limits.maxSelectorBytes and
 * limits.maxSelectorRequirements.
 */
export function parseLabelSelector(text: string): LabelSelector {
  checkBounds(text);
  let requirements: LabelRequirement[];
  try {
    requirements = new SelectorParser(lexLabelSelector(text)).parse();
  } catch (error) {
    if (error instanceof SelectorTextError) throw badRequest(error.message);
    throw error;
  }
  if (requirements.length > limits.maxSelectorRequirements) {
    throw badRequest(`the label selector has more than ${limits.maxSelectorRequirements} requirements`);
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const { impossible, matches } = labelTest(requirements);
  return {
    empty: requirements.length === 0,
    impossible,
    requirements,
    matches,
    toString: () => requirements.map(requirementText).join(','),
  };
}
