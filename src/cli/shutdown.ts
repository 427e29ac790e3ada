/** Resolves with the first SIGINT or SIGTERM. A second one ends the process at once, with the code shells give it. */
export function shutdownSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    let asked = false;
    const codes = { SIGINT: 130, SIGTERM: 143 } as const;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(codes[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}
