import { type Infer, map, object, string } from '../schema/build.ts';
import { apiVersion, type Kind } from './kind.ts';
import { ageColumn } from './parts/age.ts';
import { fieldColumn, valueAt } from './parts/column.ts';
import { controllersProcess } from './parts/controllers.ts';

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
      { required: ['controllers'] },
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
  schema: object({ spec, status }, description, { required: ['spec'] }),
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
