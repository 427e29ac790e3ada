import { group, version } from '../kinds/kind.ts';
import { methodNotAllowed, methodNotSupported, resourceNotFound } from '../machinery/status.ts';
import type { Resource } from '../registry/resource.ts';
import type { RequestInfo } from './request-info.ts';

/** Where a request for a resource leads. */
export interface Route {
  resource: Resource;
  action: 'list' | 'watch' | 'create' | 'deletecollection' | 'get' | 'update' | 'patch' | 'delete';
  namespace: string;
  /** Empty for collections. */
  name: string;
  subresource: '' | 'status';
}

const collectionActions: Record<string, Route['action']> = {
  GET: 'list',
  HEAD: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};
const itemActions: Record<string, Route['action']> = {
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const readActions: ReadonlySet<Route['action']> = new Set(['list', 'watch', 'get']);
const deleteActions: ReadonlySet<Route['action']> = new Set(['delete', 'deletecollection']);

/**
 * Finds the resource and the action that a method and path name; undefined for another group or version.
 * Throws the Status of a router: 404 for what is no resource of the group, 405 for a method that it does not take,
 * for writes of one that is only read here, and for deletes of one whose objects stay.
 */
export function route(
  method: string,
  info: RequestInfo,
  resources: ReadonlyMap<string, Resource>,
): Route | undefined {
  if (!info.isResource || info.group !== group || info.version !== version) return undefined;
  const { namespace, name, rest } = info;
  const resource = resources.get(info.resource);
  if (!resource || rest.length > 0 || !inScope(resource, info)) throw resourceNotFound();
  const subresource = subresourceOf(resource, info.subresource);
  const action = actionOf(method, info, resource.kind.namespaced, subresource);
  if (!action || (resource.readOnly && !readActions.has(action))) throw methodNotAllowed();
  if (resource.kind.permanent && deleteActions.has(action)) {
    throw methodNotSupported({ group, resource: resource.kind.plural }, 'Delete');
  }
  return { resource, action, namespace, name, subresource };
}

/** One object of a namespaced kind is named with its namespace; cluster-scoped kinds are in none. */
function inScope({ kind }: Resource, { namespace, name, verb }: RequestInfo): boolean {
  if (!kind.namespaced) return namespace === '';
  return namespace !== '' || name === '' || verb === 'watch';
}

function subresourceOf({ kind }: Resource, subresource: string): '' | 'status' {
  if (subresource === '') return '';
  if (subresource !== 'status' || !kind.statusSubresource) throw resourceNotFound();
  return subresource;
}

function actionOf(
  method: string,
  { verb, name, namespace }: RequestInfo,
  namespaced: boolean,
  subresource: '' | 'status',
): Route['action'] | undefined {
  if (verb === 'watch') return method === 'GET' && subresource === '' ? 'watch' : undefined;
  const action = own(name ? itemActions : collectionActions, method);
  // Across all namespaces there is only list and watch.
  if (!name && namespaced && !namespace && action !== 'list') return undefined;
  if (subresource === 'status' && action === 'delete') return undefined;
  return action;
}

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
