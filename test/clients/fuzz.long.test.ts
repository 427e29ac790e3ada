import { fuzzSuite } from './fuzz.ts';

const seed = Math.floor(Math.random() * 1e9);
fuzzSuite('many requests made up from the OpenAPI document', 20_000, seed);
