import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noSharedData } from '../e2e/oracle.ts';
import { endToEnd } from '../e2e/suite.ts';
import { type Accepted, accepted } from './accepted.ts';
import { describeDifference } from './compare.ts';
import { corpus } from './corpus/index.ts';
import { type Pair, runOnBoth, startPair } from './pair.ts';

endToEnd('the recorded corpus, asked of a kube-apiserver too', { skip: noSharedData }, suite => {
  let pair: Pair;
  const applied = new Set<Accepted>();
  before(async () => {
    pair = await startPair(suite);
  });
  after(() => pair?.close());

  for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
    for (const [subject, sequences] of Object.entries(corpus)) {
      for (const sequence of sequences) {
        if (sequence.slow && protocol === 'HTTP/1.1') continue;
        test(`${subject}: ${sequence.title} (${protocol})`, async () => {
          const result = await runOnBoth(pair, sequence, protocol);
          for (const line of result.applied) applied.add(line);
          assert.equal(result.differences.map(describeDifference).join('\n'), '');
        });
      }
    }
  }

  test('each accepted difference is one still', () => {
    const idle = accepted.filter(line => !applied.has(line)).map(({ what }) => what);
    assert.deepEqual(idle, []);
  });
});
