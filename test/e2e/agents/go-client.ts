import type { Answer, Client } from '../client.ts';

/** An object as Go's encoder prints it and as the server answers it. Integers beyond 2^53 are bigint. */
export interface CalicoObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    finalizers?: string[];
    deletionTimestamp?: string;
    annotations?: Record<string, string>;
    generation?: number;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export interface CalicoList {
  kind: string;
  metadata: { resourceVersion: string; continue?: string };
  items: CalicoObject[];
}

export interface StatusBody {
  kind: string;
  status: string;
  message: string;
  reason: string;
  code: number;
  details?: { name?: string; group?: string; kind?: string };
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: CalicoObject & Partial<StatusBody>;
}

/**
 * The Accept headers of the two clients in Calico's components: libcalico-go's, which sends JSON and would rather read protobuf, and
 * the generated one with the informers of kube-controllers.
 */
export const acceptOf = {
  datastore: 'application/vnd.kubernetes.protobuf,application/json',
  informer: 'application/json, */*',
} as const;
export type ClientKind = keyof typeof acceptOf;

const root = '/apis/projectcalico.org/v3';
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Reads JSON with integers as they are: as bigint where a number cannot hold them. */
export function exactJson<T>(text: string): T {
  const revive = (_key: string, value: unknown, context?: { source?: string }) => {
    const exact = typeof value !== 'number' || Number.isSafeInteger(value) || !context?.source;
    return exact || !/^-?\d+$/.test(context.source!) ? value : BigInt(context.source!);
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** The opposite of exactJson. */
export function exactText(value: unknown): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? rawJSON(String(each)) : each));
}

/** The path of a collection, or of one object in it. */
export function pathOf(plural: string, { namespace = '', name = '' } = {}): string {
  const scope = namespace ? `/namespaces/${namespace}` : '';
  return `${root}${scope}/${plural}${name ? `/${encodeURIComponent(name)}` : ''}`;
}

/** An answer that is no success. */
export class Refused extends Error {
  readonly status: StatusBody;

  constructor(what: string, answer: Answer) {
    super(`${what}: ${answer.status} ${answer.text}`);
    // kube-apiserver says in plain text that the server behind it cannot be reached.
    this.status = answer.text.startsWith('{')
      ? answer.json<StatusBody>()
      : { kind: '', status: '', message: answer.text, reason: '', code: answer.status };
  }
}

/** The requests that the Go clients make, each with the method, the query, the headers and the body that they send. */
export interface GoClient {
  create(plural: string, object: CalicoObject): Promise<CalicoObject>;
  update(plural: string, object: CalicoObject): Promise<CalicoObject>;
  updateStatus(plural: string, object: CalicoObject): Promise<CalicoObject>;
  /** A merge patch. */
  patch(plural: string, name: string, patch: object): Promise<CalicoObject>;
  get(plural: string, name: string, namespace?: string): Promise<CalicoObject>;
  /** One request of a list; `query` is sent as it is. */
  page(plural: string, query: string): Promise<CalicoList>;
  /** A whole list, by pages of 500. `resourceVersion` comes with NotOlderThan. */
  list(plural: string, options?: { resourceVersion?: string; selector?: string }): Promise<CalicoList>;
  /** With the precondition that the object is still this one. */
  remove(plural: string, object: CalicoObject): Promise<StatusBody>;
  /** Opens a watch; throws Refused when it is answered by anything but 200. */
  watch(plural: string, query: string): Promise<EventStream>;
}

/** The client of one component. Each method throws Refused for an answer that is no success. */
export function goClient(client: Client, kind: ClientKind): GoClient {
  const accept = acceptOf[kind];
  async function send<T>(method: string, path: string, body?: unknown, contentType = 'application/json') {
    const sent = body === undefined ? {} : { body: exactText(body), contentType };
    const answer = await client.request(method, path, { accept, ...sent });
    if (answer.status >= 300) throw new Refused(`${method} ${path}`, answer);
    return exactJson<T>(answer.text);
  }
  const pathTo = (plural: string, { metadata: { name, namespace = '' } }: CalicoObject) =>
    pathOf(plural, { name, namespace });
  const page: GoClient['page'] = (plural, query) => send('GET', `${pathOf(plural)}?${query}`);
  return {
    create: (plural, object) => {
      const { namespace = '' } = object.metadata;
      return send('POST', pathOf(plural, { namespace }), object);
    },
    update: (plural, object) => send('PUT', pathTo(plural, object), object),
    updateStatus: (plural, object) => send('PUT', `${pathTo(plural, object)}/status`, object),
    patch: (plural, name, patch) =>
      send('PATCH', pathOf(plural, { name }), patch, 'application/merge-patch+json'),
    get: (plural, name, namespace = '') => send('GET', pathOf(plural, { name, namespace })),
    page,
    list: (plural, options) => listAll(page, plural, options),
    remove: (plural, object) => {
      const preconditions = { uid: object.metadata.uid };
      const options = { kind: 'DeleteOptions', apiVersion: 'projectcalico.org/v3', preconditions };
      return send('DELETE', pathTo(plural, object), options);
    },
    watch: (plural, query) => openStream(client, accept, `${pathOf(plural)}?${query}`),
  };
}

/** client-go's pager: the version is asked for on the first page only, and an expired list is read in one piece. */
async function listAll(
  page: GoClient['page'],
  plural: string,
  { resourceVersion = '', selector = '' } = {},
): Promise<CalicoList> {
  const version = resourceVersion
    ? `&resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`
    : '';
  let token = '';
  let list: CalicoList | undefined;
  do {
    const place = token ? `&continue=${encodeURIComponent(token)}` : version;
    try {
      const next = await page(plural, `${selector}limit=500${place}`);
      list = list ? { ...next, items: [...list.items, ...next.items] } : next;
    } catch (error) {
      if (!token || !(error instanceof Refused) || error.status.code !== 410) throw error;
      return page(plural, `${selector}${version}`);
    }
    token = list.metadata.continue ?? '';
  } while (token);
  return list;
}

/** The events of a watch, in the order in which they came. */
export interface EventStream {
  /** The next event; undefined when the stream has ended. Throws when none comes within the time. */
  next(timeoutMs?: number): Promise<WatchEvent | undefined>;
  close(): void;
}

async function openStream(client: Client, accept: string, path: string): Promise<EventStream> {
  const stream = await client.stream(path, { accept });
  const lines = stream.lines[Symbol.asyncIterator]();
  if (stream.status !== 200) {
    const text = (await lines.next()).value ?? '';
    stream.close();
    const answer = { status: stream.status, headers: {}, text, json: <T>() => JSON.parse(text) as T };
    throw new Refused(`GET ${path}`, answer);
  }
  if (stream.contentType !== 'application/json') {
    throw new Error(`GET ${path}: a stream of ${stream.contentType}`);
  }
  return {
    next: async (timeoutMs = 30_000) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        const error = new Error(`GET ${path}: no event within ${timeoutMs} ms`);
        timer = setTimeout(() => reject(error), timeoutMs);
      });
      const line = await Promise.race([lines.next(), late]).finally(() => clearTimeout(timer));
      return line.done ? undefined : exactJson<WatchEvent>(line.value);
    },
    close: stream.close,
  };
}
