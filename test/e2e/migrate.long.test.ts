import { migrationTests } from './migrations.ts';
import { endToEnd } from './suite.ts';

endToEnd('migrations along every datastore, the long form', {}, suite =>
  migrationTests(suite, { objects: 2_000, kills: 12 }),
);
