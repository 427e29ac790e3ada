import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decode } from '../machinery/decode.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { Log } from '../observability/observability.ts';
import { type ClusterAccess, clusterAccess, type Source } from './credentials.ts';
import { absolute, asObject, text, texts } from './fields.ts';
import { type CurrentContext, pluginCredentials } from './plugin.ts';

export interface LoadOptions {
  log: Log;
  now?: () => number;
}

/**
 * How to reach the cluster of a kubeconfig's current context. Certificates, keys and tokens kept in files are
 * read again when they rotate; exec plugins and auth providers are asked again when their credential expires.
 * Throws when the file cannot be read, has no current context, or names what is not there.
 */
export async function loadKubeconfig(file: string, options: LoadOptions): Promise<ClusterAccess> {
  const context = currentContext(decode(await readFile(file), 'application/yaml').value, file);
  const { cluster, user } = context;
  const folder = dirname(file);
  const plugin = user.exec || user['auth-provider'] ? pluginCredentials(context, folder) : undefined;
  const caSource = source(cluster, 'certificate-authority', folder);
  const tlsServerName = text(cluster, 'tls-server-name');
  const proxyUrl = text(cluster, 'proxy-url');
  return clusterAccess({
    server: text(cluster, 'server')!.replace(/\/+$/, ''),
    ...(proxyUrl && { proxyUrl }),
    ...(tlsServerName && { tlsServerName }),
    ...(cluster['insecure-skip-tls-verify'] === true && { insecureSkipTlsVerify: true }),
    ...(caSource && { ca: caSource }),
    ...optionalSources(user, folder),
    headers: { ...basicAuthorization(user), ...impersonation(user) },
    log: options.log,
    ...(options.now && { now: options.now }),
    ...(plugin && { plugin }),
  });
}

/**
 * How a pod reaches its own cluster: the address from the environment, the token and the CA from the service
 * account's folder (client-go: rest.InClusterConfig). Throws when this is not a pod.
 */
export async function loadInCluster(
  options: LoadOptions & { environment?: NodeJS.ProcessEnv; folder?: string },
): Promise<ClusterAccess> {
  const environment = options.environment ?? process.env;
  const folder = options.folder ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new Error('not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  }
  return clusterAccess({
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: { file: join(folder, 'ca.crt') },
    token: { file: join(folder, 'token') },
    headers: {},
    log: options.log,
    ...(options.now && { now: options.now }),
  });
}

function currentContext(config: Json, file: string): CurrentContext {
  const root = asObject(config);
  const contextName = text(root, 'current-context');
  if (!contextName) throw new Error(`kubeconfig ${file}: no current-context`);
  const named = (list: string, name: string | undefined, field: string): JsonObject => {
    const entries = Array.isArray(root[list]) ? root[list] : [];
    const entry = entries.map(asObject).find(each => each.name === name);
    if (!entry) throw new Error(`kubeconfig ${file}: no ${field} named ${JSON.stringify(name ?? '')}`);
    return asObject(entry[field] ?? null);
  };
  const context = named('contexts', contextName, 'context');
  const clusterName = text(context, 'cluster') ?? '';
  const userName = text(context, 'user') ?? '';
  const cluster = named('clusters', clusterName, 'cluster');
  if (!text(cluster, 'server')) throw new Error(`kubeconfig ${file}: cluster ${clusterName} has no server`);
  return { clusterName, cluster, userName, user: userName ? named('users', userName, 'user') : {} };
}

/** Data in the kubeconfig goes before a file; a path is relative to the kubeconfig (client-go: clientcmd). */
function source(fields: JsonObject, name: string, folder: string): Source | undefined {
  const data = text(fields, `${name}-data`);
  if (data) return { data: Buffer.from(data, 'base64') };
  const file = text(fields, name);
  return file ? { file: absolute(folder, file) } : undefined;
}

function optionalSources(user: JsonObject, folder: string): { cert?: Source; key?: Source; token?: Source } {
  const cert = source(user, 'client-certificate', folder);
  const key = source(user, 'client-key', folder);
  const tokenFile = text(user, 'tokenFile');
  const inline = text(user, 'token');
  const token = tokenFile ? { file: absolute(folder, tokenFile) } : inline && { data: Buffer.from(inline) };
  return { ...(cert && { cert }), ...(key && { key }), ...(token && { token }) };
}

function basicAuthorization(user: JsonObject): Record<string, string> {
  const name = text(user, 'username');
  if (!name) return {};
  const password = text(user, 'password') ?? '';
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

function impersonation(user: JsonObject): Record<string, string | string[]> {
  const name = text(user, 'as');
  if (!name) return {};
  const uid = text(user, 'as-uid');
  const groups = texts(user['as-groups']);
  const extra = Object.entries(asObject(user['as-user-extra'] ?? {}));
  return {
    'impersonate-user': name,
    ...(uid && { 'impersonate-uid': uid }),
    ...(groups.length > 0 && { 'impersonate-group': groups }),
    ...Object.fromEntries(
      extra.map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
        texts(values),
      ]),
    ),
  };
}
