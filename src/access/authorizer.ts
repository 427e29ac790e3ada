import type { Attributes, Authorizer, User } from './user.ts';
import { anonymous } from './user.ts';

export interface AuthorizerOptions {
  /**
   * Paths that anybody may use with any verb: exact, or a prefix when the pattern ends in `*`
   * (--authorization-always-allow-paths).
   */
  alwaysAllowPaths: string[];
  /** Asked for everything else. Without it the server stands alone. */
  delegate?: Authorizer;
}

/** The group whose members may do everything. */
const administrators = 'system:masters';

/**
 * The decision on every request: members of system:masters and always-allowed paths pass, the rest is the
 * delegate's (the union of a delegated apiserver). A server that stands alone has no other users: there an
 * anonymous caller may read /version. Throws at once on a pattern with a `*` elsewhere than at its end.
 */
export function createAuthorizer({ alwaysAllowPaths, delegate }: AuthorizerOptions): Authorizer {
  const allowsPath = pathMatcher(alwaysAllowPaths);
  return async (user, attributes, signal) => {
    if (user.groups.includes(administrators)) return { allowed: true, reason: '' };
    if ('path' in attributes && allowsPath(attributes.path)) return { allowed: true, reason: '' };
    return delegate ? delegate(user, attributes, signal) : standalone(user, attributes);
  };
}

function standalone(user: User, attributes: Attributes): { allowed: boolean; reason: string } {
  const readsVersion =
    'path' in attributes && attributes.path === '/version' && ['get', 'head'].includes(attributes.verb);
  return { allowed: readsVersion && user.name === anonymous.name, reason: '' };
}

/** Patterns and paths are compared without the leading slash (apiserver: authorization/path). */
function pathMatcher(patterns: string[]): (path: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    const bare = pattern.replace(/^\//, '');
    if (bare.slice(0, -1).includes('*'))
      throw new Error(`only trailing * allowed in ${JSON.stringify(pattern)}`);
    if (bare.endsWith('*')) prefixes.push(bare.slice(0, -1));
    else exact.add(bare);
  }
  return path => {
    const bare = path.replace(/^\//, '');
    return exact.has(bare) || prefixes.some(prefix => bare.startsWith(prefix));
  };
}
