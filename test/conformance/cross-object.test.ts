import { createMemoryBackend } from '../../src/storage/memory/backend.ts';
import { crossObjectConformance } from './cross-object/races.ts';
import { openStore } from './sqlite-store.ts';

crossObjectConformance({ name: 'memory', open: async () => createMemoryBackend() });
crossObjectConformance({ name: 'sqlite', open: () => openStore() });
