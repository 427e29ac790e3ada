import { sameAsMemory } from './histories.ts';
import { directoryOf, openStore } from './sqlite-store.ts';

sameAsMemory({
  name: 'sqlite',
  runs: 30,
  open: openStore,
  reopen: async (store, options) => {
    await store.close();
    return openStore({ ...options, directory: directoryOf(store) });
  },
});
