import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { noSharedData } from '../e2e/oracle.ts';
import { endToEnd } from '../e2e/suite.ts';
import { describeDifference } from './compare.ts';
import { anySequence } from './generate.ts';
import { type Pair, runOnBoth, startPair } from './pair.ts';

/**
 * Declares the test that so many generated sequences are answered alike by both servers, over one protocol and the other in
 * turn. One that is not is made as small as it can be, and printed with the seed that makes it again.
 */
export function generatedSequences({ count, seed }: { count: number; seed: number }): void {
  endToEnd(`${count} generated sequences (seed ${seed})`, { skip: noSharedData }, suite => {
    let pair: Pair;
    before(async () => {
      pair = await startPair(suite);
    });
    after(() => pair?.close());

    for (const [index, protocol] of (['HTTP/2', 'HTTP/1.1'] as const).entries()) {
      test(`over ${protocol}`, { timeout: 3_600_000 }, async () => {
        const alike = fc.asyncProperty(anySequence(), async sequence => {
          const { differences } = await runOnBoth(pair, sequence, protocol);
          assert.equal(differences.map(describeDifference).join('\n'), '');
        });
        await fc.assert(alike, { numRuns: count / 2, seed: seed + index });
      });
    }
  });
}
