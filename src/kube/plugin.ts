import type { KubeConfig, User } from '@kubernetes/client-node';
import type { JsonObject } from '../machinery/json.ts';
import type { Plugin, PluginCredential } from './credentials.ts';
import { absolute, asObject, text } from './fields.ts';

/** The parts of a kubeconfig that its current context points to, as written. */
export interface CurrentContext {
  clusterName: string;
  cluster: JsonObject;
  userName: string;
  user: JsonObject;
}

/** A plugin that waits for a user who is not there must not hold up every request. */
const pluginTimeoutMs = 60_000;

/**
 * Credentials of exec plugins and auth providers (OIDC …), by way of @kubernetes/client-node. It is imported
 * here and nowhere else, and only for such users: it takes about 55 MB of memory and most of a second, and its
 * own reader of kubeconfigs knows no tokenFile.
 */
export function pluginCredentials(context: CurrentContext, folder: string): Plugin {
  let loaded: Promise<KubeConfig> | undefined;
  return {
    async credential() {
      loaded ??= load(context, folder);
      return withinTime(ask(await loaded), context.userName);
    },
    // An exec plugin's answer is kept by the instance. An auth provider's is not dropped: its refresh token
    // may
    // have been exchanged, and the one in the file be void.
    renew() {
      if (context.user.exec) loaded = undefined;
    },
  };
}

async function load(context: CurrentContext, folder: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const { clusterName, cluster, userName } = context;
  config.loadFromOptions({
    clusters: [{ name: clusterName, server: text(cluster, 'server') }],
    users: [pluginUser(context, folder)],
    contexts: [{ name: 'current', cluster: clusterName, user: userName }],
    currentContext: 'current',
  });
  return config;
}

function pluginUser({ cluster, userName, user }: CurrentContext, folder: string): User {
  if (!user.exec) return { name: userName, authProvider: user['auth-provider'] };
  const exec = asObject(user.exec);
  const command = text(exec, 'command') ?? '';
  const environment = Array.isArray(exec.env) ? exec.env : [];
  return {
    name: userName,
    exec: {
      ...exec,
      // A bare name is looked up in PATH, anything else is relative to the kubeconfig (client-go: clientcmd).
      command: command.includes('/') ? absolute(folder, command) : command,
      env: [...environment, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(execInfo(exec, cluster)) }],
    },
  };
}

/**
 * What plugins are told of their caller (client.authentication.k8s.io ExecCredential); some refuse to run
 * without.
 */
function execInfo(exec: JsonObject, cluster: JsonObject): object {
  const fields = [
    'server',
    'tls-server-name',
    'insecure-skip-tls-verify',
    'certificate-authority-data',
    'proxy-url',
  ].filter(field => cluster[field] !== undefined);
  return {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: {
      ...(exec.provideClusterInfo === true && {
        cluster: Object.fromEntries(fields.map(field => [field, cluster[field]])),
      }),
      interactive: false,
    },
  };
}

async function ask(config: KubeConfig): Promise<PluginCredential> {
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
  await config.applyToHTTPSOptions(options);
  const headers = options.headers as Record<string, string> | undefined;
  return {
    ...(headers?.Authorization && { authorization: headers.Authorization }),
    ...(options.cert && { cert: String(options.cert) }),
    ...(options.key && { key: String(options.key) }),
  };
}

async function withinTime<Value>(promise: Promise<Value>, userName: string): Promise<Value> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    timeout.reject(new Error(`the credential plugin of user ${userName} did not answer`));
  }, pluginTimeoutMs);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
