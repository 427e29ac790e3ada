import { boolean, object, string } from '../../schema/build.ts';

/** Where a BGP password is read from: one key of a Secret (core/v1 SecretKeySelector). */
export function password(description: string) {
  const secretKeyRef = object(
    {
      key: string('Key within the Secret whose value is the password.'),
      name: string('Name of the Secret, in the namespace of the calico-node pods. Default: empty.', {
        default: '',
      }),
      optional: boolean('Whether the Secret or its key may be absent. Default: false.'),
    },
    'The key of a Secret that holds the password. calico-node needs the right to read that Secret.',
    { required: ['key'], 'x-kubernetes-map-type': 'atomic' },
  );
  const definition = { name: 'BGPPassword', description: 'Where a BGP password is read from.' };
  return object({ secretKeyRef }, description, { definition });
}
