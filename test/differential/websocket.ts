import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Agent, WebSocket } from 'undici';
import type { Answer, AnswerStream } from '../conformance/http/client.ts';

/** Where a server is, and with what a client comes to it. */
export interface Place {
  port: number;
  tls: { ca: string; cert?: string; key?: string };
}

/**
 * Opens a watch as a WebSocket. The code is 101, or 0 where the handshake was refused; each message is an event, and the
 * close is the end.
 */
export async function openWebSocket(
  { port, tls }: Place,
  path: string,
  headers: Record<string, string>,
): Promise<AnswerStream> {
  const dispatcher = new Agent({ connect: tls });
  const origin = `https://127.0.0.1:${port}`;
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, {
    dispatcher,
    headers: { ...headers, origin },
  });
  const told: (Record<string, unknown> | undefined)[] = [];
  let wake = () => {};
  const tell = (event: Record<string, unknown> | undefined) => {
    told.push(event);
    wake();
  };
  socket.addEventListener('message', ({ data }) =>
    tell({ ...JSON.parse(String(data)), framed: framing(data) }),
  );
  socket.addEventListener('close', () => tell(undefined));
  const code = await new Promise<number>(resolve => {
    socket.addEventListener('open', () => resolve(101));
    socket.addEventListener('error', () => resolve(0));
  });
  return {
    code,
    headers: {},
    next: async () => {
      while (told.length === 0) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return told.shift();
    },
    cancel: () => {
      socket.close();
      void dispatcher.destroy();
    },
    pause: () => {},
  };
}

/** Asks to go on as a WebSocket by headers that may be wrong. The answer is a refusal, or the 101 of a connection that is then cut. */
export async function shakeHands(
  { port, tls }: Place,
  path: string,
  headers: Record<string, string>,
): Promise<Pick<Answer, 'code' | 'headers' | 'text'>> {
  return new Promise((resolve, reject) => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    const call = request({
      host: '127.0.0.1',
      port,
      path,
      ...tls,
      agent: false,
      headers: { ...upgrade, ...headers },
    });
    const told = ({ statusCode, headers }: IncomingMessage, text: string) =>
      resolve({ code: statusCode!, headers, text });
    call.on('upgrade', (response, socket) => {
      socket.destroy();
      told(response, '');
    });
    call.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => told(response, Buffer.concat(chunks).toString()));
    });
    call.on('error', reject);
    call.end();
  });
}

/** Of which type a message was, and how it ended. */
function framing(data: unknown): string {
  const text = String(data);
  return `${typeof data === 'string' ? 'text' : 'binary'}${text.endsWith('}\n') ? ', with a newline' : ''}`;
}
