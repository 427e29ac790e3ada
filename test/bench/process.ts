import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A server under measurement, or the store behind it. */
export interface Running {
  pid: number;
  stop(): Promise<void>;
}

/** Starts a command and waits for the pattern in what it prints; its first group is returned too. Throws when it ends before. */
export async function start(options: {
  name: string;
  command: string;
  args: string[];
  folder: string;
  pattern: RegExp;
}): Promise<Running & { said: string }> {
  const { name, command, args, folder, pattern } = options;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  const ended = new Promise<void>(done => child.once('close', () => done()));
  const said = await new Promise<string>((done, fail) => {
    let text: string | undefined = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        if (text === undefined) return;
        text += chunk;
        const match = pattern.exec(text);
        if (!match) return;
        text = undefined;
        done(match[1] ?? '');
      });
    }
    child.once('error', fail);
    void ended.then(() => fail(new Error(`${name} ended early:\n${text}`)));
  });
  return {
    pid: child.pid!,
    said,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** CPU time of a process so far, µs, and its resident memory (Linux: /proc). */
export function usage(pid: number): { cpuMicros: number; rssMiB: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuMicros: (ticks / 100) * 1e6, rssMiB: (Number(fields[21]) * 4096) / 2 ** 20 };
}
