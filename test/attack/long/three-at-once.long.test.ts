import { attackSuite, groups } from '../suite.ts';

attackSuite({ groups, seconds: 60, atOnce: 3 });
