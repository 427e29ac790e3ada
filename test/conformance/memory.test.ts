import { createMemoryBackend } from '../../src/storage/memory/backend.ts';
import { storageConformance } from './storage.ts';

storageConformance({
  name: 'memory',
  open: async options => createMemoryBackend(options),
});
