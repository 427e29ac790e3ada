import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import type { VersionInfo } from '../server/version.ts';

/** The version in package.json, which lies above the sources and beside the bundle. */
export function packageVersion(): string {
  const path = process.env.TORTIE_BUNDLED ? './package.json' : '../../package.json';
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}

/** What /version answers. Clients compare only major, minor and gitVersion. */
export function versionInfo(): VersionInfo {
  const version = packageVersion();
  const [major = '', minor = ''] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${platform()}/${arch()}`,
  };
}

/** The line that `tortie version` prints. */
export function versionText(): string {
  return `tortie v${packageVersion()} (node ${process.version}, ${platform()}/${arch()})`;
}
