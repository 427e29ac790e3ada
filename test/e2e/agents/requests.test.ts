import { datastores } from './installation.ts';
import { agentRequests } from './requests.ts';

for (const datastore of datastores) agentRequests(datastore);
