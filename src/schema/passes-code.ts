import type { Json } from '../machinery/json.ts';
import { ownField } from '../machinery/own-field.ts';
import type { QuickRule } from './cel-quick.ts';
import { runCode } from './made-code.ts';
import type { SchemaNode } from './node.ts';
import type { Situation } from './rule.ts';

/** Whether a value surely passes all checks of its place in a schema. */
export type Check = (value: Json, situation: Situation) => boolean;

/** What the code is made with and calls. */
interface Parts {
  /** The CEL rules of the node that look at the value alone. */
  cel: readonly QuickRule[];
  /** The check of a node below. */
  checkOf(node: SchemaNode): Check;
  /** The checks of the structure in full, for what the code does not know. */
  structureIsRight(node: SchemaNode, value: Json): boolean;
  hasRepeats(node: SchemaNode, items: Json[]): boolean;
}

/** The values that the code of one node sees, by their names in it. */
class Bound {
  readonly values: Record<string, unknown>;
  readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
    const { structureIsRight, hasRepeats } = parts;
    this.values = { structureIsRight, hasRepeats, ownField };
  }

  /** The name of one more value. */
  name(value: unknown): string {
    const name = `bound${Object.keys(this.values).length}`;
    this.values[name] = value;
    return name;
  }
}

/**
 * The check of one node, as code that knows its fields: which are read by name, one after the other, most of them being absent.
 * What it does not know in full it leaves to the structure's own checks.
 */
export function checkCode(node: SchemaNode, parts: Parts): Check {
  const bound = new Bound(parts);
  const code = [
    `if (value === null) return ${node.schema.nullable === true && !node.schema.enum};`,
    ...valueCode(node, bound),
    ...parts.cel.map(rule => `if (${bound.name(rule)}(value) !== true) return false;`),
    ...(node.schema.rules ?? []).map(
      rule => `if (${bound.name(rule)}.check(value, situation).length > 0) return false;`,
    ),
  ];
  return runCode(`return (value, situation) => { ${code.join('\n')} return true; };`, bound.values) as Check;
}

function valueCode(node: SchemaNode, bound: Bound): string[] {
  const { types, schema } = node;
  const right = `structureIsRight(${bound.name(node)}, value)`;
  const branches = node.hasCombinations || schema.enum ? [`if (!${right}) return false;`] : [];
  if (types.includes('object')) {
    const isObject = "typeof value === 'object' && !Array.isArray(value)";
    return [`if (!(${isObject})) return false;`, ...branches, ...fieldsCode(node, bound)];
  }
  if (types.includes('array')) {
    return ['if (!Array.isArray(value)) return false;', ...branches, ...itemsCode(node, bound)];
  }
  // A value of any type, with more said of what is within it.
  if (types.length === 0 && (node.properties.size > 0 || node.additional || node.items))
    return ['return false;'];
  return [`if (!${scalarTest(node, 'value', bound)}) return false;`];
}

function fieldsCode(node: SchemaNode, bound: Bound): string[] {
  const { minProperties = 0, maxProperties = Infinity, required = [] } = node.schema;
  const lines: string[] = [];
  for (const [name, child] of node.properties) {
    const text = JSON.stringify(name);
    // These would be there in every object.
    const read = name in Object.prototype ? `ownField(value, ${text})` : `value[${text}]`;
    const test = childTest(child, 'field', bound);
    lines.push(`{ const field = ${read}; if (field !== undefined && !${test}) return false; }`);
  }
  for (const name of required)
    lines.push(`if (!Object.hasOwn(value, ${JSON.stringify(name)})) return false;`);
  if (node.additional) {
    const others = node.properties.size > 0 ? `!${bound.name(node.properties)}.has(name) && ` : '';
    const test = childTest(node.additional, 'value[name]', bound);
    lines.push(`for (const name in value) if (${others}!${test}) return false;`);
  }
  if (minProperties > 0 || maxProperties < Infinity) {
    lines.push('const count = Object.keys(value).length;');
    lines.push(`if (count < ${minProperties} || count > ${maxProperties}) return false;`);
  }
  return lines;
}

function itemsCode(node: SchemaNode, bound: Bound): string[] {
  const { minItems = 0, maxItems = Infinity, 'x-kubernetes-list-type': listType } = node.schema;
  const lines = [`if (value.length < ${minItems} || value.length > ${maxItems}) return false;`];
  if (node.items) {
    lines.push(`for (const item of value) if (!${childTest(node.items, 'item', bound)}) return false;`);
  }
  if (listType === 'set' || listType === 'map') {
    const least = listType === 'set' ? 1 : 0;
    lines.push(`if (value.length > ${least} && hasRepeats(${bound.name(node)}, value)) return false;`);
  }
  return lines;
}

/** The test of a value below; a value of a scalar type without rules needs no call. */
function childTest(child: SchemaNode, value: string, bound: Bound): string {
  const isScalar =
    child.types.length > 0 && !child.types.includes('object') && !child.types.includes('array');
  const hasRules = child.schema['x-kubernetes-validations']?.length || child.schema.rules?.length;
  if (isScalar && !hasRules) return scalarTest(child, value, bound);
  return `${bound.name(bound.parts.checkOf(child))}(${value}, situation)`;
}

/** The test of a value that has no other values within: first by what is plain, else in full. */
function scalarTest(node: SchemaNode, value: string, bound: Bound): string {
  const inFull = `structureIsRight(${bound.name(node)}, ${value})`;
  const { schema } = node;
  if (node.hasCombinations) return inFull;
  if (!schema.enum) return `(${[...plainTests(node, value, bound), inFull].join(' || ')})`;
  const isWord = (one: Json) => typeof one === 'string' || typeof one === 'number';
  const words = schema.enum.filter(one => isWord(one) && bound.parts.structureIsRight(node, one));
  return `(${[...words.map(word => `${value} === ${JSON.stringify(word)}`), inFull].join(' || ')})`;
}

/** Tests of each of which it follows that a value is right. */
function plainTests({ schema, types, pattern, format }: SchemaNode, value: string, bound: Bound): string[] {
  const tests: string[] = [];
  const { minimum = -Infinity, maximum = Infinity } = schema;
  const isBounded = minimum > -Infinity || maximum < Infinity;
  const isUsual = !schema.exclusiveMinimum && !schema.exclusiveMaximum && schema.format === undefined;
  if (types.includes('string') && schema.minLength === undefined) {
    let test = `typeof ${value} === 'string'`;
    if (schema.maxLength !== undefined) test += ` && ${value}.length <= ${schema.maxLength}`;
    // Every text matches this pattern, which int-or-string values have.
    if (pattern && schema.pattern !== '^.*') test += ` && ${bound.name(pattern)}.test(${value})`;
    if (format) test += ` && ${bound.name(format)}(${value})`;
    tests.push(test);
  }
  if (types.includes('integer') && isUsual) {
    const range = isBounded
      ? ` && ${value} >= ${Math.trunc(minimum)} && ${value} <= ${Math.trunc(maximum)}`
      : '';
    tests.push(`Number.isSafeInteger(${value})${range}`);
  }
  if (types.includes('number') && isUsual && !isBounded) tests.push(`typeof ${value} === 'number'`);
  if (types.includes('boolean')) tests.push(`typeof ${value} === 'boolean'`);
  return tests;
}
