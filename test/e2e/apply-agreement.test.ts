import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Json, JsonObject } from '../../src/machinery/json.ts';
import { type Scenario, type Step, scenarios } from './apply-scenarios.ts';
import { type Answer, type Client, clientOf } from './client.ts';
import { noSharedData, startOracle } from './oracle.ts';
import { endToEnd } from './suite.ts';
import { startStandalone } from './tortie.ts';

const apiVersion = 'projectcalico.org/v3';

/**
 * The same creates, updates, patches and applies by several managers, sent to a kube-apiserver with Calico's CRDs and to this
 * server: the answers are the same, managedFields and the texts of conflicts included.
 */
endToEnd('server-side apply as kube-apiserver does it', { skip: noSharedData }, suite => {
  let oracle: Client;
  let ours: Client;

  before(async () => {
    const cluster = await startOracle(suite);
    oracle = await clientOf(cluster.adminKubeconfig);
    const server = await startStandalone(suite, { folder: join(suite.folder, 'data') });
    ours = await clientOf(server.kubeconfig);
  });

  for (const [index, scenario] of scenarios.entries()) {
    test(scenario.title, async () => {
      const [theirs, mine] = [new Run(oracle, scenario, index), new Run(ours, scenario, index)];
      for (const [at, step] of scenario.steps.entries()) {
        const [expected, actual] = await Promise.all([theirs.take(step), mine.take(step)]);
        if (step.differs) assert.notDeepEqual(actual, expected, `step ${at + 1} does not differ`);
        else assert.deepEqual(actual, expected, `step ${at + 1}: ${JSON.stringify(step)}`);
      }
      assert.equal(theirs.stored > 0, !scenario.onlyRefusals, 'nothing, or something, was stored');
    });
  }
});

/** One side of a scenario. */
class Run {
  readonly #server: Client;
  readonly #scenario: Scenario;
  readonly #name: string;
  #version = '';
  /** How many requests have been answered with an object. */
  stored = 0;

  constructor(server: Client, scenario: Scenario, index: number) {
    this.#server = server;
    this.#scenario = scenario;
    this.#name = `apply-${index}`;
  }

  get #collection(): string {
    return `/apis/${apiVersion}/${this.#scenario.plural}`;
  }

  get #path(): string {
    return `${this.#collection}/${this.#name}`;
  }

  /** Sends a request; returns what both sides must agree on. */
  async take(step: Step): Promise<Json> {
    return this.#comparable(await this.#send(step));
  }

  async #send(step: Step): Promise<Answer> {
    const query = [
      step.as === undefined ? '' : `fieldManager=${encodeURIComponent(step.as)}`,
      'force' in step && step.force ? 'force=true' : '',
      step.query ?? '',
    ];
    const suffix = `?${query.filter(Boolean).join('&')}`;
    const path = `${this.#path}${step.subresource ? `/${step.subresource}` : ''}${suffix}`;
    const patch = (type: string, body: Json | string) =>
      this.#server.request('PATCH', path, {
        body: typeof body === 'string' ? body : JSON.stringify(body),
        contentType: `application/${type}`,
      });
    if ('apply' in step) return patch('apply-patch+yaml', this.#filled(step.apply));
    if ('merge' in step) return patch('merge-patch+json', step.merge);
    if ('json' in step) return patch('json-patch+json', step.json);
    if ('create' in step) {
      const body = this.#filled(step.create);
      return this.#server.request('POST', `${this.#collection}${suffix}`, { body: JSON.stringify(body) });
    }
    if ('replace' in step) {
      const live = await this.#server.request('GET', this.#path);
      const body = JSON.stringify(step.replace(live.json<JsonObject>()));
      return this.#server.request('PUT', path, { body });
    }
    return this.#server.request('delete' in step ? 'DELETE' : 'GET', this.#path);
  }

  #filled(body: JsonObject | string): JsonObject | string {
    if (typeof body === 'string') return body.replaceAll('NAME', this.#name);
    const metadata = { name: this.#name, ...(body.metadata as JsonObject) };
    return { apiVersion, kind: this.#scenario.kind, ...body, metadata };
  }

  #comparable(answer: Answer): Json {
    const body = answer.json<JsonObject>();
    const warnings = [answer.headers.warning ?? []].flat();
    if (body.kind === 'Status') return { ...withoutCodeOfTyping(answer.status, settled(body)), warnings };
    this.stored++;
    const { metadata, ...rest } = body as JsonObject & { metadata: JsonObject };
    const { uid, creationTimestamp, resourceVersion, managedFields, deletionTimestamp, ...kept } = metadata;
    const isNew = resourceVersion !== this.#version;
    this.#version = String(resourceVersion ?? '');
    const has = { uid: !!uid, created: !!creationTimestamp, deleted: !!deletionTimestamp, isNew };
    const managers = (managedFields ?? []) as JsonObject[];
    const spec = withoutOurs(rest.spec as JsonObject);
    return {
      status: answer.status,
      warnings,
      has,
      metadata: kept,
      managers: sorted(managers),
      ...rest,
      spec,
    };
  }
}

/** Fields that Calico's Go server fills in, and no schema. No scenario sets them. */
const ours = [
  'floatingIPs',
  'bpfConnectTimeLoadBalancing',
  'bpfHostNetworkedNATWithoutCTLB',
  'allowedUses',
  'blockSize',
  'ipipMode',
  'vxlanMode',
];

function withoutOurs(spec: JsonObject = {}): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !ours.includes(name.replace('f:', ''))));
}

/** Entries in an order that does not depend on when a second ends, and whether there is a time in place of the time. */
function sorted(entries: JsonObject[]): JsonObject[] {
  const keyOf = ({ operation, manager, subresource }: JsonObject) =>
    JSON.stringify([operation, manager, subresource]);
  return entries
    .map(entry => {
      const fieldsV1 = { ...(entry.fieldsV1 as JsonObject) };
      if (fieldsV1['f:spec']) fieldsV1['f:spec'] = withoutOurs(fieldsV1['f:spec'] as JsonObject);
      return { ...entry, fieldsV1, time: entry.time !== undefined };
    })
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** What is no object of the kind is a client's fault: 400 here, with causes, where upstream says 500 and gives no reason. */
function withoutCodeOfTyping(status: number, body: JsonObject): JsonObject {
  if (!String(body.message).startsWith('failed to create typed patch object')) return { status, body };
  assert.ok(status === 500 || status === 400, String(status));
  return { message: String(body.message) };
}

/** A Status whose causes are in order, each once: upstream tells managers at random, and some problems twice. */
function settled(status: JsonObject): JsonObject {
  const details = status.details as JsonObject | undefined;
  const causes = details?.causes as JsonObject[] | undefined;
  if (!causes) return status;
  const texts = new Set(causes.map(cause => JSON.stringify(cause)));
  return { ...status, details: { ...details, causes: [...texts].sort() } };
}
