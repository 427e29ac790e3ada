import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { certificates } from './setting.ts';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  code: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** A connection on which a test writes HTTP/1.1 byte by byte. */
export interface RawConnection {
  socket: TLSSocket;
  write(text: string): void;
  /** The next answer; undefined when the connection ends before one. Answers have a Content-Length or none. */
  answer(): Promise<RawAnswer | undefined>;
  /** Whether the server ends the connection without another answer. */
  ended(): Promise<boolean>;
}

/** Opens a TLS connection that speaks HTTP/1.1. */
export async function rawConnection(port: number): Promise<RawConnection> {
  const { ca } = await certificates();
  const socket = connect({ host: '127.0.0.1', port, ca: ca.pem, ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const chunks = socket.iterator({ destroyOnReturn: false });
  let pending = Buffer.alloc(0);
  /** Waits for more bytes. False at the end. */
  const more = async () => {
    const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
    if (done) return false;
    pending = Buffer.concat([pending, value as Buffer]);
    return true;
  };
  const answer = async (): Promise<RawAnswer | undefined> => {
    while (pending.indexOf('\r\n\r\n') < 0) if (!(await more())) return undefined;
    const end = pending.indexOf('\r\n\r\n');
    const [status = '', ...lines] = pending.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map(line => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = Number(headers['content-length'] ?? 0);
    while (pending.length < end + 4 + length) if (!(await more())) return undefined;
    const text = pending.subarray(end + 4, end + 4 + length).toString();
    pending = pending.subarray(end + 4 + length);
    return { code: Number(status.split(' ')[1]), headers, text };
  };
  return {
    socket,
    write: text => socket.write(text, 'latin1'),
    answer,
    ended: async () => (await answer()) === undefined,
  };
}
