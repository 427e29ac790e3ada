import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { limits } from '../../limits.ts';
import {
  type Method,
  type watchRequest as WatchRequestMessage,
  type WatchResponse,
  watchPath,
  watchRequest,
  watchResponse,
} from './messages.ts';
import type { Of } from './protobuf.ts';

/** Certificates as PEM. */
export interface TlsFiles {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

export type WatchStream = ClientDuplexStream<Partial<Of<typeof WatchRequestMessage>>, WatchResponse>;

/** One member of the cluster, with the one connection to it. gRPC connects when it is needed, and again when it is lost. */
export interface Endpoint {
  url: string;
  /** Throws grpc's ServiceError. `token` is what Authenticate gave. */
  call<Q, R>(method: Method<Q, R>, request: Partial<Q>, options: CallOptions): Promise<R>;
  /** A stream for one watch; it ends by itself where the member has lost its cluster. */
  watch(token: string | undefined): WatchStream;
  close(): void;
}

export interface CallOptions {
  timeoutMs: number;
  token: string | undefined;
  signal: AbortSignal;
}

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': limits.maxEtcdMessageBytes,
  'grpc.max_send_message_length': limits.maxEtcdMessageBytes,
  // etcd takes pings as often as each 5 s, and ends a connection that sends more.
  'grpc.keepalive_time_ms': limits.etcdKeepAliveMs,
  'grpc.keepalive_timeout_ms': limits.etcdKeepAliveTimeoutMs,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
};

/**
 * The endpoint at a URL as etcd's own tools take it: `http://host:port`, `https://host:port` or `host:port`, which is http.
 * Throws an Error for any other.
 */
export function openEndpoint(text: string, tls: TlsFiles): Endpoint {
  const { url, address, secure } = parseEndpoint(text);
  const client = new Client(address, secure ? secureCredentials(tls) : credentials.createInsecure(), {
    ...channelOptions,
  });
  return {
    url,
    call: (method, request, options) => unary(client, method, request, options),
    watch: token => {
      const metadata = metadataOf(token);
      metadata.set('hasleader', 'true');
      return client.makeBidiStreamRequest(
        watchPath,
        watchRequest.encode,
        watchResponse.decode as (bytes: Buffer) => WatchResponse,
        metadata,
      );
    },
    close: () => client.close(),
  };
}

function parseEndpoint(text: string): { url: string; address: string; secure: boolean } {
  const match = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^[\]/:@?#\s]+):(\d{1,5})\/?$/.exec(text);
  if (!match) {
    throw new Error(`the etcd endpoint ${JSON.stringify(text)} is not of the form https://host:port`);
  }
  const [, scheme = 'http', host, port] = match;
  const scope = host!.startsWith('[') ? 'ipv6' : 'dns';
  return {
    url: `${scheme}://${host}:${port}`,
    address: `${scope}:${host}:${port}`,
    secure: scheme === 'https',
  };
}

function secureCredentials({ ca, cert, key }: TlsFiles): ChannelCredentials {
  return credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
}

function metadataOf(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token) metadata.set('token', token);
  return metadata;
}

function unary<Q, R>(
  client: Client,
  { path, request: { encode }, response: { decode } }: Method<Q, R>,
  request: Partial<Q>,
  { timeoutMs, token, signal }: CallOptions,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const settle = (error: ServiceError | null, response?: R) => {
      signal.removeEventListener('abort', cancel);
      if (error) reject(error);
      else resolve(response!);
    };
    const deadline = Date.now() + timeoutMs;
    const call = client.makeUnaryRequest(
      path,
      encode,
      decode,
      request,
      metadataOf(token),
      { deadline },
      settle,
    );
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
  });
}
