import { array, boolean, integer, object, oneOf, string } from '../../schema/build.ts';
import { durationRule, positiveDurationRule } from '../../schema/checks/duration.ts';
import { keyValueListRule } from '../../schema/checks/key-value-list.ts';
import { runtimeSettingRule } from '../../schema/checks/number.ts';
import { prometheusHostRule } from '../../schema/checks/prometheus-host.ts';
import { orEmpty } from '../../schema/checks/text.ts';
import { healthPartRule } from './felix-rules.ts';
import { duration } from './felix-value.ts';

/** Fields of FelixConfiguration: the process itself (health, metrics, Go runtime, reports, features). */
export const felixProcess = {
  dataplaneDriver: string(
    'Program to start as the dataplane where useInternalDataplaneDriver is false. Default: ' +
      'calico-iptables-plugin.',
  ),
  dataplaneWatchdogTimeout: string(
    'Deprecated: use healthTimeoutOverrides. How long the dataplane may be silent before Felix counts ' +
      'as unhealthy, e.g. 90s. Default: 90s.',
    { rules: [durationRule] },
  ),
  endpointStatusPathPrefix: string(
    'Directory below which Felix leaves a file per workload that is ready, for the CNI plugin to wait ' +
      'for; it must use the same one. Empty turns this off. Default: /var/run/calico.',
  ),
  featureDetectOverride: string(
    'Comma-separated feature=true or feature=false pairs that replace what Felix finds out about the ' +
      'kernel, e.g. SNATFullyRandom=true,RestoreSupportsLock=false. A feature without a value is detected.',
    {
      pattern: '^([a-zA-Z0-9-_]+=(true|false|),)*([a-zA-Z0-9-_]+=(true|false|))?$',
      rules: [keyValueListRule],
    },
  ),
  featureGates: string(
    'Comma-separated feature=value pairs for features that are not yet ready for production. Default: none.',
    {
      pattern: '^([a-zA-Z0-9-_]+=([^=]+),)*([a-zA-Z0-9-_]+=([^=]+))?$',
      rules: [keyValueListRule],
    },
  ),
  goGCThreshold: integer(
    'Growth of the heap, in percent, that starts a garbage collection (GOGC). Twice the value halves ' +
      'the CPU for it and doubles the memory on top. -1 turns it off: set goMemoryLimitMB then. Default: ' +
      '40.',
    { rules: [runtimeSettingRule] },
  ),
  goMaxProcs: integer(
    'Most CPUs that Felix uses at the same time (GOMAXPROCS); -1 is as many as there are. Default: -1.',
    { rules: [runtimeSettingRule] },
  ),
  goMemoryLimitMB: integer(
    'Memory in MB that Felix tries to stay below by collecting garbage (GOMEMLIMIT); set it well below ' +
      'the limit of the pod. -1 is no limit. Default: -1.',
    { rules: [runtimeSettingRule] },
  ),
  healthEnabled: boolean(
    'Whether Felix serves /liveness and /readiness for the probes of Kubernetes. Default: false.',
  ),
  healthHost: string('Address that the health port binds to. Default: localhost.'),
  healthPort: integer('TCP port of the health endpoints. Default: 9099.'),
  healthTimeoutOverrides: array(
    object(
      {
        name: string('Name of the part of Felix as its log shows it, e.g. InternalDataplaneMainLoop.', {
          rules: [healthPartRule],
        }),
        timeout: string('How long this part may be silent, e.g. 5m or 1m30s.', {
          rules: [positiveDurationRule],
        }),
      },
      'A timeout for one part of Felix.',
      { definition: { name: 'HealthTimeoutOverride' }, required: ['name', 'timeout'] },
    ),
    'Longer or shorter timeouts for parts of Felix that count as hung too early or too late. Default: none.',
    { 'x-kubernetes-list-type': 'atomic' },
  ),
  policySyncPathPrefix: string(
    'Directory in which Felix makes sockets to tell sidecars, e.g. for application layer policy, about ' +
      'policy. Empty turns this off. Default: empty.',
  ),
  prometheusGoMetricsEnabled: boolean('Whether the metrics include those of the Go runtime. Default: true.'),
  prometheusMetricsCAFile: string(
    'File, on the node, with the CA certificates that clients of the metrics port are checked against. ' +
      'Default: none.',
  ),
  prometheusMetricsCertFile: string(
    'File, on the node, with the TLS certificate of the metrics port; with prometheusMetricsKeyFile it ' +
      'turns TLS on. Default: none.',
  ),
  prometheusMetricsClientAuth: oneOf(
    ['RequireAndVerifyClientCert', 'RequireAnyClientCert', 'VerifyClientCertIfGiven', 'NoClientCert'],
    'Whether clients of the metrics port must show a certificate, and whether it is checked. Default: ' +
      'NoClientCert.',
  ),
  prometheusMetricsEnabled: boolean('Whether Felix serves metrics for Prometheus. Default: false.'),
  prometheusMetricsHost: string(
    'Address that the metrics port binds to. Default: empty, which is all addresses.',
    { rules: [orEmpty(prometheusHostRule)] },
  ),
  prometheusMetricsKeyFile: string(
    'File, on the node, with the private key of the TLS certificate of the metrics port. Default: none.',
  ),
  prometheusMetricsPort: integer('TCP port that serves metrics. Default: 9091.'),
  prometheusProcessMetricsEnabled: boolean(
    'Whether the metrics include those of the process: CPU, memory, open files. Default: true.',
  ),
  prometheusWireGuardMetricsEnabled: boolean(
    'Whether the metrics include those of the WireGuard devices. Default: true.',
  ),
  usageReportingEnabled: boolean(
    'Whether Felix reports the version and size of the cluster, without names, to projectcalico.org, ' +
      'and logs the security warnings it gets back. Default: true.',
  ),
  usageReportingInitialDelay: duration(
    'Shortest time between the start of Felix and its first usage report, e.g. 5m. Default: 5m.',
  ),
  usageReportingInterval: duration('Time between two usage reports, e.g. 24h. Default: 24h.'),
  useInternalDataplaneDriver: boolean(
    'Whether Felix programs the kernel itself; false starts dataplaneDriver for it. Default: true.',
  ),
};
