import { fuzzSuite } from './fuzz.ts';

fuzzSuite('requests made up from the OpenAPI document', 2_000);
