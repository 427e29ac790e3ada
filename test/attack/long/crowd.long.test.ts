import { attackSuite } from '../suite.ts';

attackSuite({ groups: ['crowd'], seconds: 60 });
