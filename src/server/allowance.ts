/** What may be spent at once, and how much of it comes back each second. */
export class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  constructor({ burst, perSecond }: { burst: number; perSecond: number }, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Takes an amount, or what is left of it. Returns whether there was enough. */
  spend(amount: number, nowMs: number): boolean {
    this.#refill(nowMs);
    const enough = amount <= this.#left;
    this.#left = Math.max(0, this.#left - amount);
    return enough;
  }

  /** Whether nothing has been spent that has not come back. */
  isWhole(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#left === this.#burst;
  }

  #refill(nowMs: number): void {
    const more = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + more);
    this.#atMs = nowMs;
  }
}
