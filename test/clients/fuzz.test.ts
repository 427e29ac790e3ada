import { fuzzSuite } from './fuzz.ts';

// The same requests every time: new ones are for the long form.
fuzzSuite('requests made up from the OpenAPI document', 2_000, 11);
