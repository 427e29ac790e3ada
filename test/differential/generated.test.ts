import { generatedSequences } from './generated.ts';

generatedSequences({ count: 200, seed: 1 });
