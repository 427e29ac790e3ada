/** What /version answers (apimachinery's version.Info). */
export interface VersionInfo {
  major: string;
  minor: string;
  gitVersion: string;
  gitCommit: string;
  gitTreeState: string;
  buildDate: string;
  goVersion: string;
  compiler: string;
  platform: string;
}

/** The body of /version: always indented, whoever asks. */
export function versionBody(info: VersionInfo): Buffer {
  return Buffer.from(`${JSON.stringify(info, undefined, 2)}\n`);
}
