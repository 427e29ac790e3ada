import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { CertificatePool } from '../../../src/access/certificate-pool.ts';
import { ensureAdmin, ensureCa, ensureServing } from '../../../src/cli/data-directory.ts';
import { keepRenewed } from '../../../src/cli/renewal.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';

const dayMs = 24 * 3600_000;
const yearMs = 365 * dayMs;
const today = Date.UTC(2026, 5, 1);
const names = ['localhost', '127.0.0.1'];

function folder(t: { after(work: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'tortie-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const span = (cert: string) => {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return [validFromDate.getTime(), validToDate.getTime()] as const;
};
const isValidAt = (cert: string, ms: number) => span(cert)[0] <= ms && ms < span(cert)[1];

suite('a first start with a clock that is wrong locks nobody out', () => {
  for (const [clock, firstMs] of [
    ['five years ahead', today + 5 * yearMs],
    ['in 1970', 0],
    ['right', today],
  ] as const) {
    test(`${clock}: once it is right, the CA and copies of the kubeconfig are good, and serving is made again`, async t => {
      const directory = folder(t);
      const ca = await ensureCa(directory, firstMs);
      const admin = await ensureAdmin(directory, ca, firstMs);
      const serving = await ensureServing(directory, ca, names, firstMs);

      const later = await ensureCa(directory, today);
      assert.equal(later.cert, ca.cert, 'the CA stays');
      for (const { cert } of [ca, admin, serving])
        assert.ok(isValidAt(cert, firstMs), 'good by the wrong clock too');
      assert.ok(isValidAt(ca.cert, today));
      assert.ok(isValidAt(admin.cert, today), 'the copied client certificate is accepted');
      const pool = new CertificatePool({ pem: later.cert });
      assert.ok(pool);
      const again = await ensureServing(directory, later, names, today);
      assert.ok(isValidAt(again.cert, today));
      assert.equal(again.cert === serving.cert, firstMs <= today);
    });
  }

  test('a CA of an earlier version that begins in the future is made again, with its key', async t => {
    const directory = folder(t);
    const ca = await ensureCa(directory, today);
    const admin = await ensureAdmin(directory, ca, today);
    // To a clock before its beginning, or less than a year before its end, it is the same case.
    for (const now of [Date.UTC(2019, 0, 1), today + 9.5 * yearMs]) {
      const renewed = await ensureCa(directory, now);
      const [before, after] = [ca, renewed].map(({ cert }) => new X509Certificate(cert));
      assert.equal(renewed.key, ca.key);
      assert.equal(after!.subject, before!.subject);
      assert.ok(new X509Certificate(admin.cert).verify(after!.publicKey), 'what it has signed stays good');
    }
  });
});

suite('a CA that is lost in part is not replaced behind the back of its clients', () => {
  const losses: [string, (directory: string) => void, RegExp][] = [
    ['its key', directory => rmSync(join(directory, 'ca.key')), /ca\.key is missing beside ca\.crt/],
    [
      'both files',
      directory => {
        rmSync(join(directory, 'ca.key'));
        rmSync(join(directory, 'ca.crt'));
      },
      /ca\.crt and ca\.key are missing, but serving\.crt/,
    ],
    ['its key is empty', directory => truncateSync(join(directory, 'ca.key')), /cannot be used/],
    [
      'its certificate is cut off',
      directory => truncateSync(join(directory, 'ca.crt'), 200),
      /cannot be used/,
    ],
    [
      'its key is another',
      directory =>
        writeFileSync(join(directory, 'ca.key'), readFileSync(join(directory, 'serving.key'), 'utf8')),
      /the key is not that of the certificate/,
    ],
  ];
  for (const [name, lose, message] of losses) {
    test(`${name}: refused, with the cure, and nothing is written`, async t => {
      const directory = folder(t);
      const ca = await ensureCa(directory, today);
      await ensureServing(directory, ca, names, today);
      lose(directory);
      const before = existsSync(join(directory, 'ca.crt')) && readFileSync(join(directory, 'ca.crt'), 'utf8');
      await assert.rejects(ensureCa(directory, today), (error: Error) => {
        assert.match(error.message, message);
        assert.match(
          error.message,
          /Put back what belongs there\. To begin with a new CA.*remove ca\.crt and ca\.key/,
        );
        return true;
      });
      const after = existsSync(join(directory, 'ca.crt')) && readFileSync(join(directory, 'ca.crt'), 'utf8');
      assert.equal(after, before);
      for (const pair of ['ca', 'serving', 'admin']) {
        for (const part of ['crt', 'key']) rmSync(join(directory, `${pair}.${part}`), { force: true });
      }
      assert.ok((await ensureCa(directory, today)).cert);
    });
  }

  test('its certificate alone: it is made again with the key, as after a first start that was cut short', async t => {
    const directory = folder(t);
    const ca = await ensureCa(directory, today);
    const serving = await ensureServing(directory, ca, names, today);
    rmSync(join(directory, 'ca.crt'));
    const again = await ensureCa(directory, today);
    assert.equal(again.key, ca.key);
    assert.equal((await ensureServing(directory, again, names, today)).cert, serving.cert);
  });

  test('a serving pair that does not fit, is empty or cut off is made again', async t => {
    const directory = folder(t);
    const ca = await ensureCa(directory, today);
    const damages: ((path: string) => void)[] = [
      path => truncateSync(`${path}.key`),
      path => truncateSync(`${path}.crt`, 100),
      path => writeFileSync(`${path}.key`, ca.key),
    ];
    for (const damage of damages) {
      const before = await ensureServing(directory, ca, names, today);
      damage(join(directory, 'serving'));
      const after = await ensureServing(directory, ca, names, today);
      assert.notEqual(after.cert, before.cert);
    }
  });
});

suite('renewal goes by the wall clock', () => {
  /** A server's serving certificate, looked at when the test says so. */
  async function setUp(t: { after(work: () => void): void }) {
    const directory = folder(t);
    const ca = await ensureCa(directory, today);
    const clock = { now: today };
    const ensure = () => ensureServing(directory, ca, names, clock.now);
    let serving = await ensure();
    const warnings: string[] = [];
    const metrics = createMetrics();
    const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const renewals = keepRenewed(
      [
        {
          name: 'serving',
          required: true,
          current: () => serving.cert,
          renew: async () => {
            serving = await ensure();
          },
        },
      ],
      { log, metrics, now: () => clock.now, everyMs: 2 ** 30 },
    );
    t.after(() => renewals.close());
    return { directory, clock, renewals, warnings, metrics, serving: () => serving.cert };
  }

  for (const [name, jumpMs] of [
    ['after a machine has slept for eleven months and a half', 350 * dayMs],
    ['after a clock was set two years ahead', 2 * yearMs],
    ['after a clock was set back a day', -dayMs],
  ] as const) {
    test(name, async t => {
      const { clock, renewals, serving } = await setUp(t);
      const before = serving();
      clock.now += jumpMs;
      await renewals.check();
      assert.notEqual(serving(), before);
      assert.ok(isValidAt(serving(), clock.now));
      renewals.mustBeValid();
      assert.equal(renewals.note(), undefined);
    });
  }

  test('one that is good for long stays', async t => {
    const { clock, renewals, serving } = await setUp(t);
    const before = serving();
    clock.now += 100 * dayMs;
    await renewals.check();
    assert.equal(serving(), before);
  });

  test('a failure is told: once in the log, in a metric, beside /readyz, and by /readyz once it is over', async t => {
    const { directory, clock, renewals, warnings, metrics, serving } = await setUp(t);
    const end = span(serving())[1];
    // Something that the new file cannot take the place of, whoever the test runs as.
    rmSync(join(directory, 'serving.key'));
    mkdirSync(join(directory, 'serving.key.new'));
    clock.now = end - 10 * dayMs;
    await renewals.check();
    await renewals.check();
    assert.deepEqual(warnings, ['certificate not renewed']);
    assert.equal(renewals.note(), 'serving cannot be renewed');
    renewals.mustBeValid();
    const told = await metrics.render();
    assert.match(told, /^tortie_certificate_renewal_errors_total\{certificate="serving"\} 2$/m);
    assert.match(
      told,
      new RegExp(
        `^tortie_certificate_expiry_timestamp_seconds\\{certificate="serving"\\} ${end / 1000}$`,
        'm',
      ),
    );
    clock.now = end + 1;
    assert.throws(() => renewals.mustBeValid(), /serving has ended/);

    rmSync(join(directory, 'serving.key.new'), { recursive: true });
    await renewals.check();
    renewals.mustBeValid();
    assert.equal(renewals.note(), undefined);
  });
});
