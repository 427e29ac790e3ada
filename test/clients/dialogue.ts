import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** One step that a program is asked to do with its client; which fields count depends on `do`. */
export interface Command {
  do: string;
  resource?: string;
  namespace?: string;
  name?: string;
  selector?: string;
  manager?: string;
  force?: boolean;
  uid?: string;
  object?: Record<string, unknown>;
}

export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** What a program tells of a step. A refusal by the server has its code, reason, message and causes. */
export interface Report {
  code?: number;
  reason?: string;
  message?: string;
  causes?: Cause[];
  object?: unknown;
  /** An error that is no answer of the server. */
  failure?: string;
  names?: string[];
  pages?: number;
  /** What the client holds: names and resourceVersions. */
  objects?: Record<string, string>;
  /** The same by an informer of metadata only. */
  metadata?: Record<string, string>;
  /** What the client told since it follows: type, name, resourceVersion. */
  events?: [string, string, string][];
  lists?: number;
  streams?: number;
  created?: number;
  finished?: number;
}

export interface ProgramStart {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
}

/** A running program that answers one step at a time. */
export interface Dialogue {
  /** Rejects when the program ends, or answers with a failure, or not within two minutes. */
  ask(command: Command): Promise<Report>;
  end(): Promise<void>;
}

const limitMs = 120_000;

/** Starts a program; what it writes to its standard error goes to a file in `folder`. */
export function startDialogue(start: ProgramStart, kubeconfig: string, folder: string): Dialogue {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig, ...start.env };
  const child = spawn(start.command, start.args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const log = createWriteStream(join(folder, 'client.log'));
  let messages = '';
  child.stderr.on('data', chunk => {
    log.write(chunk);
    messages = (messages + chunk).slice(-3_000);
  });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => {
      process.off('exit', kill);
      log.end();
      reject(new Error(`the client's program ended with ${code}:\n${messages}`));
    });
  });
  ended.catch(() => {});

  const waiting = new Map<number, (report: Report) => void>();
  createInterface({ input: child.stdout }).on('line', line => {
    const [, id, report] = /^step (\d+) (.*)$/.exec(line) ?? [];
    if (id) waiting.get(Number(id))?.(JSON.parse(report!));
  });

  let last = 0;
  async function ask(command: Command): Promise<Report> {
    const id = ++last;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`no answer to ${JSON.stringify(command)}; the program said:\n${messages}`);
      timer = setTimeout(() => reject(error), limitMs);
    });
    const answered = new Promise<Report>(resolve => waiting.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ ...blank, ...command, id })}\n`);
    const report = await Promise.race([answered, ended, late]).finally(() => clearTimeout(timer));
    if (report.failure) throw new Error(`${command.do}: ${report.failure}\n${messages}`);
    return report;
  }

  async function end(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended.catch(() => {});
  }

  return { ask, end };
}

/** Programs in languages without a notion of what is absent read every field. */
const blank = {
  resource: '',
  namespace: '',
  name: '',
  selector: '',
  manager: '',
  force: false,
  uid: '',
  object: {},
};
