import type { Schema } from './schema.ts';

/** What the OpenAPI documents need to know of a kind; a Kind of kinds/ has it all. */
export interface KindFacts {
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  statusSubresource: boolean;
  description: string;
  schema: Schema;
}

export const group = 'projectcalico.org';
export const version = 'v3';

/** The path under which all resources are; the aggregator drops every path that does not begin with it. */
export const groupVersionPath = `/apis/${group}/${version}`;

/** The definition of a kind, or of its list, under the name that Calico's own server publishes it. */
export function kindDefinition(kind: string): string {
  return `com.github.projectcalico.api.pkg.apis.projectcalico.v3.${kind}`;
}

/** The definition of a type of meta/v1. */
export function metaDefinition(type: string): string {
  return `io.k8s.apimachinery.pkg.apis.meta.v1.${type}`;
}

/**
 * The name of an operation, unique over all groups of a cluster: verb, group, version, scope, kind, subresource
 * (e.g. listProjectcalicoOrgV3NetworkPolicyForAllNamespaces). `within` is what stands between version and kind.
 */
export function operationId(verb: string, within: string, kind: string, suffix = ''): string {
  return `${verb}ProjectcalicoOrgV3${within}${kind}${suffix}`;
}
