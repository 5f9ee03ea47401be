/**
 * Hostile use of the platform's calls: regions, pinning, addresses. Writes a line of JSON a step, synchronously:
 * its name, then what came of it.
 */
import { writeSync } from 'node:fs';
import { environment, runNative } from '#dist/native/binding.js';
import { detach } from './hostile-calls.mjs';

const {
  ChildCounters,
  Region,
  addressOf,
  childUsage,
  forkedPeakBytes,
  pin,
  unpin,
  pageBytes,
  poolAlloc,
  poolFree,
} = environment();
const isNumber = (value) => typeof value === 'number';
const absurd = [
  -1,
  0,
  1.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 53,
  1e300,
  '4096',
  4096n,
  null,
  undefined,
  {},
  [],
  true,
];

/** Steps by name; each returns what it saw, or throws. */
const steps = {};

for (const bytes of absurd) {
  steps[`refused: a region of ${typeof bytes} ${String(bytes)} bytes`] = () => new Region(bytes);
}
for (const bytes of [2 ** 40, 2 ** 47, 2 ** 48, 2 ** 52, 2 ** 53 - 1]) {
  steps[`refused: a region of ${bytes} bytes`] = () => new Region(bytes);
}
for (const alignment of [...absurd.filter((value) => value !== undefined), 3, 48, 2 ** 52]) {
  steps[`refused: an alignment of ${typeof alignment} ${String(alignment)}`] = () =>
    new Region(4096, { alignment });
}
for (const pages of ['', 'huge', 'SYSTEM', 1, null, {}, Symbol('system')]) {
  steps[`refused: pages ${typeof pages} ${String(pages)}`] = () => new Region(4096, { pages });
}
for (const options of [null, 1, 'small', true]) {
  steps[`refused: the options ${typeof options} ${String(options)}`] = () => new Region(4096, options);
}
Object.assign(steps, {
  'refused: Region without new': () => Region(4096),
  'refused: a getter of the options that throws': () =>
    new Region(4096, {
      get alignment() {
        throw new Error('region: thrown by the getter');
      },
    }),
  "refused: another object's method": () => Region.prototype.dispose.call({}),
  "refused: another object's getter": () => Object.create(Region.prototype).buffer,
  'a region is aligned, zeroed, as long as asked for, and writable': () => {
    const region = new Region(5000, { alignment: 8192 });
    const bytes = new Uint8Array(region.buffer);
    const seen = [bytes.length, bytes.every((byte) => byte === 0), Number(region.address % 8192n)];
    bytes.fill(255);
    region.dispose();
    return seen;
  },
  'disposing twice does nothing': () => {
    const region = new Region(4096);
    return [region.dispose(), region.dispose()].length;
  },
  'refused: the buffer after dispose': () => disposed().buffer,
  'refused: the address after dispose': () => disposed().address,
  'refused: hugeBytes after dispose': () => disposed().hugeBytes(),
  'dispose detaches the buffer': () => {
    const region = new Region(4096);
    const bytes = new Uint8Array(region.buffer);
    region.dispose();
    return [bytes.length, bytes[0] === undefined];
  },
  'refused: a kernel over a disposed region': () => {
    const region = new Region(4096);
    const values = new Int32Array(region.buffer);
    const order = new Uint32Array(8);
    region.dispose();
    return runNative('sum-indexed', [values, order]);
  },
  'a kernel runs over a region': () => {
    const region = new Region(4096);
    const { checksum } = runNative('sum-indexed', [
      new Int32Array(region.buffer).fill(3),
      new Uint32Array(8),
    ]);
    region.dispose();
    return Number(checksum);
  },
  'a buffer outlives its region in a kernel that holds it': () => {
    let values = new Int32Array(new Region(1 << 20).buffer).fill(1);
    for (let i = 0; i < 5; i++) globalThis.gc();
    const { checksum } = runNative('sum-indexed', [values, new Uint32Array(1000)]);
    values = null;
    globalThis.gc();
    return Number(checksum);
  },
  async 'regions that nobody disposes are unmapped'() {
    const count = 100;
    const beforeBytes = process.memoryUsage.rss();
    for (let i = 0; i < count; i++) {
      new Uint8Array(new Region(4 << 20).buffer).fill(1);
      globalThis.gc();
      await new Promise(setImmediate);
    }
    return process.memoryUsage.rss() - beforeBytes < (count / 2) * (4 << 20);
  },
  'transfer() moves the memory; dispose leaves it alone': () => {
    if (typeof ArrayBuffer.prototype.transfer !== 'function') return 7;
    const region = new Region(4096);
    new Uint8Array(region.buffer)[0] = 7;
    const moved = region.buffer.transfer();
    region.dispose();
    const byte = new Uint8Array(moved);
    const [seen] = byte;
    byte.fill(9);
    globalThis.gc();
    return seen;
  },
  'transfer() to another length copies': () => {
    if (typeof ArrayBuffer.prototype.transfer !== 'function') return 64;
    const region = new Region(4096);
    const moved = region.buffer.transfer(64);
    region.dispose();
    globalThis.gc();
    return new Uint8Array(moved).fill(1).length;
  },
  'structuredClone may move it or refuse, never both': () => {
    const region = new Region(4096);
    try {
      const moved = structuredClone(region.buffer, { transfer: [region.buffer] });
      region.dispose();
      return new Uint8Array(moved).fill(1).length === 4096;
    } catch {
      region.dispose();
      return true;
    }
  },
});
for (const cpu of [-1, 1.5, NaN, Infinity, 2 ** 31, 99_999, 1e300, '0', 0n, null, undefined, {}]) {
  steps[`refused: pinning to CPU ${typeof cpu} ${String(cpu)}`] = () => pin(cpu);
}
for (const [name, make] of Object.entries({
  undefined: () => undefined,
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a DataView': () => new DataView(new ArrayBuffer(8)),
  'a detached array': () => detach(new Int32Array(8)),
  'a Proxy': () => new Proxy(new Int32Array(8), {}),
  'an array': () => [1, 2],
})) {
  steps[`refused: the address of ${name}`] = () => addressOf(make());
}
const noHeaps = {
  nothing: () => undefined,
  'an object': () => ({}),
  'an array': () => [1, 2, 3],
  'an empty array': () => new Uint32Array(0),
  'one word': () => new Uint32Array(1),
  'all zeroes': () => new Uint32Array(4096),
  'all ones': () => new Uint32Array(4096).fill(2 ** 32 - 1),
  'another kind': () => new Int32Array(4096),
  'a shared array': () => new Uint32Array(new SharedArrayBuffer(4096)),
  'a detached array': () => detach(new Uint32Array(4096)),
  'a Proxy': () => new Proxy(new Uint32Array(4096), {}),
};
for (const [name, make] of Object.entries(noHeaps)) {
  steps[`refused: poolAlloc over ${name}`] = () => poolAlloc(make());
  steps[`refused: poolFree over ${name}`] = () => poolFree(make(), 16);
}
Object.assign(steps, {
  'unpin is harmless': () => [unpin(), unpin()].length,
  'refused: ChildCounters without new': () => ChildCounters(),
  "refused: another object's counters": () => ChildCounters.prototype.read.call(new Region(4096)),
  'refused: counters after dispose': () => {
    const counters = new ChildCounters({ pid: 1 }, Symbol('x'));
    counters.dispose();
    counters.dispose();
    return counters.read();
  },
  async 'counters that nobody disposes are closed'() {
    // Far more than a process may hold open.
    for (let i = 0; i < 4000; i++) {
      new ChildCounters().facts();
      if (i % 20 === 0) {
        globalThis.gc();
        await new Promise(setImmediate);
      }
    }
    return new ChildCounters().facts().some(({ reason }) => reason?.startsWith('EMFILE') === true);
  },
  'counters of no child count nothing': () => {
    const { counts, shares } = new ChildCounters().read(-1, null);
    return [counts.every(Number.isNaN), shares.every(Number.isNaN), counts.length === shares.length];
  },
  'usage of no child and the peak of a fork are numbers or null': () => {
    const { userNs, peakResidentBytes } = childUsage('x', 1n);
    return [userNs, peakResidentBytes, forkedPeakBytes({})].every((one) => one === null || isNumber(one));
  },
  'a page has a size': () => isNumber(pageBytes) && pageBytes >= 4096,
});
for (const id of [undefined, null, 1, {}, Symbol('x'), '', 'nope', 'sum-indexed\0', 'x'.repeat(1 << 20)]) {
  steps[`refused: the kernel ${typeof id} ${String(id).slice(0, 20)}`] = () => runNative(id, []);
}

function disposed() {
  const region = new Region(4096);
  region.dispose();
  return region;
}

for (const [name, step] of Object.entries(steps)) {
  writeSync(1, `${JSON.stringify({ step: name })}\n`);
  let line;
  try {
    line = { saw: (await step()) ?? null };
  } catch (error) {
    line = { threw: error.message.slice(0, 200) };
  }
  writeSync(
    1,
    `${JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
}
