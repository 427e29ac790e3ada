import { limits } from '../limits.ts';
import { badRequest } from '../machinery/status.ts';

/** What a request is about, told from its method and target alone (kube-apiserver's RequestInfo). */
export interface RequestInfo {
  /** Whether the path has the form of a resource: at least /apis/GROUP/VERSION/RESOURCE. */
  isResource: boolean;
  /** The path, decoded, without the trailing slash. */
  path: string;
  /** get, list, watch, create … for a resource; the lower-case method otherwise. */
  verb: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  /** Segments after the subresource; a path that has any leads nowhere. */
  rest: string[];
}

/** A request target in parts. */
export interface RequestTarget {
  segments: string[];
  query: URLSearchParams;
}

const verbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * Splits a request target into decoded path segments and query. Throws a 400 StatusError for what no client needs and
 * what could make two readers of a path disagree: encoded slashes, empty or dot segments, control characters, broken escapes;
 * and for a query of more than limits.maxQueryParameters.
 */
export function parseTarget(url: string): RequestTarget {
  const origin = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  const rawPath = (mark < 0 ? origin : origin.slice(0, mark)) || '/';
  const query = parseQuery(mark < 0 ? '' : origin.slice(mark + 1));
  if (!rawPath.startsWith('/')) throw badRequest('invalid request path: it must begin with a slash');
  const raw = rawPath.split('/').slice(1);
  if (raw.at(-1) === '') raw.pop();
  return { segments: raw.map(decodeSegment), query };
}

/** Node looks for the `=` of each parameter up to the end of the query, so their number is bounded before it does. */
function parseQuery(text: string): URLSearchParams {
  let at = -1;
  for (let count = 1; ; count++) {
    at = text.indexOf('&', at + 1);
    if (at < 0) return new URLSearchParams(text);
    if (count === limits.maxQueryParameters) {
      throw badRequest(`invalid query: it has more than ${limits.maxQueryParameters} parameters`);
    }
  }
}

/** Reads the verb and the resource out of a request (machinery.md §2.1). */
export function requestInfo(method: string, target: RequestTarget): RequestInfo {
  const { segments, query } = target;
  const info: RequestInfo = {
    isResource: false,
    path: `/${segments.join('/')}`,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    rest: [],
  };
  const head = segments[0] === 'apis' ? 3 : 2;
  if ((segments[0] !== 'apis' && segments[0] !== 'api') || segments.length <= head) return info;
  info.isResource = true;
  info.group = head === 3 ? segments[1]! : '';
  info.version = segments[head - 1]!;
  let parts = segments.slice(head);
  const deprecatedWatch = parts[0] === 'watch' && parts.length > 1;
  if (deprecatedWatch) parts = parts.slice(1);
  if (parts[0] === 'namespaces' && parts.length > 1) {
    info.namespace = parts[1]!;
    if (parts.length > 2) parts = parts.slice(2);
  }
  const [resource = '', name = '', subresource = '', ...rest] = parts;
  Object.assign(info, { resource, name, subresource, rest });
  info.verb = deprecatedWatch ? 'watch' : resourceVerb(method, name, query);
  return info;
}

/** Whether the query asks for a watch: any value of `watch` but false and 0 does, an empty one too. */
export function asksForWatch(query: URLSearchParams): boolean {
  const value = query.get('watch');
  return value !== null && !['false', '0'].includes(value.toLowerCase());
}

function resourceVerb(method: string, name: string, query: URLSearchParams): string {
  const verb = Object.hasOwn(verbs, method) ? verbs[method]! : '';
  if (name) return verb;
  if (verb === 'get') return asksForWatch(query) ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

function decodeSegment(raw: string): string {
  if (raw === '') throw badRequest('invalid request path: it has an empty segment');
  let segment = raw;
  if (raw.includes('%')) {
    try {
      segment = decodeURIComponent(raw);
    } catch {
      throw badRequest(`invalid request path: invalid URL escape in ${JSON.stringify(raw)}`);
    }
  }
  if (segment === '.' || segment === '..') throw badRequest('invalid request path: it has a dot segment');
  if (segment.includes('/')) throw badRequest('invalid request path: it has an encoded slash');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(segment)) {
    throw badRequest('invalid request path: it has a control character');
  }
  return segment;
}
