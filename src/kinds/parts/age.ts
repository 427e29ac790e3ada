import type { Column } from '../kind.ts';

/** The last column of every table: how long ago the object was created, as kubectl prints it for its own kinds. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'date',
  description: 'How long ago the object was created.',
  value: object => object.metadata.creationTimestamp,
};
