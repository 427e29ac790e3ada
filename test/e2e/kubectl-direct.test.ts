import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { negotiatedProtocol } from './client.ts';
import type { Kubectl } from './kubectl.ts';
import { kubectlScript } from './kubectl-script.ts';
import { endToEnd } from './suite.ts';
import { type Standalone, startStandalone } from './tortie.ts';

const protocols = [
  { name: 'HTTP/2', negotiated: 'h2', args: [] },
  { name: 'HTTP/1.1', negotiated: 'http/1.1', args: ['--disable-http2-serving'] },
];

endToEnd('kubectl against the server itself', {}, suite => {
  for (const { name, negotiated, args } of protocols) {
    describe(`over ${name}`, () => {
      let server: Standalone;
      let kubectl: Kubectl;
      before(async () => {
        server = await startStandalone(suite, {
          folder: join(suite.folder, negotiated.replace('/', '-')),
          args,
        });
        kubectl = await suite.kubectl(server.kubeconfig);
      });
      test('the protocol is the one meant', async () => {
        assert.equal(await negotiatedProtocol(server.url), negotiated);
      });
      kubectlScript({ kubectl: () => kubectl, served: 'tortie' });
    });
  }
});
