/** Whether somebody wants to stop: the first time what was measured is kept, the second time the process ends. */
import { exitCodes, type Io } from './io.ts';

export class Interrupts {
  readonly #stop = new AbortController();
  readonly release: () => void;

  constructor(io: Io, tell: (text: string) => void) {
    this.release = io.onInterrupt(() => {
      if (this.#stop.signal.aborted) io.quit(exitCodes.interrupted);
      this.#stop.abort();
      tell('Stopping: what was measured is kept. Press Ctrl-C again to quit at once.');
    });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }
}
