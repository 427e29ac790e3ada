/**
 * Loaded into a server before its own code: the wall clock jumps a day ahead with the first SIGUSR2, back to the truth with the next,
 * and so on. Timers and performance.now() go on as they are, as those of a machine do whose clock is set.
 */
const dayMs = 24 * 3_600_000;
const RealDate = Date;
let aheadMs = 0;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [RealDate.now() + aheadMs], newTarget),
  apply: () => new RealDate(RealDate.now() + aheadMs).toString(),
  get: (target, property, receiver) =>
    property === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, property, receiver),
});

process.on('SIGUSR2', () => {
  aheadMs = aheadMs === 0 ? dayMs : 0;
  console.log(`the wall clock says ${new Date().toISOString()}`);
});
