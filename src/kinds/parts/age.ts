import type { Column } from '../kind.ts';

/** The last column of every table: how long ago the object was created. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'date',
  description: 'How long ago the object was created.',
  value: object => object.metadata.creationTimestamp,
};
