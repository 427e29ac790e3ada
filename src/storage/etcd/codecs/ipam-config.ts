import type { JsonObject } from '../../../machinery/json.ts';
import { type IpamLayout, mustBe } from './ipam.ts';

const key = '/calico/ipam/v2/config';
const name = 'default';

/** IPAMConfiguration: the one value at `/calico/ipam/v2/config`; what is zero, false or empty is left out (datastore.md §1.6). */
export const configLayout: IpamLayout = {
  prefix: key,
  placeOf: () => ({ key, name }),
  keysNamed: wanted => (wanted === name ? [key] : []),
  toValue: spec =>
    withoutZeros({
      strict_affinity: spec.strictAffinity ?? false,
      auto_allocate_blocks: spec.autoAllocateBlocks ?? false,
      maxBlocksPerHost: spec.maxBlocksPerHost ?? 0,
      kubeVirtVMAddressPersistence: spec.kubeVirtVMAddressPersistence ?? '',
      ipCooldownSeconds: spec.ipCooldownSeconds ?? 0,
    }),
  toThing(at, value) {
    const { strict_affinity: strictAffinity = false, auto_allocate_blocks: autoAllocateBlocks = false } =
      value;
    const { maxBlocksPerHost = 0, kubeVirtVMAddressPersistence, ipCooldownSeconds } = value;
    mustBe(typeof strictAffinity === 'boolean', at, 'strict_affinity is neither true nor false');
    mustBe(typeof autoAllocateBlocks === 'boolean', at, 'auto_allocate_blocks is neither true nor false');
    mustBe(typeof maxBlocksPerHost === 'number', at, 'maxBlocksPerHost is no number');
    return {
      name,
      spec: {
        autoAllocateBlocks,
        maxBlocksPerHost,
        strictAffinity,
        ...withoutZeros({
          ipCooldownSeconds: ipCooldownSeconds ?? 0,
          kubeVirtVMAddressPersistence: kubeVirtVMAddressPersistence ?? '',
        }),
      },
    };
  },
  skips: at => at !== key,
};

function withoutZeros(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => Boolean(value)));
}
