import { before, test } from 'node:test';
import { endToEnd } from '../suite.ts';
import { datastores, type Installation, install } from './installation.ts';
import { raceForAddresses } from './ipam-race.ts';

for (const datastore of datastores) {
  endToEnd(`Calico's IPAM with the server as its datastore, for long: ${datastore.name}`, {}, suite => {
    let installation: Installation;
    before(async () => {
      installation = await install(suite, datastore);
    });

    test('16 writers: no address twice, none leaked', t => raceForAddresses(t, installation, 200));
  });
}
