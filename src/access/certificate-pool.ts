import { limits } from '../limits.ts';
import { type Certificate, parseCertificate, parseCertificates } from './certificate.ts';
import type { Credentials } from './user.ts';

/** What a pool says of the certificate that a client proved to hold. */
export type Verdict =
  | { trusted: true; leaf: Certificate }
  /** `reason` is for the log; clients only learn that they are not known. */
  | { trusted: false; reason: string };

interface CachedVerdict {
  verdict: Verdict;
  generation: number;
  /** It holds from then until then, by the time of day. */
  fromMs: number;
  untilMs: number;
}

/** A clock that was set back makes an earlier verdict one of the future. */
function isWithin({ fromMs, untilMs }: CachedVerdict, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs <= untilMs;
}

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyExtendedKeyUsage = '2.5.29.37.0';

/** Signatures that count, as in Go's crypto/x509: nothing that rests on MD5 or SHA-1. */
const soundSignatures = new Set([
  '1.2.840.113549.1.1.11', // RSA with SHA-256, -384, -512
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2', // ECDSA with SHA-256, -384, -512
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112', // Ed25519
]);
const soundPssHashes = new Set([
  '2.16.840.1.101.3.4.2.1', // SHA-256, -384, -512
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
]);

/**
 * A refusal is looked at again after this time: the clock may reach notBefore, or an intermediate become
 * known.
 */
const refusalMs = 10_000;
/**
 * Intermediates remembered for resumed sessions, which carry the leaf only. They are no authorities: each is
 * verified anew every time, so a replaced bundle need not forget them.
 */
const maxKnownIntermediates = 32;

/**
 * The certificates of the authorities that one way of signing in trusts. Node's `authorized` flag cannot say
 * which of several authorities a client's certificate comes from, so each way has a pool of its own and asks
 * it.
 */
export class CertificatePool {
  #authorities = new Map<string, Certificate>();
  #generation = 0;
  #pem = '';
  readonly #verdicts = new WeakMap<object, CachedVerdict>();
  readonly #intermediates = new Map<string, Certificate>();
  readonly #now: () => number;

  constructor(options: { pem?: string; now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
    if (options.pem) this.replace(options.pem);
  }

  /** No authority, so no verdict: the way of signing in is switched off. */
  get empty(): boolean {
    return this.#authorities.size === 0;
  }

  /** The bundle as given, to be advertised in the TLS handshake. */
  get pem(): string {
    return this.#pem;
  }

  /**
   * Trusts the authorities of a PEM bundle and no others, from the next request on. Throws, and changes
   * nothing, on a bad bundle.
   */
  replace(pem: string): void {
    const authorities = parseCertificates(pem);
    this.#trust(authorities, pem);
  }

  /** Trusts nobody from the next request on. */
  clear(): void {
    this.#trust([], '');
  }

  #trust(authorities: Certificate[], pem: string): void {
    this.#authorities = new Map(authorities.map(authority => [authority.fingerprint, authority]));
    this.#pem = pem;
    this.#generation++;
  }

  /**
   * Does the peer's certificate lead to an authority of this pool? Undefined when the peer sent none or the
   * pool is empty. The rules are those of Go's x509.Verify with ExtKeyUsageClientAuth, which kube-apiserver
   * uses: signatures, validity of every certificate, CA basic constraints, path lengths, extended key usage
   * nested down the chain. The verdict is kept for the connection until it can change: the pool is replaced,
   * or a certificate expires.
   */
  verify(credentials: Pick<Credentials, 'peerCertificates' | 'connection'>): Verdict | undefined {
    if (this.empty || credentials.peerCertificates.length === 0) return undefined;
    const nowMs = this.#now();
    const cached = this.#verdicts.get(credentials.connection);
    if (cached && cached.generation === this.#generation && isWithin(cached, nowMs)) return cached.verdict;
    const { verdict, untilMs } = this.#judge(credentials.peerCertificates, nowMs);
    this.#verdicts.set(credentials.connection, {
      verdict,
      fromMs: nowMs,
      untilMs,
      generation: this.#generation,
    });
    return verdict;
  }

  #judge(peerCertificates: Uint8Array[], nowMs: number): Pick<CachedVerdict, 'verdict' | 'untilMs'> {
    const refuse = (reason: string) => ({
      verdict: { trusted: false, reason } as const,
      untilMs: nowMs + refusalMs,
    });
    if (peerCertificates.length > limits.maxPeerCertificates)
      return refuse('too many certificates were sent');
    let certificates: Certificate[];
    try {
      certificates = peerCertificates.map(parseCertificate);
    } catch (error) {
      return refuse(`malformed certificate: ${(error as Error).message}`);
    }
    const [leaf, ...sent] = certificates as [Certificate, ...Certificate[]];
    const fault = certificateFault(leaf, nowMs);
    if (fault) return refuse(fault);
    const search: ChainSearch = {
      authorities: this.#authorities,
      intermediates: [...sent, ...this.#intermediates.values()],
      nowMs,
      signatureChecks: 0,
      reason: 'signed by an unknown authority',
    };
    const chain = findChain([leaf], search);
    if (!chain) return refuse(search.reason);
    if (!chain.every(allowsClientAuth)) return refuse('extended key usage without client authentication');
    this.#remember(chain.slice(1, -1));
    return {
      verdict: { trusted: true, leaf },
      untilMs: Math.min(...chain.map(certificate => certificate.notAfterMs)),
    };
  }

  /** A resumed TLS session brings the leaf without its intermediates (OpenSSL's tickets leave them out). */
  #remember(intermediates: Certificate[]): void {
    for (const certificate of intermediates) {
      this.#intermediates.delete(certificate.fingerprint);
      this.#intermediates.set(certificate.fingerprint, certificate);
    }
    for (const fingerprint of this.#intermediates.keys()) {
      if (this.#intermediates.size <= maxKnownIntermediates) break;
      this.#intermediates.delete(fingerprint);
    }
  }
}

/** One search for a chain, with a bound on the work that a hostile peer can cause. */
interface ChainSearch {
  authorities: ReadonlyMap<string, Certificate>;
  intermediates: Certificate[];
  nowMs: number;
  signatureChecks: number;
  /** Why nothing was found: the last fault met. */
  reason: string;
}

/**
 * Extends `chain` (leaf first) up to an authority, depth first; undefined, with `search.reason` set, when it
 * cannot.
 */
function findChain(chain: Certificate[], search: ChainSearch): Certificate[] | undefined {
  const last = chain.at(-1)!;
  if (search.authorities.has(last.fingerprint)) return chain;
  if (chain.length >= limits.maxPeerCertificates) return undefined;
  for (const issuer of [...search.authorities.values(), ...search.intermediates]) {
    if (issuer.subject !== last.issuer) continue;
    if (chain.some(certificate => certificate.fingerprint === issuer.fingerprint)) continue;
    const fault = issuerFault(issuer, chain, search);
    const found = fault === undefined ? findChain([...chain, issuer], search) : undefined;
    if (found) return found;
    search.reason = fault ?? search.reason;
  }
  return undefined;
}

/**
 * Why `issuer` may not stand above `chain`, or did not sign its last certificate; undefined when all is well.
 */
function issuerFault(issuer: Certificate, chain: Certificate[], search: ChainSearch): string | undefined {
  const fault = certificateFault(issuer, search.nowMs);
  if (fault) return fault;
  if (!issuer.isAuthority || !issuer.maySignCertificates) return 'an issuer is not an authority';
  if (issuer.pathLength !== undefined && chain.length - 1 > issuer.pathLength) {
    return 'more intermediates than an authority allows';
  }
  const child = chain.at(-1)!;
  const sound = child.signature.pss ? soundPssHashes : soundSignatures;
  if (!sound.has(child.signature.oid)) return 'signed with an algorithm that is not trusted';
  if (++search.signatureChecks > limits.maxChainSignatureChecks) return 'too many signatures to check';
  try {
    return child.x509.verify(issuer.x509.publicKey) ? undefined : 'a signature does not verify';
  } catch {
    return 'a signature is of another type than the key of its issuer';
  }
}

function certificateFault(certificate: Certificate, nowMs: number): string | undefined {
  const unknown = certificate.unknownCritical;
  if (unknown.length > 0) return `unknown critical extension ${unknown.join(', ')}`;
  if (nowMs < certificate.notBeforeMs) return 'not valid yet';
  if (nowMs > certificate.notAfterMs) return 'expired';
  return undefined;
}

/** Every certificate of a chain that lists its uses must list this one (Go: checkChainForKeyUsage). */
function allowsClientAuth({ extendedKeyUsage }: Certificate): boolean {
  if (extendedKeyUsage.length === 0) return true;
  return extendedKeyUsage.includes(clientAuth) || extendedKeyUsage.includes(anyExtendedKeyUsage);
}
