import type { Json, JsonObject } from '../../../machinery/json.ts';
import type { FieldError } from '../../../machinery/status.ts';
import { type Cidr, cidrText } from '../../../schema/cidr.ts';
import { type IpamLayout, mustBe } from './ipam.ts';
import { blockAt, blockName, blockOf, blockPath, blocksNamed, sizeOf } from './ipam-names.ts';

const root = '/calico/ipam/v2/assignment/';

/** IPAMBlock: `/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26` (datastore.md §1.6, §1.7). */
export const blockLayout: IpamLayout = {
  prefix: root,
  placeOf(spec) {
    const cidr = blockOf(spec.cidr);
    return cidr && { key: root + blockPath(cidr), name: blockName(cidr) };
  },
  keysNamed: name => blocksNamed(name).map(cidr => root + blockPath(cidr)),
  toValue(spec) {
    const attributes = listOf(spec.attributes);
    return {
      cidr: spec.cidr!,
      affinity: spec.affinity ?? null,
      ...(spec.affinityClaimTime !== undefined && { affinity_claim_time: spec.affinityClaimTime }),
      allocations: listOf(spec.allocations),
      unallocated: listOf(spec.unallocated),
      // As in a block that is new.
      attributes: attributes.length > 0 ? attributes : null,
      sequenceNumber: spec.sequenceNumber ?? 0,
      sequenceNumberForAllocation: spec.sequenceNumberForAllocation ?? {},
      deleted: spec.deleted ?? false,
    };
  },
  toThing(key, value) {
    const cidr = blockAt(key.slice(root.length));
    mustBe(cidr !== undefined, key, 'no key of a block');
    mustBe(value.cidr === cidrText(cidr!), key, `the block in it is ${JSON.stringify(value.cidr)}`);
    const { affinity, affinity_claim_time: claimed, sequenceNumberForAllocation: numbers } = value;
    for (const list of ['allocations', 'unallocated', 'attributes']) {
      mustBe(Array.isArray(value[list] ?? []), key, `${list} is no list`);
    }
    const spec: JsonObject = {
      ...(typeof affinity === 'string' && { affinity }),
      ...(typeof claimed === 'string' && { affinityClaimTime: claimed }),
      allocations: listOf(value.allocations),
      attributes: listOf(value.attributes),
      cidr: value.cidr!,
      deleted: value.deleted ?? false,
      sequenceNumber: value.sequenceNumber ?? 0,
      sequenceNumberForAllocation: numbers ?? {},
      strictAffinity: false,
      unallocated: listOf(value.unallocated),
    };
    return { name: blockName(cidr!), spec, since: typeof claimed === 'string' ? claimed : undefined };
  },
  problems(spec) {
    const cidr = blockOf(spec.cidr);
    if (!cidr) return [];
    return [...cidrProblems(spec, cidr), ...listProblems(spec, cidr), ...strictProblems(spec)];
  },
};

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function cidrProblems(spec: JsonObject, cidr: Cidr): FieldError[] {
  if (spec.cidr === cidrText(cidr)) return [];
  const detail = `must be written as ${cidrText(cidr)}`;
  return [{ type: 'Invalid', field: 'spec.cidr', value: spec.cidr, detail }];
}

/** IPAM indexes these lists without a look at their length. */
function listProblems(spec: JsonObject, cidr: Cidr): FieldError[] {
  const errors: FieldError[] = [];
  const allocations = listOf(spec.allocations);
  const owners = listOf(spec.attributes).length;
  const size = sizeOf(cidr);
  if (allocations.length !== size) {
    const detail = `must have one entry for each of the ${size} addresses of the block`;
    errors.push({ type: 'Invalid', field: 'spec.allocations', value: allocations.length, detail });
  }
  allocations.forEach((owner, index) => {
    if (owner === null || isBelow(owner, owners)) return;
    const detail = `must be the index of an entry of attributes, of which there are ${owners}`;
    errors.push({ type: 'Invalid', field: `spec.allocations[${index}]`, value: owner, detail });
  });
  listOf(spec.unallocated).forEach((ordinal, index) => {
    if (isBelow(ordinal, size)) return;
    const detail = `must be a position in the block, from 0 to ${size - 1}`;
    errors.push({ type: 'Invalid', field: `spec.unallocated[${index}]`, value: ordinal, detail });
  });
  return errors;
}

function isBelow(value: Json, end: number): boolean {
  return typeof value === 'number' && value >= 0 && value < end;
}

function strictProblems({ strictAffinity }: JsonObject): FieldError[] {
  if (strictAffinity !== true) return [];
  const detail = "IPAM's values in etcd have no place for it: strictAffinity of the IPAMConfiguration counts";
  return [{ type: 'Forbidden', field: 'spec.strictAffinity', detail }];
}
