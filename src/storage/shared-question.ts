/**
 * Shares one question among all who ask it while it waits to be sent: an answer is used only by those who asked before its
 * question was sent, so that nobody is told of a time before he asked.
 */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running.then(() => {
      next = undefined;
      const answer = ask();
      running = answer.catch(() => {});
      return answer;
    });
    return next;
  };
}
