import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Signals go to this process only, by its id. */
export interface RunningProcess {
  name: string;
  pid: number;
  logFile: string;
  /** Exit code, or the signal's name. */
  exited: Promise<number | string>;
  hasExited(): boolean;
  /** The last lines of what the process wrote. */
  tail(): string;
  /** Resolves with the match once a line of the output matches, rejects when the process ends before. */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same for what is written from now on. */
  waitForNext(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace period. */
  stop(graceMs?: number): Promise<number | string>;
}

export interface StartOptions {
  name: string;
  command: string;
  args: string[];
  /** The folder for the log. */
  folder: string;
  env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();
const tailLines = 25;

// A test process that ends early, by whatever way it can still notice, takes its children along.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

let started = 0;

/**
 * Starts a process whose output goes to a file of its own in `folder`. Throws when it cannot be started at
 * all.
 */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const { name, command, args } = options;
  const logFile = join(options.folder, `${name}-${++started}.log`);
  const child = spawn(command, args, { env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const exited = new Promise<number | string>(resolve => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const log = createWriteStream(logFile);
  const lines = followLines(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => log.write(chunk));
  void exited.then(() => log.end());
  const ended = exited.then(code => {
    throw new Error(`${name} ended with ${code}:\n${lines.last.join('\n')}`);
  });
  // Most are never waited for.
  ended.catch(() => {});
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    pid: child.pid!,
    logFile,
    exited,
    hasExited,
    tail: () => lines.last.join('\n'),
    signal: signal => {
      child.kill(signal);
    },
    waitForLine: pattern => Promise.race([lines.wait(pattern, { fromStart: true }), ended]),
    waitForNext: pattern => Promise.race([lines.wait(pattern, { fromStart: false }), ended]),
    stop: async (graceMs = 10_000) => {
      if (!hasExited()) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
  };
}

function followLines(child: ChildProcess): {
  last: string[];
  wait(pattern: RegExp, from: { fromStart: boolean }): Promise<RegExpExecArray>;
} {
  const last: string[] = [];
  const seen: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        last.push(line);
        if (last.length > tailLines) last.shift();
        // Only the start of the output is searched for lines that came before the question.
        if (seen.length < 1_000) seen.push(line);
        for (const check of waiting) check(line);
      }
    });
  }
  const wait = (pattern: RegExp, { fromStart }: { fromStart: boolean }) =>
    new Promise<RegExpExecArray>(resolve => {
      const check = (line: string): boolean => {
        const match = pattern.exec(line);
        if (!match) return false;
        waiting.delete(check);
        resolve(match);
        return true;
      };
      if (!fromStart || !seen.some(check)) waiting.add(check);
    });
  return { last, wait };
}

/**
 * Free TCP ports on 127.0.0.1 for programs that cannot say which port they took. They lie below the range
 * from which systems take ports for outgoing connections, so that nothing grabs one between this check and
 * its use.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
