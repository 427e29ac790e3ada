import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '../../../src/cli/identity.ts';
import { unenforcedChecks, warnOfUnenforced } from '../../../src/cli/unenforced.ts';
import type { Log } from '../../../src/observability/observability.ts';

const identityOf = (mode: Identity['mode']): Identity => ({
  mode,
  authenticate: () => Promise.reject(new Error('not asked')),
  authorize: () => Promise.reject(new Error('not asked')),
  check: () => {},
  isFrontProxy: () => false,
  close: async () => {},
});

for (const { mode, warned } of [
  { mode: 'delegated' as const, warned: ['tier-rights', 'admission'] },
  { mode: 'standalone' as const, warned: [] },
]) {
  test(`a ${mode} server names ${warned.length} protections that it lacks, in its log and in /readyz?verbose`, () => {
    const warnings: string[] = [];
    const log = { warn: (text: string) => warnings.push(text) } as unknown as Log;
    warnOfUnenforced(identityOf(mode), log);
    assert.deepEqual(
      warnings.map(text => text.split(':')[0]),
      warned,
    );
    const checks = unenforcedChecks(identityOf(mode));
    assert.deepEqual(
      checks.map(check => check.name),
      warned,
    );
    for (const check of checks) {
      assert.doesNotThrow(() => check.check());
      assert.match(check.note?.() ?? '', /^not enforced: .{20}/);
    }
  });
}
