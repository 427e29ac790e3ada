import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { get } from 'node:https';
import { suite, test } from 'node:test';
import { createAuthenticator } from '../../../src/access/authenticator.ts';
import { createAuthorizer } from '../../../src/access/authorizer.ts';
import { CertificatePool } from '../../../src/access/certificate-pool.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createServer } from '../../../src/server/server.ts';
import { authority, client, serverCertificate } from '../access/certificates.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

interface Identity {
  ca: string;
  cert: string;
  key: string;
}

const ask: Record<string, (port: number, identity: Identity) => Promise<number>> = {
  'HTTP/1.1': (port, identity) =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/apis', agent: false, ...identity }, response => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', reject);
    }),
  'HTTP/2': (port, identity) =>
    new Promise((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${port}`, identity);
      session.on('error', reject);
      const stream = session.request({ ':path': '/apis' });
      stream.on('response', headers => {
        session.close();
        resolve(Number(headers[':status']));
      });
      stream.resume().end();
    }),
};

suite('a client certificate behind an intermediate', () => {
  for (const [protocol, status] of Object.entries(ask)) {
    // Advertised or not: Node drops the intermediates of a chain that OpenSSL trusts.
    for (const advertised of [true, false]) {
      test(`signs in over ${protocol}${advertised ? '' : ', its CA not advertised'}`, async t => {
        const root = await authority('root');
        const intermediate = await authority('intermediate', { issuer: root });
        const leaf = await client(intermediate, 'alice');
        const serving = await serverCertificate(root);
        const server = createServer({
          bindAddress: '127.0.0.1',
          securePort: 0,
          tls: {
            current: {
              cert: serving.pem,
              key: serving.keyPem,
              clientCas: advertised ? [root.pem] : [serving.pem],
            },
            onChange: () => {},
          },
          http2: true,
          kinds: [],
          resources: new Map(),
          authenticate: createAuthenticator({
            clientCertificates: new CertificatePool({ pem: root.pem }),
            log,
          }),
          authorize: createAuthorizer({
            alwaysAllowPaths: [],
            delegate: async user => ({ allowed: user.name === 'alice', reason: '' }),
          }),
          alwaysAllowPaths: [],
          log,
          metrics: createMetrics(),
          versionInfo: {} as never,
          healthChecks: [],
          openApi: { v2: {}, v3: {} },
        });
        const { port } = await server.listen();
        t.after(() => server.close());
        const identity = { ca: root.pem, cert: leaf.pem + intermediate.pem, key: leaf.keyPem };
        assert.equal(await status(port, identity), 200);
      });
    }
  }
});
