import { limits } from '../limits.ts';
import { anonymous, type User } from './user.ts';

/**
 * The classes of callers, each with places and bytes of its own that the others cannot fill (kube-apiserver's priority levels,
 * KEP-1040). `exempt` has no bound on places.
 */
export const priorityLevels = ['exempt', 'system', 'users', 'anonymous'] as const;
export type PriorityLevel = (typeof priorityLevels)[number];

/** The levels that a bound is split among. */
export type SharedLevel = Exclude<PriorityLevel, 'exempt'>;

const administrators = 'system:masters';

const systemNames = new Set([
  // They keep the cluster going, and what they cannot read here they retry for ever.
  'system:kube-controller-manager',
  'system:kube-scheduler',
  'system:apiserver',
  // kube-aggregator reads discovery and OpenAPI on its own behalf, under these names and without a group: a failure takes the
  // API group out of service.
  'system:kube-aggregator',
  'system:aggregator',
]);

/** Namespaces where only administrators make service accounts: those of the control plane, and of Calico's agents and operator. */
const systemNamespaces = ['kube-system', 'calico-system', 'calico-apiserver', 'tigera-operator'];

const systemPrefixes = systemNamespaces.map(namespace => `system:serviceaccount:${namespace}:`);

/** The class of a caller. Its name and groups are what authentication found, never what a request says of itself. */
export function priorityLevelOf(user: User): PriorityLevel {
  const { name, groups } = user;
  if (groups.includes(administrators)) return 'exempt';
  if (name === anonymous.name) return 'anonymous';
  if (systemNames.has(name) || systemPrefixes.some(prefix => name.startsWith(prefix))) return 'system';
  return name.startsWith('system:node:') && groups.includes('system:nodes') ? 'system' : 'users';
}

/** The part of a bound that belongs to a level; at least one, unless the bound is 0. */
export function partOf(level: SharedLevel, total: number): number {
  const percent = { system: limits.systemPercent, anonymous: limits.anonymousPercent };
  const part = (of: keyof typeof percent) => Math.ceil((total * percent[of]) / 100);
  if (level !== 'users') return part(level);
  return Math.max(Math.min(1, total), total - part('system') - part('anonymous'));
}
