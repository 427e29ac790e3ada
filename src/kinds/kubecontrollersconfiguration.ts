import { type Infer, map, object, string } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, valueAt } from './parts/column.ts';
import { controllersProcess } from './parts/controllers.ts';
import { controllersDefaults } from './parts/controllers-rules.ts';
import { singletonRule } from './parts/singleton.ts';

const kind = 'KubeControllersConfiguration';
const description =
  'Settings of calico-kube-controllers, the process that keeps Calico in step with Kubernetes. There is ' +
  'one object, named default; environment variables of the process win over it.';

const spec = object(controllersProcess, 'The settings of the process.', { required: ['controllers'] });

export type KubeControllersConfigurationSpec = Infer<typeof spec>;

const status = object(
  {
    environmentVars: map(
      string('Value of the variable.'),
      'Environment variables of the process that changed settings, e.g. LOG_LEVEL: debug.',
    ),
    runningConfig: object(
      controllersProcess,
      'The settings in effect: spec with the environment variables applied.',
      {
        definition: { name: 'KubeControllersConfigurationSpec', description: 'The settings of the process.' },
        required: ['controllers'],
      },
    ),
  },
  'What the process really runs with.',
);

export type KubeControllersConfigurationStatus = Infer<typeof status>;

export const kubeControllersConfiguration: Kind = {
  kind,
  plural: 'kubecontrollersconfigurations',
  singular: 'kubecontrollersconfiguration',
  shortNames: ['kcc', 'kccs', 'kcconfig'],
  namespaced: false,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description,
  schema: object({ spec, status }, description, { required: ['spec'], rules: [singletonRule] }),
  selectableFields: [],
  columns: [
    {
      name: 'Controllers',
      type: 'string',
      description: 'The controllers that run.',
      value: source =>
        Object.keys((valueAt(source, 'spec.controllers') as object | undefined) ?? {}).join(','),
    },
    fieldColumn({
      name: 'Health-Checks',
      type: 'string',
      path: 'spec.healthChecks',
      description: 'Whether the process reports its health.',
    }),
    fieldColumn({
      name: 'Log-Severity',
      type: 'string',
      path: 'spec.logSeverityScreen',
      fallback: 'Info',
      description: 'Least severe messages that are logged.',
    }),
    fieldColumn({
      name: 'Metrics-Port',
      type: 'integer',
      path: 'spec.prometheusMetricsPort',
      priority: 1,
      description: 'Port that serves metrics.',
    }),
    ageColumn,
  ],
  defaults: controllersDefaults,
  examples: {
    valid: [
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          logSeverityScreen: 'Info',
          healthChecks: 'Enabled',
          etcdV3CompactionPeriod: '10m',
          prometheusMetricsPort: 9094,
          debugProfilePort: 9095,
          controllers: {
            node: {
              reconcilerPeriod: '5m',
              leakGracePeriod: '15m',
              syncLabels: 'Enabled',
              hostEndpoint: {
                autoCreate: 'Enabled',
                createDefaultHostEndpoint: 'Disabled',
                templates: [
                  {
                    generateName: 'storage',
                    interfaceCIDRs: ['192.0.2.0/24', '2001:db8::/32'],
                    interfacePattern: '^eth[0-9]+$',
                    nodeSelector: 'zone == "west"',
                    labels: { network: 'storage' },
                    annotations: { 'example.com/owner': 'platform' },
                  },
                ],
              },
            },
            policy: { reconcilerPeriod: '5m' },
            workloadEndpoint: { reconcilerPeriod: '5m' },
            serviceAccount: { reconcilerPeriod: '5m' },
            namespace: { reconcilerPeriod: '5m' },
            loadBalancer: { assignIPs: 'RequestedServicesOnly' },
            migration: { policyNameMigrator: 'Disabled' },
          },
        } satisfies KubeControllersConfigurationSpec,
        status: {
          environmentVars: { LOG_LEVEL: 'debug', ENABLED_CONTROLLERS: 'node' },
          runningConfig: {
            logSeverityScreen: 'Debug',
            healthChecks: 'Enabled',
            prometheusMetricsPort: 9094,
            controllers: { node: { syncLabels: 'Enabled', leakGracePeriod: '15m0s' } },
          },
        } satisfies KubeControllersConfigurationStatus,
      },
      {
        apiVersion,
        kind,
        metadata: { name: 'default' },
        spec: {
          controllers: { node: { leakGracePeriod: '0s' }, loadBalancer: {} },
          prometheusMetricsPort: 0,
        },
      },
    ],
    invalid: [
      {
        why: 'no controllers',
        object: { apiVersion, kind, metadata: { name: 'default' }, spec: { healthChecks: 'Enabled' } },
        errors: ['spec.controllers: Required value'],
      },
      {
        why: 'another name',
        object: { apiVersion, kind, metadata: { name: 'west' }, spec: { controllers: {} } },
        errors: [
          'metadata.name: Invalid value: "west": there is only one object of this kind, and its name is ' +
            '"default"',
        ],
      },
      {
        why: 'templates that make no host endpoint, or the same as another',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            controllers: {
              node: {
                leakGracePeriod: '15 minutes',
                hostEndpoint: {
                  createDefaultHostEndpoint: 'enabled',
                  templates: [
                    { generateName: 'storage', interfacePattern: '^eth(' },
                    { generateName: 'storage', interfaceCIDRs: ['192.0.2.300'], labels: { network: 'a b' } },
                    { nodeSelector: 'all()' },
                  ],
                },
              },
            },
          },
        },
        errors: [
          'spec.controllers.node.leakGracePeriod: Invalid value: "15 minutes": must be a duration, such as ' +
            '90s or 1m30s (units: ns, us, ms, s, m, h)',
          'spec.controllers.node.hostEndpoint.createDefaultHostEndpoint: Invalid value: "enabled": must be ' +
            '"Enabled" or "Disabled"; did you mean "Enabled"?',
          'spec.controllers.node.hostEndpoint.templates[0].interfacePattern: Invalid value: "^eth(": must be ' +
            'a regular expression of Go (RE2): missing ) at 5',
          'spec.controllers.node.hostEndpoint.templates[1].interfaceCIDRs[0]: Invalid value: "192.0.2.300": ' +
            'must be a CIDR or an address, such as 10.0.0.0/8 or 192.0.2.1: IPv4 field has value >255',
          'spec.controllers.node.hostEndpoint.templates[1].labels[network]: Invalid value: "a b": a valid ' +
            "label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must " +
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex " +
            "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
          'spec.controllers.node.hostEndpoint.templates[2].generateName: Required value: is needed',
          'spec.controllers.node.hostEndpoint.templates[2]: Invalid value: {"nodeSelector":"all()"}: needs ' +
            'interfaceCIDRs or interfacePattern, or it makes no host endpoint',
          'spec.controllers.node.hostEndpoint.templates[1].generateName: Duplicate value: "storage": is the ' +
            'generateName of an earlier template; each makes names of its own',
        ],
      },
      {
        why: 'a severity in lower case',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { controllers: {}, logSeverityScreen: 'info' },
        },
        errors: [
          'spec.logSeverityScreen: Unsupported value: "info": supported values: "None", "Debug", ' +
            '"Info", "Warning", "Error", "Fatal", "Panic"',
        ],
      },
      {
        why: 'ports beyond the last',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: { controllers: {}, prometheusMetricsPort: 65536, debugProfilePort: -1 },
        },
        errors: [
          'spec.debugProfilePort: Invalid value: -1: spec.debugProfilePort in body should be greater ' +
            'than or equal to 0',
          'spec.prometheusMetricsPort: Invalid value: 65536: spec.prometheusMetricsPort in body should ' +
            'be less than or equal to 65535',
        ],
      },
      {
        why: 'a range given twice, a switch that is neither on nor off',
        object: {
          apiVersion,
          kind,
          metadata: { name: 'default' },
          spec: {
            controllers: {
              node: {
                syncLabels: 'true',
                hostEndpoint: {
                  templates: [{ generateName: 'storage', interfaceCIDRs: ['192.0.2.0/24', '192.0.2.0/24'] }],
                },
              },
            },
          },
        },
        errors: [
          'spec.controllers.node.syncLabels: Unsupported value: "true": supported values: "Enabled", ' +
            '"Disabled"',
          'spec.controllers.node.hostEndpoint.templates[0].interfaceCIDRs[1]: Duplicate value: ' +
            '"192.0.2.0/24"',
        ],
      },
    ],
  },
};
