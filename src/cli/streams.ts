/** The streams of a process, as far as commands need them. */
export interface Streams {
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: Output;
  stderr: Output;
}

export interface Output {
  isTTY?: boolean;
  write(text: string): unknown;
  on?(event: 'error' | 'drain', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Lets whoever reads the output stop reading (`| head`): what is written later goes nowhere, and is no error. */
export function forgiveClosedPipe(output: Output): void {
  output.on?.('error', error => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Writes in step with whoever reads: each write waits while they are behind, and does nothing once they have gone. */
export function writerInStep(output: Output): (text: string) => Promise<void> {
  let gone = false;
  let goOn = () => {};
  output.on?.('error', error => {
    if (error.code !== 'EPIPE') throw error;
    gone = true;
    goOn();
  });
  output.on?.('drain', () => goOn());
  return async text => {
    if (gone || output.write(text) !== false || !output.on) return;
    await new Promise<void>(resolve => {
      goOn = resolve;
      if (gone) resolve();
    });
  };
}
