#!/usr/bin/env node
/** The program `linefill`: the command line with the real streams, signals and lab. */
import type { Io, Sink } from './io.ts';
import { realLab } from './lab.ts';
import { main } from './program.ts';

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** A stream whose reader may leave early (`| head`): what follows then goes nowhere, quietly. */
function sinkOf(stream: NodeJS.WriteStream): Sink {
  let isOpen = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isOpen = false;
    if (error.code !== 'EPIPE') process.exitCode = 1;
  });
  return {
    write(text) {
      if (isOpen) stream.write(text);
    },
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.isTTY === true && stream.columns > 0 ? stream.columns : null;
    },
  };
}

const io: Io = {
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  onInterrupt(listener) {
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  quit: (code) => process.exit(code),
};

// Not process.exit: what is still in the pipes must get out.
process.exitCode = await main(process.argv.slice(2), io, realLab());
