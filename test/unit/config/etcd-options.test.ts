import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError, parseOptions } from '../../../src/config/parse.ts';

const endpoint = '--etcd-endpoints=https://127.0.0.1:2379';

test("etcd is named by flags, by our variables or by Calico's, in this order", () => {
  const calico = {
    DATASTORE_TYPE: 'etcdv3',
    ETCD_ENDPOINTS: 'https://a:1,https://b:2',
    ETCD_CA_CERT_FILE: '/ca',
    ETCD_CERT_FILE: '/cert',
    ETCD_KEY_FILE: '/key',
    ETCD_USERNAME: '',
  };
  const options = parseOptions([], calico);
  assert.equal(options.datastore, 'etcd');
  assert.deepEqual(options.etcdEndpoints, ['https://a:1', 'https://b:2']);
  assert.deepEqual([options.etcdCaCert, options.etcdCert, options.etcdKey], ['/ca', '/cert', '/key']);
  assert.equal(options.etcdUsername, undefined, 'a variable set to nothing is none');

  const prefixed = parseOptions([], { ...calico, CALICO_ETCD_ENDPOINTS: 'https://c:3' });
  assert.deepEqual(prefixed.etcdEndpoints, ['https://c:3']);
  const own = parseOptions([], {
    ...calico,
    CALICO_ETCD_ENDPOINTS: 'https://c:3',
    TORTIE_ETCD_ENDPOINTS: 'd:4',
  });
  assert.deepEqual(own.etcdEndpoints, ['d:4']);
  assert.deepEqual(parseOptions(['--etcd-endpoints', 'e:5'], calico).etcdEndpoints, ['e:5']);
  assert.equal(parseOptions(['--datastore=memory'], calico).datastore, 'memory');
});

test('what does not go together is refused, and only where etcd is meant', () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /--datastore etcd needs --etcd-endpoints/],
    [[endpoint, '--etcd-cert=/c'], /--etcd-cert and --etcd-key/],
    [[endpoint, '--etcd-username=u'], /--etcd-username and its password/],
    [[endpoint, '--etcd-password-file=/p'], /--etcd-username and its password/],
    [
      [endpoint, '--etcd-username=u', '--etcd-password=p', '--etcd-password-file=/p'],
      /--etcd-password and --etcd-password-file exclude/,
    ],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => parseOptions(['--datastore=etcd', ...args], {}), {
      constructor: OptionError,
      message,
    });
    parseOptions(args, {});
  }
});
