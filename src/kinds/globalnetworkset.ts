import { type Infer, object } from '../schema/build.ts';
import type { Kind } from './kind.ts';
import {
  networkSetColumns,
  networkSetExamples,
  networkSetSpec,
  networkSetWarnings,
} from './parts/networkset.ts';

import { reservedSetLabel } from './parts/policychecks.ts';

export type GlobalNetworkSetSpec = Infer<typeof networkSetSpec>;

export const globalNetworkSet: Kind = {
  kind: 'GlobalNetworkSet',
  plural: 'globalnetworksets',
  singular: 'globalnetworkset',
  shortNames: ['gns'],
  namespaced: false,
  tiered: false,
  statusSubresource: false,
  storageClass: 'resource',
  description:
    'A list of networks under one name, for policies of the whole cluster. Global policies match it by ' +
    'its labels with the selector of a rule, namespaced ones with namespaceSelector global() as well.',
  schema: object({ spec: networkSetSpec }, 'A list of networks for policies of the whole cluster.', {
    required: ['spec'],
    rules: [reservedSetLabel],
  }),
  selectableFields: [],
  columns: networkSetColumns,
  warnings: networkSetWarnings,
  examples: networkSetExamples({ kind: 'GlobalNetworkSet', namespaced: false }),
};
