import { attackSuite } from '../suite.ts';

attackSuite({ groups: ['lines'], seconds: 60 });
