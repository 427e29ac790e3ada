/** What apply does in steps, done at once. */
import * as applying from '../../../../src/machinery/apply/apply.ts';
import * as sets from '../../../../src/machinery/apply/field-set.ts';
import * as fieldsV1 from '../../../../src/machinery/apply/fields-v1.ts';
import * as managers from '../../../../src/machinery/apply/managers.ts';
import * as setOf from '../../../../src/machinery/apply/set-of.ts';
import * as tracking from '../../../../src/machinery/apply/track.ts';
import { atOnce, type Steps } from '../../../../src/machinery/steps.ts';

function done<P extends unknown[], T>(work: (...parameters: P) => Steps<T>): (...parameters: P) => T {
  return (...parameters) => atOnce(work(...parameters));
}

export const applyConfiguration = done(applying.applyConfiguration);
export const difference = done(sets.difference);
export const fieldsOf = done(setOf.fieldsOf);
export const intersection = done(sets.intersection);
export const ownable = done(tracking.ownable);
export const parseFieldsV1 = done(fieldsV1.parseFieldsV1);
export const parseManagers = done(managers.parseManagers);
export const recursiveDifference = done(sets.recursiveDifference);
export const serializeFieldsV1 = done(fieldsV1.serializeFieldsV1);
export const trackUpdate = done(tracking.trackUpdate);
export const union = done(sets.union);
