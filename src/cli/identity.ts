import { createAuthenticator } from '../access/authenticator.ts';
import { createAuthorizer } from '../access/authorizer.ts';
import { CertificatePool } from '../access/certificate-pool.ts';
import type { Authenticator, Authorizer } from '../access/user.ts';
import type { Options } from '../config/options.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { KeyPair } from './certificates.ts';
import type { Tls } from './tls.ts';

/** Who callers are and what they may do. */
export interface Identity {
  mode: 'standalone' | 'delegated';
  authenticate: Authenticator;
  authorize: Authorizer;
  /** Throws while callers cannot be told apart. */
  check(): void;
  close(): void;
}

/** Opens the identity that the options ask for: a cluster's, where one is named, else that of the data directory's CA. */
export async function openIdentity(parts: {
  options: Options;
  ca: KeyPair;
  tls: Tls;
  log: Log;
  metrics: Metrics;
}): Promise<Identity> {
  return standalone(parts);
}

/** Only certificates of the data directory's CA count; the admin's is in system:masters. */
function standalone({
  options,
  ca,
  tls,
  log,
}: {
  options: Options;
  ca: KeyPair;
  tls: Tls;
  log: Log;
}): Identity {
  tls.setAuthorities('own', ca.cert);
  return {
    mode: 'standalone',
    authenticate: createAuthenticator({ clientCertificates: new CertificatePool({ pem: ca.cert }), log }),
    authorize: createAuthorizer({ alwaysAllowPaths: options.authorizationAlwaysAllowPaths }),
    check: () => {},
    close: () => {},
  };
}
