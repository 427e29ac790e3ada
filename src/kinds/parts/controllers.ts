import { array, integer, map, object, oneOf, string } from '../../schema/build.ts';
import { durationRule } from '../../schema/checks/duration.ts';
import { annotationsRule, labelsRule } from '../../schema/checks/label.ts';
import { nameRule } from '../../schema/checks/name.ts';
import { cidrRule } from '../../schema/checks/net.ts';
import { regexpRule } from '../../schema/checks/regexp.ts';
import { selectorRule } from '../../schema/checks/selector.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import { defaultHostEndpointRule, templateCompleteRule, templateNamesRule } from './controllers-rules.ts';

function period(text: string) {
  return string(`${text}, e.g. 5m or 90s. Default: 5m.`, { rules: [durationRule] });
}

/** A controller that has nothing to set but how often it compares everything. */
function reconciler(name: string, text: string) {
  return object(
    { reconcilerPeriod: period('Time between two complete comparisons with the datastore') },
    `${text} Leave it out to turn the controller off.`,
    { definition: { name } },
  );
}

const hostEndpointTemplate = object(
  {
    annotations: map(string('Value of the annotation.'), 'Annotations for the HostEndpoints made.', {
      rules: [annotationsRule],
    }),
    generateName: string(
      'Suffix of the names of the HostEndpoints made: <node>-<generateName>-auto-hep. Must differ from ' +
        'that of other templates.',
      { maxLength: 253, rules: [orEmpty(nameRule)] },
    ),
    interfaceCIDRs: array(
      string('A range, e.g. 192.0.2.0/24, or a single address.', { rules: [cidrRule] }),
      'Only addresses of the node within these ranges become expectedIPs of the HostEndpoint. Needed ' +
        'where there is no interfacePattern.',
      { 'x-kubernetes-list-type': 'set' },
    ),
    interfacePattern: string(
      'Regular expression for names of interfaces; each interface of the node that matches gets a ' +
        'HostEndpoint, e.g. ^eth[0-9]+$.',
      { rules: [regexpRule] },
    ),
    labels: map(string('Value of the label.'), 'Labels for the HostEndpoints made, over those of the node.', {
      rules: [labelsRule],
    }),
    nodeSelector: string('The nodes that get the HostEndpoints, e.g. zone == "west".', {
      rules: [selectorRule],
    }),
  },
  'A kind of HostEndpoint to make. Needs generateName, and interfaceCIDRs or interfacePattern.',
  { definition: { name: 'Template' }, rules: [templateCompleteRule] },
);

const node = object(
  {
    hostEndpoint: object(
      {
        autoCreate: oneOf(
          ['Enabled', 'Disabled'],
          'Whether HostEndpoints are made for nodes at all. Default: Disabled.',
        ),
        createDefaultHostEndpoint: string(
          'Enabled or Disabled: whether each node gets a HostEndpoint for all its interfaces beside ' +
            'those of the templates. Default: Enabled.',
          { rules: [defaultHostEndpointRule] },
        ),
        templates: array(
          hostEndpointTemplate,
          'HostEndpoints to make for chosen interfaces or addresses of nodes.',
          {
            'x-kubernetes-list-type': 'atomic',
            rules: [templateNamesRule],
          },
        ),
      },
      'Makes HostEndpoints for the nodes, so that policy can protect them.',
      { definition: { name: 'AutoHostEndpointConfig' } },
    ),
    leakGracePeriod: string(
      'How long an address must be without a pod before it counts as leaked and is released, e.g. 15m; ' +
        '0s turns this off. Default: 15m.',
      { rules: [durationRule] },
    ),
    reconcilerPeriod: period('Time between two complete comparisons of the nodes with the datastore'),
    syncLabels: oneOf(
      ['Enabled', 'Disabled'],
      'Whether labels of Kubernetes nodes are copied to Calico nodes (etcd datastore). Default: Enabled.',
    ),
  },
  'Cleans up after nodes that are gone, releases leaked addresses and can make HostEndpoints. Leave it ' +
    'out to turn the controller off.',
  { definition: { name: 'NodeControllerConfig' } },
);

/** `spec.controllers`, which `status.runningConfig` repeats. */
export const controllers = object(
  {
    loadBalancer: object(
      {
        assignIPs: oneOf(
          ['AllServices', 'RequestedServicesOnly'],
          'Which Services get an address: all of type LoadBalancer, or only those that ask for a Calico ' +
            'pool or address by annotation. Default: AllServices.',
          { default: 'AllServices' },
        ),
      },
      'Assigns addresses from LoadBalancer pools to Services. Leave it out to turn the controller off.',
      { definition: { name: 'LoadBalancerControllerConfig' } },
    ),
    migration: object(
      {
        policyNameMigrator: oneOf(
          ['Disabled', 'Enabled'],
          'Whether stored policies with names of the older style are renamed. Default: Enabled.',
          { default: 'Enabled' },
        ),
      },
      'Moves data of earlier releases to its present form.',
      { definition: { name: 'MigrationControllerConfig' } },
    ),
    namespace: reconciler('NamespaceControllerConfig', 'Copies namespaces to Profiles (etcd datastore).'),
    node,
    policy: reconciler(
      'PolicyControllerConfig',
      'Copies Kubernetes network policies to Calico policies (etcd datastore).',
    ),
    serviceAccount: reconciler(
      'ServiceAccountControllerConfig',
      'Copies service accounts to Profiles (etcd datastore).',
    ),
    workloadEndpoint: reconciler(
      'WorkloadEndpointControllerConfig',
      'Copies labels of pods to workload endpoints (etcd datastore).',
    ),
  },
  'The controllers that run, and their settings. A controller that is left out does not run (migration ' +
    'apart, which then keeps its defaults).',
  { definition: { name: 'ControllersConfig' } },
);

function port(text: string, format: { format?: 'int32' } = {}) {
  return integer(text, { minimum: 0, maximum: 65535, ...format });
}

/** The fields of `spec`, which `status.runningConfig` has as well. */
export const controllersProcess = {
  controllers,
  debugProfilePort: port('Port that serves memory and CPU profiles; 0 is none. Default: none.', {
    format: 'int32',
  }),
  etcdV3CompactionPeriod: string(
    'Time between two compactions of etcd (etcd datastore), e.g. 10m; 0s turns them off. Default: 10m.',
    { rules: [durationRule] },
  ),
  healthChecks: oneOf(
    ['Enabled', 'Disabled'],
    'Whether the process reports its health to the probes of Kubernetes. Default: Enabled.',
    { default: 'Enabled' },
  ),
  logSeverityScreen: oneOf(
    ['None', 'Debug', 'Info', 'Warning', 'Error', 'Fatal', 'Panic'],
    'Least severe messages that are logged; None logs nothing. Default: Info.',
  ),
  prometheusMetricsPort: port('Port that serves metrics for Prometheus; 0 is none. Default: 9094.'),
};
