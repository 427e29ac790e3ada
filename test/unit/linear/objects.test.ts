import { testObjectGrowth } from './object-growth.ts';

testObjectGrowth(['distinct', 'bad']);
