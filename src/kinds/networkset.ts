import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  networkSetColumns,
  networkSetExamples,
  networkSetSpec,
  networkSetWarnings,
} from './parts/networkset.ts';

import { reservedSetLabel } from './parts/policychecks.ts';

export type NetworkSetSpec = Infer<typeof networkSetSpec>;

export const networkSet: Kind = {
  kind: 'NetworkSet',
  plural: 'networksets',
  singular: 'networkset',
  shortNames: ['netsets'],
  namespaced: true,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A list of networks under one name. Policies of its namespace match it by its labels with the ' +
    'selector of a rule, other policies with a namespaceSelector as well.',
  schema: object({ spec: networkSetSpec }, 'A list of networks under one name.', {
    required: ['spec'],
    rules: [reservedSetLabel],
  }),
  selectableFields: [],
  columns: networkSetColumns,
  warnings: networkSetWarnings,
  examples: networkSetExamples({ kind: 'NetworkSet', namespaced: true }),
};
