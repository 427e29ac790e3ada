import { attackSuite } from './suite.ts';

attackSuite({ groups: ['crowd'], seconds: 4, only: /^anonymous|^random tokens/ });
