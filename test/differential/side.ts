import type { Connection } from '../conformance/http/client.ts';
import type { Place } from './websocket.ts';

export type Protocol = 'HTTP/1.1' | 'HTTP/2';

/** One of the two servers that are compared. */
export interface Side {
  name: 'kube-apiserver' | 'Tortie';
  place: Place;
  /** A connection over each protocol, with every right. */
  connections: Record<Protocol, Connection>;
  /** Makes a namespace, where the server has any. */
  createNamespace(name: string): Promise<void>;
  close(): Promise<void>;
}
