import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import type { Schema } from '../../../src/schema/schema.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { openWorld } from '../registry/world.ts';
import { type Form, type Growing, growingLists, growingTogether } from './growing.ts';
import { openStepCounter } from './steps.ts';

const valid: readonly Form[] = ['distinct', 'equal'];
/** Of these each item makes work of its own. */
const fewItems = 200;
/** More than there are errors in an answer: those beyond make no work. */
const manyItems = 600;

/**
 * Declares the tests that what a create costs grows no faster than its body: with each list and map of each kind in these forms, and
 * with all lists that stand beside each other.
 */
export function testObjectGrowth(forms: readonly Form[]): void {
  suite('what a create costs grows no faster than its body', () => declareTests(forms));
}

async function declareTests(forms: readonly Form[]): Promise<void> {
  const counter = openStepCounter();
  const world = await openWorld(createMemoryBackend());
  after(() => {
    world.close();
    counter.close();
  });
  const context = { warn() {}, signal: new AbortController().signal };
  const options = { dryRun: true, fieldValidation: 'Strict', fieldManager: 'test' } as const;
  const done = new Set<Schema>();

  const create = async (kind: Kind, body: Buffer, namespace: string) => {
    const resource = world.resources.byPlural.get(kind.plural)!;
    try {
      await resource.create(context, namespace, decode(body, 'application/json'), options);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
  };
  const stepsOf = (kind: Kind, { grow }: Growing, size: number) => {
    const object = grow(size);
    const body = Buffer.from(encode(object));
    return counter.count(() => create(kind, body, object.metadata.namespace ?? ''));
  };

  for (const kind of kinds) {
    test(kind.kind, async () => {
      const wrong: string[] = [];
      const growth = async (each: Growing, size: number) => {
        const one = await stepsOf(kind, each, size);
        const two = await stepsOf(kind, each, 2 * size);
        const three = await stepsOf(kind, each, 3 * size);
        return (three - two) / Math.max(two - one, 20_000);
      };
      const check = async (each: Growing, size: number) => {
        await stepsOf(kind, each, 10);
        // Twice: steps also jump where a list reaches a bound, but only once.
        for (const times of [1, 3]) if ((await growth(each, times * size)) < 1.25) return;
        wrong.push(each.name);
      };
      for (const each of growingLists(kind, forms, done)) {
        await check(each, valid.includes(each.form) ? fewItems : manyItems);
      }
      for (const each of growingTogether(kind)) await check(each, fewItems);
      assert.deepEqual(wrong, []);
    });
  }
}
