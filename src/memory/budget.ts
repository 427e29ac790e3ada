import type { MemoryPlan } from './plan.ts';
import { SharedBytes } from './shared-bytes.ts';

/** The bytes that users share. An owner is a user's name; anonymous callers are one owner. */
export interface Budget {
  /** Request bodies that are not answered yet. */
  bodies: SharedBytes;
  /** Answers that are not sent yet. */
  answers: SharedBytes;
  /** Open watches, and events that their clients have not taken. */
  watches: SharedBytes;
}

/** The pools of a plan, empty. */
export function createBudget(plan: Pick<MemoryPlan, 'bodies' | 'answers' | 'watches'>): Budget {
  return {
    bodies: new SharedBytes(plan.bodies),
    answers: new SharedBytes(plan.answers),
    watches: new SharedBytes(plan.watches),
  };
}
