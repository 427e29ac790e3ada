import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthorizer } from '../../../src/access/authorizer.ts';
import { type Attributes, anonymous, type User } from '../../../src/access/user.ts';

const master: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'], extra: {} };
const alice: User = { name: 'alice', groups: ['system:authenticated'], extra: {} };
const health = ['/healthz', '/livez', '/readyz'];
const tiers: Attributes = {
  resource: 'tiers',
  subresource: '',
  group: 'projectcalico.org',
  version: 'v3',
  namespace: '',
  name: '',
  verb: 'list',
};

function path(text: string, verb = 'get'): Attributes {
  return { path: text, verb };
}

describe('createAuthorizer', () => {
  const withoutDelegate: [string, User, Attributes, boolean][] = [
    ['an administrator on a resource', master, tiers, true],
    ['an administrator on a path', master, path('/metrics'), true],
    ['anybody on /healthz', anonymous, path('/healthz'), true],
    ['anybody on /readyz with any verb', anonymous, path('/readyz', 'post'), true],
    ['nobody on a check below /readyz', anonymous, path('/readyz/etcd'), false],
    ['nobody on /healthz/', anonymous, path('/healthz/'), false],
    ['an anonymous caller on /version', anonymous, path('/version'), true],
    ['an anonymous caller writing /version', anonymous, path('/version', 'post'), false],
    ['an anonymous caller on /version/', anonymous, path('/version/'), false],
    ['an anonymous caller on /apis', anonymous, path('/apis'), false],
    ['an anonymous caller on a resource', anonymous, tiers, false],
    ['another user on a resource', alice, tiers, false],
    ['another user on /version', alice, path('/version'), false],
    ['a group that only contains the name', { ...alice, groups: ['system:masters,x'] }, tiers, false],
    ['a user that has the name of the group', { ...alice, name: 'system:masters' }, tiers, false],
  ];
  for (const [name, user, attributes, allowed] of withoutDelegate) {
    it(`standalone: ${name}: ${allowed ? 'yes' : 'no'}`, async () => {
      const authorize = createAuthorizer({ alwaysAllowPaths: health });
      assert.equal((await authorize(user, attributes)).allowed, allowed);
    });
  }

  it('asks the delegate for the rest only, and hands its reason on', async () => {
    const asked: string[] = [];
    const authorize = createAuthorizer({
      alwaysAllowPaths: health,
      delegate: async user => {
        asked.push(user.name);
        return { allowed: false, reason: 'RBAC says no' };
      },
    });
    assert.equal((await authorize(master, tiers)).allowed, true);
    assert.equal((await authorize(anonymous, path('/livez'))).allowed, true);
    assert.deepEqual(await authorize(alice, tiers), { allowed: false, reason: 'RBAC says no' });
    assert.deepEqual(await authorize(anonymous, path('/version')), {
      allowed: false,
      reason: 'RBAC says no',
    });
    assert.deepEqual(asked, ['alice', 'system:anonymous']);
  });

  it('fails when the delegate fails', async () => {
    const authorize = createAuthorizer({
      alwaysAllowPaths: [],
      delegate: () => Promise.reject(new Error('down')),
    });
    await assert.rejects(authorize(alice, tiers), /down/);
    assert.equal((await authorize(master, tiers)).allowed, true);
  });

  const patterns: [string, string, boolean][] = [
    ['/metrics*', '/metrics', true],
    ['/metrics*', '/metrics/slis', true],
    ['/metrics*', '/metric', false],
    ['metrics', '/metrics', true],
    ['/', '/', true],
    ['/', '/apis', false],
    ['*', '/anything', true],
    ['/healthz', '/healthz*', false],
  ];
  for (const [pattern, text, allowed] of patterns) {
    it(`pattern ${pattern} on ${text}: ${allowed ? 'yes' : 'no'}`, async () => {
      const authorize = createAuthorizer({ alwaysAllowPaths: [pattern] });
      assert.equal((await authorize(alice, path(text))).allowed, allowed);
      assert.equal((await authorize(alice, tiers)).allowed, false);
    });
  }

  for (const pattern of ['/a*b', '**', '/*/x']) {
    it(`refuses pattern ${pattern}`, () => {
      assert.throws(() => createAuthorizer({ alwaysAllowPaths: [pattern] }), /only trailing \* allowed/);
    });
  }
});
