import { parse as parseYaml } from 'yaml';
import type { AnswerStream, Connection } from '../conformance/http/client.ts';
import {
  base,
  type Call,
  fillIn,
  inCluster,
  isWatch,
  type Sequence,
  type Step,
  type Watch,
} from './sequence.ts';
import type { Protocol, Side } from './side.ts';
import { objectOf, usedKind } from './specs.ts';
import { openWebSocket, shakeHands } from './websocket.ts';

type Json = Record<string, unknown>;

/** What a server answered to one step. */
export interface Entry {
  step: Step;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** JSON as it was parsed, else the text. */
  body: unknown;
  /** How the text was laid out, where it is JSON. */
  layout?: 'compact' | 'indented' | 'YAML';
  /** Of a watch: what it told before its fence. */
  events?: unknown[];
  /** Of a watch: whether it ended by itself. */
  ended?: boolean;
}

interface OpenWatch {
  step: Watch;
  entry: Entry;
  stream: AnswerStream;
  /** Resolves when the fence has come, or the stream has ended. */
  done: Promise<void>;
}

const fenceTimeoutMs = 15_000;
const fenceLabel = 'fence';

/**
 * Sends the steps to one server in turn and collects the answers. The objects that are left are removed afterwards.
 * A watch that neither ends nor tells of its fence within 15 s counts as one that did not end.
 */
export async function run(
  side: Side,
  sequence: Sequence,
  { protocol, namespace }: { protocol: Protocol; namespace: string },
): Promise<Entry[]> {
  const connection = side.connections[protocol];
  const values = new Map([['ns', namespace]]);
  const entries: Entry[] = [];
  const watches: OpenWatch[] = [];
  try {
    for (const step of sequence.steps) {
      if (needsCache(step)) await refresh(connection, step, values);
      if (isWatch(step)) {
        const watch = await open(side, connection, step, values);
        entries.push(watch.entry);
        if (watch.entry.events) watches.push(watch);
      } else {
        entries.push(await call(side, connection, step, values));
      }
    }
    await Promise.all(watches.map(watch => finish(connection, watch, values)));
  } finally {
    for (const { stream } of watches) stream.cancel();
    await clean(connection, sequence, values);
  }
  return entries;
}

async function call(
  side: Side,
  connection: Connection,
  step: Call,
  values: Map<string, string>,
): Promise<Entry> {
  const { body, contentType } = step;
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const type = contentType ?? (text === undefined ? undefined : 'application/json');
  const asked = {
    method: step.method,
    path: target(step, values),
    headers: { ...headersOf(step), ...(type && { 'content-type': type }) },
    ...(text !== undefined && { body: fillIn(text, values) }),
  };
  const answer = await (step.handshake
    ? shakeHands(side.place, asked.path, { ...asked.headers, ...step.handshake })
    : connection.request(asked)
  ).catch(cause => {
    throw new Error(`no answer to ${step.method} ${asked.path}`, { cause });
  });
  const isYaml = String(answer.headers['content-type']).startsWith('application/yaml');
  const parsed = isYaml ? parseYaml(answer.text, wholeNumbers, { intAsBigInt: true }) : parse(answer.text);
  remember(parsed, step, values);
  return {
    step,
    status: answer.code,
    headers: answer.headers,
    body: parsed ?? answer.text,
    ...(parsed !== undefined && {
      layout: isYaml ? 'YAML' : /\n {2}/.test(answer.text) ? 'indented' : 'compact',
    }),
  };
}

function target({ path, query }: Step, values: Map<string, string>): string {
  const filled = (query ?? '').split('&').map(part => {
    const [name = '', ...value] = part.split('=');
    if (!part.includes('=')) return name;
    return `${name}=${encodeURIComponent(fillIn(value.join('='), values))}`;
  });
  return fillIn(path, values) + (query === undefined ? '' : `?${filled.join('&')}`);
}

function headersOf({ accept, headers }: Step): Record<string, string> {
  return { accept: accept ?? 'application/json', 'user-agent': 'differential/1.0', ...headers };
}

/** Numbers that JavaScript cannot hold stay text: they must come through to the last digit. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && context?.source ? context.source : value,
    );
  } catch {
    return undefined;
  }
}

function wholeNumbers(_key: unknown, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function remember(body: unknown, { save }: Call, values: Map<string, string>): void {
  const { metadata = {}, kind } = (body ?? {}) as { metadata?: Json; kind?: string };
  const { name, resourceVersion, uid } = metadata;
  const put = (key: string, value: unknown) => {
    if (typeof value === 'string' || typeof value === 'number') values.set(key, String(value));
  };
  if (typeof name === 'string') {
    put(`rv:${name}`, resourceVersion);
    put(`uid:${name}`, uid);
    if (!values.has(`old:${name}`)) put(`old:${name}`, resourceVersion);
  } else if (kind !== 'Status') {
    put('list', resourceVersion);
  }
  if (metadata.continue) put('continue', metadata.continue);
  for (const [key, path] of Object.entries(save ?? {})) {
    let value: unknown = body;
    for (const part of path.split('.')) value = (value as Json | undefined)?.[part];
    put(key, value);
  }
}

/** Reads that need not be of the latest state are only the same where the caches have caught up. */
function needsCache({ query = '' }: Step): boolean {
  return /(^|&)(resourceVersion=|watch)/.test(query);
}

async function refresh(connection: Connection, step: Step, values: Map<string, string>): Promise<void> {
  const plural = pluralOf(step.path);
  if (plural) await connection.request({ path: fillIn(inCluster(plural), values) });
}

/** The plural that a path is about; undefined for a path of something else. */
function pluralOf(path: string): string | undefined {
  if (!path.startsWith(`${base}/`)) return undefined;
  const parts = path.slice(base.length + 1).split('/');
  if (parts[0] === 'watch') parts.shift();
  if (parts[0] === 'namespaces') parts.splice(0, 2);
  return parts[0];
}

async function open(
  side: Side,
  connection: Connection,
  step: Watch,
  values: Map<string, string>,
): Promise<OpenWatch> {
  const path = target(step, values);
  const headers = headersOf(step);
  const stream = step.webSocket
    ? await openWebSocket(side.place, path, headers)
    : await connection.stream({ path, headers });
  const entry: Entry = { step, status: stream.code, headers: stream.headers, body: undefined };
  if (stream.code !== 200 && stream.code !== 101) {
    stream.cancel();
    const { text } = await connection.request({ path, headers: headersOf(step) });
    entry.body = parse(text) ?? text;
    return { step, entry, stream, done: Promise.resolve() };
  }
  entry.events = [];
  entry.ended = false;
  return { step, entry, stream, done: collect(stream, entry) };
}

async function collect(stream: AnswerStream, entry: Entry): Promise<void> {
  for (;;) {
    const event = await stream.next().catch(error => ({ broken: String(error) }));
    if (event === undefined) {
      entry.ended = true;
      return;
    }
    if (!isFence(event)) entry.events!.push(event);
    // What waits for its end meets the fences of others.
    else if (!(entry.step as Watch).untilEnd) return;
    if ('broken' in event) return;
  }
}

function isFence(event: Json): boolean {
  const object = (event.object ?? {}) as { metadata?: Json; rows?: { cells: unknown[]; object?: Json }[] };
  const row = object.rows?.[0];
  if (row?.cells[0] === fenceName) return true;
  const metadata = (row ? row.object?.metadata : object.metadata) as Json | undefined;
  return (metadata?.labels as Json | undefined)?.[fenceLabel] !== undefined && event.type !== 'DELETED';
}

const fenceName = 'zz-fence';

async function finish(connection: Connection, watch: OpenWatch, values: Map<string, string>): Promise<void> {
  const { step, done } = watch;
  if (!step.untilEnd) await makeFence(connection, step, values);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, fenceTimeoutMs);
  });
  const lateEvent = late.then(() => void watch.entry.events!.push({ broken: 'the fence did not come' }));
  await Promise.race([done, lateEvent]);
  clearTimeout(timer);
}

/** Something that the watch must tell of: its labels set on an object of the name, which is made when it is not there. */
async function makeFence(connection: Connection, step: Watch, values: Map<string, string>): Promise<void> {
  const { kind, namespaced, plural } = usedKind(pluralOf(step.path)!);
  const namespace = values.get('ns')!;
  const collection = namespaced ? `${base}/namespaces/${namespace}/${plural}` : `${base}/${plural}`;
  const name = step.fence ?? fenceName;
  const labels = { ...step.fenceLabels, [fenceLabel]: step.watch };
  // Several watches make the same one at once.
  for (let tries = 0; tries < 3; tries++) {
    const patched = await connection.request({
      method: 'PATCH',
      path: `${collection}/${name}`,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { labels } }),
    });
    if (patched.code === 200) return;
    const created = await connection.request({
      method: 'POST',
      path: collection,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(objectOf(plural, { name, labels })),
    });
    if (created.code === 201) return;
    if (created.code !== 409) throw new Error(`no fence of ${kind} ${name}: ${created.text}`);
  }
}

/** Removes every object in the collections that the sequence was about, whatever holds it. */
async function clean(connection: Connection, sequence: Sequence, values: Map<string, string>): Promise<void> {
  const plurals = new Set(
    sequence.steps.map(step => pluralOf(step.path)).filter(plural => plural !== undefined),
  );
  for (const plural of plurals) {
    const all = await connection.request({ path: `${base}/${plural}` });
    if (all.code !== 200) continue;
    const { items } = all.json() as { items: { metadata: { name: string; namespace?: string } }[] };
    for (const { metadata } of items as { metadata: Json }[]) {
      if (plural === 'tiers' && builtInTiers.has(String(metadata.name))) continue;
      const within = metadata.namespace ? `namespaces/${metadata.namespace}/` : '';
      const path = `${base}/${within}${plural}/${metadata.name}`;
      if (metadata.finalizers) {
        await connection.request({
          method: 'PATCH',
          path,
          headers: { 'content-type': 'application/merge-patch+json' },
          body: '{"metadata":{"finalizers":null}}',
        });
      }
      await connection.request({ method: 'DELETE', path });
    }
  }
  values.clear();
}

const builtInTiers = new Set(['default', 'kube-admin', 'kube-baseline']);
