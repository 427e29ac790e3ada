import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { Certificate } from './certificates.ts';

export interface Credentials {
  server: string;
  /** PEM. */
  authority: string;
  user: Certificate | { token: string };
}

/** Writes a kubeconfig with everything inside, readable by its owner only. */
export async function writeKubeconfig(path: string, { server, authority, user }: Credentials): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: 'e2e',
        user:
          'token' in user
            ? { token: user.token }
            : {
                'client-certificate-data': base64(user.certificate),
                'client-key-data': base64(user.key),
              },
      },
    ],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e' } }],
    'current-context': 'e2e',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
}
