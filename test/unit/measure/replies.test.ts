import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Replies } from '../../../src/measure/replies.ts';

type Reply = { readonly kind: 'sample'; readonly n: number };

function made(): { source: EventEmitter; replies: Replies<Reply>; say: (n: number) => void } {
  const source = new EventEmitter();
  return {
    source,
    replies: new Replies<Reply>(source),
    say: (n) => source.emit('message', { kind: 'sample', n }),
  };
}

describe('replies', () => {
  it('come to whoever waits', async () => {
    const { replies, say } = made();
    const next = replies.next();
    say(1);
    expect(await next).toEqual({ kind: 'sample', n: 1 });
  });

  it('wait for whoever asks later, in their order', async () => {
    const { replies, say } = made();
    say(1);
    say(2);
    expect(await replies.next()).toEqual({ kind: 'sample', n: 1 });
    expect(await replies.next()).toEqual({ kind: 'sample', n: 2 });
  });

  it('tell of a death to whoever waits, and to all who ask later', async () => {
    const { source, replies } = made();
    const next = replies.next();
    source.emit('exit', 3, null);
    const died = { kind: 'failed', message: 'it ended (code 3)' };
    expect(await next).toEqual(died);
    expect(await replies.next()).toEqual(died);
    expect(await replies.next()).toEqual(died);
  });

  it('name the signal that killed it', async () => {
    const { source, replies } = made();
    source.emit('exit', null, 'SIGKILL');
    expect(await replies.next()).toEqual({ kind: 'failed', message: 'it ended (SIGKILL)' });
  });

  it('give the error before the exit that follows it', async () => {
    const { source, replies } = made();
    source.emit('error', new Error('out of memory'));
    source.emit('exit', 1);
    expect(await replies.next()).toEqual({ kind: 'failed', message: 'out of memory' });
    expect(await replies.next()).toEqual({ kind: 'failed', message: 'out of memory' });
  });

  it('give what was said before the death first', async () => {
    const { source, replies, say } = made();
    say(7);
    source.emit('exit', 0);
    expect(await replies.next()).toEqual({ kind: 'sample', n: 7 });
    expect(await replies.next()).toMatchObject({ kind: 'failed' });
  });
});
