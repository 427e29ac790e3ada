import { attackSuite } from '../suite.ts';

attackSuite({ groups: ['frames'], seconds: 60 });
