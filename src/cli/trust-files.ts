import { type FollowedFiles, followFiles } from '../access/file-reload.ts';
import type { RequestHeaderSettings } from '../access/front-proxy.ts';
import type { Options } from '../config/options.ts';
import type { Log } from '../observability/observability.ts';

/**
 * Takes the CAs that the flags name, now and whenever their files change. Throws when a file cannot be read or holds no certificate.
 */
export async function followTrustFiles(
  options: Options,
  to: {
    setClientCa(pem: string): void;
    setRequestHeader(settings: RequestHeaderSettings): void;
    log: Log;
  },
): Promise<{ close(): void }> {
  const followed: FollowedFiles[] = [];
  const follow = async (path: string | undefined, apply: (pem: string) => void) => {
    if (!path) return;
    followed.push(await followFiles([path], ([pem]) => apply(pem!.toString()), { log: to.log }));
  };
  await follow(options.clientCaFile, pem => to.setClientCa(pem));
  await follow(options.requestheaderClientCaFile, ca =>
    to.setRequestHeader({
      ca,
      allowedNames: options.requestheaderAllowedNames,
      usernameHeaders: options.requestheaderUsernameHeaders,
      uidHeaders: options.requestheaderUidHeaders,
      groupHeaders: options.requestheaderGroupHeaders,
      extraPrefixes: options.requestheaderExtraHeadersPrefix,
    }),
  );
  return {
    close: () => {
      for (const files of followed) files.close();
    },
  };
}
