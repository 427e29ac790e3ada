import { join } from 'node:path';
import { installed } from './programs.ts';
import { clientSuite, everyClient } from './scenario.ts';

const { folder, skip } = await installed('rust');
const command = join(folder, 'bin/tortie-client');

for (const streaming of [true, false]) {
  const start = { command, args: streaming ? ['streaming'] : [] };
  clientSuite(`kube-rs, streaming lists ${streaming ? 'on' : 'off'}`, skip, start, everyClient);
}
