import { join } from 'node:path';
import { installed, sourceOf } from './programs.ts';
import { clientSuite, everyClient } from './scenario.ts';

const { folder, skip } = await installed('python');
const start = { command: join(folder, 'venv/bin/python'), args: [join(sourceOf('python'), 'main.py')] };
clientSuite('kubernetes for Python', skip, start, everyClient);
