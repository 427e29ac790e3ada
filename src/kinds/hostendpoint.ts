import type { ApiObject, ObjectMeta } from '../machinery/object.ts';
import { array, type Infer, integer, object, string } from '../schema/build.ts';
import { interfaceRule } from '../schema/checks/interface.ts';
import { nameRule } from '../schema/checks/name.ts';
import { ipRule } from '../schema/checks/net.ts';
import { portNameRule } from '../schema/checks/port.ts';
import { protocolWithPortsRule } from '../schema/checks/protocol.ts';
import { orEmpty } from '../schema/checks/text.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, listAt, listCell } from './parts/column.ts';
import { protocol } from './parts/rule.ts';
import { rulesNotChecked } from './parts/unchecked.ts';

const set = { 'x-kubernetes-list-type': 'set' } as const;

const port = object(
  {
    name: string('Name that rules use for the port, e.g. kubelet: up to 15 of a-z, 0-9 and dash.', {
      rules: [portNameRule],
    }),
    port: integer('Port number, 1 to 65535.', { minimum: 1, maximum: 65535 }),
    protocol: protocol('TCP, UDP or SCTP, or its number.', [protocolWithPortsRule]),
  },
  'A port of the host under a name.',
  { definition: { name: 'EndpointPort' }, required: ['name', 'port', 'protocol'] },
);

const spec = object(
  {
    expectedIPs: array(
      string('An address, e.g. 192.0.2.10 or 2001:db8::10.', { rules: [ipRule] }),
      'Addresses of the interface, e.g. 192.0.2.10. They find the interface when interfaceName is ' +
        'absent, and stand for the endpoint where other nodes match it by label.',
      set,
    ),
    interfaceName: string(
      'Name of the network interface, e.g. eth0, or * for all interfaces of the host at once. Either ' +
        'this or expectedIPs must be given.',
      { maxLength: 15, rules: [orEmpty(interfaceRule)] },
    ),
    node: string('Node that the interface belongs to. Required.', {
      maxLength: 253,
      rules: [orEmpty(nameRule)],
    }),
    ports: array(port, 'Names for ports of the host, which rules can use in place of numbers.', {
      'x-kubernetes-list-type': 'atomic',
    }),
    profiles: array(
      string('Name of a profile.', { rules: [nameRule] }),
      'Profiles whose rules and labels the endpoint has, tried in this order after all policies.',
      set,
    ),
  },
  'Which interface it is.',
  {
    'x-kubernetes-validations': [
      {
        rule:
          '(has(self.interfaceName) && size(self.interfaceName) > 0) || ' +
          '(has(self.expectedIPs) && size(self.expectedIPs) > 0)',
        reason: 'FieldValueInvalid',
        message: 'an interface is known by interfaceName or expectedIPs: give at least one',
      },
      {
        rule: 'has(self.node) && size(self.node) > 0',
        reason: 'FieldValueInvalid',
        message: 'node is required',
      },
    ],
  },
);

export type HostEndpointSpec = Infer<typeof spec>;

function hostObject(name: string, content: HostEndpointSpec, meta: ObjectMeta = {}): ApiObject {
  return { apiVersion, kind: 'HostEndpoint', metadata: { name, ...meta }, spec: content };
}

const aName =
  "must be a name of lower case letters, digits, '-' and '.', with a letter or digit at both ends and around " +
  "each '.', such as node-1.example.com";

export const hostEndpoint: Kind = {
  kind: 'HostEndpoint',
  plural: 'hostendpoints',
  singular: 'hostendpoint',
  shortNames: ['hep', 'heps'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A network interface of a host that policies apply to. Global policies choose it by its labels. Once ' +
    'it exists, traffic that no policy or profile allows is dropped, fail-safe ports apart.',
  schema: object({ spec }, 'A network interface of a host that policies apply to.', { required: ['spec'] }),
  selectableFields: [],
  columns: [
    fieldColumn({ name: 'Node', type: 'string', description: 'Node of the interface.', path: 'spec.node' }),
    fieldColumn({
      name: 'Interface',
      type: 'string',
      description: 'Name of the interface; * is all.',
      path: 'spec.interfaceName',
    }),
    {
      name: 'IPs',
      type: 'string',
      description: 'Addresses of the interface.',
      value: object => listCell(listAt(object, 'spec.expectedIPs')),
    },
    {
      name: 'Profiles',
      type: 'string',
      description: 'Profiles of the endpoint.',
      priority: 1,
      value: object => listCell(listAt(object, 'spec.profiles')),
    },
    ageColumn,
  ],
  examples: {
    valid: [
      hostObject(
        'worker-1-eth0',
        {
          node: 'worker-1',
          interfaceName: 'eth0',
          expectedIPs: ['192.0.2.10', '2001:db8::10'],
          profiles: ['shop-backend'],
          ports: [
            { name: 'kubelet', port: 10250, protocol: 'TCP' },
            { name: 'vxlan', port: 4789, protocol: 17 },
          ],
        },
        { labels: { 'host-endpoint': '', zone: 'rack-7' } },
      ),
      hostObject('worker-2-all', { node: 'worker-2', interfaceName: '*' }),
      hostObject('worker-3-by-address', { node: 'worker-3', expectedIPs: ['192.0.2.30'] }),
    ],
    invalid: [
      {
        why: 'neither a node nor an interface',
        object: hostObject('broken', { interfaceName: '' }),
        errors: [
          'spec: Invalid value: an interface is known by interfaceName or expectedIPs: give at least one',
          'spec: Invalid value: node is required',
        ],
      },
      {
        why: 'an interface name that Linux does not allow, and a port beyond its bound',
        object: hostObject('broken', {
          node: 'worker-1',
          interfaceName: 'enp0s31f6-uplink',
          ports: [{ name: 'kubelet', port: 65536, protocol: 'TCP' }],
        }),
        errors: [
          'spec.interfaceName: Too long: may not be more than 15 bytes',
          'spec.interfaceName: Invalid value: "enp0s31f6-uplink": must be the name of an interface ' +
            `(1 to 15 letters, digits, '_', '.' and '-'), or "*" for all`,
          'spec.ports[0].port: Invalid value: 65536: ' +
            'spec.ports[0].port in body should be less than or equal to 65535',
          rulesNotChecked,
        ],
      },
      {
        why: 'everything but the structure is wrong',
        object: hostObject('broken', {
          node: 'Worker_1',
          interfaceName: 'eth*',
          expectedIPs: ['192.0.2.10/24', 'worker-1'],
          profiles: ['No Profile'],
          ports: [
            { name: '10250', port: 10250, protocol: 'tcp' },
            { name: 'kubelet', port: 10250, protocol: 1 },
          ],
        }),
        errors: [
          `spec.node: Invalid value: "Worker_1": ${aName}`,
          'spec.interfaceName: Invalid value: "eth*": must be the name of an interface ' +
            `(1 to 15 letters, digits, '_', '.' and '-'), or "*" for all`,
          'spec.expectedIPs[0]: Invalid value: "192.0.2.10/24": ' +
            'must be an IP address without a prefix length: 192.0.2.10',
          'spec.expectedIPs[1]: Invalid value: "worker-1": must be an IP address, such as 192.0.2.1',
          `spec.profiles[0]: Invalid value: "No Profile": ${aName}`,
          'spec.ports[0].name: Invalid value: "10250": ' +
            'must be the name of a port, such as https; a name has at least one letter',
          'spec.ports[0].protocol: Invalid value: "tcp": ' +
            'must be a protocol with ports: TCP, UDP, SCTP, 6, 17 or 132; did you mean "TCP"?',
          'spec.ports[1].protocol: Invalid value: 1: ' +
            'must be a protocol with ports: TCP, UDP, SCTP, 6, 17 or 132',
        ],
      },
      {
        why: 'a port without its number',
        object: {
          ...hostObject('broken', {}),
          spec: { node: 'worker-1', interfaceName: 'eth0', ports: [{ name: 'kubelet', protocol: 'TCP' }] },
        },
        errors: ['spec.ports[0].port: Required value', rulesNotChecked],
      },
      {
        why: 'an address twice',
        object: hostObject('broken', { node: 'worker-1', expectedIPs: ['192.0.2.10', '192.0.2.10'] }),
        errors: ['spec.expectedIPs[1]: Duplicate value: "192.0.2.10"'],
      },
      {
        why: 'no spec',
        object: { apiVersion, kind: 'HostEndpoint', metadata: { name: 'broken' } },
        errors: ['spec: Required value', rulesNotChecked],
      },
    ],
  },
};
