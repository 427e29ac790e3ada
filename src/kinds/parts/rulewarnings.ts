import type { Json, JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { parseProtocol } from '../../schema/protocol.ts';
import { netsAreCovered, portsAreCovered } from './coverage.ts';
import { matchesAlways, whyNever } from './selectorform.ts';

const sides = ['source', 'destination'] as const;

/** What is probably wrong with the rules of one direction, which stand at `path`. */
export function ruleWarnings(rules: readonly Json[], path: string): string[] {
  const warnings: string[] = [];
  let decider: number | undefined;
  for (const [index, rule] of rules.entries()) {
    if (!isJsonObject(rule)) continue;
    const at = `${path}[${index}]`;
    if (decider !== undefined && index === decider + 1) {
      warnings.push(`${at}: is never reached, since ${path}[${decider}] decides on all traffic`);
    }
    for (const why of contradictions(rule)) warnings.push(`${at}: can never match, since ${why}`);
    warnings.push(...emptyLists(rule, at));
    if (decider === undefined && rule.action !== 'Log' && matchesEverything(rule)) decider = index;
  }
  return warnings;
}

/** Why no traffic can match a rule, by its form. */
function contradictions(rule: JsonObject): string[] {
  const protocol = parseProtocol(rule.protocol ?? null);
  const found: string[] = [];
  if (protocol !== undefined && protocol === parseProtocol(rule.notProtocol ?? null)) {
    found.push('notProtocol excludes its protocol');
  }
  if (icmpCancels(rule.icmp, rule.notICMP)) found.push('notICMP excludes what icmp matches');
  for (const side of sides) {
    const entity = rule[side];
    if (!isJsonObject(entity)) continue;
    if (netsAreCovered(listOf(entity.nets), listOf(entity.notNets))) {
      found.push(`${side}.notNets excludes all of ${side}.nets`);
    }
    if (portsAreCovered(listOf(entity.ports), listOf(entity.notPorts))) {
      found.push(`${side}.notPorts excludes all of ${side}.ports`);
    }
    found.push(...selectorContradictions(entity, side));
  }
  return found;
}

function selectorContradictions(entity: JsonObject, side: string): string[] {
  const { serviceAccounts } = entity;
  const selectors: [string, Json | undefined][] = [
    ['selector', entity.selector],
    ['namespaceSelector', entity.namespaceSelector],
    ['serviceAccounts.selector', isJsonObject(serviceAccounts) ? serviceAccounts.selector : undefined],
  ];
  const found = selectors.flatMap(([name, text]) => {
    const why = whyNever(text);
    return why === undefined ? [] : [`${side}.${name} matches nothing: ${why}`];
  });
  // An empty notSelector is as good as none.
  if (entity.notSelector && matchesAlways(entity.notSelector)) {
    found.push(`${side}.notSelector excludes every endpoint`);
  }
  return found;
}

function icmpCancels(icmp: Json | undefined, not: Json | undefined): boolean {
  if (!isJsonObject(icmp) || !isJsonObject(not) || not.type === undefined) return false;
  return icmp.type === not.type && (not.code === undefined || not.code === icmp.code);
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** Lists in which nothing is listed match everything, where the author may have meant nothing. */
function emptyLists(rule: JsonObject, at: string): string[] {
  const isEmptyList = (value: Json | undefined) => Array.isArray(value) && value.length === 0;
  return sides.flatMap(side => {
    const entity = rule[side];
    if (!isJsonObject(entity)) return [];
    const empty = ['nets', 'ports'].filter(field => isEmptyList(entity[field]));
    const { serviceAccounts } = entity;
    if (isJsonObject(serviceAccounts) && isEmptyList(serviceAccounts.names))
      empty.push('serviceAccounts.names');
    return empty.map(field => `${at}.${side}.${field}: is an empty list, which matches everything`);
  });
}

/** Whether a rule has nothing that traffic would have to match. */
function matchesEverything(rule: JsonObject): boolean {
  const { action: _action, metadata: _metadata, ...matches } = rule;
  return Object.values(matches).every(isEmptyMatch);
}

function isEmptyMatch(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.values(value).every(isEmptyMatch);
  return value === '' || value === null;
}
