import { createHash } from 'node:crypto';
import { group, version } from '../kinds/kind.ts';
import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import type { Resource } from '../registry/resource.ts';
import { type FixedDocument, fixedDocument, sendDocument } from './document.ts';
import { type Exchange, negotiationInput } from './exchange.ts';
import { sendJson } from './json-body.ts';
import { parseAccept } from './media-type.ts';
import { negotiate } from './negotiation.ts';

/** The verbs of every kind, in the order in which Kubernetes lists them. */
const resourceVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const statusVerbs = ['get', 'patch', 'update'];
const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
const deleteVerbs: ReadonlySet<string> = new Set(['delete', 'deletecollection']);

/** What discovery tells of: a kind, and whether it is only read here. */
type Served = Pick<Resource, 'kind' | 'readOnly'>;

const groupVersion = `${group}/${version}`;

/** All discovery documents of the group, made once. */
export interface Discovery {
  /** Legacy APIGroupList, APIGroup and APIResourceList, as compact JSON. */
  groups: string;
  group: string;
  resources: string;
  aggregated: Record<'v2' | 'v2beta1', FixedDocument>;
}

/** Makes the discovery documents of the resources, sorted by plural (machinery.md §1.3, §1.4). */
export function createDiscovery(resources: Iterable<Served>): Discovery {
  const sorted = [...resources].sort((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1));
  const description = apiGroup();
  return {
    groups: encode({ kind: 'APIGroupList', apiVersion: 'v1', groups: [description] }),
    group: encode({ kind: 'APIGroup', apiVersion: 'v1', ...description }),
    resources: encode({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion,
      resources: sorted.flatMap(apiResources),
    }),
    aggregated: {
      v2: fixedDocument(encode(aggregated(sorted, 'v2'))),
      v2beta1: fixedDocument(encode(aggregated(sorted, 'v2beta1'))),
    },
  };
}

/**
 * Answers GET /apis: the first Accept clause that can be served decides between the aggregated document, in either version,
 * and the legacy list (machinery.md §1.4). The aggregator knows the former by the parameters of its Content-Type.
 */
export async function sendGroups(exchange: Exchange, discovery: Discovery): Promise<void> {
  const wanted = aggregatedVersion(exchange.request.headers.accept);
  if (!wanted) {
    await sendLegacy(exchange, discovery.groups);
    return;
  }
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`;
  await sendDocument(exchange, discovery.aggregated[wanted], contentType, { 'Cache-Control': 'public' });
}

/** Answers with a legacy document, as JSON or YAML. */
export async function sendLegacy(exchange: Exchange, json: string): Promise<void> {
  await sendJson(exchange, 200, json, negotiate(negotiationInput(exchange), 'plain'));
}

/** The version of aggregated discovery that the best clause asks for; undefined when the best is plain. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, subtype, parameters } of parseAccept(accept ?? '')) {
    if (!['application', '*'].includes(type) || !['json', 'yaml', '*'].includes(subtype)) continue;
    const as = parameters.get('as');
    if (as === undefined) return undefined;
    const wanted = parameters.get('v');
    if (as !== 'APIGroupDiscoveryList' || parameters.get('g') !== 'apidiscovery.k8s.io') continue;
    if (subtype !== 'yaml' && (wanted === 'v2' || wanted === 'v2beta1')) return wanted;
  }
  return undefined;
}

function apiGroup(): JsonObject {
  const served = { groupVersion, version };
  return { name: group, versions: [served], preferredVersion: served };
}

function verbsOf(all: string[], { kind, readOnly }: Served): string[] {
  if (readOnly) return all.filter(verb => readVerbs.has(verb));
  return kind.permanent ? all.filter(verb => !deleteVerbs.has(verb)) : all;
}

function apiResources(served: Served): JsonObject[] {
  const { kind } = served;
  const main: JsonObject = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: verbsOf(resourceVerbs, served),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories?.length && { categories: kind.categories }),
    storageVersionHash: storageVersionHash(kind.kind),
  };
  if (!kind.statusSubresource) return [main];
  const status = {
    name: `${kind.plural}/status`,
    singularName: '',
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: verbsOf(statusVerbs, served),
  };
  return [main, status];
}

/** Opaque to clients; the same rule as kube-apiserver's: the hash changes when the stored version does. */
function storageVersionHash(kind: string): string {
  const digest = createHash('sha256').update(`${group}/${version}/${kind}`).digest();
  return digest.subarray(0, 8).toString('base64');
}

function aggregated(resources: Served[], discoveryVersion: 'v2' | 'v2beta1'): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
    metadata: {},
    items: [
      {
        metadata: { name: group },
        versions: [{ version, freshness: 'Current', resources: resources.map(discoveredResource) }],
      },
    ],
  };
}

/** responseKind must be there on resources and subresources alike: client-go 0.26.0 to 0.26.3 fails on null. */
function discoveredResource(served: Served): JsonObject {
  const { kind } = served;
  const responseKind = { group, version, kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(resourceVerbs, served),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories?.length && { categories: kind.categories }),
    ...(kind.statusSubresource && {
      subresources: [{ subresource: 'status', responseKind, verbs: verbsOf(statusVerbs, served) }],
    }),
  };
}
