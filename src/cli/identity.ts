import { createAuthenticator } from '../access/authenticator.ts';
import { createAuthorizer } from '../access/authorizer.ts';
import { CertificatePool } from '../access/certificate-pool.ts';
import { FrontProxy, type RequestHeaderSettings } from '../access/front-proxy.ts';
import type { Peer } from '../access/peer.ts';
import { reviewAuthorizer } from '../access/subject-access-review.ts';
import type { Authenticator, Authorizer } from '../access/user.ts';
import type { Options } from '../config/options.ts';
import type { ClusterTrust } from '../kube/configmap.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { KeyPair } from './certificates.ts';
import { type Clusters, openClusters } from './clusters.ts';
import type { Tls } from './tls.ts';
import { followTrustFiles } from './trust-files.ts';

/** Who callers are and what they may do. */
export interface Identity {
  mode: 'standalone' | 'delegated';
  authenticate: Authenticator;
  authorize: Authorizer;
  /** Whether a connection is that of a front proxy. */
  isFrontProxy(peer: Peer): boolean;
  /** Throws while callers cannot be told apart. */
  check(): void;
  close(): Promise<void>;
}

interface Parts {
  options: Options;
  /** The CA of the data directory. */
  ca: KeyPair;
  tls: Tls;
  log: Log;
  metrics: Metrics;
}

/**
 * Opens the identity that the options ask for: that of a cluster, where one is named or the process runs in a pod, else that of the data
 * directory's CA. Throws where a kubeconfig or a CA file cannot be read, or the cluster's agents would not see this server's store.
 */
export async function openIdentity(parts: Parts): Promise<Identity> {
  const clusters = await openClusters(parts.options, parts.log);
  return clusters ? delegated(parts, clusters) : standalone(parts);
}

/** Only certificates of the data directory's CA count; the admin's is in system:masters. */
function standalone({ options, ca, tls, log }: Parts): Identity {
  tls.setAuthorities('own', ca.cert);
  return {
    mode: 'standalone',
    authenticate: createAuthenticator({ clientCertificates: new CertificatePool({ pem: ca.cert }), log }),
    authorize: createAuthorizer({ alwaysAllowPaths: options.authorizationAlwaysAllowPaths }),
    isFrontProxy: () => false,
    check: () => {},
    close: async () => {},
  };
}

/** Front proxy, client certificates and tokens of a cluster, and its opinion on every request. */
async function delegated({ options, tls, log, metrics }: Parts, clusters: Clusters): Promise<Identity> {
  const { followTrust } = await import('../kube/configmap.ts');
  const { subjectAccessReviews, tokenReviews } = await import('../kube/reviews.ts');
  const frontProxy = new FrontProxy();
  const clientCertificates = new CertificatePool();
  const setClientCa = (pem: string | undefined) => {
    if (pem) clientCertificates.replace(pem);
    else clientCertificates.clear();
    tls.setAuthorities('client', pem);
  };
  const setRequestHeader = (settings: RequestHeaderSettings | undefined) => {
    frontProxy.replace(settings);
    tls.setAuthorities('front-proxy', settings?.ca);
  };
  const files = await followTrustFiles(options, { setClientCa, setRequestHeader, log });
  const wantsLookup =
    !options.authenticationSkipLookup && !(options.clientCaFile && options.requestheaderClientCaFile);
  let known = !wantsLookup;
  const lookup = wantsLookup
    ? await followTrust({
        client: clusters.authentication,
        log,
        // Ready only once it was read: a server that ends would have to be started again by somebody.
        tolerateLookupFailure: true,
        onChange: (trust: ClusterTrust) => {
          if (!options.clientCaFile) setClientCa(trust.clientCa);
          if (!options.requestheaderClientCaFile) setRequestHeader(trust.requestHeader);
          known = true;
        },
      })
    : undefined;
  return {
    mode: 'delegated',
    authenticate: createAuthenticator({
      frontProxy,
      clientCertificates,
      createTokenReview: tokenReviews(clusters.authentication),
      log,
      metrics,
    }),
    authorize: createAuthorizer({
      alwaysAllowPaths: options.authorizationAlwaysAllowPaths,
      delegate: reviewAuthorizer(subjectAccessReviews(clusters.authorization), { metrics }),
    }),
    isFrontProxy: peer => frontProxy.isFrontProxy(peer),
    check: () => {
      if (known || options.authenticationTolerateLookupFailure) return;
      throw new Error('the cluster has not said whom to trust yet');
    },
    close: async () => {
      files.close();
      lookup?.close();
      await clusters.close();
    },
  };
}
