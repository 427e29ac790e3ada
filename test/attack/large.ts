/** Objects in the server that are as large as they may be, and many small ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, networkSets, type Target } from './attack.ts';
import { ask, openSession } from './connection.ts';

/** A NetworkSet whose JSON has about so many bytes. */
export function networkSet(namespace: string, name: string, bytes = 100, more: object = {}): string {
  // Each net is 16 bytes, as "10.123.123.0/24",
  const nets = Array.from(
    { length: Math.ceil(bytes / 17) },
    (_, index) => `10.${100 + ((index >> 16) % 100)}.${(index >> 8) % 256}.${index % 256}/32`,
  );
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkSet',
    metadata: { name, namespace, ...more },
    spec: { nets },
  });
}

/** What prepares an attack: so many objects of that size in a namespace, `name-0` and so on. Those that are there stay. */
export function stored(
  namespace: string,
  count: number,
  bytes = 100,
  labels?: Record<string, string>,
): NonNullable<Attack['prepare']> {
  return async (target: Target) => {
    const session = openSession(target, { credential: target.credentials.admin });
    const last = `${networkSets(namespace)}/${namespace}-${count - 1}`;
    let next = (await ask(session, { ':path': last })).status === 200 ? count : 0;
    const worker = async () => {
      for (let index = next++; index < count; index = next++) {
        const body = networkSet(namespace, `${namespace}-${index}`, bytes, labels && { labels });
        const headers = {
          ':method': 'POST',
          ':path': networkSets(namespace),
          'content-type': 'application/json',
        };
        let answer = await ask(session, headers, body);
        // Other attacks that are prepared at once have the same share.
        while (answer.status === 429) {
          await sleep(100);
          answer = await ask(session, headers, body);
        }
        const { status, text } = answer;
        if (status !== 201 && status !== 409) throw new Error(`${status} ${text.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: bytes > 100_000 ? 2 : 64 }, worker));
    session.destroy();
  };
}
