import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../e2e/client.ts';
import { installed } from './programs.ts';
import { clientSuite, everyClient, type Setting } from './scenario.ts';

const { folder, skip } = await installed('go');
const start = { command: join(folder, 'bin/controllerruntime'), args: [] };

clientSuite('controller-runtime', skip, start, setting => {
  everyClient(setting);
  owning(setting);
});

const policies = '/apis/projectcalico.org/v3/namespaces/default/networkpolicies';
const sets = '/apis/projectcalico.org/v3/namespaces/default/networksets';

interface Owned {
  metadata: { uid: string; finalizers?: string[]; ownerReferences?: object[] };
}

/** The program's controller keeps a network set for each policy with a label, as its owner. */
function owning(setting: Setting): void {
  const read = async (path: string) => setting.admin.request('GET', path);
  const found = async (path: string) =>
    (
      await eventually(
        path,
        () => read(path),
        ({ status }) => status === 200,
      )
    ).json<Owned & object>();

  test('what a controller makes for an object belongs to it', async () => {
    const metadata = { name: 'parent', namespace: 'default', labels: { owner: 'yes' } };
    const body = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata, spec: {} };
    const created = await setting.admin.request('POST', policies, { body: JSON.stringify(body) });
    assert.equal(created.status, 201, created.text);
    const set = await found(`${sets}/parent`);
    const owner = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', name: 'parent' };
    const { uid } = created.json<Owned & Record<string, unknown>>().metadata;
    assert.deepEqual(set.metadata.ownerReferences, [
      { ...owner, uid, controller: true, blockOwnerDeletion: true },
    ]);
    assert.deepEqual((await found(`${policies}/parent`)).metadata.finalizers, ['example.org/clients']);
  });

  test('it is made anew when it is taken away: the watch leads from the owned to the owner', async () => {
    const before = (await found(`${sets}/parent`)).metadata.uid;
    await setting.admin.request('DELETE', `${sets}/parent`);
    await eventually(
      'a new set',
      async () => (await found(`${sets}/parent`)).metadata.uid,
      uid => uid !== before,
    );
    assert.equal((await setting.client.ask({ do: 'reconciled' })).created, 2);
  });

  test('a policy that is deleted goes once the controller has let go of it', async () => {
    await setting.admin.request('DELETE', `${policies}/parent`);
    await eventually(
      'the policy is gone',
      () => read(`${policies}/parent`),
      ({ status }) => status === 404,
    );
    assert.equal((await setting.client.ask({ do: 'reconciled' })).finished, 1);
  });
}
