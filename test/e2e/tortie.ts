import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { clientOf, eventually, probe } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Kubectl } from './kubectl.ts';
import { freePorts, type RunningProcess, startProcess } from './process.ts';
import { root, type Suite } from './suite.ts';

const main = join(root, 'src/main.ts');

export interface Standalone {
  kubeconfig: string;
  url: string;
  process: RunningProcess;
}

/**
 * Starts the server by itself on its embedded store, as `npm start` does, and waits until it says that it is
 * ready. A second start with the same folder finds the data of the first.
 */
export async function startStandalone(
  suite: Suite,
  { folder, args = [], env = {} }: { folder: string; args?: string[]; env?: NodeJS.ProcessEnv },
): Promise<Standalone> {
  const running = await startProcess({
    name: 'tortie',
    command: process.execPath,
    args: [main, 'serve', `--data-dir=${folder}`, '--bind-address=127.0.0.1', ...withPort(args)],
    folder: suite.folder,
    env: { PATH: process.env.PATH, ...env },
  });
  suite.processes.push(running);
  const [, url] = await running.waitForLine(/^Tortie is ready at (https:\/\/127\.0\.0\.1:\d+)/);
  const kubeconfig = join(folder, 'kubeconfig');
  await untilReady(kubeconfig, running);
  return { kubeconfig, url: url!, process: running };
}

function withPort(args: string[]): string[] {
  return args.some(arg => arg.startsWith('--secure-port')) ? args : ['--secure-port=0', ...args];
}

async function untilReady(kubeconfig: string, running: RunningProcess): Promise<void> {
  const client = await clientOf(kubeconfig);
  const ready = eventually(
    '/readyz',
    () => client.request('GET', '/readyz'),
    answer => answer.status === 200,
    20_000,
  );
  const ended = running.exited.then(code => {
    throw new Error(`tortie ended with ${code}:\n${running.tail()}`);
  });
  await Promise.race([ready, ended]).finally(() => client.close());
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
}

/** The parts of the base's pod that the harness understands. */
interface PodSpec {
  serviceAccountName: string;
  containers: [
    {
      args: string[];
      env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
      ports: [{ containerPort: number }];
      readinessProbe: { httpGet: { path: string } };
      volumeMounts: { name: string; mountPath: string }[];
    },
  ];
  volumes: { name: string }[];
}

/** The objects of a folder of manifests/ as kustomize renders them. */
export async function render(kubectl: Kubectl, folder: string): Promise<KubernetesObject[]> {
  const text = await kubectl.ok(['kustomize', join(root, 'manifests', folder)]);
  return parseAllDocuments(text).map(document => document.toJS());
}

/** The server as manifests/base runs it, behind a kube-apiserver. */
export interface Deployed {
  port: number;
  process: RunningProcess;
  /** The certificate of the CA that the server made, PEM. */
  authority: string;
  /** The data directory. */
  dataDirectory: string;
  /**
   * Ends the process and starts it again on the same volume and port, with these arguments more than the base
   * has. `between` runs while it is down.
   */
  restart(args?: string[], between?: () => Promise<void>): Promise<void>;
}

/**
 * Applies manifests/base to a cluster and runs what its Deployment would run, as a process. What differs from
 * the base: the Service is an ExternalName for this machine, the APIService names the port and the CA. What a
 * node would do for the container is done here: volumes are folders, `$(NAME)` and field references are
 * filled in, 0.0.0.0 is loopback in place of the pod's own network, and the ServiceAccount's token comes in a
 * kubeconfig. `firstArgs` are arguments of the first start beyond those of the base, `folder` is another folder of
 * manifests that has the base in it.
 */
export async function deployBase(
  suite: Suite,
  cluster: Cluster,
  firstArgs: string[] = [],
  folder = 'base',
): Promise<Deployed> {
  const kubectl = await suite.kubectl(cluster.adminKubeconfig);
  const objects = await render(kubectl, folder);
  const [port] = (await freePorts(1)) as [number];
  const isRegistration = ({ kind }: KubernetesObject) => kind === 'APIService';

  await apply(
    kubectl,
    objects.filter(object => !isRegistration(object)).map(object => withExternalName(object)),
  );
  const deployment = objects.find(object => object.kind === 'Deployment')!;
  const command = await commandOf(suite, cluster, kubectl, deployment, port);
  const start = async (args: string[] = []) => {
    const running = await startProcess({ ...command, args: [...command.args, ...args] });
    suite.processes.push(running);
    await untilProbed(port, command.readinessPath, running);
    return running;
  };
  const running = await start(firstArgs);
  // Registered once the server is up: the aggregator asks a server that failed it only a minute later again.
  const dataDirectory = join(command.volumes.get('data')!, 'data');
  const authority = await readFile(join(dataDirectory, 'ca.crt'), 'utf8');
  const caBundle = Buffer.from(authority).toString('base64');
  await apply(
    kubectl,
    objects.filter(isRegistration).map(object => withPortAndCa(object, { port, caBundle })),
  );
  await untilAvailable(kubectl);
  const deployed: Deployed = {
    port,
    authority,
    dataDirectory,
    process: running,
    restart: async (more, between) => {
      await deployed.process.stop();
      await between?.();
      deployed.process = await start(more);
      await untilAvailable(kubectl);
    },
  };
  return deployed;
}

/** Waits until kube-apiserver calls the APIService available, and then sends requests on. */
async function untilAvailable(kubectl: Kubectl): Promise<void> {
  const apiService = 'apiservice/v3.projectcalico.org';
  await kubectl.ok(['wait', '--for=condition=Available', '--timeout=60s', apiService]);
  await eventually(
    'a request through kube-apiserver',
    () => kubectl.run(['get', '--raw', '/apis/projectcalico.org/v3/tiers']),
    ({ code }) => code === 0,
  );
}

async function apply(kubectl: Kubectl, objects: KubernetesObject[]): Promise<void> {
  const documents = objects.map(object => stringify(object)).join('---\n');
  await kubectl.ok(['apply', '-f', '-'], { input: documents });
}

function withExternalName(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Service') return object;
  return { ...object, spec: { ...object.spec, type: 'ExternalName', externalName: 'localhost' } };
}

function withPortAndCa(
  object: KubernetesObject,
  { port, caBundle }: { port: number; caBundle: string },
): KubernetesObject {
  const service = { ...(object.spec!.service as object), port };
  return { ...object, spec: { ...object.spec, service, caBundle } };
}

interface Command {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  folder: string;
  /** The folder of each volume of the pod. */
  volumes: Map<string, string>;
  readinessPath: string;
}

/** The container's command with what a node would give to it. */
async function commandOf(
  suite: Suite,
  cluster: Cluster,
  kubectl: Kubectl,
  deployment: KubernetesObject,
  port: number,
): Promise<Command> {
  const { spec: pod } = deployment.spec!.template as { spec: PodSpec };
  const [container] = pod.containers;
  const namespace = deployment.metadata.namespace!;
  const volumes = new Map<string, string>();
  for (const { name } of pod.volumes) {
    volumes.set(name, join(suite.folder, `volume-${name}`));
    await mkdir(volumes.get(name)!, { recursive: true });
  }
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env) {
    if (valueFrom && valueFrom.fieldRef.fieldPath !== 'metadata.namespace') {
      throw new Error(`the harness does not know the field of the variable ${name}`);
    }
    env[name] = valueFrom ? namespace : (value ?? '');
  }
  const containerPort = container.ports[0].containerPort;
  const onThisMachine = (text: string) => {
    let result = text.replace(/\$\((\w+)\)/g, (_all, name: string) => env[name]!);
    for (const { name, mountPath } of container.volumeMounts) {
      result = result.replaceAll(mountPath, volumes.get(name)!);
    }
    return result.replace('0.0.0.0', '127.0.0.1').replace(`port=${containerPort}`, `port=${port}`);
  };
  const args = container.args.map(onThisMachine);
  const variables = Object.entries(env).map(([name, value]) => [name, onThisMachine(value)]);
  const token = await kubectl.ok(['-n', namespace, 'create', 'token', pod.serviceAccountName]);
  const kubeconfig = await cluster.kubeconfigForToken('service-account', token.trim());
  return {
    name: 'tortie',
    command: process.execPath,
    args: [main, ...args, `--kubeconfig=${kubeconfig}`],
    env: { PATH: process.env.PATH, ...Object.fromEntries(variables) },
    folder: suite.folder,
    volumes,
    readinessPath: container.readinessProbe.httpGet.path,
  };
}

/** Waits as the kubelet does: without a credential, and with any serving certificate. */
async function untilProbed(port: number, path: string, running: RunningProcess): Promise<void> {
  const ready = eventually(
    `the probe of ${path}`,
    () => probe(`https://127.0.0.1:${port}${path}`),
    status => status === 200,
    30_000,
  );
  const ended = running.exited.then(code => {
    throw new Error(`tortie ended with ${code}:\n${running.tail()}`);
  });
  await Promise.race([ready, ended]);
}
