import { migrationTests } from './migrations.ts';
import { endToEnd } from './suite.ts';

endToEnd('migrations along every datastore', {}, suite => migrationTests(suite, { objects: 60, kills: 2 }));
