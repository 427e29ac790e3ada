/**
 * Shares one question among all who ask it while it waits to be sent: an answer is used only by those who asked before its
 * question was sent, so that nobody is told of a time before he asked. Those who wait behind a question that fails are told of
 * that at once: they would only be the next to wait for whoever does not answer.
 */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const send = (): Promise<T> => {
    next = undefined;
    const answer = ask();
    const ended = answer.finally(() => {
      if (running === ended) running = undefined;
    });
    running = ended;
    // Whoever asked hears of a failure; the one that is remembered need not.
    ended.catch(() => {});
    return answer;
  };
  const fail = (error: unknown): never => {
    next = undefined;
    throw error;
  };
  return () => {
    next ??= (running ?? Promise.resolve()).then(send, fail);
    return next;
  };
}
