/** A server on loopback that stands in for kube-apiserver where its faults are tested. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientOptions, ClusterClient } from '../../../src/kube/client.ts';
import { createClusterClient } from '../../../src/kube/client.ts';
import { clusterAccess } from '../../../src/kube/credentials.ts';
import type { Log } from '../../../src/observability/observability.ts';
import { authority, type Issued, serverCertificate } from '../access/certificates.ts';

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** Common name of the client's certificate. */
  client: string | undefined;
}

export type Answer = (received: Received, response: ServerResponse, index: number) => void;

export interface StandIn {
  url: string;
  ca: Issued;
  received: Received[];
  /** Connections opened so far. */
  connections(): number;
  close(): void;
}

/** Starts the server; `answer` gets each request once its body has arrived, numbered from 0. */
export async function standIn(answer: Answer, options: https.ServerOptions = {}): Promise<StandIn> {
  const ca = await authority('standin-ca');
  const serving = await serverCertificate(ca);
  const received: Received[] = [];
  let connections = 0;
  const server = https.createServer(
    { cert: serving.pem, key: serving.keyPem, requestCert: true, rejectUnauthorized: false, ...options },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const certificate = (request.socket as TLSSocket).getPeerCertificate();
      const one: Received = {
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        client: certificate?.subject?.CN as string | undefined,
      };
      received.push(one);
      answer(one, response, received.length - 1);
    },
  );
  server.on('secureConnection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca,
    received,
    connections: () => connections,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A client of the stand-in that notes its waits instead of waiting. */
export function clientOf(
  server: Pick<StandIn, 'url' | 'ca'>,
  options: Partial<ClientOptions> & { token?: string; path?: string } = {},
): { client: ClusterClient; waits: number[] } {
  const waits: number[] = [];
  const access = clusterAccess({
    server: server.url + (options.path ?? ''),
    ca: { data: Buffer.from(server.ca.pem) },
    ...(options.token && { token: { data: Buffer.from(options.token) } }),
    headers: {},
    log: silentLog(),
  });
  const client = createClusterClient(access, {
    log: silentLog(),
    userAgent: 'test',
    wait: async ms => {
      waits.push(ms);
    },
    ...options,
  });
  return { client, waits };
}

/** A log that keeps its lines as text. */
export function silentLog(lines: string[] = []): Log {
  const note = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}

/** Answers with an object as JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
