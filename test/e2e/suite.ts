import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';
import { type Binaries, requireBinaries } from './binaries.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Kubectl, kubectlOf } from './kubectl.ts';
import type { RunningProcess } from './process.ts';

/** The repository's root. */
export const root = resolve(import.meta.dirname, '../..');

/** What the tests of one suite share. The fields are there from `before` on. */
export interface Suite {
  binaries: Binaries;
  /** A temporary folder; kept when a test failed. */
  folder: string;
  /** Processes whose logs are shown when a test fails; they are stopped at the end, last first. */
  processes: RunningProcess[];
  /** Starts a cluster whose processes belong to the suite. */
  startCluster(): Promise<Cluster>;
  kubectl(kubeconfig: string): Promise<Kubectl>;
}

const { binaries, skip: noBinaries } = await requireBinaries();

/**
 * A suite against real binaries: skipped, with the reason, where they or something else that it needs cannot
 * be had.
 */
export function endToEnd(
  name: string,
  needs: { skip?: false | string; minutes?: number },
  define: (suite: Suite) => void,
): void {
  describe(name, { skip: noBinaries || needs.skip || false, timeout: (needs.minutes ?? 10) * 60_000 }, () => {
    const processes: RunningProcess[] = [];
    const suite: Suite = {
      binaries,
      folder: '',
      processes,
      startCluster: async () => {
        return startCluster(binaries, await mkdtemp(join(suite.folder, 'cluster-')), processes);
      },
      kubectl: kubeconfig => kubectlOf(binaries.kubectl, kubeconfig, suite.folder),
    };
    // Until a test has passed, something has failed: a `before` that throws leaves no test to tell.
    let state: 'nothing passed' | 'passed' | 'failed' = 'nothing passed';
    const showLogs = () => {
      for (const { name, logFile, tail } of processes) {
        console.log(`\n--- end of the log of ${name} (${logFile})\n${tail()}`);
      }
    };
    before(async () => {
      suite.folder = await mkdtemp(join(tmpdir(), 'tortie-e2e-'));
    });
    afterEach(context => {
      const passed = 'passed' in context && context.passed;
      if (passed && state === 'nothing passed') state = 'passed';
      if (passed || state === 'failed') return;
      state = 'failed';
      showLogs();
    });
    after(async () => {
      if (state === 'nothing passed') showLogs();
      for (const running of processes.reverse()) await running.stop();
      if (state === 'passed') await rm(suite.folder, { recursive: true, force: true });
    });
    define(suite);
  });
}
