import type { Sequence } from '../sequence.ts';
import { apply_ } from './apply.ts';
import { create } from './create.ts';
import { deletion } from './delete.ts';
import { forms } from './forms.ts';
import { list_ } from './list.ts';
import { patch } from './patch.ts';
import { update } from './update.ts';
import { watch_ } from './watch.ts';

/** Sequences written by hand, by subject. */
export const corpus: Record<string, Sequence[]> = {
  create,
  update,
  patch,
  apply: apply_,
  delete: deletion,
  list: list_,
  watch: watch_,
  forms,
};
