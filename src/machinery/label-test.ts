import type { LabelRequirement } from './label-selector.ts';

/** The requirements of a selector on labels, made ready to run for every object of every list and event. */
export interface LabelTest {
  /** Whether the requirements contradict each other, so that no labels can meet them. */
  impossible: boolean;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

/** All that a selector requires of the label with one key. */
interface KeyTest {
  /** The labels must hold the key. */
  required: boolean;
  /** They must not. */
  forbidden: boolean;
  /** The values it may have; undefined: any. */
  allowed: Set<string> | undefined;
  refused: Set<string>;
  /** Bounds of an integer, both exclusive. */
  above: bigint | undefined;
  below: bigint | undefined;
}

/** With fewer tests than this, looking up each is cheaper than going through the labels. */
const fewTests = 8;

/** A decimal integer of 64 bits; undefined for any other text. */
export function toInt64(text: string): bigint | undefined {
  if (!/^[-+]?\d{1,64}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/**
 * Joins requirements by key. A test looks at no more labels than the object has, however many requirements there are; it
 * answers as apimachinery's labels.Requirement.Matches does for each of them.
 */
export function labelTest(requirements: LabelRequirement[]): LabelTest {
  const tests = new Map<string, KeyTest>();
  for (const requirement of requirements) {
    const test = tests.get(requirement.key) ?? anyValue();
    tests.set(requirement.key, test);
    add(test, requirement);
  }
  const required = [...tests].filter(([, test]) => test.required);
  const others = [...tests].filter(([, test]) => !test.required);
  const otherTests = new Map(others);
  const meetsOthers =
    others.length < fewTests
      ? (labels: Readonly<Record<string, string>>) =>
          others.every(([key, test]) => !Object.hasOwn(labels, key) || isMet(test, labels[key]!))
      : (labels: Readonly<Record<string, string>>) =>
          Object.keys(labels).every(key => {
            const test = otherTests.get(key);
            return !test || isMet(test, labels[key]!);
          });
  return {
    impossible: required.some(([, test]) => cannotBeMet(test)),
    matches: labels =>
      required.every(([key, test]) => Object.hasOwn(labels, key) && isMet(test, labels[key]!)) &&
      meetsOthers(labels),
  };
}

function anyValue(): KeyTest {
  return {
    required: false,
    forbidden: false,
    allowed: undefined,
    refused: new Set(),
    above: undefined,
    below: undefined,
  };
}

function add(test: KeyTest, { operator, values }: LabelRequirement): void {
  if (operator === '!') test.forbidden = true;
  else if (operator === '!=' || operator === 'notin') for (const value of values) test.refused.add(value);
  else test.required = true;
  if (operator === '=' || operator === 'in') {
    const { allowed } = test;
    test.allowed = new Set(allowed ? values.filter(value => allowed.has(value)) : values);
  }
  if (operator !== '>' && operator !== '<') return;
  const bound = toInt64(values[0]!)!;
  if (operator === '>') test.above = test.above === undefined || bound > test.above ? bound : test.above;
  else test.below = test.below === undefined || bound < test.below ? bound : test.below;
}

/** Whether a label that is there meets the test. */
function isMet(test: KeyTest, value: string): boolean {
  if (test.forbidden || test.refused.has(value) || test.allowed?.has(value) === false) return false;
  if (test.above === undefined && test.below === undefined) return true;
  const number = toInt64(value);
  if (number === undefined) return false;
  return (
    (test.above === undefined || number > test.above) && (test.below === undefined || number < test.below)
  );
}

function cannotBeMet(test: KeyTest): boolean {
  if (test.forbidden) return true;
  if (test.allowed) return [...test.allowed].every(value => !isMet(test, value));
  return test.above !== undefined && test.below !== undefined && test.below - test.above < 2n;
}
