import { limits } from '../../limits.ts';
import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import type { FieldError } from '../../machinery/status.ts';
import { nearest } from '../../schema/nearest.ts';
import type { Change, View } from '../kind.ts';
import { objectIn } from './fill.ts';
import { listed, nameOf } from './listed.ts';

export const peerFiltersSays = {
  at: 'spec.filters[]',
  says: 'The filter is there when a peer first names it.',
  source: 'kinds.md 3, BGPPeer, filters',
};

/** How many errors say what may have been meant: each has to be compared with every name. */
const mostHints = 10;

/**
 * For `admit` of BGPPeer: the filters that a peer names are there (clientv3, create and update of a peer; kinds.md 3, BGPPeer).
 * A filter may be deleted later, so an update is not held to those that the peer named before.
 */
export async function peerFilters({ operation, object, old }: Change, view: View): Promise<FieldError[]> {
  if (operation === 'delete') return [];
  const found = new Set(filtersOf(old));
  const errors: FieldError[] = [];
  let names: string[] | undefined;
  for (const [index, filter] of filtersOf(object).entries()) {
    if (errors.length >= limits.maxFieldErrors) break;
    if (typeof filter !== 'string' || found.has(filter)) continue;
    if (await view.get('bgpfilters', filter)) {
      found.add(filter);
      continue;
    }
    names ??= (await view.list('bgpfilters')).map(nameOf).sort();
    const meant = errors.length < mostHints ? nearest(filter, names) : undefined;
    const known = names.length > 0 ? `there are: ${listed(names)}` : 'there is none yet';
    errors.push({
      type: 'NotFound',
      field: `spec.filters[${index}]`,
      value: filter,
      detail: `there is no such BGPFilter; ${known}`,
      ...(meant && { hint: `did you mean ${JSON.stringify(meant)}?` }),
    });
  }
  return errors;
}

function filtersOf(peer: ApiObject | undefined): Json[] {
  const filters = objectIn(peer, 'spec')?.filters;
  return Array.isArray(filters) ? filters : [];
}
