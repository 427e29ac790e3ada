import { ExpectedError } from '../machinery/expected-error.ts';
import { commonName, subjectValues } from './certificate.ts';
import type { CertificatePool } from './certificate-pool.ts';
import type { Credentials, User } from './user.ts';

const organization = '2.5.4.10';
/** The user's uid, read by Kubernetes since 1.33. */
const userUid = '1.3.6.1.4.1.57683.2';

/**
 * Signs in the holder of a certificate that leads to the client CA: the common name is the user, the
 * organizations are the groups in their order (apiserver: request/x509 CommonNameUserConversion). Undefined
 * when no certificate was sent, no client CA is known or the subject has no common name; throws when the
 * certificate is not trusted or its uid is not exactly one non-empty string.
 */
export function clientCertificateUser(pool: CertificatePool, credentials: Credentials): User | undefined {
  const verdict = pool.verify(credentials);
  if (!verdict) return undefined;
  if (!verdict.trusted) throw new ExpectedError(`client certificate: ${verdict.reason}`);
  const { leaf } = verdict;
  const name = commonName(leaf);
  if (!name) return undefined;
  const uids = subjectValues(leaf, userUid);
  if (uids.length > 1) throw new Error('client certificate: more than one uid');
  if (uids.length === 1 && !uids[0]) throw new Error('client certificate: the uid is not a non-empty string');
  return {
    name,
    ...(uids[0] && { uid: uids[0] }),
    groups: subjectValues(leaf, organization).filter(value => value !== undefined),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${leaf.fingerprint}`] },
  };
}
