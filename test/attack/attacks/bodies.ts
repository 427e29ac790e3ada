/** Single requests of one user with one plain right, most of them a dry run, that cost far more than they are long. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, type Counts, networkSets, type Target } from '../attack.ts';
import { ask, openSession, over, Tally } from '../connection.ts';
import { networkSet, stored } from '../large.ts';

const v3 = '/apis/projectcalico.org/v3';
const json = 'application/json';
const merge = 'application/merge-patch+json';
const sets = networkSets('attack');
const dryRun = `${sets}?dryRun=All`;

interface Question {
  method?: string;
  path: string;
  type?: string;
  accept?: string;
  body?: string | Buffer;
}

function list<T>(count: number, one: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => one(index));
}

function map(count: number, value: (index: number) => unknown = () => 'x'): object {
  return Object.fromEntries(list(count, index => [`k${index}`, value(index)]));
}

function set(metadata: object, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name: 'body', namespace: 'attack', ...metadata },
    spec,
  });
}

const owner = (index: number) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${index}`, uid: `u${index}` });
const community = (index: number) => ({
  name: `c${index}`,
  value: `${1 + (index % 60_000)}:${index % 60_000}`,
});
const advertisement = (index: number) => ({
  cidr: `10.${(index >> 16) % 256}.${(index >> 8) % 256}.${index % 256}/32`,
  communities: [`c${index}`],
});
const aliases = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  .concat(list(8, level => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(', ')}]`))
  .join('\n');
const yaml = 'application/yaml';
const sequence = (count: number) =>
  `apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: body, namespace: attack}\nspec:\n  nets:\n${'  - 10.0.0.1/32\n'.repeat(count)}`;

const bodies: Record<string, Question> = {
  '10,000 owner references': { path: dryRun, body: set({ ownerReferences: list(10_000, owner) }) },
  '30,000 owner references': { path: dryRun, body: set({ ownerReferences: list(30_000, owner) }) },
  '200,000 finalizers': { path: dryRun, body: set({ finalizers: list(200_000, index => `x/f${index}`) }) },
  '200,000 labels': { path: dryRun, body: set({ labels: map(200_000) }) },
  '200,000 annotations that are wrong': { path: dryRun, body: set({ annotations: map(200_000, () => 1) }) },
  '300,000 bad nets': { path: dryRun, body: set({}, { nets: list(300_000, () => 'bad') }) },
  '300,000 unknown fields': {
    path: `${dryRun}&fieldValidation=Strict`,
    body: set(
      {},
      map(300_000, () => 1),
    ),
  },
  '30,000 communities × 30,000 advertisements': {
    path: `${v3}/bgpconfigurations?dryRun=All`,
    body: JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'BGPConfiguration',
      metadata: { name: 'default' },
      spec: { communities: list(30_000, community), prefixAdvertisements: list(30_000, advertisement) },
    }),
  },
  '10,000 finalizers deleted from 10,000': {
    method: 'PATCH',
    path: `${networkSets('finalizers')}/finalizers-0?dryRun=All`,
    type: 'application/strategic-merge-patch+json',
    body: JSON.stringify({
      metadata: { '$deleteFromPrimitiveList/finalizers': list(10_000, index => `x/f${index}`) },
    }),
  },
  '10,000 operations that shift a long list': {
    method: 'PATCH',
    path: `${networkSets('large')}/large-0?dryRun=All`,
    type: 'application/json-patch+json',
    body: JSON.stringify(list(10_000, () => ({ op: 'add', path: '/spec/nets/0', value: '10.0.0.1/32' }))),
  },
  'a merge patch of 3 MB': {
    method: 'PATCH',
    path: `${networkSets('large')}/large-0?dryRun=All`,
    type: merge,
    body: JSON.stringify({ metadata: { labels: map(150_000) } }),
  },
  'an apply of 50,000 nets': {
    method: 'PATCH',
    path: `${sets}/applied?fieldManager=a&force=true&dryRun=All`,
    type: 'application/apply-patch+yaml',
    body: networkSet('attack', 'applied', 850_000),
  },
  'an apply of 100,000 labels': {
    method: 'PATCH',
    path: `${sets}/applied?fieldManager=a&force=true&dryRun=All`,
    type: 'application/apply-patch+yaml',
    body: set({ name: 'applied', labels: map(100_000) }),
  },
  'managed fields of 2 MB': {
    path: dryRun,
    body: set({
      managedFields: list(20, manager => ({
        manager: `m${manager}`,
        operation: 'Apply',
        apiVersion: 'projectcalico.org/v3',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': Object.fromEntries(list(5_000, index => [`f:k${index}`, {}])) },
        },
      })),
    }),
  },
  'a YAML sequence of 300 KB': { path: dryRun, type: yaml, body: sequence(20_000) },
  'a YAML sequence of 3 MB': { path: dryRun, type: yaml, body: sequence(190_000) },
  'a YAML alias bomb': { path: dryRun, type: yaml, body: aliases },
  'YAML of 1.5 million brackets': { path: dryRun, type: yaml, body: '['.repeat(1_500_000) },
  'a YAML scalar of 3 MB': { path: dryRun, type: yaml, body: `a: "${'\\x41'.repeat(700_000)}"` },
  'JSON of 1.5 million brackets': { path: dryRun, body: '['.repeat(1_500_000) },
  'JSON with a key 300,000 times': { path: dryRun, body: `{${'"a":1,'.repeat(300_000)}"a":1}` },
  'a name of 3 MB': { path: dryRun, body: set({ name: 'n'.repeat(3_000_000) }) },
  'a kind of 3 MB': { path: dryRun, body: JSON.stringify({ kind: 'k'.repeat(3_000_000) }) },
  'a selector of 60,000 characters': {
    path: `${v3}/globalnetworkpolicies?dryRun=All`,
    body: JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'GlobalNetworkPolicy',
      metadata: { name: 'p' },
      spec: { selector: `${'('.repeat(30_000)}all()${')'.repeat(30_000)}` },
    }),
  },
  '20,000 rules with a selector each': {
    path: `${v3}/globalnetworkpolicies?dryRun=All`,
    body: JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'GlobalNetworkPolicy',
      metadata: { name: 'p' },
      spec: {
        ingress: list(20_000, index => ({ action: 'Allow', source: { selector: `a == "${index}"` } })),
      },
    }),
  },
  'an object of 1 MB as YAML': {
    method: 'GET',
    path: `${networkSets('large')}/large-0`,
    accept: 'application/yaml',
  },
  'an object of 1 MB, indented': { method: 'GET', path: `${networkSets('large')}/large-0?pretty=true` },
};

/** Time in which a question that is under way at the end is still answered. */
const patienceMs = 8_000;

/** A question again and again over one connection, two at a time. */
async function insist(target: Target, signal: AbortSignal, question: Question): Promise<Counts> {
  const tally = new Tally();
  const { method = 'POST', path, type = json, accept = json, body } = question;
  const headers = { ':method': method, ':path': path, accept, ...(body && { 'content-type': type }) };
  const open = () => openSession(target, { credential: target.credentials.user });
  let session = open();
  const askAgainAndAgain = async () => {
    while (!signal.aborted) {
      // Bodies that are refused again and again may end the connection.
      if (session.closed || session.destroyed) session = open();
      const { status, text } = await ask(session, headers, body);
      tally.add(status);
      tally.counts.bytes = Math.max(tally.counts.bytes ?? 0, text.length);
    }
  };
  const late = over(signal).then(() => sleep(patienceMs, undefined, { ref: false }));
  await Promise.race([Promise.all([askAgainAndAgain(), askAgainAndAgain()]), late]);
  session.destroy();
  return tally.counts;
}

/** What the questions are about: a large object, and one of 10,000 finalizers. */
async function prepare(target: Target): Promise<void> {
  await stored('large', 1, 1_000_000)(target);
  const session = openSession(target, { credential: target.credentials.admin });
  const body = set({
    name: 'finalizers-0',
    namespace: 'finalizers',
    finalizers: list(10_000, index => `x/f${index}`),
  });
  const path = networkSets('finalizers');
  await ask(session, { ':method': 'POST', ':path': path, 'content-type': json }, body);
  session.destroy();
}

export const attacks: Attack[] = Object.entries(bodies).map(([name, question]) => ({
  name,
  as: 'user',
  prepare,
  run: (target, signal) => insist(target, signal, question),
  expect: ({ bytes = 0, ...counts }) => {
    const statuses = Object.keys(counts).map(Number);
    assert.ok(
      statuses.some(status => status >= 200),
      'it is answered',
    );
    assert.ok(!statuses.some(status => status >= 500), JSON.stringify(counts));
    assert.ok(bytes < 8_000_000, `an answer of ${bytes} characters`);
  },
}));
