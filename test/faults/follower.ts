import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../e2e/client.ts';

interface Listed {
  metadata: { resourceVersion: string };
  items: { metadata: { name: string; resourceVersion: string } }[];
}

interface WatchEvent {
  type: string;
  object: { code?: number; metadata: { name: string; resourceVersion: string } };
}

/**
 * A client that follows a kind as an informer does: it lists, watches, goes on from where a stream ended, and lists anew after 410.
 * It fails on what no watch may do: tell something twice, out of order, or of an object that it had not told of before.
 */
export class Follower {
  /** What it believes to be there: version by name. */
  readonly model = new Map<string, string>();
  /** The versions that it was told of. */
  readonly told = new Set<string>();
  /** Times that it had to begin anew after 410, and the versions that it may have missed then: up to the list's. */
  relists = 0;
  missedUpTo = 0;
  readonly #client: Client;
  readonly #path: string;
  #position: number | undefined;
  #stop = false;
  #close = () => {};
  readonly done: Promise<void>;

  constructor(client: Client, path: string) {
    this.#client = client;
    this.#path = path;
    this.done = this.#run();
    this.done.catch(() => {});
  }

  stop(): Promise<void> {
    this.#stop = true;
    this.#close();
    return this.done;
  }

  async #run(): Promise<void> {
    while (!this.#stop) {
      try {
        if (this.#position === undefined) await this.#list();
        else await this.#watch(this.#position);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // The server, or its store, is away: a client tries again after a moment.
      }
      await sleep(20);
    }
  }

  async #list(): Promise<void> {
    const answer = await this.#client.request('GET', this.#path);
    if (answer.status !== 200) return;
    const { metadata, items } = answer.json<Listed>();
    this.model.clear();
    for (const { metadata } of items) this.model.set(metadata.name, metadata.resourceVersion);
    this.#position = Number(metadata.resourceVersion);
    this.missedUpTo = this.#position;
  }

  async #watch(from: number): Promise<void> {
    const stream = await this.#client.stream(`${this.#path}?watch=1&resourceVersion=${from}`);
    this.#close = stream.close;
    if (this.#stop) stream.close();
    for await (const line of stream.lines) {
      const event: WatchEvent = JSON.parse(line);
      if (event.type === 'ERROR' || stream.status !== 200) {
        const code = event.object?.code ?? stream.status;
        assert.ok(code === 410 || code >= 500, line);
        if (code !== 410) return;
        this.relists++;
        this.#position = undefined;
        return;
      }
      this.#apply(event);
    }
  }

  #apply({ type, object }: WatchEvent): void {
    const { name, resourceVersion } = object.metadata;
    const version = Number(resourceVersion);
    assert.ok(version > this.#position!, `${type} ${name} at ${version}, after ${this.#position}`);
    assert.equal(type === 'ADDED', !this.model.has(name), `${type} ${name} at ${version}`);
    if (type === 'DELETED') this.model.delete(name);
    else this.model.set(name, resourceVersion);
    this.told.add(resourceVersion);
    this.#position = version;
  }
}
