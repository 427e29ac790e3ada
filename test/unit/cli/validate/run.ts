import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { validate } from '../../../../src/cli/validate.ts';

/** What one run of the command has written and returned. */
export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command within this process. */
export async function run(
  args: string[],
  options: {
    stdin?: string | Uint8Array;
    terminal?: { stdout?: boolean; stderr?: boolean };
    environment?: NodeJS.ProcessEnv;
  } = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: options.terminal?.[name] === true,
    write: (text: string) => {
      written[name] += text;
    },
  });
  async function* stdin() {
    yield Buffer.from((options.stdin ?? '') as Uint8Array);
  }
  const streams = { stdin: stdin(), stdout: stream('stdout'), stderr: stream('stderr') };
  const code = await validate(args, options.environment ?? {}, streams);
  return { code, ...written };
}

/** A folder with files in it, which goes when the test is over. */
export function folderOf(
  test: { after(work: () => unknown): void },
  files: Record<string, string | Uint8Array>,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'tortie-validate-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A NetworkSet as YAML, with fields of its spec added. */
export function networkSet(name: string, ...spec: string[]): string {
  const lines = ['nets: [192.0.2.0/24]', ...spec];
  return [
    'apiVersion: projectcalico.org/v3',
    'kind: NetworkSet',
    'metadata:',
    `  name: ${name}`,
    'spec:',
    ...lines.map(line => `  ${line}`),
    '',
  ].join('\n');
}
