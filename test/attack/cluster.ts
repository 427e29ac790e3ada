/** The thread of the cluster that an attacked server asks: its answers must not hold up the good client, which is measured. */
import { parentPort } from 'node:worker_threads';
import { json, type Received, standIn } from '../unit/kube/standin.ts';

/** Every user is allowed everything at once, an anonymous caller nothing after a second, and no token is known, which takes a second too. */
function review({ url, body }: Received): { status: object; delayMs: number } {
  if (url.endsWith('/tokenreviews')) return { status: { authenticated: false }, delayMs: 1_000 };
  const { user } = JSON.parse(body).spec as { user: string };
  const known = user !== 'system:anonymous';
  return { status: { allowed: known }, delayMs: known ? 0 : 1_000 };
}

const { url, ca } = await standIn((received, response) => {
  const { status, delayMs } = review(received);
  setTimeout(() => json(response, 201, { kind: 'Review', status }), delayMs);
});
parentPort!.postMessage({ url, ca: ca.pem });
