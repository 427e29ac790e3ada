import type { Json } from '../machinery/json.ts';
import type { FieldError } from '../machinery/status.ts';
import { ruleTree } from './cel.ts';
import { checkListTypes } from './list-types.ts';
import { codeAllowed } from './made-code.ts';
import type { SchemaNode } from './node.ts';
import { type Check, checkCode } from './passes-code.ts';
import type { Situation } from './rule.ts';
import { checkStructure } from './structure.ts';

const known = new WeakMap<SchemaNode, Check>();

/**
 * Whether an object passes all checks of its schema: in one walk, without paths, since that is what nearly every object does.
 * False means that `validate` has to look closer; it may still find nothing. Where no code can be made, it always has to.
 */
export function passes(node: SchemaNode, situation: Situation): boolean {
  if (!codeAllowed) return false;
  if (situation.old !== undefined && node.hasRules && ruleTree(node).usesOldSelf) return false;
  return checkOf(node)(situation.object as unknown as Json, situation);
}

/** The check of a node, made when it is first needed. */
function checkOf(node: SchemaNode): Check {
  let check = known.get(node);
  if (!check) {
    const cel = node.hasRules ? ruleTree(node).rules.filter(rule => !rule.usesOldSelf) : [];
    check = checkCode(node, { cel: cel.map(rule => rule.quick), checkOf, structureIsRight, hasRepeats });
    known.set(node, check);
  }
  return check;
}

const found: FieldError[] = [];

function structureIsRight(node: SchemaNode, value: Json): boolean {
  found.length = 0;
  checkStructure(node, value, undefined, '', found);
  return found.length === 0;
}

/** How many texts are compared each with each rather than put into a set. */
const few = 8;

/** Whether an item of a list of type set, or a key of one of type map, is there twice, or an item has no keys. */
function hasRepeats(node: SchemaNode, items: Json[]): boolean {
  if (node.schema['x-kubernetes-list-type'] === 'set' && items.every(item => typeof item === 'string')) {
    if (items.length > few) return new Set(items).size < items.length;
    return items.some((item, index) => items.indexOf(item) < index);
  }
  found.length = 0;
  checkListTypes(node, items, '', found);
  return found.length > 0;
}
