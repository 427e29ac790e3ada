import type { Environment } from '@marcbachmann/cel-js';
import { equal } from '../machinery/equal.ts';
import type { Json } from '../machinery/json.ts';
import { isJsonObject, ownField } from '../machinery/own-field.ts';
import type { FieldError } from '../machinery/status.ts';
import { celEnvironment } from './cel-library.ts';
import { type QuickRule, quickRule } from './cel-quick.ts';
import { type CelMap, type CelValue, celRoot, celValue, propertyName } from './cel-value.ts';
import { addError, isFull, wholeObject } from './field-errors.ts';
import { oldListItems } from './list-types.ts';
import type { SchemaNode } from './node.ts';
import type { Schema, ValidationRule } from './schema.ts';

interface CompiledRule {
  source: ValidationRule;
  usesOldSelf: boolean;
  /** What fieldPath appends to the path of the node. */
  pathSuffix: string;
  evaluate(context: { self: CelValue; oldSelf?: CelValue }): unknown;
  /** The same for most values of which it holds, in less time. */
  quick: QuickRule;
}

/** The part of a schema that has rules at it or below it, with the rules compiled. */
export interface RuleNode {
  node: SchemaNode;
  rules: CompiledRule[];
  /** Whether a rule at this node or below it looks at oldSelf. */
  usesOldSelf: boolean;
  properties: Map<string, RuleNode>;
  additional: RuleNode | undefined;
  items: RuleNode | undefined;
}

/** A value with all that its rules may look at. */
interface Place {
  value: Json;
  old: Json | undefined;
  path: string;
  self: CelValue | undefined;
  oldSelf: CelValue | undefined;
  /** Whether the value, or the nearest value around it that has a counterpart, equals what it replaces. */
  unchanged(): boolean;
}

let environment: Environment | undefined;
const compiled = new WeakMap<SchemaNode, RuleNode>();

/**
 * Checks the CEL rules of a schema against an object, with kube-apiserver's texts (apiextensions schema/cel
 * Validator). Rules with oldSelf are for updates only. As in kube-apiserver, a rule that fails on a value that did
 * not change is let pass, and one that cannot be evaluated is an error.
 */
export function checkRules(root: RuleNode, object: Json, old: Json | undefined, errors: FieldError[]): void {
  if (!isJsonObject(object)) return;
  checkPlace(
    root,
    {
      value: object,
      old,
      path: '',
      self: celRoot(root.node, object),
      oldSelf: root.usesOldSelf && isJsonObject(old) ? celRoot(root.node, old) : undefined,
      unchanged: () => false,
    },
    errors,
  );
}

/** The compiled rules of a schema, made once; throws where one is not right. */
export function ruleTree(node: SchemaNode): RuleNode {
  const known = compiled.get(node);
  if (known) return known;
  const below = (child: SchemaNode | undefined) => (child?.hasRules ? ruleTree(child) : undefined);
  const rules = (node.schema['x-kubernetes-validations'] ?? []).map(rule => compileRule(rule, node.schema));
  const properties = new Map<string, RuleNode>();
  for (const [name, child] of node.properties) {
    const tree = below(child);
    if (tree) properties.set(name, tree);
  }
  const [additional, items] = [below(node.additional), below(node.items)];
  const usesOldSelf = [...rules, ...properties.values(), additional, items].some(part => part?.usesOldSelf);
  const tree: RuleNode = { node, rules, properties, additional, items, usesOldSelf };
  compiled.set(node, tree);
  return tree;
}

function compileRule(rule: ValidationRule, schema: Schema): CompiledRule {
  // The library's matches() runs on JavaScript's backtracking engine; see regex.ts for what that may cost.
  if (/\bmatches\s*\(/.test(rule.rule)) throw new Error(`matches() is not implemented: ${rule.rule}`);
  environment ??= celEnvironment();
  const { valid, type, error } = environment.check(rule.rule);
  if (!valid) throw new Error(`CEL rule ${JSON.stringify(rule.rule)}: ${error?.message}`);
  if (type !== 'bool' && type !== 'dyn') throw new Error(`CEL rule is not of type bool: ${rule.rule}`);
  const parsed = environment.parse(rule.rule);
  return {
    source: rule,
    usesOldSelf: /\boldSelf\b/.test(rule.rule),
    pathSuffix: fieldPathSuffix(rule.fieldPath, schema),
    evaluate: context => parsed(context),
    quick: quickRule(parsed.ast),
  };
}

/** Checks that fieldPath (`.a.b` or `['a']`) names a field of the schema and returns it as paths are printed. */
function fieldPathSuffix(fieldPath: string | undefined, schema: Schema): string {
  if (!fieldPath) return '';
  let at: Schema | undefined = schema;
  let suffix = '';
  for (const [part, plain, quoted] of fieldPath.matchAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)+)'\]|./g)) {
    const name = plain ?? quoted?.replaceAll(/\\(.)/g, '$1');
    if (name === undefined) throw new Error(`fieldPath ${fieldPath}: unexpected ${part}`);
    suffix += at?.properties ? `.${name}` : `[${name}]`;
    at = at?.properties ? at.properties[name] : at?.additionalProperties;
    if (!at) throw new Error(`fieldPath ${fieldPath} does not refer to a field`);
  }
  return suffix;
}

function checkPlace(tree: RuleNode, place: Place, errors: FieldError[]): void {
  if (place.value === null || isFull(errors)) return;
  if (tree.rules.length > 0) {
    place.self ??= celValue(tree.node, place.value);
    if (tree.usesOldSelf && place.old !== undefined) place.oldSelf ??= celValue(tree.node, place.old);
  }
  for (const rule of tree.rules) {
    const error = checkRule(rule, tree.node.schema, place);
    if (error) addError(errors, error);
  }
  if (Array.isArray(place.value)) checkItems(tree, place.value, place, errors);
  else if (isJsonObject(place.value)) checkFields(tree, place.value, place, errors);
}

function checkRule(rule: CompiledRule, schema: Schema, place: Place): FieldError | undefined {
  if (rule.usesOldSelf && (place.old === undefined || place.old === null)) return undefined;
  const { self, oldSelf } = place;
  let result: unknown;
  try {
    result = rule.evaluate({ self: self!, ...(oldSelf !== undefined && { oldSelf }) });
  } catch (error) {
    return evaluationError(rule, schema, place, error);
  }
  if (result === true || (!rule.usesOldSelf && place.unchanged())) return undefined;
  return ruleError(rule, schema, place);
}

function ruleError(rule: CompiledRule, schema: Schema, place: Place): FieldError {
  const { source, pathSuffix } = rule;
  const field = (place.path + pathSuffix).replace(/^\./, '') || wholeObject;
  const detail = source.message?.trim() || `failed rule: ${source.rule.trim()}`;
  const printed = schema.type === 'object' || schema.type === 'array' ? {} : { value: place.value };
  switch (source.reason) {
    case 'FieldValueForbidden':
      return { type: 'Forbidden', field, detail };
    case 'FieldValueRequired':
      return { type: 'Required', field, detail };
    case 'FieldValueDuplicate':
      return { type: 'Duplicate', field, ...printed };
    default:
      return { type: 'Invalid', field, ...printed, detail };
  }
}

/** kube-apiserver prints the type of the node in the place of the value. */
function evaluationError(rule: CompiledRule, schema: Schema, place: Place, error: unknown): FieldError {
  const name = rule.source.message?.trim() || rule.source.rule.trim();
  const { code, summary, message } = error as Partial<Record<'code' | 'summary' | 'message', string>>;
  const reason = (summary ?? message ?? String(error)).replace(/^No such key/, 'no such key');
  const detail =
    code === 'no_such_overload' || code === 'no_matching_overload'
      ? `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${name}`
      : `${reason} evaluating rule: ${name}`;
  return { type: 'Invalid', field: place.path || wholeObject, value: schema.type ?? '', detail };
}

function checkFields(
  tree: RuleNode,
  object: { [name: string]: Json },
  place: Place,
  errors: FieldError[],
): void {
  if (tree.properties.size === 0 && !tree.additional) return;
  for (const [name, value] of Object.entries(object)) {
    if (isFull(errors)) return;
    const isProperty = tree.node.properties.has(name);
    const child = isProperty ? tree.properties.get(name) : tree.additional;
    if (!child) continue;
    const old = isJsonObject(place.old) ? ownField(place.old, name) : undefined;
    const dotted = place.path === '' ? name : `${place.path}.${name}`;
    const key = isProperty ? propertyName(name) : name;
    const inside = (value: CelValue | undefined) =>
      key === undefined ? undefined : (value as CelMap | undefined)?.[key];
    const path = isProperty ? dotted : `${place.path}[${name}]`;
    const [self, oldSelf] = [inside(place.self), inside(place.oldSelf)];
    checkPlace(child, { value, old, path, self, oldSelf, unchanged: unchanged(value, old, place) }, errors);
  }
}

function checkItems(tree: RuleNode, items: Json[], place: Place, errors: FieldError[]): void {
  if (!tree.items) return;
  const oldItem = oldListItems(tree.node.schema, place.old);
  for (const [index, value] of items.entries()) {
    if (isFull(errors)) return;
    const old = oldItem(value);
    const self = (place.self as CelValue[] | undefined)?.[index];
    const path = `${place.path}[${index}]`;
    const item = { value, old, path, self, oldSelf: undefined, unchanged: unchanged(value, old, place) };
    checkPlace(tree.items, item, errors);
  }
}

function unchanged(value: Json, old: Json | undefined, around: Place): () => boolean {
  return old === undefined ? around.unchanged : () => equal(value, old);
}
