import { limits } from '../../limits.ts';
import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { array, object, string } from '../../schema/build.ts';
import { cidrRule, isPlainNet } from '../../schema/checks/net.ts';
import { cidrText, hasHostBits, masked, parseCidr } from '../../schema/cidr.ts';
import { apiVersion, type Column, type Kind } from '../kind.ts';
import { ageColumn } from './age.ts';
import { listAt, listCell } from './column.ts';

/** `spec` of both kinds of network set. */
export const networkSetSpec = object(
  {
    nets: array(
      string('A network in CIDR notation or a single address, e.g. 192.0.2.0/24 or 2001:db8::1.', {
        rules: [cidrRule],
      }),
      'The networks, e.g. 192.0.2.0/24 or 2001:db8::1. IP versions may be mixed; each is listed once.',
      { 'x-kubernetes-list-type': 'set' },
    ),
  },
  'What the set holds.',
);

export const networkSetColumns: Column[] = [
  {
    name: 'Nets',
    type: 'integer',
    description: 'Number of networks in the set.',
    value: object => listAt(object, 'spec.nets').length,
  },
  {
    name: 'Networks',
    type: 'string',
    description: 'The first networks of the set.',
    priority: 1,
    value: object => listCell(listAt(object, 'spec.nets')),
  },
  ageColumn,
];

/** Networks that stand for more than they look like. */
export function networkSetWarnings(object: ApiObject): string[] {
  // Of more, no answer would tell.
  return hostBitWarnings(listAt(object, 'spec.nets')).take(limits.maxWarnings).toArray();
}

function* hostBitWarnings(nets: Json[]): Generator<string, void> {
  for (const [index, net] of nets.entries()) {
    const cidr = typeof net === 'string' && !isPlainNet(net) ? parseCidr(net) : undefined;
    if (!cidr || !hasHostBits(cidr)) continue;
    yield `spec.nets[${index}]: ${net} has host bits, and stands for all of ${cidrText(masked(cidr))}`;
  }
}

/** Examples of NetworkSet or GlobalNetworkSet; the former lives in namespace `shop`. */
export function networkSetExamples(of: { kind: string; namespaced: boolean }): Kind['examples'] {
  const make = (name: string, spec: Json) => ({
    apiVersion,
    kind: of.kind,
    metadata: {
      name,
      ...(of.namespaced && { namespace: 'shop' }),
      labels: { role: 'payment-provider' },
    },
    spec,
  });
  const { spec: _spec, ...noSpec } = make('broken', {});
  const reserved = make('broken', {});
  Object.assign(reserved.metadata.labels, { 'projectcalico.org/namespace': 'shop' });
  return {
    valid: [
      make('payment-providers', {
        nets: ['192.0.2.0/24', '198.51.100.17', '2001:db8:40::/48', '2001:db8::7'],
      }),
      make('empty', {}),
      make('host-bits', { nets: ['10.1.2.3/16'] }),
    ],
    invalid: [
      {
        why: 'names of hosts in place of networks, and addresses that are none',
        object: make('broken', { nets: ['example.com', '10.0.0.0/33', '192.0.2.01'] }),
        errors: [
          'spec.nets[0]: Invalid value: "example.com": ' +
            'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: unexpected character',
          'spec.nets[1]: Invalid value: "10.0.0.0/33": ' +
            'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: prefix length out of range',
          'spec.nets[2]: Invalid value: "192.0.2.01": must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: ' +
            'IPv4 field has octet with leading zero',
        ],
      },
      {
        why: 'a label that is not for users',
        object: reserved,
        errors: [
          'metadata.labels[projectcalico.org/namespace]: Forbidden: ' +
            'must be absent: Calico sets projectcalico.org/namespace itself, to the namespace of what is selected',
        ],
      },
      {
        why: 'the same network twice',
        object: make('broken', { nets: ['192.0.2.0/24', '198.51.100.0/24', '192.0.2.0/24'] }),
        errors: ['spec.nets[2]: Duplicate value: "192.0.2.0/24"'],
      },
      {
        why: 'one network in place of a list',
        object: make('broken', { nets: '192.0.2.0/24' }),
        errors: ['spec.nets: Invalid value: "string": spec.nets in body must be of type array: "string"'],
      },
      {
        why: 'a network that is no text',
        object: make('broken', { nets: [10] }),
        errors: [
          'spec.nets[0]: Invalid value: "integer": spec.nets[0] in body must be of type string: "integer"',
        ],
      },
      { why: 'no spec', object: noSpec, errors: ['spec: Required value'] },
    ],
  };
}
