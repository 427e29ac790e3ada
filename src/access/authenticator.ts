import { StatusError, unauthorized } from '../machinery/status.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import type { CertificatePool } from './certificate-pool.ts';
import { clientCertificateUser } from './client-certificate.ts';
import type { FrontProxy } from './front-proxy.ts';
import { type CreateTokenReview, tokenUser } from './token.ts';
import { type Authenticator, anonymous, type Credentials, type User } from './user.ts';

/** The ways of signing in that this server has; each is left out when it has no use. */
export interface AuthenticatorOptions {
  frontProxy?: FrontProxy;
  clientCertificates?: CertificatePool;
  createTokenReview?: CreateTokenReview;
  log: Log;
  metrics?: Metrics;
}

type Method = (credentials: Credentials) => User | undefined | Promise<User | undefined>;

/**
 * Front proxy, client certificate, bearer token, in this order: the first that knows the user wins, also over
 * one that failed before it. When none does, a failure of any is a 401, and only a caller for whom no way
 * applied is anonymous (apiserver: DelegatingAuthenticatorConfig). A full queue of reviews is answered as
 * such (429).
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { frontProxy, clientCertificates, createTokenReview, log, metrics } = options;
  const methods: Method[] = [];
  if (frontProxy) methods.push(credentials => frontProxy.user(credentials));
  if (clientCertificates) methods.push(credentials => clientCertificateUser(clientCertificates, credentials));
  if (createTokenReview) methods.push(tokenUser(createTokenReview, metrics && { metrics }));
  return async credentials => {
    const failures: unknown[] = [];
    for (const method of methods) {
      try {
        const user = await method(credentials);
        if (user) return withAuthenticatedGroup(user);
      } catch (error) {
        if (credentials.signal?.aborted) throw error;
        failures.push(error);
      }
    }
    if (failures.length === 0) return anonymous;
    log.warn('unable to authenticate the request', { errors: failures.map(messageOf) });
    throw failures.find(failure => failure instanceof StatusError) ?? unauthorized();
  };
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/**
 * Everybody who is somebody is in system:authenticated; callers of kube-aggregator bring no group at all and
 * need it to read discovery. The front proxy also forwards the anonymous user, who must not get it
 * (apiserver: group.AuthenticatedGroupAdder).
 */
function withAuthenticatedGroup(user: User): User {
  const settled = ['system:authenticated', 'system:unauthenticated'];
  if (user.name === anonymous.name || user.groups.some(group => settled.includes(group))) return user;
  return { ...user, groups: [...user.groups, 'system:authenticated'] };
}
