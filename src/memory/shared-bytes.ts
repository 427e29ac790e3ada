/** Bytes that an owner holds of a pool. */
export interface Hold {
  readonly bytes: number;
  /** Takes more of the same pool for the same owner. Returns false, and takes nothing, where the share is used up. */
  grow(bytes: number): boolean;
  /** Gives bytes back; all that are left without an argument. Safe to call again. */
  release(bytes?: number): void;
}

/**
 * A pool of bytes that owners share. An owner may take bytes as long as it then holds no more than what is still free for
 * everybody else: a single owner gets half of the pool, two a third each, and a newcomer always finds something (dynamic
 * thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
 */
export class SharedBytes {
  readonly total: number;
  #used = 0;
  readonly #held = new Map<string, number>();

  constructor(total: number) {
    this.total = total;
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return this.total - this.#used;
  }

  /** Bytes that the owner holds. */
  heldBy(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }

  /** The owner that holds most; undefined when nobody holds anything. */
  largestOwner(): string | undefined {
    let largest: string | undefined;
    for (const [owner, bytes] of this.#held) {
      if (largest === undefined || bytes > this.heldBy(largest)) largest = owner;
    }
    return largest;
  }

  /** Whether the owner may take so many bytes now. */
  allows(owner: string, bytes: number): boolean {
    return this.heldBy(owner) + bytes <= this.free - bytes;
  }

  /** Takes bytes for the owner; undefined where they are beyond its share. */
  take(owner: string, bytes: number): Hold | undefined {
    return this.allows(owner, bytes) ? this.hold(owner, bytes) : undefined;
  }

  /** Counts bytes that are held already, whatever the share. */
  hold(owner: string, bytes: number): Hold {
    let held = bytes;
    this.#add(owner, bytes);
    return {
      get bytes() {
        return held;
      },
      grow: more => {
        if (!this.allows(owner, more)) return false;
        held += more;
        this.#add(owner, more);
        return true;
      },
      release: (some = held) => {
        const given = Math.min(some, held);
        held -= given;
        this.#add(owner, -given);
      },
    };
  }

  #add(owner: string, bytes: number): void {
    const held = this.heldBy(owner) + bytes;
    this.#used += bytes;
    if (held === 0) this.#held.delete(owner);
    else this.#held.set(owner, held);
  }
}
