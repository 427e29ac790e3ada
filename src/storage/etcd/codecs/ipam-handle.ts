import type { FieldError } from '../../../machinery/status.ts';
import { type IpamLayout, mustBe } from './ipam.ts';

const root = '/calico/ipam/v2/handle/';

/** IPAMHandle: `/calico/ipam/v2/handle/<id>`, the id in its own case, the name in lower case (datastore.md §1.6, §1.7). */
export const handleLayout: IpamLayout = {
  prefix: root,
  placeOf({ handleID }) {
    if (typeof handleID !== 'string' || !handleID) return undefined;
    return { key: root + handleID, name: handleID.toLowerCase() };
  },
  keysNamed: name => [root + name],
  toValue: ({ block, deleted }) => ({ block: block ?? {}, deleted: deleted ?? false }),
  toThing(key, value) {
    const handleID = key.slice(root.length);
    mustBe(handleID !== '' && !handleID.includes('/'), key, 'no key of a handle');
    const { block, deleted = false } = value;
    mustBe(typeof (block ?? {}) === 'object' && !Array.isArray(block), key, 'block is no map');
    return { name: handleID.toLowerCase(), spec: { block: block ?? {}, deleted, handleID } };
  },
  problems({ handleID }): FieldError[] {
    if (typeof handleID !== 'string' || !handleID.includes('/')) return [];
    const detail = 'must not contain a slash';
    return [{ type: 'Invalid', field: 'spec.handleID', value: handleID, detail }];
  },
};
