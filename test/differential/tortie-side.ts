import { openResources } from '../../src/cli/resources.ts';
import { kinds } from '../../src/kinds/index.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { openApiV2, openApiV3 } from '../../src/schema/openapi.ts';
import { createServer } from '../../src/server/server.ts';
import { createMemoryBackend } from '../../src/storage/memory/backend.ts';
import { v3Codec } from '../../src/storage/v3-codec.ts';
import { http1, http2 } from '../conformance/http/client.ts';
import { certificates } from '../conformance/http/setting.ts';
import type { Side } from './side.ts';

const log = { debug() {}, info() {}, warn() {}, error: console.error };

/** Revisions that no history tells of: the other server has forgotten its first ones too. */
const forgottenRevisions = 50;

/** This server with all its kinds on a store in memory, in this process, so that its history can be cut off. */
export async function startTortieSide(): Promise<Side> {
  const { ca, server: serving } = await certificates();
  const backend = createMemoryBackend();
  for (let count = 0; count < forgottenRevisions; count++) {
    await backend.write({ type: 'create', key: `before/${count}`, value: new Uint8Array() });
  }
  await backend.compact(await backend.revision());
  const metrics = createMetrics();
  const resources = openResources({ kinds, backend, codecOf: v3Codec, log, metrics });
  await resources.loaded;
  const server = createServer({
    bindAddress: '127.0.0.1',
    securePort: 0,
    tls: { current: { cert: serving.pem, key: serving.keyPem, clientCas: [ca.pem] }, onChange() {} },
    http2: true,
    kinds,
    resources: resources.byPlural,
    authenticate: async () => ({ name: 'admin', groups: ['system:masters'], extra: {} }),
    authorize: async () => ({ allowed: true, reason: '' }),
    alwaysAllowPaths: [],
    log,
    metrics,
    versionInfo: {
      major: '1',
      minor: '36',
      gitVersion: 'v1.36.0',
      gitCommit: '',
      gitTreeState: '',
      buildDate: '',
      goVersion: '',
      compiler: '',
      platform: '',
    },
    healthChecks: [],
    openApi: { v2: openApiV2(kinds), v3: openApiV3(kinds) },
  });
  const { port } = await server.listen();
  const connections = {
    'HTTP/1.1': http1.connect(port, { ca: ca.pem }),
    'HTTP/2': http2.connect(port, { ca: ca.pem }),
  };
  return {
    name: 'Tortie',
    place: { port, tls: { ca: ca.pem } },
    connections,
    createNamespace: async () => {},
    close: async () => {
      for (const connection of Object.values(connections)) connection.close();
      await server.close();
      resources.close();
      await backend.close();
    },
  };
}
