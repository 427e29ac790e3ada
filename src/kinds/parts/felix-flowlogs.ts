import { boolean, oneOf, string } from '../../schema/build.ts';
import { duration } from './felix-value.ts';

/** Fields of FelixConfiguration: flow logs. */
export const felixFlowLogs = {
  flowLogsCollectorDebugTrace: boolean(
    'Whether the collector of flow logs writes all it does to the log of Felix; for debugging. Default: ' +
      'false.',
  ),
  flowLogsFlushInterval: duration(
    'Time over which flows are summed up before they are sent, e.g. 15s. Default: 5m.',
  ),
  flowLogsGoldmaneServer: string(
    'Address of the Goldmane server that flow logs go to, e.g. goldmane.calico-system.svc:7443. Empty ' +
      'sends none. Default: empty.',
  ),
  flowLogsLocalReporter: oneOf(
    ['Disabled', 'Enabled'],
    'Whether flow logs are also given out on a Unix socket of the node, for tools that run there. ' +
      'Default: Disabled.',
  ),
  flowLogsPolicyEvaluationMode: oneOf(
    ['None', 'Continuous'],
    'Continuous: open flows are checked against policy again and again, so that flow logs show what a ' +
      'changed or staged policy would do to them. None: only when they begin. Default: Continuous.',
  ),
};
