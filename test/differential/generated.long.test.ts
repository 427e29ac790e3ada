import { randomInt } from 'node:crypto';
import { generatedSequences } from './generated.ts';

const seed = Number(process.env.SEED) || randomInt(2 ** 31);
generatedSequences({ count: 5_000, seed });
