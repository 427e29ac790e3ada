import { parentPort } from 'node:worker_threads';

/** The store's worker, with keys that make it fall over in place of serving the requests of the message. */
parentPort!.addEventListener('message', event => {
  const { data } = event as unknown as { data: { key?: string }[] };
  const asksFor = (key: string) => data.some(request => request.key === key);
  if (asksFor('/exit')) process.exit(3);
  if (!asksFor('/throw')) return;
  event.stopImmediatePropagation();
  throw new Error('thrown on purpose');
});

await import('../../../../src/storage/sqlite/worker.ts');
