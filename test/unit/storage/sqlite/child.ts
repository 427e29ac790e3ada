import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Another process with a store, driven by lines (see store-child.ts). */
export interface StoreProcess {
  process: ChildProcess;
  /** Sends a command and waits for its answer. */
  ask(command: string): Promise<Record<string, unknown>>;
  /** Ends the process and waits for its end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const script = fileURLToPath(new URL('./store-child.ts', import.meta.url));

/** Starts the process in a shell, which may set limits before; resolves once the store is open. */
export async function startStoreProcess(directory: string, before = ':'): Promise<StoreProcess> {
  const command = `${before}; exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string | undefined;
  if ((await next()) !== 'open') throw new Error('the store of the other process did not open');
  return {
    process: child,
    ask: async line => {
      child.stdin!.write(`${line}\n`);
      return JSON.parse((await next())!);
    },
    end: async signal => {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}
