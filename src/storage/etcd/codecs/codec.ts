import type { Kind, StorageClass } from '../../../kinds/kind.ts';
import type { ObjectMeta } from '../../../machinery/object.ts';
import type { Codec } from '../../backend.ts';
import { refusesDefaultAllow } from '../default-allow.ts';
import { affinityLayout } from './affinity.ts';
import { ipamCodec } from './ipam.ts';
import { blockLayout } from './ipam-block.ts';
import { configLayout } from './ipam-config.ts';
import { handleLayout } from './ipam-handle.ts';
import { type KindFacts, resourceCodec } from './resource.ts';

/** How a kind is laid out in Calico's etcd. IPAM's own keys are the truth for the kinds that it keeps. */
export function etcdCodec(kind: KindFacts & { storageClass: StorageClass }): Codec {
  switch (kind.storageClass) {
    case 'resource':
      return resourceCodec(kind);
    case 'profile':
      return { ...resourceCodec(kind), refuses: refusesDefaultAllow };
    case 'affinity':
      return ipamCodec(kind, affinityLayout);
    case 'ipam-block':
      return ipamCodec(kind, blockLayout);
    case 'ipam-handle':
      return ipamCodec(kind, handleLayout);
    case 'ipam-config':
      return ipamCodec(kind, configLayout);
  }
}

/** All metadata but the name: IPAM's values have no place for it. */
const ofIpam: readonly (keyof ObjectMeta)[] = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'ownerReferences',
  'uid',
];

/** What of a kind is not stored as it is written: the metadata of what IPAM keeps. */
export function decidedByEtcd({ storageClass }: Pick<Kind, 'storageClass'>): readonly (keyof ObjectMeta)[] {
  return storageClass === 'resource' || storageClass === 'profile' ? [] : ofIpam;
}
