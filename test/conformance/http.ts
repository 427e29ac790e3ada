import { describe, test } from 'node:test';
import type { ServerOptions } from '../../src/server/server.ts';
import { bodies } from './http/bodies.ts';
import { bounds } from './http/bounds.ts';
import type { Transport } from './http/client.ts';
import { connections } from './http/connections.ts';
import { discovery } from './http/discovery.ts';
import { errors } from './http/errors.ts';
import { health } from './http/health.ts';
import { identity } from './http/identity.ts';
import { lists } from './http/lists.ts';
import { negotiation } from './http/negotiation.ts';
import { noise } from './http/noise.ts';
import { objects } from './http/objects.ts';
import { paths } from './http/paths.ts';
import { records } from './http/records.ts';
import { type Setting, start } from './http/setting.ts';
import { shares } from './http/shares.ts';
import { unread } from './http/unread.ts';
import { watches } from './http/watches.ts';
import { websockets } from './http/websockets.ts';

/** What a group of the suite is given to declare its tests with. */
export interface HttpSuite {
  transport: Transport;
  /** Declares a test on a server of its own, which is closed at the end. */
  test(name: string, run: (setting: Setting) => Promise<void>, options?: Partial<ServerOptions>): void;
}

export type HttpGroup = (suite: HttpSuite) => void;

const groups: Record<string, HttpGroup> = {
  paths,
  negotiation,
  discovery,
  health,
  identity,
  objects,
  lists,
  bodies,
  errors,
  bounds,
  shares,
  unread,
  watches,
  websockets,
  connections,
  noise,
  records,
};

/** What the server owes its clients on the wire, whichever protocol they speak. */
export function httpConformance(transport: Transport): void {
  const listener = transport.offer.http2 ? 'a listener for both' : 'a listener without HTTP/2';
  describe(`${transport.name} on ${listener}`, () => {
    for (const [name, group] of Object.entries(groups)) {
      describe(name, () =>
        group({ transport, test: (title, run, options) => declare(transport, title, run, options) }),
      );
    }
  });
}

function declare(
  transport: Transport,
  title: string,
  run: (setting: Setting) => Promise<void>,
  options?: Partial<ServerOptions>,
): void {
  test(title, async () => {
    const setting = await start(transport, options);
    try {
      await run(setting);
    } finally {
      await setting.stop();
    }
  });
}
