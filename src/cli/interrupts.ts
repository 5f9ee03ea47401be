/**
 * Whether somebody wants to stop: the first time what was measured is kept, the second time the process ends. Two
 * signals at once are one wish: a supervisor may tell a process and then its whole group.
 */
import { exitCodes, type Io } from './io.ts';

const oneWishMs = 500;
const keeping = 'Stopping: what was measured is kept. Press Ctrl-C again to quit at once.';

export class Interrupts {
  readonly #stop = new AbortController();
  readonly release: () => void;

  constructor(io: Io, tell: (text: string) => void, said: string = keeping) {
    let firstMs = Number.NaN;
    this.release = io.onInterrupt(() => {
      if (this.#stop.signal.aborted) {
        if (io.now() - firstMs >= oneWishMs) io.quit(exitCodes.interrupted);
        return;
      }
      firstMs = io.now();
      this.#stop.abort();
      tell(said);
    });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }
}
