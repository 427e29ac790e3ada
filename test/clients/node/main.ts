import { createInterface } from 'node:readline';
import {
  ApiException,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
} from '@kubernetes/client-node';
import type { Command, Report } from '../dialogue.ts';

/** `@kubernetes/client-node`: its informer, its list of pages, and its client for objects of any kind. */

const group = 'projectcalico.org';
const version = 'v3';
const config = new KubeConfig();
config.loadFromDefault();
const custom = config.makeApiClient(CustomObjectsApi);
const objects = KubernetesObjectApi.makeApiClient(config);

type List = KubernetesListObject<KubernetesObject>;
let informer: ReturnType<typeof makeInformer<KubernetesObject>>;
const events: [string, string, string][] = [];

const nameOf = (object: KubernetesObject) => object.metadata!.name!;
const versionOf = (object: KubernetesObject) => object.metadata!.resourceVersion!;

async function list({ resource, selector }: Command): Promise<Report> {
  const names: string[] = [];
  let pages = 0;
  let next: string | undefined;
  do {
    const request = { group, version, plural: resource!, labelSelector: selector!, limit: 4 };
    const page: List = await custom.listClusterCustomObject(next ? { ...request, _continue: next } : request);
    pages++;
    names.push(...page.items.map(nameOf));
    next = page.metadata?._continue ?? (page.metadata as { continue?: string } | undefined)?.continue;
  } while (next);
  return { names: names.sort(), pages };
}

async function follow({ resource, selector }: Command): Promise<Report> {
  const plural = resource!;
  const listAll = (): Promise<List> =>
    custom.listClusterCustomObject({ group, version, plural, labelSelector: selector! });
  informer = makeInformer(config, `/apis/${group}/${version}/${plural}`, listAll, selector);
  const note = (type: string) => (object: KubernetesObject) => {
    events.push([type, nameOf(object), versionOf(object)]);
  };
  informer.on('add', note('ADDED'));
  informer.on('update', note('MODIFIED'));
  informer.on('delete', note('DELETED'));
  // As its own example does: after an error the informer is started again.
  informer.on('error', () => {
    setTimeout(restart, 200);
  });
  await informer.start();
  return {};
}

function restart(): void {
  informer.start().catch(() => setTimeout(restart, 200));
}

async function view(): Promise<Report> {
  const known = informer.list().map(object => [nameOf(object), versionOf(object)]);
  return { objects: Object.fromEntries(known), events };
}

async function apply({ object, manager, force }: Command): Promise<Report> {
  const body = object as KubernetesObject;
  const strategy = PatchStrategy.ServerSideApply;
  const applied = await objects.patch(body, undefined, undefined, manager, force, strategy);
  return { code: 200, object: applied };
}

async function patch({ object, name, namespace }: Command): Promise<Report> {
  const head = { apiVersion: `${group}/${version}`, kind: 'NetworkPolicy' };
  const metadata = { ...(object!.metadata as object), name: name!, namespace: namespace! };
  const body: KubernetesObject = { ...head, ...object, metadata };
  const strategy = PatchStrategy.MergePatch;
  const patched = await objects.patch(body, undefined, undefined, undefined, undefined, strategy);
  return { code: 200, object: patched };
}

async function remove({ resource, name, namespace, uid, selector }: Command): Promise<Report> {
  const request = { group, version, plural: resource! };
  if (!name) await custom.deleteCollectionClusterCustomObject({ ...request, labelSelector: selector! });
  else {
    const body = uid ? { preconditions: { uid } } : {};
    await custom.deleteNamespacedCustomObject({ ...request, namespace: namespace!, name, body });
  }
  return { code: 200 };
}

const steps: Record<string, (command: Command) => Promise<Report>> = {
  list,
  follow,
  view,
  apply,
  patch,
  delete: remove,
  end: async () => ({}),
};

function refusal(error: unknown): Report {
  if (!(error instanceof ApiException)) return { failure: String(error) };
  const { code, reason, message, details } =
    typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
  return { code, reason, message, causes: details?.causes ?? [] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command: Command & { id: number } = JSON.parse(line);
  const report = await steps[command.do]!(command).catch(refusal);
  console.log(`step ${command.id} ${JSON.stringify(report)}`);
  if (command.do === 'end') process.exit(0);
}
