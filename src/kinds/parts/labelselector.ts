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

/** A label selector as kubectl prints it, sorted by label: `app=web,zone in (a,b)`; `<none>` when empty. */
export function printLabelSelector(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const expressions = (selector?.matchExpressions ?? []).map(each => ({
    key: each.key,
    text: printRequirement(each),
  }));
  const sorted = [...labels, ...expressions].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return sorted.map(each => each.text).join(',') || '<none>';
}

function printRequirement({ key, operator, values }: Infer<typeof requirement>): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  const word = operator === 'NotIn' ? 'notin' : 'in';
  return `${key} ${word} (${[...(values ?? [])].sort().join(',')})`;
}
