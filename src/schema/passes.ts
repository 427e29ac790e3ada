import type { Json } from '../machinery/json.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { type RuleNode, ruleTree } from './cel.ts';
import type { QuickRule } from './cel-quick.ts';
import { checkListTypes } from './list-types.ts';
import type { SchemaNode } from './node.ts';
import type { Rule, Situation } from './rule.ts';
import { checkStructure } from './structure.ts';

/** All that is checked of a value at its place in the schema. */
interface Checks {
  node: SchemaNode;
  rules: readonly Rule[];
  cel: QuickRule[];
  /** Whether there are rules of either sort. */
  hasRules: boolean;
  properties: Map<string, Checks>;
  additional: Checks | undefined;
  items: Checks | undefined;
  required: readonly string[];
  /** Whether a text, or an integer, of any sort is right but for the length of the text. */
  takesText: boolean;
  takesInteger: boolean;
  maxLength: number;
}

const known = new WeakMap<SchemaNode, Checks>();

/**
 * Whether an object passes all checks of its schema: in one walk, without paths, since that is what nearly every object does.
 * False means that `validate` has to look closer; it may still find nothing.
 */
export function passes(node: SchemaNode, situation: Situation): boolean {
  if (situation.old !== undefined && node.hasRules && ruleTree(node).usesOldSelf) return false;
  return valuePasses(checksOf(node), situation.object as unknown as Json, situation);
}

function checksOf(node: SchemaNode): Checks {
  return known.get(node) ?? makeChecks(node, node.hasRules ? ruleTree(node) : undefined);
}

function makeChecks(node: SchemaNode, tree: RuleNode | undefined): Checks {
  const { schema, types } = node;
  const isFree = !schema.enum && !node.hasCombinations;
  // Every text matches this pattern, which int-or-string values have.
  const hasPattern = schema.pattern !== undefined && schema.pattern !== '^.*';
  const isBounded =
    schema.minimum !== undefined || schema.maximum !== undefined || schema.format !== undefined;
  const checks: Checks = {
    node,
    takesText: isFree && types.includes('string') && !hasPattern && !node.format && !schema.minLength,
    takesInteger: isFree && types.includes('integer') && !isBounded,
    maxLength: schema.maxLength ?? Infinity,
    rules: schema.rules ?? [],
    cel: (tree?.rules ?? []).filter(rule => !rule.usesOldSelf).map(rule => rule.quick),
    hasRules: (schema.rules ?? []).length + (tree?.rules ?? []).length > 0,
    properties: new Map([...node.properties].map(([name, child]) => [name, checksOf(child)])),
    additional: node.additional && checksOf(node.additional),
    items: node.items && checksOf(node.items),
    required: schema.required ?? [],
  };
  known.set(node, checks);
  return checks;
}

function valuePasses(checks: Checks, value: Json, situation: Situation): boolean {
  const { node } = checks;
  if (value === null) return node.schema.nullable === true && !node.schema.enum;
  if (!isPlain(checks, value) && (typeof value !== 'object' || node.hasCombinations || node.schema.enum)) {
    if (!structureIsRight(node, value)) return false;
  }
  if (Array.isArray(value)) {
    if (!listPasses(checks, value, situation)) return false;
  } else if (isJsonObject(value) && !objectPasses(checks, value, situation)) return false;
  return checks.hasRules ? rulesPass(checks, value, situation) : true;
}

function rulesPass(checks: Checks, value: Json, situation: Situation): boolean {
  for (const rule of checks.cel) if (rule(value) !== true) return false;
  for (const rule of checks.rules) if (rule.check(value, situation).length > 0) return false;
  return true;
}

/** Whether a value is right by its type alone. */
function isPlain(checks: Checks, value: Json): boolean {
  if (typeof value === 'string') return checks.takesText && value.length <= checks.maxLength;
  return checks.takesInteger && Number.isSafeInteger(value);
}

const found: FieldError[] = [];

function structureIsRight(node: SchemaNode, value: Json): boolean {
  found.length = 0;
  checkStructure(node, value, undefined, '', found);
  return found.length === 0;
}

function hasType(node: SchemaNode, type: 'array' | 'object'): boolean {
  return node.types.length === 0 || node.types.includes(type);
}

function listPasses(checks: Checks, items: Json[], situation: Situation): boolean {
  const { node } = checks;
  const { minItems, maxItems } = node.schema;
  if (!hasType(node, 'array')) return false;
  if (minItems !== undefined && items.length < minItems) return false;
  if (maxItems !== undefined && items.length > maxItems) return false;
  if (checks.items) {
    for (const item of items) if (!valuePasses(checks.items, item, situation)) return false;
  }
  return items.length < 2 || !isKeyed(node) || !hasRepeats(node, items);
}

function isKeyed({ schema }: SchemaNode): boolean {
  const listType = schema['x-kubernetes-list-type'];
  return listType === 'set' || listType === 'map';
}

function hasRepeats(node: SchemaNode, items: Json[]): boolean {
  if (items.every(item => typeof item === 'string')) return new Set(items).size < items.length;
  found.length = 0;
  checkListTypes(node, items, '', found);
  return found.length > 0;
}

function objectPasses(checks: Checks, object: { [name: string]: Json }, situation: Situation): boolean {
  const { node, required, properties, additional } = checks;
  const { minProperties, maxProperties } = node.schema;
  if (!hasType(node, 'object')) return false;
  for (const name of required) if (!Object.hasOwn(object, name)) return false;
  if (minProperties !== undefined || maxProperties !== undefined) {
    const count = Object.keys(object).length;
    if (count < (minProperties ?? 0) || count > (maxProperties ?? Infinity)) return false;
  }
  for (const name in object) {
    const child = properties.get(name) ?? additional;
    if (child && !valuePasses(child, object[name]!, situation)) return false;
  }
  return true;
}
