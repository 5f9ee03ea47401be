/**
 * Whoever works for us (a worker thread, a child process) answers one message with one message, or dies. One set of
 * listeners for its whole life; `next()` resolves with its next reply or with what killed it.
 */
import type { EventEmitter } from 'node:events';

export interface Failed {
  readonly kind: 'failed';
  readonly message: string;
}

export class Replies<T extends { readonly kind: string }> {
  #waiting: ((reply: T | Failed) => void) | null = null;
  readonly #early: (T | Failed)[] = [];
  #dead: Failed | null = null;

  constructor(source: EventEmitter) {
    source.on('message', (reply: T) => this.#deliver(reply));
    source.on('error', (error: Error) => this.#end(error.message));
    source.on('exit', (code: number | null, signal?: string | null) => {
      this.#end(`it ended (${signal ?? `code ${code}`})`);
    });
  }

  next(): Promise<T | Failed> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#dead !== null) return Promise.resolve(this.#dead);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #end(message: string): void {
    if (this.#dead !== null) return;
    this.#dead = { kind: 'failed', message };
    if (this.#waiting !== null) this.#deliver(this.#dead);
  }

  #deliver(reply: T | Failed): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#early.push(reply);
    else waiting(reply);
  }
}
