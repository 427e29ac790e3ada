// The same, for a minute each.
process.env.FAULT_SECONDS = '60';
await import('./kubernetes-faults.test.ts');
