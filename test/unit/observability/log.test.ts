import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createLog, type LogLevel, levelOfVerbosity } from '../../../src/observability/log.ts';

function logged(level: LogLevel): { log: ReturnType<typeof createLog>; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { log: createLog({ level, destination }), lines };
}

suite('log', () => {
  test('what -v stands for', () => {
    const levels = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 10].map(levelOfVerbosity);
    assert.deepEqual(levels, [
      'error',
      'error',
      'warn',
      'info',
      'debug',
      'debug',
      'debug',
      'debug',
      'trace',
      'trace',
    ]);
  });

  test('one JSON object a line, with the level as a word and the time', () => {
    const { log, lines } = logged('info');
    log.info('request', { code: 200, userAgent: 'a"b\n' });
    const { time, ...rest } = lines[0]!;
    assert.deepEqual(rest, { level: 'info', msg: 'request', code: 200, userAgent: 'a"b\n' });
    assert.equal(new Date(String(time)).toISOString(), time);
  });

  const written: [level: LogLevel, levels: string[]][] = [
    ['error', ['error']],
    ['warn', ['warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['trace', ['debug', 'info', 'warn', 'error']],
  ];
  for (const [level, levels] of written) {
    test(`level ${level}`, () => {
      const { log, lines } = logged(level);
      log.debug('m');
      log.info('m');
      log.warn('m');
      log.error('m');
      assert.deepEqual(
        lines.map(line => line.level),
        levels,
      );
    });
  }

  test('an error has its stack and cause, and fields cannot break a line', () => {
    const { log, lines } = logged('info');
    const cyclic: Record<string, unknown> = { big: 12345678901234567890n };
    cyclic.self = cyclic;
    log.error('failed', { error: new Error('outer', { cause: new Error('inner') }), cyclic });
    const error = lines[0]!.error as { message: string; stack: string; cause: { message: string } };
    assert.equal(error.message, 'outer');
    assert.match(error.stack, /log\.test\.ts/);
    assert.equal(error.cause.message, 'inner');
    assert.ok(lines[0]!.cyclic);
  });
});
