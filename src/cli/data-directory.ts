import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectoryPrivate, makeFilePrivate, writePrivateFile } from '../storage/sqlite/private-files.ts';
import {
  caStillGood,
  isPair,
  type KeyPair,
  makeCa,
  makeClient,
  makeServing,
  stillGood,
} from './certificates.ts';

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

/**
 * The CA of this data directory: the one on disk, or a new one where there has been none. One that is not valid by the clock, or for a
 * year only, is made again with its key, so that what it has signed and who trusts it stay. Throws, with the cure, when a part of it
 * is lost or cannot be read: a new one would lock everybody out who trusts the old one.
 */
export async function ensureCa(directory: string, now = Date.now()): Promise<KeyPair> {
  const name = 'tortie-ca';
  const found = readParts(directory, 'ca');
  if (found.cert === undefined && found.key === undefined) {
    const left = pairNames.find(pair => pair !== 'ca' && readParts(directory, pair).cert !== undefined);
    if (left)
      throw lostCa(
        directory,
        `ca.crt and ca.key are missing, but ${left}.crt, which they have signed, is there`,
      );
    return savePair(directory, 'ca', await makeCa(name, undefined, now));
  }
  if (found.key === undefined) throw lostCa(directory, 'ca.key is missing beside ca.crt');
  try {
    const { cert, key } = found;
    // The key is written first: a start that was cut short leaves it alone.
    if (cert === undefined) return savePair(directory, 'ca', await makeCa(name, key, now));
    if (!isPair({ cert, key })) throw new Error('the key is not that of the certificate');
    if (caStillGood({ cert, key }, now)) return { cert, key };
    return savePair(directory, 'ca', await makeCa(name, key, now));
  } catch (error) {
    throw lostCa(directory, `ca.crt and ca.key cannot be used: ${(error as Error).message}`);
  }
}

function lostCa(directory: string, what: string): Error {
  return new Error(
    `${directory}: ${what}. Put back what belongs there. To begin with a new CA, which ends every copy of the kubeconfig, ` +
      `remove ${pairNames.map(pair => `${pair}.crt and ${pair}.key`).join(', ')}`,
  );
}

/** The serving certificate for these names: the one on disk, or a new one where that is not good for 30 days or lacks a name. */
export async function ensureServing(
  directory: string,
  ca: KeyPair,
  names: string[],
  now = Date.now(),
): Promise<KeyPair> {
  const found = goodPair(directory, 'serving', pair => stillGood(pair, ca, names, now));
  return found ?? savePair(directory, 'serving', await makeServing(ca, names, now));
}

/** The admin's client certificate, in system:masters. */
export async function ensureAdmin(directory: string, ca: KeyPair, now = Date.now()): Promise<KeyPair> {
  const found = goodPair(directory, 'admin', pair => stillGood(pair, ca, [], now));
  const user = { name: 'tortie-admin', group: 'system:masters' };
  return found ?? savePair(directory, 'admin', await makeClient(ca, user, now));
}

/** Where the admin's kubeconfig is. */
export function kubeconfigPath(directory: string): string {
  return join(directory, 'kubeconfig');
}

/** Writes the admin's kubeconfig for the server's URL. */
export function writeKubeconfig(directory: string, url: string, ca: KeyPair, admin: KeyPair): void {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
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
  writePrivateFile(kubeconfigPath(directory), `${JSON.stringify(config, null, 2)}\n`);
}

/** The pair on disk, where it is good; one that cannot be read is none. */
function goodPair(directory: string, name: string, good: (pair: KeyPair) => boolean): KeyPair | undefined {
  const { cert, key } = readParts(directory, name);
  if (cert === undefined || key === undefined) return undefined;
  try {
    return good({ cert, key }) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

function readParts(directory: string, name: string): { cert: string | undefined; key: string | undefined } {
  const read = (suffix: string) => {
    const path = join(directory, `${name}.${suffix}`);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  return { cert: read('crt'), key: read('key') };
}

function savePair(directory: string, name: string, pair: KeyPair): KeyPair {
  writePrivateFile(join(directory, `${name}.key`), pair.key);
  writePrivateFile(join(directory, `${name}.crt`), pair.cert);
  return pair;
}
