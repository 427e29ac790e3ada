import { relative } from 'node:path';
import { destination } from 'pino';
import { optionHelp } from '../config/help.ts';
import type { Options } from '../config/options.ts';
import { parseOptions } from '../config/parse.ts';
import { kinds } from '../kinds/index.ts';
import { createBudget } from '../memory/budget.ts';
import { type MemoryPlan, memoryPlan } from '../memory/plan.ts';
import { createLog, levelOfVerbosity } from '../observability/log.ts';
import { createMetrics } from '../observability/metrics.ts';
import type { Log, Metrics } from '../observability/observability.ts';
import { openApiV2, openApiV3 } from '../schema/openapi.ts';
import type { HealthCheck } from '../server/health.ts';
import { createServer } from '../server/server.ts';
import type { KeyPair } from './certificates.ts';
import {
  ensureAdmin,
  ensureCa,
  ensureServing,
  kubeconfigPath,
  openDataDirectory,
  writeKubeconfig,
} from './data-directory.ts';
import { type Datastore, openDatastore } from './datastore.ts';
import { type Identity, openIdentity } from './identity.ts';
import { memoryLimit } from './memory-limit.ts';
import { type MemoryReport, reportMemory } from './memory-report.ts';
import { keepRenewed, type Renewable, type Renewals } from './renewal.ts';
import { createInitialObjects, openResources, type Resources } from './resources.ts';
import { shutdownSignal } from './shutdown.ts';
import { Tls, tlsFromFiles } from './tls.ts';
import { unenforcedChecks, warnOfUnenforced } from './unenforced.ts';
import { versionInfo } from './version.ts';

/**
 * Runs the server until SIGINT or SIGTERM, then drains it. Returns the exit code 0.
 * Throws OptionError for a wrong command line, any other error for what keeps the server from starting.
 */
export async function serve(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  if (args.some(argument => argument === '--help' || argument === '-h')) {
    process.stdout.write(`Usage: tortie serve [flags]\n${optionHelp()}\n`);
    return 0;
  }
  const options = parseOptions(args, environment);
  const plan = memoryPlan(memoryLimit(options.memoryLimit));
  const log = createLog({ level: levelOfVerbosity(options.v), destination: destination(2) });
  const stopping = shutdownSignal();
  openDataDirectory(options.dataDir);
  const metrics = createMetrics({ processMetrics: true });
  const datastore = await openDatastore(options, log, metrics, plan);
  const closing: (() => void | Promise<void>)[] = [() => datastore.backend.close()];
  try {
    await run(options, { datastore, plan, log, metrics, stopping, closing });
  } finally {
    for (const close of closing.reverse()) await close();
  }
  return 0;
}

async function run(
  options: Options,
  parts: {
    datastore: Datastore;
    plan: MemoryPlan;
    log: Log;
    metrics: Metrics;
    stopping: Promise<NodeJS.Signals>;
    closing: (() => void | Promise<void>)[];
  },
): Promise<void> {
  const { datastore, plan, log, metrics, stopping, closing } = parts;
  const ca = await ensureCa(options.dataDir);
  const { tls, serving } = await openTls(options, ca, log, closing);
  const renewables: Renewable[] = [serving, { name: 'ca', current: () => ca.cert }];
  const renewals = keepRenewed(renewables, { log, metrics });
  closing.push(() => renewals.close());
  const identity = await openIdentity({ options, ca, tls, log, metrics });
  closing.push(() => identity.close());
  warnOfUnenforced(identity, log);
  const resources = openResources({ kinds, ...datastore, log, metrics, historyBytes: plan.history });
  closing.push(() => resources.close());
  const budget = createBudget(plan);
  const memory = reportMemory({ metrics, plan, budget, resources, log });
  closing.push(() => memory.close());
  const progress = { initialized: false };
  const initialized = createInitialObjects(resources, log, datastore.clusterType).then(() => {
    progress.initialized = true;
  });
  const server = createServer({
    bindAddress: options.bindAddress,
    securePort: options.securePort,
    tls,
    http2: !options.disableHttp2Serving,
    kinds,
    resources: resources.byPlural,
    authenticate: identity.authenticate,
    authorize: identity.authorize,
    isFrontProxy: identity.isFrontProxy,
    alwaysAllowPaths: options.authorizationAlwaysAllowPaths,
    log,
    metrics,
    versionInfo: versionInfo(),
    healthChecks: healthChecks({ datastore, resources, identity, progress, memory, renewals }),
    budget,
    yamlHeapBytes: plan.workers.yaml,
    openApi: { v2: openApiV2(kinds), v3: openApiV3(kinds) },
    bounds: {
      maxRequestsInflight: options.maxRequestsInflight,
      maxMutatingRequestsInflight: options.maxMutatingRequestsInflight,
      maxStreamsPerConnection: options.http2MaxStreamsPerConnection,
      requestTimeoutMs: options.requestTimeout,
      minRequestTimeoutS: options.minRequestTimeout,
      shutdownDelayMs: options.shutdownDelayDuration,
    },
  });
  const { port } = await server.listen();
  log.info('listening', { address: options.bindAddress, port });
  // From now on others depend on this process, and what one of them makes throw must not end it (docs/decisions/panics.md).
  process.on('uncaughtException', error => server.uncaught(error));
  // Without its store it serves discovery, OpenAPI and health, and says in /readyz what is missing.
  const signal = await Promise.race([stopping, initialized.then(() => tellReady()).then(() => stopping)]);
  log.info('shutting down', { signal });
  await server.drain();

  async function tellReady(): Promise<void> {
    const url = urlOf(options.bindAddress, port);
    if (identity.mode === 'standalone') {
      const write = (admin: KeyPair) => void writeKubeconfig(options.dataDir, url, ca, admin);
      renewables.push(await openAdmin(options, ca, write));
    }
    const words = greeting(options, url, identity);
    log.info('ready', {
      url,
      dataDir: options.dataDir,
      datastore: options.datastore,
      identity: identity.mode,
    });
    process.stdout.write(words);
  }
}

/** The serving certificate: the files that were named, or one of our own that is renewed in time. */
async function openTls(
  options: Options,
  ca: KeyPair,
  log: Log,
  closing: (() => void)[],
): Promise<{ tls: Tls; serving: Renewable }> {
  const name = 'serving';
  if (options.tlsCertFile && options.tlsPrivateKeyFile) {
    const { tls, files } = await tlsFromFiles(options.tlsCertFile, options.tlsPrivateKeyFile, log);
    closing.push(() => files.close());
    return { tls, serving: { name, current: () => tls.current.cert } };
  }
  const names = [
    'localhost',
    '127.0.0.1',
    '::1',
    ...(isAnyAddress(options.bindAddress) ? [] : [options.bindAddress]),
    ...options.tlsExtraSans,
  ];
  const ensure = () => ensureServing(options.dataDir, ca, [...new Set(names)]);
  const tls = new Tls(await ensure());
  const renew = async () => {
    const pair = await ensure();
    if (pair.cert !== tls.current.cert) tls.setPair(pair);
  };
  return { tls, serving: { name, current: () => tls.current.cert, renew, required: true } };
}

/** The admin's certificate, where there is one: it is renewed in the kubeconfig. Copies of that are good until they end. */
async function openAdmin(
  options: Options,
  ca: KeyPair,
  writeConfig: (admin: KeyPair) => void,
): Promise<Renewable> {
  let admin = await ensureAdmin(options.dataDir, ca);
  writeConfig(admin);
  return {
    name: 'admin',
    current: () => admin.cert,
    renew: async () => {
      const pair = await ensureAdmin(options.dataDir, ca);
      if (pair.cert === admin.cert) return;
      writeConfig(pair);
      admin = pair;
    },
  };
}

function healthChecks(parts: {
  datastore: Datastore;
  resources: Resources;
  identity: Identity;
  progress: { initialized: boolean };
  memory: MemoryReport;
  renewals: Renewals;
}): HealthCheck[] {
  const { datastore, resources, identity, progress, memory, renewals } = parts;
  return [
    {
      name: 'datastore',
      readyOnly: true,
      check: () => datastore.backend.check(),
      note: () => datastore.note?.(),
    },
    {
      name: 'informer-sync',
      readyOnly: true,
      check: () => {
        for (const [plural, { problem }] of resources.caches) {
          if (problem !== undefined) throw new Error(`${plural}: ${problem}`);
        }
      },
    },
    {
      name: 'certificates',
      readyOnly: true,
      check: () => renewals.mustBeValid(),
      note: () => renewals.note(),
    },
    { name: 'memory', readyOnly: true, check: () => {}, note: () => memory.note() },
    { name: 'stored-values', readyOnly: true, check: () => {}, note: () => unreadableNote(resources) },
    {
      name: 'initial-objects',
      readyOnly: true,
      check: () => {
        if (!progress.initialized) throw new Error('not created yet');
      },
    },
    { name: 'authentication', readyOnly: true, check: () => identity.check() },
    ...unenforcedChecks(identity),
  ];
}

/** How many stored values of which resource are passed over, since they cannot be read. Which, and why, is in the log. */
function unreadableNote(resources: Resources): string | undefined {
  const counts = [...resources.caches]
    .map(([plural, { unreadable }]) => ({ plural, count: unreadable.size }))
    .filter(({ count }) => count > 0)
    .map(({ plural, count }) => `${count} of ${plural}`);
  return counts.length === 0 ? undefined : `unreadable and passed over: ${counts.join(', ')}`;
}

/** Whether it stands for all addresses of the machine, and so is none to name. */
function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function urlOf(address: string, port: number): string {
  const host = isAnyAddress(address) ? '127.0.0.1' : address;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What a person at the terminal reads: where the server is, and what to type next. */
function greeting(options: Options, url: string, identity: Identity): string {
  const ready = `Tortie is ready at ${url}, with its data in ${options.dataDir}.\n`;
  if (identity.mode !== 'standalone') return ready;
  const path = kubeconfigPath(options.dataDir);
  const near = relative(process.cwd(), path);
  return `${ready}Next: kubectl --kubeconfig ${near.startsWith('..') ? path : near} apply -f examples/\n`;
}
