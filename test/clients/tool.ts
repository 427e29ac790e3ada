import { spawn } from 'node:child_process';

/**
 * Runs a build tool to its end. Throws with the end of what it said when it fails or is not there. Nothing of
 * its output is shown otherwise.
 */
export async function runTool(command: string, args: string[], folder: string): Promise<void> {
  const env = { ...process.env, GOWORK: 'off', CARGO_TERM_COLOR: 'never' };
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output = (output + chunk).slice(-8_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}:\n${output}`);
}
