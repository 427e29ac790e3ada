import { limits } from '../limits.ts';

export type OptionType = 'string' | 'integer' | 'boolean' | 'list' | 'duration' | 'bytes';

/**
 * Every option of `tortie serve`, in one table: flag, environment variable, default and text come from here.
 * A flag has Kubernetes' own name where Kubernetes has one.
 */
interface Option {
  type: OptionType;
  /** Printed as the default; undefined: none. */
  default?: string | number | boolean | readonly string[];
  /** A name for the value in the usage line. */
  value?: string;
  text: string;
  /** The variable by which Calico's own components know it; also with CALICO_ before it, which wins. */
  calico?: string;
  section: 'Serving' | 'Storage' | 'Authentication' | 'Authorization' | 'Limits' | 'Logging';
}

export const optionTable = {
  'bind-address': {
    type: 'string',
    default: '127.0.0.1',
    value: 'ADDRESS',
    section: 'Serving',
    text: 'Address to listen on.',
  },
  'secure-port': {
    type: 'integer',
    default: 5443,
    value: 'PORT',
    section: 'Serving',
    text: 'Port to serve HTTPS on; 0 takes a free one.',
  },
  'tls-cert-file': {
    type: 'string',
    value: 'FILE',
    section: 'Serving',
    text: 'Serving certificate, PEM, intermediates after it. Without it the server makes its own in the data directory. Read again when it changes.',
  },
  'tls-private-key-file': {
    type: 'string',
    value: 'FILE',
    section: 'Serving',
    text: 'Key of --tls-cert-file.',
  },
  'tls-extra-sans': {
    type: 'list',
    default: [],
    value: 'NAMES',
    section: 'Serving',
    text: 'Further DNS names and addresses for the serving certificate that the server makes itself.',
  },
  'disable-http2-serving': {
    type: 'boolean',
    default: false,
    section: 'Serving',
    text: 'Offer HTTP/1.1 only.',
  },
  'http2-max-streams-per-connection': {
    type: 'integer',
    default: limits.maxStreamsPerConnection,
    value: 'N',
    section: 'Serving',
    text: 'HTTP/2 streams at once on one connection.',
  },
  'shutdown-delay-duration': {
    type: 'duration',
    default: '0s',
    value: 'DURATION',
    section: 'Serving',
    text: 'How long to go on serving after /readyz has begun to fail at shutdown.',
  },
  'data-dir': {
    type: 'string',
    default: '.tortie',
    value: 'DIR',
    section: 'Storage',
    text: 'Directory of the embedded store, the certificates and the kubeconfig that the server makes.',
  },
  'accept-store': {
    type: 'string',
    value: 'ID',
    section: 'Storage',
    text: 'Start although the data directory was used with the embedded store ID, which is missing, empty, another or older now. The refusal at start names the ID; the store that is served then has another one, so the flag has no effect later.',
  },
  datastore: {
    type: 'string',
    default: 'embedded',
    value: 'NAME',
    section: 'Storage',
    calico: 'DATASTORE_TYPE',
    text: "Where objects are kept: `embedded` (a file in the data directory), `memory` (lost at exit), `etcd` (Calico's own, also `etcdv3`) or `kubernetes` (the CRDs of Calico in a cluster).",
  },
  'etcd-endpoints': {
    type: 'list',
    default: [],
    value: 'URLS',
    section: 'Storage',
    calico: 'ETCD_ENDPOINTS',
    text: 'Members of etcd, each as https://host:port or http://host:port.',
  },
  'etcd-ca-cert': {
    type: 'string',
    value: 'FILE',
    section: 'Storage',
    calico: 'ETCD_CA_CERT_FILE',
    text: "CA of etcd's certificate, PEM; those that the system trusts without it.",
  },
  'etcd-cert': {
    type: 'string',
    value: 'FILE',
    section: 'Storage',
    calico: 'ETCD_CERT_FILE',
    text: 'Client certificate for etcd, PEM.',
  },
  'etcd-key': {
    type: 'string',
    value: 'FILE',
    section: 'Storage',
    calico: 'ETCD_KEY_FILE',
    text: 'Key of --etcd-cert.',
  },
  'etcd-username': {
    type: 'string',
    value: 'NAME',
    section: 'Storage',
    calico: 'ETCD_USERNAME',
    text: 'User of etcd, where it has users.',
  },
  'etcd-password': {
    type: 'string',
    value: 'PASSWORD',
    section: 'Storage',
    calico: 'ETCD_PASSWORD',
    text: 'Password of --etcd-username; better given by a variable or a file.',
  },
  'etcd-password-file': {
    type: 'string',
    value: 'FILE',
    section: 'Storage',
    text: 'File that holds the password of --etcd-username.',
  },
  'datastore-kubeconfig': {
    type: 'string',
    value: 'FILE',
    section: 'Storage',
    text: 'Kubeconfig of the cluster that is the datastore `kubernetes`; that of --kubeconfig when none is given, else the service account of the pod.',
  },
  'datastore-lease-namespace': {
    type: 'string',
    default: 'kube-system',
    value: 'NAMESPACE',
    section: 'Storage',
    text: 'Namespace of the Leases by which servers on one datastore `kubernetes` take turns; the same for all of them.',
  },
  'allow-separate-datastore': {
    type: 'boolean',
    default: false,
    section: 'Storage',
    text: "Start even though the cluster has Calico's CRDs, whose readers will not see this server's objects.",
  },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    section: 'Authentication',
    text: 'Kubeconfig of the cluster that this server belongs to; the default of the next two. In a pod the service account is used when none is given.',
  },
  'authentication-kubeconfig': {
    type: 'string',
    value: 'FILE',
    section: 'Authentication',
    text: 'Kubeconfig for TokenReviews and for reading the ConfigMap extension-apiserver-authentication.',
  },
  'authentication-skip-lookup': {
    type: 'boolean',
    default: false,
    section: 'Authentication',
    text: 'Do not read that ConfigMap: only the flags say whom to trust.',
  },
  'authentication-tolerate-lookup-failure': {
    type: 'boolean',
    default: false,
    section: 'Authentication',
    text: 'Be ready even while that ConfigMap cannot be read.',
  },
  'client-ca-file': {
    type: 'string',
    value: 'FILE',
    section: 'Authentication',
    text: 'CA of client certificates. Read again when it changes.',
  },
  'requestheader-client-ca-file': {
    type: 'string',
    value: 'FILE',
    section: 'Authentication',
    text: 'CA of the front proxy, whose X-Remote-* headers are believed. Read again when it changes.',
  },
  'requestheader-allowed-names': {
    type: 'list',
    default: [],
    value: 'NAMES',
    section: 'Authentication',
    text: 'Common names that the front proxy may have; any when empty.',
  },
  'requestheader-username-headers': {
    type: 'list',
    default: ['X-Remote-User'],
    value: 'HEADERS',
    section: 'Authentication',
    text: 'Headers that hold the user name.',
  },
  'requestheader-uid-headers': {
    type: 'list',
    default: ['X-Remote-Uid'],
    value: 'HEADERS',
    section: 'Authentication',
    text: 'Headers that hold the user id.',
  },
  'requestheader-group-headers': {
    type: 'list',
    default: ['X-Remote-Group'],
    value: 'HEADERS',
    section: 'Authentication',
    text: 'Headers that hold the groups.',
  },
  'requestheader-extra-headers-prefix': {
    type: 'list',
    default: ['X-Remote-Extra-'],
    value: 'PREFIXES',
    section: 'Authentication',
    text: 'Prefixes of headers that hold further attributes.',
  },
  'authorization-kubeconfig': {
    type: 'string',
    value: 'FILE',
    section: 'Authorization',
    text: 'Kubeconfig for SubjectAccessReviews.',
  },
  'authorization-always-allow-paths': {
    type: 'list',
    default: ['/healthz', '/readyz', '/livez'],
    value: 'PATHS',
    section: 'Authorization',
    text: 'Paths that anybody may read; a trailing * matches the rest.',
  },
  'max-requests-inflight': {
    type: 'integer',
    default: limits.maxReadRequestsInFlight,
    value: 'N',
    section: 'Limits',
    text: 'Reads at once.',
  },
  'max-mutating-requests-inflight': {
    type: 'integer',
    default: limits.maxMutatingRequestsInFlight,
    value: 'N',
    section: 'Limits',
    text: 'Writes at once.',
  },
  'request-timeout': {
    type: 'duration',
    default: '60s',
    value: 'DURATION',
    section: 'Limits',
    text: 'Longest time of any request but a watch.',
  },
  'min-request-timeout': {
    type: 'integer',
    default: limits.minWatchSeconds,
    value: 'SECONDS',
    section: 'Limits',
    text: 'Shortest life of a watch that names no timeout.',
  },
  'memory-limit': {
    type: 'bytes',
    value: 'BYTES',
    section: 'Limits',
    text: 'Memory that the process may use, such as 1Gi or 768Mi; at least 256Mi. By default the limit of its control group, else a quarter of the machine. The server splits it among its parts.',
  },
  v: {
    type: 'integer',
    default: 2,
    value: 'LEVEL',
    section: 'Logging',
    text: 'How much to log: 0 errors, 1 warnings, 2 a line a request, 4 and more for debugging.',
  },
} as const satisfies Record<string, Option>;

type OptionName = keyof typeof optionTable;
type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
type ValueOf<O extends { type: OptionType }> = O['type'] extends 'list'
  ? string[]
  : O['type'] extends 'boolean'
    ? boolean
    : O['type'] extends 'integer' | 'duration' | 'bytes'
      ? O extends { default: unknown }
        ? number
        : number | undefined
      : O extends { default: unknown }
        ? string
        : string | undefined;

/** The values of the flags in a table; durations in ms. Names are the flags' in camel case. */
export type ValuesOf<T extends Record<string, { type: OptionType }>> = {
  [N in keyof T & string as CamelCase<N>]: ValueOf<T[N]>;
};

/** The values of all options. */
export type Options = ValuesOf<typeof optionTable>;

/** The environment variable of a flag: TORTIE_SECURE_PORT for secure-port. */
export function environmentName(flag: string): string {
  return `TORTIE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** All variables of a flag, the first that is set counts: our own, then those of Calico's components. */
export function environmentNames(flag: OptionName): string[] {
  const { calico }: Option = optionTable[flag];
  return [environmentName(flag), ...(calico ? [`CALICO_${calico}`, calico] : [])];
}

/** The name of a flag's value among the options: securePort for secure-port. */
export function camelCase(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

export const optionEntries = Object.entries(optionTable) as [OptionName, Option][];
