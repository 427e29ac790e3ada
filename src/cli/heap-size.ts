import { parseOptions } from '../config/parse.ts';
import { type MemoryPlan, memoryPlan } from '../memory/plan.ts';
import { memoryLimit } from './memory-limit.ts';

/** The settings of V8 and of malloc that a plan asks for. */
export interface HeapSettings {
  /** Arguments of Node, before the program. */
  execArgv: string[];
  environment: NodeJS.ProcessEnv;
}

const MiB = 1024 * 1024;
/** Few arenas, and large blocks given back when they are freed: else what was freed stays resident. */
const malloc = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

/** What Node is to be started with; undefined where whoever started it has set the heap's size already. */
export function heapSettings(
  { heap, semiSpace }: MemoryPlan,
  execArgv: readonly string[],
  environment: NodeJS.ProcessEnv,
): HeapSettings | undefined {
  const given = [...execArgv, environment.NODE_OPTIONS ?? ''].join(' ');
  if (/--max[-_](old[-_]space|heap)[-_]size/.test(given)) return undefined;
  return {
    execArgv: [
      `--max-old-space-size=${Math.floor(heap / MiB)}`,
      `--max-semi-space-size=${Math.floor(semiSpace / MiB)}`,
      ...execArgv,
    ],
    environment: { ...malloc, ...environment },
  };
}

/**
 * Starts this process, which runs `tortie serve` with the arguments, again with the heap that its memory allows. V8 takes the size of its heap when it starts, and never later. The process
 * keeps its id and its open files. Returns where that was done already or cannot be done: where a parent has an IPC channel to
 * this process, and on Windows.
 */
export function applyHeapSize(args: string[], environment: NodeJS.ProcessEnv): void {
  if (args.some(argument => argument === '--help' || argument === '-h')) return;
  const plan = memoryPlan(memoryLimit(parseOptions(args, environment).memoryLimit));
  const settings = heapSettings(plan, process.execArgv, process.env);
  if (!settings || !process.execve || process.channel) return;
  const command = [process.execPath, ...settings.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, command, settings.environment);
}
