import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from './process.ts';

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  env?: NodeJS.ProcessEnv;
}

/** A real kubectl that talks to one server as one user, with nothing of the caller's own configuration. */
export interface Kubectl {
  /** Runs to the end, whatever the exit code. */
  run(args: string[], options?: RunOptions): Promise<Result>;
  /** Runs and returns the standard output; throws with all output when the exit code is not 0. */
  ok(args: string[], options?: RunOptions): Promise<string>;
  /** Runs and returns the standard error; throws when the exit code is 0. */
  fails(args: string[], options?: RunOptions): Promise<string>;
  /** Starts a command that goes on, such as `get --watch`. */
  start(args: string[]): Promise<RunningProcess>;
  /** Writes a file that later commands can name. */
  file(name: string, content: string): Promise<string>;
}

let made = 0;

export async function kubectlOf(binary: string, kubeconfig: string, parent: string): Promise<Kubectl> {
  const folder = join(parent, `kubectl-${++made}`);
  await mkdir(folder);
  // Its caches and its settings live in the folder of the test.
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig, KUBECACHEDIR: folder };

  async function run(args: string[], options: RunOptions = {}): Promise<Result> {
    return new Promise(resolve => {
      const settings = { env: { ...env, ...options.env }, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(binary, args, settings, (error, stdout, stderr) => {
        const code = !error ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr: error?.killed ? `${stderr}(killed: it took too long)` : stderr });
      });
      child.stdin!.end(options.input ?? '');
    });
  }

  function explain(args: string[], { code, stdout, stderr }: Result): string {
    return `kubectl ${args.join(' ')} ended with ${code}\n${stderr}${stdout}`;
  }

  return {
    run,
    ok: async (args, options) => {
      const result = await run(args, options);
      if (result.code !== 0) throw new Error(explain(args, result));
      return result.stdout;
    },
    fails: async (args, options) => {
      const result = await run(args, options);
      if (result.code === 0) throw new Error(`${explain(args, result)}\nbut it should have failed`);
      return result.stderr;
    },
    start: args => startProcess({ name: 'kubectl', command: binary, args, folder, env }),
    file: async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
  };
}
