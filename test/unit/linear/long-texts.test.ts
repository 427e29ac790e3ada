import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { kinds } from '../../../src/kinds/index.ts';
import { decode } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import type { Json } from '../../../src/machinery/json.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { StatusError } from '../../../src/machinery/status.ts';
import { Warnings } from '../../../src/server/warnings.ts';
import { createMemoryBackend } from '../../../src/storage/memory/backend.ts';
import { of, openWorld } from '../registry/world.ts';
import { longTexts } from './growing.ts';

const length = 40_000;
/** Texts that are wrong in most places, also for patterns that try many ways to match. */
const texts = ['1', 'é'].map(part => part.repeat(length / part.length));
/** Less than two of them. */
const mostBytes = 50_000;

suite('a text of any length is told back cut', async () => {
  const world = await openWorld(createMemoryBackend());
  after(() => world.close());
  const options = { dryRun: true, fieldManager: 'test' } as const;
  const body = (value: unknown) => decode(Buffer.from(encode(value)), 'application/json');

  /** The bytes that the answer has beside the object: those of its Status and of its warnings. */
  const answerBytes = async (
    work: (context: { warn(text: string): void; signal: AbortSignal }) => Promise<unknown>,
  ) => {
    const warnings = new Warnings();
    const context = { warn: (text: string) => warnings.add(text), signal: new AbortController().signal };
    let status = '';
    try {
      await work(context);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      assert.ok(error.message.length <= mostBytes);
      status = JSON.stringify(error.status);
    }
    return Buffer.byteLength(status) + Buffer.byteLength(warnings.headers().join(''));
  };

  for (const kind of kinds) {
    const resource = world.resources.byPlural.get(kind.plural)!;
    test(kind.kind, async () => {
      const wrong: string[] = [];
      for (const { name, object } of longTexts(kind)) {
        for (const text of texts) {
          const sent: ApiObject = object(text);
          const namespace = kind.namespaced ? 'default' : '';
          for (const fieldValidation of ['Strict', 'Warn'] as const) {
            const write = { ...options, fieldValidation };
            const bytes = await answerBytes(context =>
              resource.create(context, namespace, body(sent), write),
            );
            if (bytes > mostBytes) wrong.push(`${name}: ${bytes} bytes for ${text.slice(0, 2)}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  test('patches', async () => {
    const resource = world.resources.byPlural.get('networksets')!;
    const object = of('NetworkSet', 'a', { nets: [] }, 'default');
    await world.create(object);
    const target = { namespace: 'default', name: 'a', subresource: '' } as const;
    const jsonPatches: ((text: string) => Json)[] = [
      text => [{ op: text, path: '/spec' }],
      text => [{ op: 'add', path: text, value: 1 }],
      text => [{ op: 'add', path: `/${text}/x`, value: 1 }],
      text => [{ op: 'copy', from: `/${text}`, path: '/spec' }],
      text => [{ op: 'move', from: `/${text}`, path: `/${text}/x` }],
      text => [{ op: 'test', path: '/spec/nets', value: text }],
      text => [{ op: 'test', path: `/spec/~${text}`, value: text }],
      text => [{ op: 'test', path: '/kind', value: 'NetworkSet', [text]: 1 }],
      text => [text],
    ];
    const merges: ((text: string) => Json)[] = [
      text => text,
      text => ({ [text]: text }),
      text => ({ spec: { nets: text } }),
      text => ({ metadata: { labels: { [text]: text } } }),
      text => ({ metadata: { name: text, uid: text, resourceVersion: text } }),
      text => ({ metadata: { $patch: text } }),
      text => ({ metadata: { finalizers: [text], '$setElementOrder/finalizers': ['x', text, 'y', 'x'] } }),
      text => ({ metadata: { ownerReferences: [{ name: text }] } }),
    ];
    const configurations: ((text: string) => Json)[] = [
      text => ({ apiVersion: text }),
      text => ({ apiVersion: object.apiVersion, kind: object.kind, [text]: 1 }),
      text => ({ apiVersion: object.apiVersion, kind: object.kind, spec: { nets: text } }),
      text => ({ apiVersion: object.apiVersion, kind: object.kind, spec: text, metadata: { name: text } }),
      text => ({ apiVersion: object.apiVersion, kind: object.kind, metadata: { name: text } }),
      text => ({ apiVersion: object.apiVersion, kind: object.kind, metadata: { finalizers: [text, text] } }),
    ];
    const write = { ...options, fieldValidation: 'Strict' } as const;
    for (const text of texts) {
      const check = async (what: string, work: Parameters<typeof answerBytes>[0]) => {
        const bytes = await answerBytes(work);
        assert.ok(bytes <= mostBytes, `${what}: ${bytes} bytes`);
      };
      for (const patch of jsonPatches) {
        const type = 'application/json-patch+json';
        const sent = { type, body: body(patch(text)) } as const;
        await check(`${patch}`, context => resource.patch(context, target, sent, write));
      }
      for (const type of [
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
      ] as const) {
        for (const patch of merges) {
          const sent = { type, body: body(patch(text)) };
          await check(`${type} ${patch}`, context => resource.patch(context, target, sent, write));
        }
      }
      for (const configuration of configurations) {
        const authorizeCreate = async () => {};
        const apply = { ...write, force: false, authorizeCreate };
        await check(`${configuration}`, context =>
          resource.apply(context, target, body(configuration(text)), apply),
        );
      }
    }
  });
});
