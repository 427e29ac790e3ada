import { array, type Infer, map, object, string, type Typed } from '../../schema/build.ts';

const requirement = object(
  {
    key: string('Label that the requirement looks at.'),
    operator: string('How key and values relate: In, NotIn, Exists or DoesNotExist.'),
    values: array(
      string('A label value.'),
      'Values to compare with. At least one for In and NotIn, none for Exists and DoesNotExist.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
  },
  'One requirement on a label.',
  { required: ['key', 'operator'] },
);

const properties = {
  matchExpressions: array(requirement, 'Requirements that must all hold, together with matchLabels.', {
    'x-kubernetes-list-type': 'atomic',
  }),
  matchLabels: map(string('Value that the label must have.'), 'Labels that must be there with these values.'),
};

const shape = object(properties, 'A Kubernetes label selector.');

export type LabelSelector = Infer<typeof shape>;

/** A Kubernetes label selector (meta/v1 LabelSelector), which is replaced as a whole by server-side apply. */
export function labelSelector(description: string): Typed<LabelSelector> {
  return object(properties, description, { 'x-kubernetes-map-type': 'atomic' });
}

/** A label selector as kubectl prints it: `app=web,tier in (a,b),!legacy`; `<none>` when empty. */
export function printLabelSelector(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    const word = operator === 'NotIn' ? 'notin' : 'in';
    return `${key} ${word} (${[...(values ?? [])].sort().join(',')})`;
  });
  return [...labels, ...expressions].join(',') || '<none>';
}
