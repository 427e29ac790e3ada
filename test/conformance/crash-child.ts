import { openSqliteBackend } from '../../src/storage/sqlite/backend.ts';

/**
 * Creates `/<round>/<n>` with many writers at once, and says each acknowledgment on standard output: key and revision, as
 * soon as it is there (writes to pipes are synchronous). To be killed while it
 * does: it never ends by itself.
 */
const [directory, round] = process.argv.slice(2) as [string, string];
const store = await openSqliteBackend({ directory });
let next = 0;

async function writer(): Promise<void> {
  for (;;) {
    const key = `/${round}/${next++}`;
    const { revision } = await store.write({ type: 'create', key, value: Buffer.from(key.repeat(50)) });
    process.stdout.write(`${key} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: 64 }, writer));
