import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  reviewAuthorizer,
  reviewSpec,
  type SubjectAccessReviewSpec,
  type SubjectAccessReviewStatus,
} from '../../../src/access/subject-access-review.ts';
import { type Attributes, anonymous, type User } from '../../../src/access/user.ts';
import { limits } from '../../../src/limits.ts';

const user: User = { name: 'al', groups: ['g', 'system:authenticated'], extra: {} };
const get: Attributes = {
  resource: 'globalnetworkpolicies',
  subresource: '',
  group: 'projectcalico.org',
  version: 'v3',
  namespace: '',
  name: 'p',
  verb: 'get',
};

describe('reviewSpec', () => {
  it('a path', () => {
    assert.deepEqual(reviewSpec(user, { path: '/metrics', verb: 'get' }), {
      user: 'al',
      groups: ['g', 'system:authenticated'],
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
    });
  });

  it('a resource, with everything', () => {
    const spec = reviewSpec(
      { ...user, uid: 'u', extra: { b: ['2'], a: ['1', '0'] } },
      {
        ...get,
        namespace: 'ns',
        subresource: 'status',
        verb: 'list',
        fieldSelector: [{ key: 'metadata.name', operator: 'In', values: ['p'] }],
        labelSelector: [{ key: 'app', operator: 'Exists' }],
      },
    );
    assert.deepEqual(spec, {
      user: 'al',
      uid: 'u',
      groups: ['g', 'system:authenticated'],
      extra: { a: ['1', '0'], b: ['2'] },
      resourceAttributes: {
        namespace: 'ns',
        verb: 'list',
        group: 'projectcalico.org',
        version: 'v3',
        resource: 'globalnetworkpolicies',
        subresource: 'status',
        name: 'p',
        fieldSelector: { requirements: [{ key: 'metadata.name', operator: 'In', values: ['p'] }] },
        labelSelector: { requirements: [{ key: 'app', operator: 'Exists' }] },
      },
    });
  });

  it('leaves out what is empty', () => {
    const spec = reviewSpec({ name: 'al', groups: [], extra: {} }, { ...get, name: '', labelSelector: [] });
    assert.deepEqual(spec, {
      user: 'al',
      resourceAttributes: {
        verb: 'get',
        group: 'projectcalico.org',
        version: 'v3',
        resource: 'globalnetworkpolicies',
      },
    });
  });

  it('does not depend on the order of extra', () => {
    const one = reviewSpec({ ...user, extra: { a: ['1'], b: ['2'] } }, get);
    const two = reviewSpec({ ...user, extra: { b: ['2'], a: ['1'] } }, get);
    assert.equal(JSON.stringify(one), JSON.stringify(two));
  });
});

describe('reviewAuthorizer', () => {
  function reviewing(answer: (spec: SubjectAccessReviewSpec) => SubjectAccessReviewStatus | Error) {
    const asked: SubjectAccessReviewSpec[] = [];
    const clock = { nowMs: 0 };
    const authorize = reviewAuthorizer(
      async spec => {
        asked.push(spec);
        const status = answer(spec);
        if (status instanceof Error) throw status;
        return status;
      },
      { now: () => clock.nowMs },
    );
    return { asked, clock, authorize };
  }

  const answers: [SubjectAccessReviewStatus, boolean][] = [
    [{ allowed: true }, true],
    [{ allowed: false }, false],
    [{ allowed: false, denied: true }, false],
    [{ allowed: true, denied: true }, false],
  ];
  for (const [status, allowed] of answers) {
    it(`${JSON.stringify(status)}: ${allowed ? 'yes' : 'no'}`, async () => {
      const { authorize } = reviewing(() => ({ ...status, reason: 'because' }));
      assert.deepEqual(await authorize(user, get), { allowed, reason: 'because' });
    });
  }

  it('keeps yes and no for a while', async () => {
    const { asked, clock, authorize } = reviewing(spec => ({ allowed: spec.user === 'al' }));
    for (let i = 0; i < 3; i++) {
      assert.equal((await authorize(user, get)).allowed, true);
      assert.equal((await authorize({ ...user, name: 'bo' }, get)).allowed, false);
    }
    assert.equal(asked.length, 2);
    clock.nowMs += limits.reviewCacheMs;
    await authorize(user, get);
    assert.equal(asked.length, 3);
  });

  it('every part of user and request is part of the question', async () => {
    const users: User[] = [
      user,
      { ...user, uid: 'u' },
      { ...user, groups: ['g'] },
      { ...user, groups: ['g,system:authenticated'] },
      { ...user, extra: { scopes: ['a'] } },
      { ...user, extra: { scopes: ['a', 'b'] } },
      { ...user, extra: { scopes: ['a,b'] } },
    ];
    const requests: Attributes[] = [
      get,
      { ...get, verb: 'delete' },
      { ...get, name: 'q' },
      { ...get, name: '' },
      { ...get, namespace: 'ns' },
      { ...get, subresource: 'status' },
      { ...get, resource: 'tiers' },
      { ...get, labelSelector: [{ key: 'a', operator: 'Exists' }] },
      { ...get, fieldSelector: [{ key: 'a', operator: 'In', values: ['b'] }] },
      { path: '/apis', verb: 'get' },
      { path: '/apis', verb: 'post' },
    ];
    const { asked, authorize } = reviewing(() => ({ allowed: false }));
    for (const each of users) for (const request of requests) await authorize(each, request);
    assert.equal(asked.length, users.length * requests.length);
  });

  it('does not keep what a client made long', async () => {
    const { asked, authorize } = reviewing(() => ({ allowed: true }));
    const long = { ...get, name: 'n'.repeat(limits.maxReviewCacheKeyBytes) };
    await authorize(user, long);
    await authorize(user, long);
    const path = { path: `/${'p'.repeat(limits.maxReviewCacheKeyBytes)}`, verb: 'get' };
    await authorize(user, path);
    await authorize(user, path);
    assert.equal(asked.length, 4);
  });

  it('throws when the cluster cannot be asked, and keeps nothing of it', async () => {
    let down = true;
    const { authorize } = reviewing(() => (down ? new Error('connect ECONNREFUSED') : { allowed: true }));
    await assert.rejects(authorize(user, get), /ECONNREFUSED/);
    down = false;
    assert.equal((await authorize(user, get)).allowed, true);
  });

  it('reviews of some that never answer keep no other user out', async () => {
    const authorize = reviewAuthorizer(async spec =>
      spec.user === 'ann' || spec.user === 'system:kube-scheduler'
        ? { allowed: true }
        : new Promise<never>(() => {}),
    );
    const crowd = [anonymous, { ...user, name: 'tom' }, { ...user, name: 'system:kube-controller-manager' }];
    for (let count = 0; count < 300; count++) {
      for (const each of crowd) {
        authorize(each, { ...get, name: `n${count}` } as Attributes).catch(() => {});
      }
    }
    for (const name of ['ann', 'system:kube-scheduler']) {
      assert.equal((await authorize({ ...user, name }, get)).allowed, true);
    }
  });
});
