type Fields = Record<string, unknown>;

/** An object without what differs between servers: apiVersion, kind, some of metadata, spec and status. */
export interface Content {
  kind: string;
  metadata: { labels?: Fields | undefined; [field: string]: unknown };
  spec?: Fields | undefined;
  [field: string]: unknown;
}

/** Sets what is absent. */
function fill(target: Fields, defaults: Fields): void {
  for (const [name, value] of Object.entries(defaults)) target[name] ??= value;
}

function some(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function completePolicy(content: Content, spec: Fields): void {
  const both = some(spec.ingress) && some(spec.egress);
  fill(spec, {
    tier: 'default',
    types: both ? ['Ingress', 'Egress'] : some(spec.egress) ? ['Egress'] : ['Ingress'],
  });
  content.metadata.labels = { ...content.metadata.labels, 'projectcalico.org/tier': spec.tier };
}

/** A pool gets the canonical text of its range; that of an IPv6 address is what it is in a URL. */
function canonicalRange(cidr: string): string {
  const [address, length] = cidr.split('/');
  if (!address?.includes(':')) return cidr;
  return `${new URL(`http://[${address}]`).hostname.slice(1, -1)}/${length}`;
}

function completePool(spec: Fields): void {
  spec.cidr = canonicalRange(String(spec.cidr));
  fill(spec, {
    blockSize: String(spec.cidr).includes(':') ? 122 : 26,
    ipipMode: 'Never',
    vxlanMode: 'Never',
    allowedUses: ['Workload', 'Tunnel'],
  });
}

function completeFelix(spec: Fields): void {
  fill(spec, {
    floatingIPs: 'Disabled',
    bpfConnectTimeLoadBalancing: 'TCP',
    bpfHostNetworkedNATWithoutCTLB: 'Enabled',
  });
}

/** Numbers in strings become numbers where Calico's types are numbers or strings: ports and protocols. */
function withNumbers(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map(item => withNumbers(item, field));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withNumbers(one, name)]));
  }
  const isNumber = /^(ports|notPorts|protocol|notProtocol)$/.test(field) && /^\d+$/.test(String(value));
  return isNumber ? Number(value) : value;
}

/**
 * What a kube-apiserver has stored, with what Calico's own client would have filled in beside the defaults of the schema:
 * written down here once more, from its rules, so that the server under test does not judge itself.
 */
export function asCalicoStores(content: Content): Content {
  const complete = structuredClone(content);
  const { kind, spec } = complete;
  if (!spec) return complete;
  if (/^(Staged)?(Global)?NetworkPolicy$/.test(kind)) {
    completePolicy(complete, spec);
    complete.spec = withNumbers(spec) as Fields;
  }
  if (kind === 'Tier') fill(spec, { order: 1000000 });
  if (kind === 'IPPool') completePool(spec);
  if (kind === 'FelixConfiguration') completeFelix(spec);
  if (kind === 'KubeControllersConfiguration') fill(spec, { prometheusMetricsPort: 9094 });
  return complete;
}
