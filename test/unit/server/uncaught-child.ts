import { setTimeout as elapsed } from 'node:timers/promises';
import { anonymous, type User } from '../../../src/access/user.ts';
import { http2 } from '../../conformance/http/client.ts';
import { start } from '../../conformance/http/setting.ts';
import { until } from '../../conformance/http/until.ts';

/** Ways in which work goes wrong where no code of the request can catch it. */
const ways: Record<string, () => void> = {
  timer: () => {
    setTimeout(() => {
      throw new Error('timer');
    }, 1);
  },
  immediate: () => {
    setImmediate(() => {
      throw new Error('immediate');
    });
  },
  rejection: () => {
    void elapsed(1).then(() => {
      throw new Error('rejection');
    });
  },
  listener: () => {
    const signal = AbortSignal.abort();
    const target = new AbortController();
    target.signal.addEventListener('abort', () => {
      throw new Error('listener');
    });
    target.abort(signal.reason);
  },
};

const setting = await start(http2, {
  authenticate: async ({ rawHeaders }): Promise<User> => {
    const way = ways[String(rawHeaders[rawHeaders.indexOf('x-way') + 1])];
    if (!way) return { ...anonymous, name: 'admin', groups: ['system:masters'] };
    way();
    return await new Promise(() => {});
  },
});
process.on('uncaughtException', error => setting.server.uncaught(error));

const codes: number[] = [];
for (const way of [...Object.keys(ways), 'none']) {
  const { code } = await setting.request({ path: '/version', headers: { 'x-way': way } });
  codes.push(code);
}
setTimeout(() => {
  throw new Error('elsewhere');
}, 1);
const errors = () =>
  setting.log.filter(({ level }) => level === 'error').map(({ fields }) => fields.error as Error);
await until(() => errors().some(({ message }) => message === 'elsewhere'));
const { text } = await setting.request({ path: '/metrics' });
const count = (where: string) =>
  Number(new RegExp(`^tortie_panics_total\\{where="${where}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
const panics = { request: count('request'), background: count('background') };
process.stdout.write(JSON.stringify({ codes, panics, logged: errors().map(({ message }) => message) }));
await setting.stop();
