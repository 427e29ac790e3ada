import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Takes a lock file and resolves with what gives it back. Another process that builds is waited for; the lock
 * of a process that is gone is taken over.
 */
export async function lock(path: string, log: (line: string) => void): Promise<() => Promise<void>> {
  const own = `${path}-${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    for (let waited = 0; ; waited++) {
      const taken = await link(own, path).then(
        () => true,
        () => false,
      );
      if (taken) return () => rm(path, { force: true });
      const owner = Number(await readFile(path, 'utf8').catch(() => process.pid));
      if (!isAlive(owner)) await rm(path, { force: true });
      else if (waited === 0) log(`waiting for process ${owner}, which builds into the same folder`);
      await sleep(1_000);
    }
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
