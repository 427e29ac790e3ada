import type { Json, JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { objectIn } from './fill.ts';
import { ruleWarnings } from './rulewarnings.ts';
import { matchesUnlabelled, whyNever } from './selectorform.ts';

const directions = [
  { type: 'Ingress', field: 'ingress' },
  { type: 'Egress', field: 'egress' },
] as const;

const selectors = ['selector', 'namespaceSelector', 'serviceAccountSelector'] as const;

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** What is legal but probably wrong in a policy of the four tiered kinds. */
export function policyWarnings(object: ApiObject): string[] {
  const spec = objectIn(object, 'spec');
  if (!spec || spec.stagedAction === 'Delete') return [];
  const types = listOf(spec.types);
  const unused = directions
    .filter(({ type, field }) => !types.includes(type) && listOf(spec[field]).length > 0)
    .map(({ type, field }) => `spec.${field}: has no effect, since spec.types does not include ${type}`);
  const nothing = selectors.flatMap(field => {
    const why = whyNever(spec[field]);
    return why === undefined ? [] : [`spec.${field}: matches nothing, so the policy has no effect: ${why}`];
  });
  return [
    ...unused,
    ...nothing,
    ...directions.flatMap(({ field }) => ruleWarnings(listOf(spec[field]), `spec.${field}`)),
  ];
}

/** The same of a cluster-wide policy, and what it may do to hosts. */
export function globalPolicyWarnings(object: ApiObject): string[] {
  const spec = objectIn(object, 'spec');
  return [...policyWarnings(object), ...(spec ? hostWarnings(spec) : [])];
}

function hostWarnings(spec: JsonObject): string[] {
  if (spec.stagedAction === 'Delete' || !selectsHosts(spec)) return [];
  return directions.flatMap(({ type, field }) => {
    if (!listOf(spec.types).includes(type)) return [];
    const actions = listOf(spec[field]).map(rule => (isJsonObject(rule) ? rule.action : undefined));
    if (actions.some(action => action === 'Allow' || action === 'Pass')) return [];
    const logs = actions.length > 0 && actions.every(action => action === 'Log');
    const why = logs ? `its ${field} rules only log` : `it has no ${field} rule that allows or passes`;
    return [
      `spec.selector: selects host endpoints too, and ${why}: all ${field} traffic of these hosts that no other ` +
        'policy allows is denied, failsafe ports apart',
    ];
  });
}

/**
 * Whether a policy surely selects host endpoints. Those without labels stand for all: a selector that is true of no
 * label is true of them. Untracked and pre-DNAT policies deny nothing but what their rules say.
 */
function selectsHosts(spec: JsonObject): boolean {
  if (spec.doNotTrack === true || spec.preDNAT === true) return false;
  if (spec.namespaceSelector || spec.serviceAccountSelector) return false;
  return spec.applyOnForward === true || matchesUnlabelled(spec.selector);
}
