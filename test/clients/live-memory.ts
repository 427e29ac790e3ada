import type { RunningProcess } from '../e2e/process.ts';

/**
 * A server that is started with this environment can be asked what it holds. It sets the size of its heap by starting itself again,
 * with another inspector, unless it has one.
 */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0 --max-old-space-size=1024' };

/**
 * What a Node process holds once its garbage has been collected, bytes: objects, and buffers outside the heap. The
 * process must have been started with `inspectable`. Rejects when it ends before it has answered.
 */
export async function liveMemory(running: RunningProcess): Promise<number> {
  const [, url] = await running.waitForLine(/^Debugger listening on (ws:\S+)$/);
  const socket = new WebSocket(url!);
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    // The second takes what the finalizers of the first have let go.
    for (let round = 0; round < 2; round++) await ask(socket, 'HeapProfiler.collectGarbage', {});
    const asked = { expression: 'process.memoryUsage()', returnByValue: true };
    const { heapUsed, external } = (await ask(socket, 'Runtime.evaluate', asked)).result.value;
    return heapUsed + external;
  } finally {
    socket.close();
  }
}

interface Answer {
  result: { value: NodeJS.MemoryUsage };
}

let asked = 0;

function ask(socket: WebSocket, method: string, params: object): Promise<Answer> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    socket.addEventListener('close', () =>
      reject(new Error(`${method}: the process has closed its inspector`)),
    );
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(data);
      if (answer.id !== id) return;
      if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
      else resolve(answer.result);
    });
    socket.send(JSON.stringify({ id, method, params }));
  });
}
