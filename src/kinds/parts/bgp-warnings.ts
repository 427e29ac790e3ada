import type { ApiObject } from '../../machinery/object.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { listAt, valueAt } from './column.ts';
import { deprecatedFields } from './deprecated.ts';

/** A BGPPeer that peers with nobody, and deprecated fields. */
export function peerWarnings(object: ApiObject): string[] {
  const peers = ['spec.peerIP', 'spec.peerSelector', 'spec.localWorkloadSelector'];
  const isNobody = peers.every(path => !valueAt(object, path));
  return [
    ...deprecatedFields(object, { 'spec.keepOriginalNextHop': 'spec.nextHopMode: Keep' }),
    ...(isNobody ? ['spec: names no peer; set peerIP, peerSelector or localWorkloadSelector'] : []),
  ];
}

/** Rules of a BGPFilter that no route can match. Calico does not check the order of the lengths. */
export function filterWarnings(object: ApiObject): string[] {
  const lists = ['exportV4', 'exportV6', 'importV4', 'importV6'];
  return lists.flatMap(list =>
    listAt(object, `spec.${list}`).flatMap((rule, index) => {
      const lengths = isJsonObject(rule) ? rule.prefixLength : undefined;
      if (!isJsonObject(lengths)) return [];
      const { min, max } = lengths;
      if (typeof min !== 'number' || typeof max !== 'number' || min <= max) return [];
      return [`spec.${list}[${index}].prefixLength: no route matches, since min ${min} is above max ${max}`];
    }),
  );
}
