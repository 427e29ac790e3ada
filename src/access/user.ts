/** Who makes a request (authentication/v1 UserInfo). */
export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra: Record<string, string[]>;
}

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'], extra: {} };

/** What the caller wants to do (authorization/v1 SubjectAccessReviewSpec, less the user). */
export type Attributes =
  | {
      resource: string;
      subresource: string;
      group: string;
      version: string;
      namespace: string;
      name: string;
      verb: string;
      fieldSelector?: SelectorRequirement[];
      labelSelector?: SelectorRequirement[];
    }
  | { path: string; verb: string };

export interface SelectorRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

export interface Decision {
  allowed: boolean;
  reason: string;
}

/**
 * May this user do this? Throws when the question cannot be answered (the authorizer is unreachable), and as soon as the signal is
 * aborted.
 */
export type Authorizer = (user: User, attributes: Attributes, signal?: AbortSignal) => Promise<Decision>;

/** The parts of a request that authentication looks at. Headers are raw: name, value, name, value, as received. */
export interface Credentials {
  rawHeaders: string[];
  /** DER of the peer's certificate chain, leaf first; empty when none was sent. */
  peerCertificates: Uint8Array[];
  /** An object that lives as long as the connection; verdicts on its certificate are kept by it. */
  connection: object;
  /** Where the connection comes from, where that is known. */
  remoteAddress?: string | undefined;
  /** Aborted when nobody waits for the verdict any more. */
  signal?: AbortSignal;
}

/** Who is this? The anonymous user when no credential was presented; throws a 401 StatusError when one was and it is not valid. */
export type Authenticator = (credentials: Credentials) => Promise<User>;
