import type { Json } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { array, type Infer, int64, object, oneOf, string, type Typed } from '../../schema/build.ts';
import { listAt } from './column.ts';

const condition = object(
  {
    lastTransitionTime: string('When the status last changed from one value to another (RFC 3339).', {
      format: 'date-time',
    }),
    message: string('Details of the last change, for people to read. May be empty.', { maxLength: 32768 }),
    observedGeneration: int64(
      'The metadata.generation that this was found for. When lower than the object has, it is out of date.',
      { minimum: 0 },
    ),
    reason: string('Why the status is what it is: one CamelCase word for programs to read.', {
      minLength: 1,
      maxLength: 1024,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    }),
    status: oneOf(['True', 'False', 'Unknown'], 'Whether the condition holds: True, False or Unknown.'),
    type: string('What the condition is about, e.g. Ready. Each type is listed once.', {
      maxLength: 316,
      pattern:
        '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?' +
        '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
    }),
  },
  'One thing observed about the object, in the form of a Kubernetes condition.',
  { required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'] },
);

export type Condition = Infer<typeof condition>;

/** The field `status.conditions` of a kind: Kubernetes conditions (meta/v1 Condition), one for each type. */
export function conditions(description: string): Typed<Condition[]> {
  return array(condition, description, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });
}

/** A cell that shows one field of the condition of this type; undefined where there is no such condition. */
export function conditionCell(
  source: ApiObject,
  type: string,
  field: 'status' | 'reason' | 'message',
): Json | undefined {
  const found = listAt(source, 'status.conditions') as Condition[];
  return found.find(each => each?.type === type)?.[field];
}
