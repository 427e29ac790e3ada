import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createMetrics } from '../../../src/observability/metrics.ts';

suite('metrics', () => {
  test('are rendered as Prometheus reads them', async () => {
    const metrics = createMetrics();
    metrics.counter('requests_total', 'Requests.', ['code']).inc({ code: '200' });
    metrics.counter('requests_total', 'Requests.', ['code']).inc({ code: '200' }, 2);
    metrics.counter('plain_total', 'Plain.').inc();
    metrics.gauge('open', 'Open.', ['kind']).set({ kind: 'a"b' }, 7);
    metrics.histogram('seconds', 'Seconds.', ['verb'], [1, 2]).observe({ verb: 'GET' }, 1.5);
    const text = await metrics.render();
    for (const line of [
      '# TYPE requests_total counter',
      'requests_total{code="200"} 3',
      'plain_total 1',
      'open{kind="a\\"b"} 7',
      'seconds_bucket{le="1",verb="GET"} 0',
      'seconds_bucket{le="2",verb="GET"} 1',
      'seconds_sum{verb="GET"} 1.5',
      'seconds_count{verb="GET"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });

  test('two registries know nothing of each other', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.counter('a_total', 'A.').inc();
    assert.doesNotMatch(await other.render(), /a_total/);
  });

  test('process metrics are there when asked for', async () => {
    assert.match(await createMetrics({ processMetrics: true }).render(), /process_cpu_seconds_total/);
    assert.doesNotMatch(await createMetrics().render(), /process_/);
  });
});
