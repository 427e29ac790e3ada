import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../../../src/kinds/index.ts';
import type { Kind } from '../../../../src/kinds/kind.ts';
import { decode } from '../../../../src/machinery/decode.ts';
import { StatusError } from '../../../../src/machinery/status.ts';
import { Resource, type WriteOptions } from '../../../../src/registry/resource.ts';
import { createMemoryBackend } from '../../../../src/storage/memory/backend.ts';
import { v3Codec } from '../../../../src/storage/v3-codec.ts';
import { WatchCache } from '../../../../src/watch/cache.ts';
import { HistoryPool } from '../../../../src/watch/history.ts';
import { run } from './run.ts';

/**
 * Manifests as people write them: the command and the server's own create say the same of each. The documents reach the server by
 * another way, through the yaml package.
 */
const folder = resolve(import.meta.dirname, '../../../../../shared/data/manifests');
const skip = !existsSync(folder) && 'the folder ../shared/data is not there';

interface Problem {
  object: { document: number };
  check: string;
  field: string;
  message: string;
  level: string;
}

/** What the server says of an object of the kind on its own, `field: message`. */
type Server = (kind: Kind, object: Record<string, unknown>) => Promise<string[]>;

async function startServer(): Promise<{ server: Server; close(): void }> {
  const resources = new Map<string, { resource: Resource; cache: WatchCache }>();
  for (const kind of kinds) {
    const backend = createMemoryBackend();
    const { admit: _, ...alone } = kind;
    const codec = v3Codec({ ...kind, hasInt64: false });
    const cache = new WatchCache({
      backend,
      codec,
      hasInt64: false,
      plural: kind.plural,
      fieldsOf: () => ({}),
      bounds: {
        historyMs: 60_000,
        historyEvents: 100,
        bookmarkIntervalMs: 1 << 30,
        maxBufferBytes: 1 << 20,
      },
      histories: new HistoryPool(1 << 20),
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await cache.start();
    resources.set(kind.kind, { resource: new Resource({ kind: alone, backend, codec, cache }), cache });
  }
  const server: Server = async (kind, object) => {
    const { resource } = resources.get(kind.kind)!;
    const namespace = kind.namespaced
      ? ((object.metadata as { namespace?: string }).namespace ?? 'default')
      : '';
    const warnings: string[] = [];
    const context = {
      warn: (text: string) => void warnings.push(text),
      signal: new AbortController().signal,
    };
    const create = async (fieldValidation: WriteOptions['fieldValidation']) => {
      // A version belongs to a file that was read from a server, and is only refused where the file makes an object.
      const { resourceVersion: _, ...metadata } = object.metadata as Record<string, unknown>;
      const body = decode(Buffer.from(JSON.stringify({ ...object, metadata })), 'application/json');
      await resource.create(context, namespace, body, { dryRun: true, fieldValidation });
    };
    const said: string[] = [];
    await create('Strict').catch((error: StatusError) => {
      const strict = (error.status.details?.causes ?? []).filter(cause =>
        /^unknown field/.test(cause.message ?? ''),
      );
      said.push(...strict.map(({ field, message }) => `${field}: ${message}`));
    });
    await create('Ignore').catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      assert.equal(error.status.code, 422, error.message);
      said.push(...(error.status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`));
    });
    return [...said, ...new Set(warnings)];
  };
  return { server, close: () => [...resources.values()].forEach(({ cache }) => void cache.close()) };
}

/** The objects of one document, as kubectl takes lists apart. */
function objectsOf(value: unknown): Record<string, unknown>[] {
  if (value === null || typeof value !== 'object') return [];
  const { items } = value as { items?: Record<string, unknown>[] };
  return items ?? [value as Record<string, unknown>];
}

suite('manifests that people use', { skip }, async () => {
  const files = skip ? [] : readdirSync(folder).filter(name => name.endsWith('.yaml'));
  const { server, close } = await startServer();

  test('there are some', () => assert.ok(files.length >= 100));

  for (const file of files) {
    test(file, async () => {
      const path = join(folder, file);
      const { code, stdout } = await run([path, '-o', 'json']);
      const found = (JSON.parse(stdout).problems as Problem[]).filter(
        ({ check }) => check !== 'duplicate-object',
      );
      assert.equal(code, found.some(({ level }) => level === 'error') ? 1 : 0);
      const documents = parseAllDocuments(readFileSync(path, 'utf8'), { version: '1.1' });
      const present = documents.map(document => document.toJS()).filter(value => value !== null);
      for (const [index, value] of present.entries()) {
        const expected: string[] = [];
        for (const object of objectsOf(value)) {
          const kind = kinds.find(each => each.kind === object.kind);
          assert.ok(kind);
          expected.push(...(await server(kind, object)));
        }
        const said = found
          .filter(({ object }) => object.document === index + 1)
          .map(({ check, field, message }) => {
            if (check === 'likely-mistake') return message;
            return field === '' ? `<nil>: Invalid value: null: ${message}` : `${field}: ${message}`;
          });
        assert.deepEqual(said.sort(), expected.sort(), `document ${index + 1}`);
      }
    });
  }

  test('the server is closed', close);
});
