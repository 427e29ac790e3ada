import { fuzzSuite } from './fuzz.ts';

fuzzSuite('many requests made up from the OpenAPI document', 20_000);
