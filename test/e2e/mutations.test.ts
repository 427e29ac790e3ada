import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Kind } from '../../src/kinds/kind.ts';
import { encode } from '../../src/machinery/encode.ts';
import { copy } from '../../src/machinery/equal.ts';
import type { JsonObject } from '../../src/machinery/json.ts';
import { readDefinitions } from '../unit/kinds/definitions.ts';
import { isOfStatus } from '../unit/kinds/mutation-answer.ts';
import { rulingsOn } from '../unit/kinds/mutation-verdicts.ts';
import { allMutations, type Mutation } from '../unit/kinds/mutations.ts';
import { type Answer, type Client, clientOf } from './client.ts';
import { noSharedData, startOracle } from './oracle.ts';
import { endToEnd } from './suite.ts';
import { startStandalone } from './tortie.ts';

/** As many as the client keeps connections. */
const inFlight = 8;

const mutations = allMutations();

/**
 * Every mutation of the richest examples, asked of a kube-apiserver with Calico's CRDs and of this server: what the
 * former refuses is refused; what it lets pass is refused only where a ruling names the rule of Calico. It also holds
 * the two judges of test/unit/kinds/mutations.test.ts against the kube-apiserver, so that neither can drift.
 */
endToEnd('mutations of the richest examples', { skip: noSharedData }, suite => {
  let oracle: Client;
  let ours: Client;
  const definitions = noSharedData ? new Map<string, never>() : readDefinitions();

  before(async () => {
    const cluster = await startOracle(suite);
    oracle = await clientOf(cluster.adminKubeconfig);
    const server = await startStandalone(suite, { folder: join(suite.folder, 'data') });
    ours = await clientOf(server.kubeconfig);
    await createNeeded(oracle);
    await createNeeded(ours);
  });

  for (const [kind, all] of Map.groupBy(mutations, mutation => mutation.kind)) {
    // There is no CRD for profiles: the rulings alone say what must be, in the unit test.
    if (kind.kind === 'Profile') continue;
    test(`${kind.kind}: ${all.length} mutations`, async () => {
      const wrong: string[] = [];
      // The status comes last: to have one, the object must be there.
      for (const part of [all.filter(one => !isOfStatus(one)), all.filter(isOfStatus)]) {
        const [theirs, mine] = await Promise.all([askAll(oracle, kind, part), askAll(ours, kind, part)]);
        for (const [index, mutation] of part.entries()) {
          const passes = definitions.get(kind.kind)!(mutation.object);
          const asked = { passes, theirs: theirs[index]!, mine: mine[index]! };
          wrong.push(...disagreements(mutation, asked).map(what => `${mutation.title}: ${what}`));
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

interface Asked {
  passes: boolean;
  theirs: Answer;
  mine: Answer;
}

/** What is wrong with the answers, with the table of rulings, or with the judge of the schemas. */
function disagreements(mutation: Mutation, { passes, theirs, mine }: Asked): string[] {
  const [ruling] = rulingsOn(mutation);
  const byDefinition = rulingsOn(mutation).some(({ verdict }) => verdict === 'refused by the definition');
  const theyAccept = isAccepted(theirs);
  const found: string[] = [];
  if (ruling?.verdict === 'accepted') {
    if (theyAccept) found.push('the ruling is idle: a kube-apiserver accepts it');
    if (!isAccepted(mine)) found.push(`must be accepted (${ruling.source}): ${mine.text}`);
    return found;
  }
  if (theyAccept !== (passes && !byDefinition)) {
    const expected = passes ? (byDefinition ? 'refused by a ruling' : 'accepted') : 'refused by the schema';
    found.push(`here ${expected}, but a kube-apiserver says ${theirs.status}: ${theirs.text}`);
  }
  const mustBeAccepted = theyAccept && !ruling;
  if (isAccepted(mine) === mustBeAccepted) return found;
  const source = ruling?.source ?? `a kube-apiserver says ${theirs.status}, and no ruling knows better`;
  const should = mustBeAccepted ? 'accepted' : 'refused';
  return [...found, `must be ${should} (${source}): ${mine.status} ${mine.text}`];
}

/** An object that is there already has been found valid: that is asked last. */
function isAccepted({ status, text }: Answer): boolean {
  if (status === 409) {
    assert.equal(JSON.parse(text).reason, 'AlreadyExists', text);
    return true;
  }
  assert.ok([200, 201, 400, 422].includes(status), text);
  return status < 300;
}

/** What examples name and a server looks for. */
async function createNeeded(server: Client): Promise<void> {
  const namespaces = new Set(mutations.map(({ kind }) => kind.examples.valid[0]!.metadata.namespace));
  for (const name of namespaces) {
    if (name === undefined) continue;
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await server.request('POST', '/api/v1/namespaces', { body });
  }
  for (const name of ['only-pods', 'drop-default']) {
    const filter = { apiVersion: 'projectcalico.org/v3', kind: 'BGPFilter', metadata: { name }, spec: {} };
    const path = '/apis/projectcalico.org/v3/bgpfilters';
    const answer = await server.request('POST', path, { body: JSON.stringify(filter) });
    assert.equal(answer.status, 201, answer.text);
  }
}

/** The answer to each mutation of a kind, all of the status or none. Nothing is stored but the example. */
async function askAll(server: Client, kind: Kind, part: Mutation[]): Promise<Answer[]> {
  const example = kind.examples.valid[0]!;
  const { name, namespace } = example.metadata;
  const within = namespace === undefined ? '' : `namespaces/${namespace}/`;
  const collection = `/apis/projectcalico.org/v3/${within}${kind.plural}`;
  const query = 'dryRun=All&fieldValidation=Strict';
  if (part.length === 0) return [];
  if (!isOfStatus(part[0]!)) {
    return inParallel(part, ({ object }) =>
      server.request('POST', `${collection}?${query}`, { body: encode(object) }),
    );
  }
  await server.request('POST', collection, { body: encode(example) });
  const stored = await server.request('GET', `${collection}/${name}`);
  assert.equal(stored.status, 200, stored.text);
  const { metadata } = stored.json<{ metadata: JsonObject }>();
  return inParallel(part, ({ object }) => {
    const body = encode({ ...copy(object), metadata });
    return server.request('PUT', `${collection}/${name}/status?${query}`, { body });
  });
}

async function inParallel<T, R>(items: T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await ask(next[1]);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return results;
}
