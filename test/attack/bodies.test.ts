import { attackSuite } from './suite.ts';

attackSuite({ groups: ['bodies'], seconds: 2 });
