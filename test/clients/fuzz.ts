import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { type Client, clientOf } from '../e2e/client.ts';
import { servedKinds } from '../e2e/served-kinds.ts';
import { endToEnd, root, type Suite } from '../e2e/suite.ts';
import { type Standalone, startStandalone } from '../e2e/tortie.ts';
import { inspectable, liveMemory } from './live-memory.ts';
import { installed, sourceOf } from './programs.ts';

const { folder, skip } = await installed('schemathesis');
const documentText = await readFile(join(root, 'openapi/v3.json'), 'utf8');
const mebibyte = 1024 * 1024;

/** What the server may hold more at the end than after the warm-up: the window of history, and what was created. */
const mayGain = 24 * mebibyte;

/**
 * A suite in which schemathesis makes up at least this many requests from our OpenAPI document, right and wrong
 * ones, and sends them to a server that holds the objects of examples/. None may be answered with a 5xx, each
 * answer must be as the document says, and the server's memory must stay flat. FUZZ_SEED asks for other requests.
 */
export function fuzzSuite(name: string, wanted: number, usualSeed: number): void {
  endToEnd(name, { skip, minutes: 10 + wanted / 400 }, suite => {
    let server: Standalone;
    let client: Client;
    let run: (cases: number, seed: number) => Promise<void>;
    before(async () => {
      server = await startStandalone(suite, { folder: join(suite.folder, 'data'), env: inspectable });
      client = await clientOf(server.kubeconfig);
      const kubectl = await suite.kubectl(server.kubeconfig);
      await kubectl.ok(['apply', '-f', join(root, 'examples')]);
      const listed = await kubectl.ok(['get', '-f', join(root, 'examples'), '-o', 'json']);
      run = await prepare(suite, server, byPlural(JSON.parse(listed).items));
    });

    test(`${wanted} requests: no 5xx, answers as documented, memory flat`, async () => {
      const seed = Number(process.env.FUZZ_SEED ?? usualSeed);
      console.log(`FUZZ_SEED=${seed}`);
      const operations = countOperations(JSON.parse(documentText));
      await run(2, seed);
      const before = { requests: await requestsOf(client), memory: await liveMemory(server.process) };
      let requests = 0;
      // For some operations there are not as many cases as their share: the others make up for them in another run.
      for (let round = 1; requests < wanted && round <= 5; round++) {
        await run(Math.ceil((1.05 * (wanted - requests)) / operations), seed + round);
        requests = (await requestsOf(client)) - before.requests;
      }
      const memory = await liveMemory(server.process);
      client.close();
      const inMebibytes = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`;
      const told = `${requests} requests; memory ${inMebibytes(before.memory)} → ${inMebibytes(memory)}`;
      console.log(told);
      assert.ok(requests >= wanted, told);
      assert.ok(memory - before.memory < mayGain, told);
    });
  });
}

interface Listed {
  kind: string;
  metadata: { name: string };
}

/** For the hooks: the objects that are there, without what the server adds. */
function byPlural(items: Listed[]): Record<string, object[]> {
  const objects: Record<string, object[]> = {};
  for (const { kind, metadata, ...rest } of items) {
    const { plural } = servedKinds.find(served => served.kind === kind)!;
    objects[plural] = [...(objects[plural] ?? []), { ...rest, kind, metadata: { name: metadata.name } }];
  }
  return objects;
}

function countOperations({ paths }: { paths: Record<string, Record<string, unknown>> }): number {
  const methods = (path: Record<string, unknown>) => Object.keys(path).filter(key => key !== 'parameters');
  return Object.values(paths).reduce((total, path) => total + methods(path).length, 0);
}

/** Writes what schemathesis reads, and gives back how it is run: with so many cases for each operation. */
async function prepare(
  suite: Suite,
  server: Standalone,
  examples: Record<string, object[]>,
): Promise<(cases: number, seed: number) => Promise<void>> {
  const file = (name: string) => join(suite.folder, name);
  // Calico's patterns say (?i) behind the anchor, which Go reads and Python does not: lower half of what they allow.
  await writeFile(file('openapi.json'), documentText.replaceAll('(?i)', ''));
  const config = parse(await readFile(server.kubeconfig, 'utf8'));
  const user = config.users[0].user;
  await writePem(file('ca.pem'), config.clusters[0].cluster['certificate-authority-data']);
  await writePem(file('user.pem'), user['client-certificate-data']);
  await writePem(file('key.pem'), user['client-key-data']);
  const checks = [
    'not_a_server_error',
    'response_schema_conformance',
    'content_type_conformance',
    'refusal_is_a_status',
  ];
  const fixed = ['--phases=fuzzing', '--continue-on-failure', '--no-shrink', '--no-color', '--warnings=off'];
  return (cases, seed) =>
    schemathesis(suite.folder, examples, [
      ...[file('openapi.json'), `--url=${server.url}`, `--tls-verify=${file('ca.pem')}`],
      ...[`--request-cert=${file('user.pem')}`, `--request-cert-key=${file('key.pem')}`],
      ...[`--checks=${checks.join()}`, `--max-examples=${cases}`, `--seed=${seed}`, ...fixed],
    ]);
}

async function writePem(path: string, base64: string): Promise<void> {
  await writeFile(path, Buffer.from(base64, 'base64'), { mode: 0o600 });
}

async function schemathesis(cwd: string, examples: object, args: string[]): Promise<void> {
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    EXAMPLES: JSON.stringify(examples),
    SCHEMATHESIS_HOOKS: 'hooks',
    PYTHONPATH: sourceOf('schemathesis'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const program = join(folder, 'venv/bin/schemathesis');
  const { code, output } = await new Promise<{ code: number; output: string }>(resolve => {
    const settings = { cwd, env, maxBuffer: 256 * mebibyte };
    execFile(program, ['run', ...args], settings, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
  // The report begins with a line of equal signs; what stands before is progress.
  assert.equal(code, 0, output.slice(Math.max(0, output.search(/^=+ [A-Z]+ =+$/m))).slice(0, 20_000));
}

/** How many requests the server has answered, from its own metrics. */
async function requestsOf(client: Client): Promise<number> {
  const { text } = await client.request('GET', '/metrics');
  const values = [...text.matchAll(/^apiserver_request_total(?:\{.*\})? (\S+)$/gm)];
  return values.reduce((total, [, value]) => total + Number(value), 0);
}
