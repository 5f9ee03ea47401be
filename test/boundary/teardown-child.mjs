/**
 * Ends a worker, or the process, in the middle of a kernel. Argument 1 says how; writes a line of JSON when the
 * process has come through it and still computes.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { runNative } from '#dist/native/binding.js';

const binding = import.meta.resolve('#dist/native/binding.js');
/** The worker says when it is about to begin; one call takes long enough to be interrupted. */
const working = `
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(binding)}).then(({ environment, runNative }) => {
    const region = new (environment().Region)(1 << 20);
    const kept = new Uint8Array(region.buffer);
    parentPort.postMessage('begin');
    for (;;) runNative('fixed-work', [1, 100_000_000]);
  });`;
const waiting = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(${JSON.stringify(binding)}).then(({ runNative }) => {
    parentPort.postMessage('begin');
    runNative('fixed-work', [1, 1], { gate: workerData, members: 2, patienceNs: 3e11 });
  }).catch((error) => parentPort.postMessage(error.message));`;

function begun(source, workerData) {
  const worker = new Worker(source, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => resolve(worker));
  });
}

function stillComputes() {
  return Number(runNative('sum-indexed', [new Int32Array(8).fill(2), new Uint32Array(100)]).checksum);
}

const ways = {
  async 'terminate() a working kernel'() {
    const workers = await Promise.all([begun(working), begun(working)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return Promise.all(workers.map((worker) => worker.terminate()));
  },
  async 'terminate() many workers at once'() {
    const workers = await Promise.all(Array.from({ length: 8 }, () => begun(working)));
    return Promise.all(workers.map((worker) => worker.terminate()));
  },
  async 'stop a team that waits'() {
    const gate = new Int32Array(new SharedArrayBuffer(96 * 4));
    const worker = await begun(waiting, gate);
    while (Atomics.load(gate, 32) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const said = new Promise((resolve) => worker.once('message', resolve));
    Atomics.store(gate, 0, 1);
    const message = await said;
    await worker.terminate();
    return message;
  },
  async 'process.exit() beside a working kernel'() {
    await begun(working);
    writeSync(1, `${JSON.stringify({ saw: 'leaving', computes: stillComputes() })}\n`);
    process.exit(7);
  },
  async 'process.exit() inside a worker'() {
    const worker = await begun(
      working.replace(
        "parentPort.postMessage('begin');",
        "parentPort.postMessage('begin'); process.exit(3);",
      ),
    );
    return new Promise((resolve) => worker.once('exit', resolve));
  },
  async 'an error thrown beside a working kernel'() {
    await begun(working);
    writeSync(1, `${JSON.stringify({ saw: 'leaving', computes: stillComputes() })}\n`);
    throw new Error('on purpose');
  },
};

const saw = await ways[process.argv[2]]();
writeSync(1, `${JSON.stringify({ saw, computes: stillComputes() })}\n`);
