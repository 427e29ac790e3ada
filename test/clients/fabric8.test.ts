import { join } from 'node:path';
import { installed } from './programs.ts';
import { clientSuite, everyClient } from './scenario.ts';

const { folder, skip } = await installed('java');
const classes = [join(folder, 'target/classes'), join(folder, 'target/dependency/*')].join(':');
// Its kubeconfig has keys of an elliptic curve, which this client takes only when it is told so.
const env = { KUBERNETES_CERTS_CLIENT_KEY_ALGO: 'EC' };
const start = { command: 'java', args: ['-cp', classes, 'Main'], env };
clientSuite('fabric8 kubernetes-client', skip, start, everyClient);
