import { createSecureContext } from 'node:tls';
import { type FollowedFiles, followFiles } from '../access/file-reload.ts';
import type { Log } from '../observability/observability.ts';
import type { TlsMaterial, TlsProvider } from '../server/listener.ts';
import type { KeyPair } from './certificates.ts';

/** The serving certificate and the CAs advertised to clients, each replaced on its own while the server runs. */
export class Tls implements TlsProvider {
  #pair: KeyPair;
  readonly #authorities = new Map<string, string>();
  readonly #listeners: (() => void)[] = [];

  constructor(pair: KeyPair) {
    this.#pair = pair;
  }

  get current(): TlsMaterial {
    return { ...this.#pair, clientCas: [...this.#authorities.values()] };
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Serves with another certificate from the next connection on. Throws, and keeps the old one, when key and certificate do not fit. */
  setPair(pair: KeyPair): void {
    createSecureContext(pair);
    this.#pair = pair;
    this.#changed();
  }

  /** Advertises the CAs (PEM) of one source, or none of it any more. */
  setAuthorities(source: string, pem: string | undefined): void {
    if (pem === undefined) this.#authorities.delete(source);
    else this.#authorities.set(source, pem);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The certificate of files, read again when they change. Throws when they cannot be read or do not fit now. */
export async function tlsFromFiles(
  certFile: string,
  keyFile: string,
  log: Log,
): Promise<{ tls: Tls; files: FollowedFiles }> {
  let tls: Tls | undefined;
  const files = await followFiles(
    [certFile, keyFile],
    ([cert, key]) => {
      const pair = { cert: cert!.toString(), key: key!.toString() };
      createSecureContext(pair);
      if (tls) tls.setPair(pair);
      else tls = new Tls(pair);
    },
    { log },
  );
  return { tls: tls!, files };
}
