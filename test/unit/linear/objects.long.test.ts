import { allForms } from './growing.ts';
import { testObjectGrowth } from './object-growth.ts';

testObjectGrowth(allForms);
