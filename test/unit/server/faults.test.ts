import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createMetrics } from '../../../src/observability/metrics.ts';
import type { Log, Metrics } from '../../../src/observability/observability.ts';
import type { ServerOptions } from '../../../src/server/server.ts';
import { http1, http2, type RequestOptions } from '../../conformance/http/client.ts';
import { base, json, type Setting, start, TestClock } from '../../conformance/http/setting.ts';
import { until } from '../../conformance/http/until.ts';

/** Throws once it is armed, after `passes` calls that are let through. */
class Fault {
  left = Number.POSITIVE_INFINITY;

  arm(passes = 0): void {
    this.left = passes;
  }

  readonly hit = (): void => {
    if (this.left-- > 0) return;
    this.left = Number.POSITIVE_INFINITY;
    throw new TypeError('injected');
  };
}

interface Point {
  what: string;
  /** Where the fault sits in what the server is given, or in the objects that it serves. */
  options?(fault: Fault): Partial<ServerOptions>;
  prepare?(setting: Setting, fault: Fault): void;
  passes?: number;
  request: RequestOptions;
  /** 'broken': the answer had begun. 'whole': nothing of the fault shows. */
  answer: 500 | 'broken' | 'whole';
}

const widgets = `${base}/widgets`;
const body = '{"metadata":{"name":"new"}}';
const asTable = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };

function fill({ widgets: resource }: Setting, ...names: string[]): void {
  resource.fill(names.length, at => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Widget',
    metadata: { name: names[at]! },
  }));
}

function misbehave(
  setting: Setting,
  fault: Fault,
  method: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete',
) {
  const resource = setting.widgets as unknown as Record<string, (...args: unknown[]) => unknown>;
  const original = resource[method]!.bind(resource);
  resource[method] = (...args) => {
    fault.hit();
    return original(...args);
  };
}

class FaultyClock extends TestClock {
  readonly #hit: { elapsed(): void; after(): void };

  constructor(hit: { elapsed(): void; after(): void }) {
    super();
    this.#hit = hit;
  }

  override elapsedMs(): number {
    this.#hit.elapsed();
    return super.elapsedMs();
  }

  override after(delayMs: number, callback: () => void): () => void {
    this.#hit.after();
    return super.after(delayMs, callback);
  }
}

function faultyLog(at: 'info' | 'error', hit: () => void): Log {
  const quiet = () => {};
  return { debug: quiet, info: quiet, warn: quiet, error: quiet, [at]: hit };
}

function faultyMetrics(fault: Fault, parts: { name?: string; render?: boolean }): Metrics {
  const metrics = createMetrics();
  return {
    ...metrics,
    counter: (name, help, labels) => {
      const counter = metrics.counter(name, help, labels);
      if (name !== parts.name) return counter;
      return {
        inc: (...args) => {
          fault.hit();
          counter.inc(...args);
        },
      };
    },
    render: async () => {
      if (parts.render) fault.hit();
      return await metrics.render();
    },
  };
}

const nothing = () => {};
const send = (method: string, path: string): RequestOptions => ({
  method,
  path,
  headers: { ...json, ...(method === 'PATCH' && { 'content-type': 'application/merge-patch+json' }) },
  body,
});

const points: Point[] = [
  {
    what: 'the begin of an exchange',
    options: fault => ({ clock: new FaultyClock({ elapsed: fault.hit, after: nothing }) }),
    request: { path: widgets },
    answer: 500,
  },
  {
    what: 'the deadline',
    options: fault => ({ clock: new FaultyClock({ elapsed: nothing, after: fault.hit }) }),
    request: { path: widgets },
    answer: 500,
  },
  {
    what: 'authentication',
    options: fault => ({
      authenticate: async () => {
        fault.hit();
        return { name: 'admin', groups: ['system:masters'], extra: {} };
      },
    }),
    request: { path: widgets },
    answer: 500,
  },
  {
    what: 'authorization',
    options: fault => ({
      authorize: async () => {
        fault.hit();
        return { allowed: true, reason: '' };
      },
    }),
    request: { path: widgets },
    answer: 500,
  },
  ...(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] as const).map(
    (method): Point => ({
      what: `the ${method} of a resource`,
      prepare: (setting, fault) => {
        fill(setting, 'w');
        misbehave(setting, fault, method);
      },
      request: {
        get: { path: `${widgets}/w` },
        list: { path: widgets },
        watch: { path: `${widgets}?watch=1` },
        create: send('POST', widgets),
        update: send('PUT', `${widgets}/w`),
        patch: send('PATCH', `${widgets}/w`),
        delete: { method: 'DELETE', path: `${widgets}/w` },
      }[method],
      answer: 500,
    }),
  ),
  {
    what: 'the encoder of a table',
    prepare: setting => fill(setting, 'a', 'b', 'unreadable'),
    passes: Number.POSITIVE_INFINITY,
    request: { path: widgets, headers: asTable },
    answer: 500,
  },
  {
    what: 'a watch that has begun',
    options: fault => ({ clock: new FaultyClock({ elapsed: nothing, after: fault.hit }) }),
    request: { path: `${widgets}?watch=1` },
    answer: 'broken',
  },
  {
    what: 'the line in the log',
    options: fault => ({ log: faultyLog('info', fault.hit) }),
    request: { path: widgets },
    answer: 'whole',
  },
  {
    what: 'the metrics at the end',
    options: fault => ({ metrics: faultyMetrics(fault, { name: 'apiserver_request_total' }) }),
    request: { path: widgets },
    answer: 'whole',
  },
  {
    what: 'the log of a panic',
    options: fault => ({ log: faultyLog('error', fault.hit) }),
    request: { path: `${widgets}/panics` },
    answer: 500,
  },
  {
    what: 'the count of a panic',
    options: fault => ({ metrics: faultyMetrics(fault, { name: 'tortie_panics_total' }) }),
    request: { path: `${widgets}/panics` },
    answer: 500,
  },
  {
    what: 'the metrics page',
    options: fault => ({ metrics: faultyMetrics(fault, { render: true }) }),
    request: { path: '/metrics' },
    answer: 500,
  },
  {
    what: 'the note of a health check',
    options: fault => ({
      healthChecks: [
        {
          name: 'noted',
          check: nothing,
          note: () => {
            fault.hit();
            return undefined;
          },
        },
      ],
    }),
    request: { path: '/readyz?verbose' },
    answer: 500,
  },
];

for (const transport of [http1, http2]) {
  suite(`what is thrown ends one request, over ${transport.name}`, () => {
    for (const { what, options, prepare, passes = 0, request, answer } of points) {
      test(what, async () => {
        const fault = new Fault();
        // One place: a request that did not give its place back would hold up the next.
        const setting = await start(transport, {
          bounds: { maxRequestsInflight: 1, maxMutatingRequestsInflight: 1 },
          ...options?.(fault),
        });
        try {
          prepare?.(setting, fault);
          fault.arm(passes);
          const code = await setting.request(request).then(
            ({ code }) => code,
            () => 'broken',
          );
          assert.equal(code, answer === 'whole' ? 200 : answer);
          // Some are met when the answer is out.
          await until(() => fault.left === Number.POSITIVE_INFINITY);
          assert.equal((await setting.request({ path: '/version' })).code, 200);
          assert.equal((await setting.request({ path: `${base}/gadgets` })).code, 200);
        } finally {
          await setting.stop();
        }
      });
    }
  });
}

test('what timers and promises of a request throw ends that request, and is logged and counted', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'uncaught-child.ts')],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  assert.equal(status, 0, stderr);
  const { codes, panics, logged } = JSON.parse(stdout);
  assert.deepEqual(codes, [500, 500, 500, 500, 200]);
  assert.deepEqual(panics, { request: 4, background: 1 });
  assert.deepEqual(logged, ['timer', 'immediate', 'rejection', 'listener', 'elsewhere']);
});
