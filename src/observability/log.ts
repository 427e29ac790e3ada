import { type DestinationStream, pino } from 'pino';
import type { Log } from './observability.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** The level that klog's `-v` stands for, as calico-apiserver maps it: 0 error, 1 warn, 2 info, 3-6 debug, 7 and above trace. */
export function levelOfVerbosity(verbosity: number): LogLevel {
  if (verbosity <= 0) return 'error';
  if (verbosity === 1) return 'warn';
  if (verbosity === 2) return 'info';
  return verbosity <= 6 ? 'debug' : 'trace';
}

/**
 * A log of one JSON object a line, with `level` as a word, `time` in RFC 3339 and `msg`; to standard output unless a
 * destination is given. Errors among the fields are written with their stack and cause, bigint as text.
 */
export function createLog(options: { level: LogLevel; destination?: DestinationStream }): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
