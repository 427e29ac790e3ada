import { parentPort } from 'node:worker_threads';

/** The store's worker, with keys that make it fall over in place of serving the request. */
parentPort!.addEventListener('message', event => {
  const { data } = event as unknown as { data: { key?: string } };
  if (data.key === '/exit') process.exit(3);
  if (data.key !== '/throw') return;
  event.stopImmediatePropagation();
  throw new Error('thrown on purpose');
});

await import('../../../../src/storage/sqlite/worker.ts');
