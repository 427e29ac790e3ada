import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import {
  type Authority,
  type Certificate,
  createAuthority,
  createServiceAccountKeys,
} from './certificates.ts';
import { clientOf, eventually } from './client.ts';
import { startEtcd } from './etcd.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { freePorts, type RunningProcess, startProcess } from './process.ts';

/** A real etcd and kube-apiserver on loopback, with everything that the aggregator needs. */
export interface Cluster {
  url: string;
  /** Where the cluster's own etcd listens. */
  etcdUrl: string;
  folder: string;
  /** The certificate of its CA, PEM. */
  authority: string;
  /** The kubeconfig of a user in system:masters. */
  adminKubeconfig: string;
  /** A client certificate of the cluster's CA. */
  issueClient(user: { name: string; groups?: string[] }): Promise<Certificate>;
  /** A kubeconfig for a user of this name and these groups. */
  kubeconfigFor(user: { name: string; groups?: string[] }): Promise<string>;
  /** A kubeconfig for the bearer of a token. */
  kubeconfigForToken(name: string, token: string): Promise<string>;
  /** The kube-apiserver that runs now. */
  apiServer(): RunningProcess;
  /** Starts kube-apiserver again, after it has ended, and waits for /readyz. */
  restartApiServer(): Promise<void>;
  /** Starts a real kube-controller-manager with these controllers. */
  startControllerManager(controllers: string[]): Promise<void>;
}

interface Files {
  [name: string]: string;
}

/**
 * Starts etcd and kube-apiserver and waits for /readyz; throws with the end of its log when it does not get
 * there. What it starts is added to `processes` for the caller to stop.
 */
export async function startCluster(
  binaries: Binaries,
  folder: string,
  processes: RunningProcess[],
): Promise<Cluster> {
  const [port] = (await freePorts(1)) as [number];
  const url = `https://127.0.0.1:${port}`;
  const authorities = {
    cluster: await createAuthority('e2e-cluster'),
    frontProxy: await createAuthority('e2e-front-proxy'),
  };
  const files = await writeCertificates(folder, authorities);
  const start = async (name: keyof Binaries, args: string[]) => {
    const running = await startProcess({ name, command: binaries[name], args, folder });
    processes.push(running);
    return running;
  };

  const kubeconfigFor: Cluster['kubeconfigFor'] = async user => {
    const path = join(folder, `${user.name.replaceAll(/[^\w-]/g, '-')}.kubeconfig`);
    const certificate = await authorities.cluster.issueClient(user);
    await writeKubeconfig(path, {
      server: url,
      authority: authorities.cluster.certificate,
      user: certificate,
    });
    return path;
  };
  const adminKubeconfig = await kubeconfigFor({ name: 'admin', groups: ['system:masters'] });

  const etcd = await startEtcd({ binary: binaries.etcd, folder });
  processes.push(etcd.process);
  const startApiServer = async () => {
    const started = await start('kube-apiserver', apiServerArgs(files, etcd.url, port));
    await untilReady(adminKubeconfig, started);
    return started;
  };
  let server = await startApiServer();
  return {
    url,
    etcdUrl: etcd.url,
    apiServer: () => server,
    restartApiServer: async () => {
      server = await startApiServer();
    },
    folder,
    authority: authorities.cluster.certificate,
    adminKubeconfig,
    issueClient: user => authorities.cluster.issueClient(user),
    kubeconfigFor,
    kubeconfigForToken: async (name, token) => {
      const path = join(folder, `${name}.kubeconfig`);
      await writeKubeconfig(path, {
        server: url,
        authority: authorities.cluster.certificate,
        user: { token },
      });
      return path;
    },
    startControllerManager: async controllers => {
      const user = { name: 'system:kube-controller-manager' };
      await start(
        'kube-controller-manager',
        controllerManagerArgs(files, await kubeconfigFor(user), controllers),
      );
    },
  };
}

async function writeCertificates(
  folder: string,
  { cluster, frontProxy }: { cluster: Authority; frontProxy: Authority },
): Promise<Files> {
  const serving = await cluster.issueServer('kube-apiserver', ['127.0.0.1', 'localhost']);
  const proxy = await frontProxy.issueClient({ name: 'front-proxy-client' });
  const serviceAccount = createServiceAccountKeys();
  const contents: Files = {
    clusterCa: cluster.certificate,
    frontProxyCa: frontProxy.certificate,
    servingCertificate: serving.certificate,
    servingKey: serving.key,
    proxyCertificate: proxy.certificate,
    proxyKey: proxy.key,
    serviceAccountPublicKey: serviceAccount.publicKey,
    serviceAccountPrivateKey: serviceAccount.privateKey,
  };
  const files: Files = {};
  for (const [name, content] of Object.entries(contents)) {
    files[name] = join(folder, `${name}.pem`);
    await writeFile(files[name], content, { mode: 0o600 });
  }
  return files;
}

function apiServerArgs(files: Files, etcdUrl: string, port: number): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    // A loopback address cannot stand in the Endpoints of the service `kubernetes`.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.servingCertificate}`,
    `--tls-private-key-file=${files.servingKey}`,
    `--client-ca-file=${files.clusterCa}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountPrivateKey}`,
    '--authorization-mode=RBAC',
    // What makes kube-apiserver a front proxy, and publishes how to recognise it (kube-system/extension-…).
    `--requestheader-client-ca-file=${files.frontProxyCa}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-uid-headers=X-Remote-Uid',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${files.proxyCertificate}`,
    `--proxy-client-key-file=${files.proxyKey}`,
    // Services are resolved by name, so that an ExternalName Service can lead to loopback.
    '--enable-aggregator-routing=false',
    '--v=1',
  ];
}

function controllerManagerArgs(files: Files, kubeconfig: string, controllers: string[]): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${files.serviceAccountPrivateKey}`,
    '--v=1',
  ];
}

async function untilReady(kubeconfig: string, server: RunningProcess): Promise<void> {
  const client = await clientOf(kubeconfig);
  try {
    const ready = eventually(
      'kube-apiserver /readyz',
      () => client.request('GET', '/readyz'),
      answer => answer.status === 200,
    );
    const ended = server.exited.then(code => {
      throw new Error(`kube-apiserver ended with ${code}:\n${server.tail()}`);
    });
    await Promise.race([ready, ended]);
  } finally {
    client.close();
  }
}
