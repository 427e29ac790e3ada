import type { Entry } from './run.ts';

type Json = Record<string, unknown>;

/** An answer without what differs between any two servers. */
export interface Normal {
  status: number;
  headers: Record<string, unknown>;
  body: unknown;
  layout?: string;
  events?: unknown[];
  ended?: boolean;
}

/** Headers that say nothing of the API: of the connection, of the moment, of the size. */
const ignoredHeaders = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
]);

/** The longest prefix of which a generated name has all. */
const longestPrefix = 58;

/** Headers of which only the presence counts. */
const unique = new Set(['audit-id', 'etag', 'last-modified', 'expires']);

/**
 * Brings the answers of one server into a form that can be compared with that of the other: times become `<time>`, uids
 * are numbered by their first appearance, resourceVersions by their order, continue tokens are opened, generated
 * suffixes become `<random>`. Managers are sorted by name. A resourceVersion of a list counts as the latest of an object
 * that it can have seen, for other objects of the same store move it on.
 */
export function normalize(entries: Entry[]): Normal[] {
  const versions = knownVersions(entries);
  const uids = new Map<string, string>();
  const generated = generatedNames(entries);
  const text = (value: string): string => textOf(value, { uids, versions, generated });
  const deep = (value: unknown, key = ''): unknown => {
    if (key === 'resourceVersion' && typeof value === 'string') return versionOf(value, versions);
    if (key === 'continue' && typeof value === 'string' && value !== '') return tokenOf(value, versions);
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(item => deep(item));
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value).map(([name, field]) => [
      text(name),
      name === 'managedFields' || name === 'causes' ? inOneOrder(deep(field)) : deep(field, name),
    ]);
    return Object.fromEntries(fields);
  };
  return entries.map(entry => ({
    status: entry.status,
    headers: headersOf(entry, deep),
    body: deep(entry.body),
    ...(entry.layout !== undefined && { layout: entry.layout }),
    ...(entry.events && {
      events: entry.events.filter(event => !isPlainBookmark(event)).map(event => deep(event)),
    }),
    ...(entry.ended !== undefined && { ended: entry.ended }),
  }));
}

/**
 * Managers are in the order of their times, and a second may end between two requests of one server only. Conflicts of several
 * managers are in no order.
 */
function inOneOrder(entries: unknown): unknown {
  if (!Array.isArray(entries)) return entries;
  if (entries.some(({ reason }) => reason === 'FieldManagerConflict')) {
    return entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (entries.some(({ reason }) => reason !== undefined)) return entries;
  const keyOf = ({ manager, operation, subresource }: Json) =>
    JSON.stringify([manager, operation, subresource]);
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function headersOf(entry: Entry, deep: (value: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entry.headers)) {
    if (ignoredHeaders.has(name) || typeof name === 'symbol') continue;
    result[name] = unique.has(name) ? '<there>' : deep(value);
  }
  return result;
}

/** When bookmarks come depends on the moment: only the one that ends the initial events has its place. */
function isPlainBookmark(event: unknown): boolean {
  return (event as Json).type === 'BOOKMARK' && !JSON.stringify(event).includes('k8s.io/initial-events-end');
}

/** Every resourceVersion that an object was seen to have, lowest first. */
function knownVersions(entries: Entry[]): number[] {
  const found = new Set<number>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { metadata } = value as { metadata?: Json };
    const version = metadata?.resourceVersion;
    // Lists and bookmarks have the version of the store.
    if (typeof version === 'string' && metadata?.name) found.add(Number(version));
    Object.values(value).forEach(visit);
  };
  // A dry run tells the version that it was sent.
  for (const { step, body, events } of entries) if (!/dryRun/.test(step.query ?? '')) visit([body, events]);
  return [...found].sort((a, b) => a - b);
}

function versionOf(value: string, versions: number[]): string {
  if (!/^\d+$/.test(value)) return value;
  const number = Number(value);
  if (number === 0) return '0';
  return `<version ${versions.filter(version => version <= number).length}>`;
}

/** A token is not opaque between servers that serve the same clients: its fields are those of kube-apiserver. */
function tokenOf(token: string, versions: number[]): unknown {
  try {
    const { rv, ...rest } = JSON.parse(Buffer.from(token, 'base64url').toString());
    return { ...rest, rv: rv < 0 ? rv : versionOf(String(rv), versions) };
  } catch {
    return token;
  }
}

/** What names that a server makes look like, from the prefixes that were asked for. */
function generatedNames(entries: Entry[]): { pattern: RegExp; shown: string }[] {
  const prefixes = new Set<string>();
  for (const { step } of entries) {
    const body =
      'body' in step ? (step.body as { metadata?: { generateName?: unknown } } | undefined) : undefined;
    const prefix = body?.metadata?.generateName;
    if (typeof prefix === 'string' && prefix !== '') prefixes.add(prefix.slice(0, longestPrefix));
  }
  return [...prefixes].map(prefix => ({
    pattern: new RegExp(`${RegExp.escape(prefix)}[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`, 'g'),
    shown: `${prefix}<random>`,
  }));
}

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const time = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Within an object that a message quotes; times have been replaced. */
const managedFieldsInText = /\\"managedFields\\":\[.*?\\"<time>\\"\}\],/g;
/** Messages that name a version. */
const versionTexts = [
  /(too old resource version: )(\d+)( \()(\d+)(\))/g,
  /(Too large resource version: )(\d+)(, current: )(\d+)()/g,
  /(The ResourceVersion in the precondition \()([^)]*)(\) does not match the ResourceVersion in record \()(\d+)(\))/gi,
  /(\\?"resourceVersion\\?": ?\\?")(\d+)(\\?")()()/g,
];

function textOf(
  value: string,
  known: { uids: Map<string, string>; versions: number[]; generated: { pattern: RegExp; shown: string }[] },
): string {
  let result = value.replace(time, '<time>').replace(uuid, id => {
    if (/^([0-9a-f])\1{7}-/.test(id)) return id;
    if (!known.uids.has(id)) known.uids.set(id, `<uid ${known.uids.size + 1}>`);
    return known.uids.get(id)!;
  });
  result = result.replace(managedFieldsInText, '');
  for (const { pattern, shown } of known.generated) result = result.replace(pattern, shown);
  for (const pattern of versionTexts) {
    result = result.replace(pattern, (_all, before, first, between, second, after) => {
      const shown = second ? versionOf(second, known.versions) : '';
      return before + (first && versionOf(first, known.versions)) + between + shown + after;
    });
  }
  return result;
}
