import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BinaryName,
  binaryNames,
  cacheFolder,
  etcdVersion,
  findBinaries,
  kubernetesVersion,
  releaseOf,
} from './binaries.ts';
import { lock } from './lock.ts';

const kubernetes = 'k8s.io/kubernetes';
const etcd = 'go.etcd.io/etcd/server/v3';

/** Kubernetes' binaries learn their version at link time. */
const linkFlags = [
  '-s -w',
  `-X k8s.io/component-base/version.gitVersion=v${kubernetesVersion}`,
  `-X k8s.io/client-go/pkg/version.gitVersion=v${kubernetesVersion}`,
].join(' ');

/** One Go build: a module of its own, since the two projects need different versions of the same modules. */
interface Product {
  /** Text of go.mod below the module line. */
  requirements: () => Promise<string>;
  /** The package of each binary. */
  packages: Partial<Record<BinaryName, string>>;
}

const products: Product[] = [
  {
    requirements: kubernetesRequirements,
    packages: {
      'kube-apiserver': `${kubernetes}/cmd/kube-apiserver`,
      kubectl: `${kubernetes}/cmd/kubectl`,
      'kube-controller-manager': `${kubernetes}/cmd/kube-controller-manager`,
    },
  },
  {
    requirements: async () => `go 1.25.0\n\nrequire ${etcd} v${etcdVersion}\n`,
    packages: { etcd },
  },
];

/**
 * Makes sure that all binaries are at hand: what is found nowhere is built with Go from the public modules
 * into the cache folder. The build stands in a folder of its own beside and is renamed into place, so that a
 * binary in the cache is always whole. Throws when Go is missing or a build fails.
 */
export async function buildBinaries(log: (line: string) => void): Promise<void> {
  if ((await findBinaries()).missing.length === 0) return;
  await mkdir(cacheFolder(), { recursive: true });
  const unlock = await lock(join(cacheFolder(), '.lock'), log);
  try {
    const { missing } = await findBinaries();
    for (const product of products) await build(product, missing, log);
  } finally {
    await unlock();
  }
}

async function build(product: Product, missing: BinaryName[], log: (line: string) => void): Promise<void> {
  const wanted = missing.filter(name => product.packages[name]);
  if (wanted.length === 0) return;
  await go(['version'], cacheFolder()).catch(cause => {
    const names = wanted.join(', ');
    throw new Error(`Go is needed to build ${names}; install it, or set KUBEBUILDER_ASSETS`, { cause });
  });
  log(`building ${wanted.join(', ')} with Go (the first time takes minutes) into ${cacheFolder()}`);
  const folder = await mkdtemp(join(cacheFolder(), '.build-'));
  try {
    await writeFile(
      join(folder, 'go.mod'),
      `module tortie.example/e2e-binaries\n\n${await product.requirements()}`,
    );
    const imports = Object.values(product.packages).map(path => `\t_ "${path}"\n`);
    await writeFile(
      join(folder, 'tools.go'),
      `//go:build tools\n\npackage tools\n\nimport (\n${imports.join('')})\n`,
    );
    await go(['mod', 'tidy'], folder);
    for (const name of wanted) {
      const startedAt = performance.now();
      const binary = join(folder, name);
      await go(['build', '-trimpath', '-ldflags', linkFlags, '-o', binary, product.packages[name]!], folder);
      const release = await releaseOf(name, binary);
      if (!release) throw new Error(`${name} was built but does not run`);
      await rename(binary, join(cacheFolder(), name));
      log(`built ${name} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * go.mod for Kubernetes. Its own go.mod names the modules of its staging folder (k8s.io/api …) at v0.0.0 and
 * replaces them by that folder, which a dependent module does not see; here each becomes the published
 * module.
 */
async function kubernetesRequirements(): Promise<string> {
  const download = await go(
    ['mod', 'download', '-json', `${kubernetes}@v${kubernetesVersion}`],
    cacheFolder(),
  );
  const { GoMod } = JSON.parse(download) as { GoMod: string };
  const own = JSON.parse(await go(['mod', 'edit', '-json', GoMod], cacheFolder())) as {
    Go: string;
    Require: { Path: string; Version: string }[];
  };
  const published = `v${kubernetesVersion.replace(/^1\./, '0.')}`;
  const replacements = own.Require.filter(
    one => one.Path.startsWith('k8s.io/') && one.Version === 'v0.0.0',
  ).map(one => `replace ${one.Path} => ${one.Path} ${published}\n`);
  return `go ${own.Go}\n\nrequire ${kubernetes} v${kubernetesVersion}\n\n${replacements.join('')}`;
}

/** Runs the go command; its standard output is the result, its messages go to our standard error. */
async function go(args: string[], folder: string): Promise<string> {
  const env = { ...process.env, GOWORK: 'off' };
  const child = spawn('go', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let messages = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stderr.on('data', chunk => {
    messages += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0)
    throw new Error(`go ${args.join(' ')} failed:\n${messages.split('\n').slice(-30).join('\n')}`);
  return output;
}

if (import.meta.main) {
  try {
    await buildBinaries(console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  const { found, rejected } = await findBinaries();
  for (const name of binaryNames)
    console.log(`${name}: ${found[name]} ${await releaseOf(name, found[name]!)}`);
  for (const line of rejected) console.log(`passed over: ${line}`);
}
