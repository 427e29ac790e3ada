import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Streams } from '../../../../src/cli/streams.ts';
import { kinds } from '../../../../src/kinds/index.ts';
import { copy } from '../../../../src/machinery/equal.ts';
import type { ApiObject } from '../../../../src/machinery/object.ts';

/** What one run of a command has written and returned. */
export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

type Command = (args: string[], environment: NodeJS.ProcessEnv, streams: Streams) => Promise<number>;

/** Runs a command within this process. */
export async function runCommand(
  command: Command,
  args: string[],
  options: { stdin?: string; environment?: NodeJS.ProcessEnv; terminal?: boolean } = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: options.terminal === true,
    write: (text: string) => {
      written[name] += text;
    },
  });
  async function* stdin() {
    yield Buffer.from(options.stdin ?? '');
  }
  const streams = { stdin: stdin(), stdout: stream('stdout'), stderr: stream('stderr') };
  const code = await command(args, options.environment ?? {}, streams);
  return { code, ...written };
}

/** An empty folder, which goes when the test is over. */
export function newFolder(test: { after(work: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-move-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * An object of every example of every kind, one a name, with what a store keeps of it beside: identities, times and, where the kind
 * has one, a status. Policies come before their tiers, as in files that people write.
 */
export function oneOfEach(): ApiObject[] {
  const found = new Map<string, ApiObject>();
  for (const kind of kinds) {
    for (const example of kind.examples.valid) {
      const { namespace, name } = example.metadata;
      const key = `${kind.kind}/${namespace}/${name}`;
      if (found.has(key)) continue;
      const object = copy(example);
      const number = String(found.size).padStart(12, '0');
      object.metadata.uid = `10000000-0000-4000-8000-${number}`;
      object.metadata.creationTimestamp = `2024-05-06T07:${number.slice(-3, -1)}:0${number.slice(-1)}Z`;
      object.metadata.generation = 3;
      found.set(key, object);
    }
  }
  return [...found.values()];
}

/** A small object. */
export function objectOf(kind: string, name: string, spec: object, metadata: object = {}): ApiObject {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { name, ...metadata },
    spec: spec as ApiObject['spec'],
  };
}
