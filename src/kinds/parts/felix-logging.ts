import { boolean, integer, string } from '../../schema/build.ts';
import { portOrZeroRule } from '../../schema/checks/number.ts';
import { regexpRule } from '../../schema/checks/regexp.ts';
import { anyCase, duration, severities } from './felix-value.ts';

/** Fields of FelixConfiguration: the log of Felix, the lines that Log rules write, and aids for debugging. */
export const felixLogging = {
  debugDisableLogDropping: boolean(
    'Whether Felix waits when its log cannot be written fast enough, instead of dropping messages; this ' +
      'can slow it down a lot. Default: false.',
  ),
  debugHost: string('Address that the debug port binds to. Default: localhost.'),
  debugMemoryProfilePath: string(
    'File that a memory profile is written to when Felix gets the signal SIGUSR1. Default: none.',
  ),
  debugPort: integer(
    'Port that serves memory and CPU profiles; it has no access control. 0 is none. Default: 0.',
    { rules: [portOrZeroRule] },
  ),
  debugSimulateCalcGraphHangAfter: duration(
    'For tests only: stops the calculation of policy after this time, to see the watchdog act. Default: ' +
      '0s (never).',
  ),
  debugSimulateDataplaneApplyDelay: duration(
    'For tests only: delays each change of the dataplane by this time, as on a busy host. Default: 0s.',
  ),
  debugSimulateDataplaneHangAfter: duration(
    'For tests only: stops the dataplane after this time, to see the watchdog act. Default: 0s (never).',
  ),
  logActionRateLimit: string(
    'Most packets per unit of time that Log rules write a line for, as number/unit with unit second, ' +
      'minute, hour or day, e.g. 10/second. Default: no limit.',
    {
      pattern: String.raw`^[1-9]\d{0,3}/(?:second|minute|hour|day)$`,
    },
  ),
  logActionRateLimitBurst: integer(
    'Packets that may be logged at once before logActionRateLimit sets in, 0 to 9999. Default: 5.',
    { minimum: 0, maximum: 9999 },
  ),
  logDebugFilenameRegex: string(
    'Regular expression for names of source files; only these write Debug messages. Other severities ' +
      'are not affected. Default: all files.',
    { rules: [regexpRule] },
  ),
  logFilePath: string('File that Felix logs to; none turns this off. Default: /var/log/calico/felix.log.'),
  logPrefix: string(
    'Start of the lines that Log rules write to the kernel log. %t becomes the tier, %k the kind, %n ' +
      'the name and %p the namespace/name of the policy. iptables shows 29 characters, nftables 127. ' +
      'Default: calico-packet.',
    { pattern: '^([a-zA-Z0-9%: /_-])*$' },
  ),
  logSeverityFile: anyCase(
    severities,
    'Least severe messages written to logFilePath: Trace, Debug, Info, Warning, Error or Fatal. ' +
      'Default: Info.',
  ),
  logSeverityScreen: anyCase(
    severities,
    'Least severe messages written to standard output, where kubectl logs finds them: Trace, Debug, ' +
      'Info, Warning, Error or Fatal. Default: Info.',
  ),
  logSeveritySys: anyCase(
    severities,
    'Least severe messages sent to syslog: Trace, Debug, Info, Warning, Error or Fatal. Default: Info.',
  ),
};
