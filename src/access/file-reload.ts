import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { limits } from '../limits.ts';
import type { Log } from '../observability/observability.ts';

/** Files that are being followed. */
export interface FollowedFiles {
  /** Looks at once; resolves when the files have been read and, if they changed, applied or refused. */
  check(): Promise<void>;
  /** Stops; nothing is applied after it. */
  close(): void;
}

/** Writers change several files one after the other: wait this long after the first notice. */
const settleMs = 100;

/**
 * Reads `paths` and hands their contents, in the same order, to `apply`: now, and again whenever a content
 * changes. Rejects when that fails now. Later a file that cannot be read, or contents that `apply` refuses by
 * throwing, are logged once, and what was applied before stays in force. The folders are watched, since
 * Kubernetes swaps a symbolic link beside the files of a secret, and the files are read every
 * limits.filePollMs besides.
 */
export async function followFiles(
  paths: string[],
  apply: (contents: Buffer[]) => void | Promise<void>,
  options: { log: Log; pollMs?: number },
): Promise<FollowedFiles> {
  const { log } = options;
  const readAll = () => Promise.all(paths.map(path => readFile(path)));
  let current = await readAll();
  await apply(current);
  /** What was logged last, so that a lasting fault is told once. */
  let fault = '';
  let closed = false;

  const look = async (): Promise<void> => {
    try {
      const contents = await readAll();
      const unchanged = contents.every((content, i) => content.equals(current[i]!));
      if (closed || (unchanged && !fault)) return;
      if (!unchanged) {
        await apply(contents);
        current = contents;
        log.info('files reloaded', { paths });
      }
      fault = '';
    } catch (error) {
      const message = (error as Error).message;
      if (message !== fault)
        log.error('files not reloaded, the old contents stay', { paths, error: message });
      fault = message;
    }
  };
  let looking = Promise.resolve();
  const check = () => {
    looking = looking.then(look);
    return looking;
  };

  const poll = setInterval(check, options.pollMs ?? limits.filePollMs).unref();
  const stopWatching = watchFolders(paths, check, log);
  return {
    check,
    close: () => {
      closed = true;
      clearInterval(poll);
      stopWatching();
    },
  };
}

/**
 * Calls `changed` a moment after something happened in a folder of `paths`. A folder that cannot be watched
 * is left to the poll.
 */
function watchFolders(paths: string[], changed: () => void, log: Log): () => void {
  let settling: NodeJS.Timeout | undefined;
  const notice = () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      changed();
    }, settleMs).unref();
  };
  const watchers: FSWatcher[] = [];
  for (const folder of new Set(paths.map(path => dirname(path)))) {
    try {
      const watcher = watch(folder, { persistent: false }, notice);
      watcher.on('error', error => {
        log.debug('folder no longer watched, its files are polled', { folder, error: error.message });
        watcher.close();
      });
      watchers.push(watcher);
    } catch (error) {
      log.debug('folder not watched, its files are polled', { folder, error: (error as Error).message });
    }
  }
  return () => {
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  };
}
