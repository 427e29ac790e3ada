import type { Attributes, Authorizer, SelectorRequirement } from '../access/user.ts';
import type { Kind } from '../kinds/kind.ts';
import { parseFieldSelector } from '../machinery/field-selector.ts';
import { type LabelRequirement, parseLabelSelector } from '../machinery/label-selector.ts';
import { forbidden, StatusError } from '../machinery/status.ts';
import { internalText } from './authentication.ts';
import type { Exchange } from './exchange.ts';
import { healthEndpoints } from './health.ts';
import type { RequestInfo } from './request-info.ts';

export interface AuthorizationOptions {
  authorizer: Authorizer;
  alwaysAllowPaths: string[];
  kinds: ReadonlyMap<string, Kind>;
}

const alwaysAllowed = healthEndpoints.map(endpoint => `/${endpoint}`);

/**
 * Asks whether the user may do what the request is about; before routing, so that those without rights do not learn
 * what exists. The health endpoints themselves are open to all; `alwaysAllowPaths` adds paths, with `*` at the end for a prefix.
 * Throws the 403 StatusError, or a 500 in text when the question cannot be answered.
 */
export async function authorize(exchange: Exchange, options: AuthorizationOptions): Promise<void> {
  const { info } = exchange;
  if (!info.isResource && isAlwaysAllowed(info.path, options.alwaysAllowPaths)) return;
  await decide(exchange, attributesOf(exchange, options.kinds), options);
}

/** Asks whether the user may create the object that a request names which is no create itself. Throws as `authorize` does. */
export async function authorizeCreate(exchange: Exchange, options: AuthorizationOptions): Promise<void> {
  await decide(exchange, { ...attributesOf(exchange, options.kinds), verb: 'create' }, options);
}

async function decide(
  exchange: Exchange,
  attributes: Attributes,
  options: AuthorizationOptions,
): Promise<void> {
  const { user, abort } = exchange;
  let decision: Awaited<ReturnType<Authorizer>>;
  try {
    decision = await options.authorizer(user, attributes, abort.signal);
  } catch (error) {
    abort.signal.throwIfAborted();
    if (error instanceof StatusError) throw error;
    throw internalText(exchange, error);
  }
  if (decision.allowed) return;
  const message = forbiddenMessage(user.name, attributes);
  const sentence = decision.reason ? `${message}: ${decision.reason}` : message;
  if ('path' in attributes) throw forbidden(undefined, '', sentence);
  throw forbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, sentence);
}

function isAlwaysAllowed(path: string, patterns: string[]): boolean {
  if (alwaysAllowed.includes(path)) return true;
  return patterns.some(pattern =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
}

/**
 * What an authorizer is asked (kube-apiserver's attributes of a request). A list or watch of the one object that
 * `fieldSelector=metadata.name=x` names counts as about x, which is what lets rights by resourceNames cover it.
 * Selectors are told for collections, where they can be parsed.
 */
export function attributesOf(exchange: Exchange, kinds: ReadonlyMap<string, Kind>): Attributes {
  const { info, query } = exchange;
  if (!info.isResource) return { path: info.path, verb: info.verb };
  const { resource, subresource, group, version, namespace, verb } = info;
  const attributes = { resource, subresource, group, version, namespace, name: info.name, verb };
  if (info.name || !['list', 'watch', 'deletecollection'].includes(verb)) return attributes;
  const fields = fieldRequirements(query.get('fieldSelector') ?? '', kinds.get(resource));
  const labels = labelRequirements(query.get('labelSelector') ?? '');
  const name = verb === 'deletecollection' ? undefined : fields?.name;
  return {
    ...attributes,
    name: name ?? '',
    ...(fields && fields.requirements.length > 0 && { fieldSelector: fields.requirements }),
    ...(labels && labels.length > 0 && { labelSelector: labels }),
  };
}

function fieldRequirements(
  text: string,
  kind: Kind | undefined,
): { requirements: SelectorRequirement[]; name: string | undefined } | undefined {
  if (!text) return undefined;
  try {
    const supported = ['metadata.name', 'metadata.namespace', ...(kind?.selectableFields ?? [])];
    const selector = parseFieldSelector(text, supported);
    const requirements = selector.requirements.map(({ field, operator, value }) => ({
      key: field,
      operator: operator === '=' ? ('In' as const) : ('NotIn' as const),
      values: [value],
    }));
    const name = selector.exact('metadata.name');
    return { requirements, name: name && isPathSegment(name) ? name : undefined };
  } catch {
    return undefined;
  }
}

function labelRequirements(text: string): SelectorRequirement[] | undefined {
  if (!text) return undefined;
  try {
    return parseLabelSelector(text).requirements.flatMap(labelRequirement);
  } catch {
    return undefined;
  }
}

/** `>` and `<` have no form in a review and are left out: the review is then about more than is asked for, never less. */
function labelRequirement({ key, operator, values }: LabelRequirement): SelectorRequirement[] {
  switch (operator) {
    case '=':
    case 'in':
      return [{ key, operator: 'In', values }];
    case '!=':
    case 'notin':
      return [{ key, operator: 'NotIn', values }];
    case 'exists':
      return [{ key, operator: 'Exists' }];
    case '!':
      return [{ key, operator: 'DoesNotExist' }];
    default:
      return [];
  }
}

function isPathSegment(name: string): boolean {
  return name !== '.' && name !== '..' && !/[/%]/.test(name);
}

/** Text from the request is escaped, since a browser may show it. */
function forbiddenMessage(userName: string, attributes: Attributes): string {
  const user = `User ${JSON.stringify(userName)} cannot ${attributes.verb}`;
  return escapeHtml(
    'path' in attributes
      ? `${user} path ${JSON.stringify(attributes.path)}`
      : `${user} ${subject(attributes)}`,
  );
}

function subject(attributes: Pick<RequestInfo, 'resource' | 'subresource' | 'group' | 'namespace'>): string {
  const { resource, subresource, group, namespace } = attributes;
  const name = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `resource ${JSON.stringify(name)} in API group ${JSON.stringify(group)} ${where}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
