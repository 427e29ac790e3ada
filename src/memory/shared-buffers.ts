import type { Hold, SharedBytes } from './shared-bytes.ts';

/**
 * Buffers that several holders share: whoever comes first is charged, and the pool has the bytes back when the last one lets go.
 * So bytes that many wait for are counted once, as they are held once.
 */
export class SharedBuffers {
  readonly #pool: SharedBytes;
  readonly #held = new Map<Buffer, { holders: number; hold: Hold }>();

  constructor(pool: SharedBytes) {
    this.#pool = pool;
  }

  /** Holds a buffer; undefined where it would be beyond the owner's share. The function returned lets go, once. */
  take(owner: string, bytes: Buffer): (() => void) | undefined {
    const allowed = this.#held.has(bytes) || this.#pool.allows(owner, bytes.length);
    return allowed ? this.hold(owner, bytes) : undefined;
  }

  /** Holds a buffer whatever the share. The function returned lets go, once. */
  hold(owner: string, bytes: Buffer): () => void {
    const held = this.#held.get(bytes) ?? { holders: 0, hold: this.#pool.hold(owner, bytes.length) };
    this.#held.set(bytes, held);
    held.holders++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--held.holders > 0) return;
      this.#held.delete(bytes);
      held.hold.release();
    };
  }
}
