import { attackSuite } from './suite.ts';

attackSuite({ groups: ['windows'], seconds: 2 });
