import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStream, type GoClient, Refused } from './go-client.ts';

/**
 * How Typha, Felix and confd follow one kind: a list by pages, a watch from its version with bookmarks, the watch again from where
 * it ended, and all from the start when the server says 410. Waiting times are shorter than theirs.
 */
export class Syncer {
  readonly plural: string;
  /** What the component now believes: name to resourceVersion. */
  readonly objects = new Map<string, string>();
  /** Every kind of answer so far that was no success, such as "410 Expired" or "connection". */
  readonly refusals: string[] = [];
  /** How often everything was read anew, and how often a watch was opened. */
  fullResyncs = 0;
  watches = 0;
  readonly #client: GoClient;
  readonly #selector: string;
  #version = '0';
  #stream: EventStream | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(client: GoClient, plural: string, selector = '') {
    this.#client = client;
    this.plural = plural;
    this.#selector = selector;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stream?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#version === '0') await this.#resync();
        await this.#follow();
      } catch (error) {
        if (this.#stopped) return;
        this.#note(error);
        await sleep(50);
      }
    }
  }

  async #resync(): Promise<void> {
    this.fullResyncs++;
    const options = { resourceVersion: '0', ...(this.#selector && { selector: this.#selector }) };
    const { items, metadata } = await this.#client.list(this.plural, options);
    this.objects.clear();
    for (const { metadata: each } of items) this.objects.set(keyOf(each), each.resourceVersion!);
    this.#version = metadata.resourceVersion;
  }

  async #follow(): Promise<void> {
    const query = `${this.#selector}allowWatchBookmarks=true&resourceVersion=${this.#version}&watch=true`;
    this.watches++;
    this.#stream = await this.#client.watch(this.plural, query);
    for (;;) {
      // Idle watches end when they have lived long enough, and no earlier.
      const event = await this.#stream.next(600_000);
      if (!event) return;
      if (event.type === 'ERROR') throw new StreamError(event.object.code ?? 0, event.object.reason ?? '');
      const { metadata } = event.object;
      if (event.type === 'DELETED') this.objects.delete(keyOf(metadata));
      else if (event.type !== 'BOOKMARK') this.objects.set(keyOf(metadata), metadata.resourceVersion!);
      this.#version = metadata.resourceVersion!;
    }
  }

  #note(error: unknown): void {
    if (error instanceof StreamError || error instanceof Refused) {
      const { code, reason } = error.status;
      this.refusals.push(`${code} ${reason}`);
      if (code === 410) this.#version = '0';
    } else {
      this.refusals.push('connection');
    }
  }
}

/** An error that a watch tells before it ends. */
class StreamError extends Error {
  readonly status: { code: number; reason: string };

  constructor(code: number, reason: string) {
    super(`${code} ${reason}`);
    this.status = { code, reason };
  }
}

function keyOf({ name, namespace = '' }: { name: string; namespace?: string }): string {
  return `${namespace}/${name}`;
}
