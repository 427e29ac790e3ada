import { type Client, eventually } from '../e2e/client.ts';

const path = '/apis/projectcalico.org/v3/globalnetworksets';

/** Creates, changes and deletes objects until it is told to stop. */
export interface Writer {
  /** Writes that the server has answered. */
  done: number;
  stop(): Promise<void>;
}

/**
 * Writes objects with a label through kube-apiserver, one after the other: every object is created, most are
 * changed, one in three is deleted again. What is refused while the server is away is tried again; names are used
 * once, so an answer that was lost does no harm.
 */
export function startWriter(client: Client, prefix: string, label: string): Writer {
  let stopped = false;
  const send = async (what: string, method: string, url: string, right: number[], body?: object) => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    await eventually(
      what,
      () => client.request(method, url, body ? { body: JSON.stringify(body), contentType } : {}),
      ({ status }) => right.includes(status),
    );
    writer.done++;
  };
  const run = async () => {
    for (let index = 0; !stopped; index++) {
      const name = `${prefix}-${index}`;
      const url = `${path}/${name}`;
      await send(`creation of ${name}`, 'POST', path, [201, 409], networkSet(name, label));
      const change = { spec: { nets: ['198.51.100.0/24'] } };
      if (index % 4 > 0) await send(`change of ${name}`, 'PATCH', url, [200], change);
      if (index % 3 === 0) await send(`deletion of ${name}`, 'DELETE', url, [200, 404]);
    }
  };
  const writer: Writer = {
    done: 0,
    stop: async () => {
      stopped = true;
      await ended;
    },
  };
  const ended = run();
  // Told by stop(); a failure before that is not an unhandled one.
  ended.catch(() => {});
  return writer;
}

/** A GlobalNetworkSet that the followers of this label see. */
export function networkSet(name: string, label: string): object {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkSet',
    metadata: { name, labels: { client: label } },
    spec: { nets: ['192.0.2.0/24'] },
  };
}
