import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyPair, makeCa, makeClient, makeServing, stillGood } from './certificates.ts';

/** The data directory: mode 0700, made when it is not there. Holds the embedded store and what the server made for itself. */
export function openDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** The CA of this data directory: the one on disk, or a new one. */
export async function ensureCa(directory: string): Promise<KeyPair> {
  return ensurePair(
    directory,
    'ca',
    () => true,
    () => makeCa('tortie-ca'),
  );
}

/** The serving certificate for these names: the one on disk, or a new one where that is missing, about to expire or lacks a name. */
export async function ensureServing(directory: string, ca: KeyPair, names: string[]): Promise<KeyPair> {
  return ensurePair(
    directory,
    'serving',
    pair => stillGood(pair, ca, names),
    () => makeServing(ca, names),
  );
}

/** The admin's client certificate, in system:masters. */
export async function ensureAdmin(directory: string, ca: KeyPair): Promise<KeyPair> {
  return ensurePair(
    directory,
    'admin',
    pair => stillGood(pair, ca, []),
    () => makeClient(ca, { name: 'tortie-admin', group: 'system:masters' }),
  );
}

/** Writes the admin's kubeconfig for the server's URL; returns its path. */
export function writeKubeconfig(directory: string, url: string, ca: KeyPair, admin: KeyPair): string {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const path = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tortie', cluster: { server: url, 'certificate-authority-data': encoded(ca.cert) } }],
    users: [
      {
        name: 'tortie-admin',
        user: {
          'client-certificate-data': encoded(admin.cert),
          'client-key-data': encoded(admin.key),
        },
      },
    ],
    contexts: [
      { name: 'tortie', context: { cluster: 'tortie', user: 'tortie-admin', namespace: 'default' } },
    ],
    'current-context': 'tortie',
  };
  // JSON is YAML: kubectl reads it.
  writeAtomically(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}

async function ensurePair(
  directory: string,
  name: string,
  good: (pair: KeyPair) => boolean,
  make: () => Promise<KeyPair>,
): Promise<KeyPair> {
  const certPath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  if (existsSync(certPath) && existsSync(keyPath)) {
    const pair = { cert: readFileSync(certPath, 'utf8'), key: readFileSync(keyPath, 'utf8') };
    if (good(pair)) return pair;
  }
  const pair = await make();
  writeAtomically(keyPath, pair.key);
  writeAtomically(certPath, pair.cert);
  return pair;
}

function writeAtomically(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
