import { openStore, reopenStore } from './sqlite-store.ts';
import { storageConformance } from './storage.ts';

storageConformance({ name: 'sqlite', open: openStore, reopen: reopenStore });
