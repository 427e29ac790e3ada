const MiB = 1024 * 1024;

/** What the parts of the process may hold, in bytes. */
export interface MemoryPlan {
  total: number;
  /** V8's old space of the main thread. */
  heap: number;
  /** One of the three semi-spaces of V8's young generation. */
  semiSpace: number;
  /** Heaps of the threads. */
  workers: { store: number; yaml: number };
  /** Request bodies that are not answered yet. Each costs several times its length of the heap as well, once it is decoded. */
  bodies: number;
  /** Answers that are not sent yet. */
  answers: number;
  /** Open watches, and events that their clients have not taken. */
  watches: number;
  /** Changes that watches can resume from, of all kinds together. */
  history: number;
  /** The objects themselves. They cannot be refused: the server warns when they outgrow their part. */
  caches: number;
  /** Buffers of connections in TLS, HTTP and the kernel. */
  connections: { bytes: number; count: number };
  /** For malloc, whose free pieces between pieces in use stay resident. */
  reserve: number;
}

/** The program itself, before it holds anything: code, V8's read-only and code spaces, OpenSSL, SQLite's cache. */
const baseBytes = 100 * MiB;
/** An idle connection over TLS costs about 50 KB (measured over HTTP/1.1); one that is busy has kernel buffers as well. */
export const bytesPerConnection = 64 * 1024;
/** Less than this holds no server. */
export const minTotalBytes = 256 * MiB;
/** What a server that was told nothing plans with. */
export const defaultTotalBytes = 1024 * MiB;
/** V8's own default; more brings longer pauses. */
const maxHeapBytes = 4096 * MiB;

/** Parts of what the fixed costs leave, in percent. The rest is the reserve. */
const percent = {
  heap: 31,
  store: 8,
  yaml: 6,
  bodies: 3,
  answers: 10,
  watches: 8,
  history: 8,
  caches: 14,
  connections: 6,
};

/**
 * Splits the memory of the process. Every part can be full at once: the parts add up to the total.
 * `total` is at least `minTotalBytes`.
 */
export function memoryPlan(total: number): MemoryPlan {
  const semiSpace = (total < 1024 * MiB ? 8 : 16) * MiB;
  const left = total - baseBytes - 3 * semiSpace;
  const part = (name: keyof typeof percent) => Math.floor((left * percent[name]) / 100);
  const plan = {
    total,
    heap: Math.min(part('heap'), maxHeapBytes),
    semiSpace,
    workers: { store: part('store'), yaml: part('yaml') },
    bodies: part('bodies'),
    answers: part('answers'),
    watches: part('watches'),
    history: part('history'),
    caches: part('caches'),
    connections: {
      bytes: part('connections'),
      count: Math.floor(part('connections') / bytesPerConnection),
    },
  };
  return { ...plan, reserve: total - bytesPlanned(plan) };
}

/** What a plan gives away, the reserve apart. */
function bytesPlanned(plan: Omit<MemoryPlan, 'reserve'>): number {
  const { heap, semiSpace, workers, bodies, answers, watches, history, caches, connections } = plan;
  const threads = workers.store + workers.yaml;
  const pools = bodies + answers + watches + history + caches + connections.bytes;
  return baseBytes + heap + 3 * semiSpace + threads + pools;
}
