import { join } from 'node:path';
import { clientSuite, everyClient } from './scenario.ts';

const start = { command: process.execPath, args: [join(import.meta.dirname, 'node/main.ts')] };
clientSuite('@kubernetes/client-node', false, start, everyClient);
