import type { JsonObject } from '../../../machinery/json.ts';
import type { FieldError } from '../../../machinery/status.ts';
import { cidrText } from '../../../schema/cidr.ts';
import { affinityLabels } from '../../affinity-labels.ts';
import { affinityRoot } from '../keys.ts';
import { type IpamLayout, mustBe } from './ipam.ts';
import { affinityName, blockAt, blockOf, blockPath, blocksNamed } from './ipam-names.ts';

const types = ['host', 'virtual'];

/** BlockAffinity: `/calico/ipam/v2/host/<node>/ipv4/block/10.0.0.0-26` (datastore.md §1.2, §1.6). */
export const affinityLayout: IpamLayout = {
  prefix: affinityRoot,
  placeOf(spec) {
    const cidr = blockOf(spec.cidr);
    const { node } = spec;
    if (!cidr || typeof node !== 'string' || !node) return undefined;
    const type = typeOf(spec);
    return {
      key: `${affinityRoot}${type}/${node}/${blockPath(cidr)}`,
      name: affinityName(node, cidr),
      labels: affinityLabels({ node, type, cidr: cidrText(cidr) }),
    };
  },
  keysNamed(name) {
    const keys: string[] = [];
    // Where the node's name ends is not said: each dash may be it.
    for (let dash = name.indexOf('-'); dash >= 0; dash = name.indexOf('-', dash + 1)) {
      for (const cidr of blocksNamed(name.slice(dash + 1))) {
        for (const type of types)
          keys.push(`${affinityRoot}${type}/${name.slice(0, dash)}/${blockPath(cidr)}`);
      }
    }
    return keys;
  },
  toValue: ({ state, deleted }) => ({ state: state ?? '', deleted: deleted ?? false }),
  toThing(key, value) {
    const [, type, node, path] = /^([^/]+)\/([^/]+)\/(.+)$/.exec(key.slice(affinityRoot.length)) ?? [];
    const cidr = path === undefined ? undefined : blockAt(path);
    mustBe(types.includes(type!) && cidr !== undefined, key, 'no key of an affinity');
    const { state = '', deleted = false } = value;
    mustBe(typeof state === 'string', key, 'the state is no text');
    mustBe(typeof deleted === 'boolean', key, 'deleted is neither true nor false');
    const spec: JsonObject = { cidr: cidrText(cidr!), deleted, node: node!, state, type: type! };
    return { name: affinityName(node!, cidr!), spec, labels: affinityLabels(spec) };
  },
  // A marker of old releases: /calico/ipam/v2/host/<node>.
  skips: key => /^host\/[^/]+$/.test(key.slice(affinityRoot.length)),
  problems(spec, old) {
    const errors: FieldError[] = [];
    const type = typeOf(spec);
    if (!types.includes(type)) {
      errors.push({ type: 'NotSupported', field: 'spec.type', value: type, detail: quoted(types) });
    } else if (old && typeOf(old) !== type) {
      const detail = 'is part of the key in etcd and cannot be changed';
      errors.push({ type: 'Invalid', field: 'spec.type', value: type, detail });
    }
    if (typeof spec.node === 'string' && spec.node.includes('/')) {
      errors.push({
        type: 'Invalid',
        field: 'spec.node',
        value: spec.node,
        detail: 'must not contain a slash',
      });
    }
    return errors;
  },
};

/** An affinity that does not say is one of a host. */
function typeOf(spec: JsonObject): string {
  return spec.type ? String(spec.type) : 'host';
}

function quoted(values: string[]): string {
  return `supported values: ${values.map(value => JSON.stringify(value)).join(', ')}`;
}
