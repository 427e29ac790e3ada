import { createInterface } from 'node:readline';
import { openSqliteBackend } from '../../../../src/storage/sqlite/backend.ts';

/** A process of its own with a store: `fill` writes until it fails, `try` checks and writes once, `hold` just holds. */
const store = await openSqliteBackend({ directory: process.argv[2]! });
const value = new Uint8Array(50_000);
let written = 0;

const write = async () => {
  await store.write({ type: 'create', key: `/x/${written}`, value });
  written++;
};
const commands: Record<string, () => Promise<unknown>> = {
  hold: async () => 'held',
  fill: async () => {
    while (written < 1_000) await write();
    return 'not full';
  },
  try: async () => {
    await store.check();
    await write();
    return { written, listed: (await store.list('/x/')).entries.length };
  },
};

console.log('open');
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await commands[line]!()));
  } catch (error) {
    console.log(JSON.stringify({ error: (error as { code: string }).code, message: String(error), written }));
  }
}
await store.close();
