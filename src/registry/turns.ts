/**
 * Lets one at a time do its work, in the order in which they came. Writes that rest on the same other objects would else go on
 * making each other's ground outdated: of a hundred at once one is stored a round.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work when all before it are done, however they ended. Returns, or throws, what it does. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
