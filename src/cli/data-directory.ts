import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectoryPrivate, makeFilePrivate, writePrivateFile } from '../storage/sqlite/private-files.ts';
import { type KeyPair, makeCa, makeClient, makeServing, stillGood } from './certificates.ts';

const pairNames = ['ca', 'serving', 'admin'];

/**
 * The data directory: mode 0700, made when it is not there, and its files are private too. Holds the embedded store and what the
 * server made for itself. Throws, with the path and the reason, when it cannot be made or is another user's.
 */
export function openDataDirectory(path: string): void {
  try {
    makeDirectoryPrivate(path);
    for (const name of [...pairNames.flatMap(pair => [`${pair}.crt`, `${pair}.key`]), 'kubeconfig']) {
      makeFilePrivate(join(path, name));
    }
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`the data directory ${path} cannot be used (--data-dir): ${message}`, { cause: error });
  }
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
  writePrivateFile(path, `${JSON.stringify(config, null, 2)}\n`);
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
  writePrivateFile(keyPath, pair.key);
  writePrivateFile(certPath, pair.cert);
  return pair;
}
