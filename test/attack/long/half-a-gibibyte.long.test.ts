import { attackSuite, groups } from '../suite.ts';

attackSuite({ groups, seconds: 15, memoryBytes: 2 ** 29 });
attackSuite({ groups, seconds: 60, memoryBytes: 2 ** 29, atOnce: 3 });
