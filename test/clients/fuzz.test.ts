import { fuzzSuite } from './fuzz.ts';

// The same requests every time: what fails here is not a matter of luck.
fuzzSuite('requests made up from the OpenAPI document', 2_000, 11);
