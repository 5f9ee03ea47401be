/**
 * Hostile calls of one native kernel, made from its signature alone, so that a new kernel is tested without an
 * edit. Plain JavaScript on the built dist/: it runs in a child process, which may crash.
 *
 * A call is `{name, expect, args, plan}`: `throws` where it must be refused, `either` where the kernel may also
 * accept it. `args` and `plan` are made only when the call is.
 */

const elements = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};
const length = 64;

/** "shared uint32[]" -> {form: 'shared', element: 'uint32', span: true} */
function parse(type) {
  const match = /^(?:(const|shared|observed|scratch) )?(\w+)(\[\])?$/.exec(type);
  const [, form, element, span] = match;
  return { form: form ?? (span === undefined ? 'scalar' : 'output'), element, span: span !== undefined };
}

function view(argument, buffer, count = length) {
  return new elements[argument.element](buffer, 0, count);
}

function memory(argument, bytes) {
  return argument.form === 'shared' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** Well-typed, and as little work as there is: a kernel that waits for a partner does not wait for 0 round trips. */
function valid(argument) {
  return argument.span ? view(argument, memory(argument, length * 8)) : 0;
}

export function detach(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** Values that no argument takes, whatever its type. */
const never = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  'a digit as text': () => '1',
  'a symbol': () => Symbol('x'),
  'a function': () => () => 1,
  'a bigint': () => 1n,
  'an object': () => ({}),
  'an object with valueOf': () => ({ valueOf: () => 1 }),
  'an array': () => [1],
  'a Number object': () => Object(1),
  'a DataView': () => new DataView(new ArrayBuffer(512)),
  'an ArrayBuffer': () => new ArrayBuffer(512),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(512),
  'a Uint8ClampedArray': () => new Uint8ClampedArray(512),
  'a Proxy of a typed array': () => new Proxy(new Int32Array(length), {}),
  'an object that inherits from Int32Array': () => Object.create(Int32Array.prototype),
  'an object with a typed array as prototype': () => Object.create(new Float64Array(length)),
};

/** Numbers that no scalar of the type takes. */
const outside = {
  uint32: [-1, 1.5, 2 ** 32, 2 ** 53, NaN, Infinity, -Infinity, 1e308, 5e-324],
  int32: [-(2 ** 31) - 1, 0.5, 2 ** 31, NaN, Infinity, -Infinity, 1e308],
  size: [-1, 1.5, 2 ** 53, NaN, Infinity, -Infinity, 1e308],
  float64: [NaN, Infinity, -Infinity],
};

function wrongTypes(table) {
  const calls = [];
  table.forEach((argument, at) => {
    const put = (name, expect, make) => {
      const args = () => table.map((other, i) => (i === at ? make() : valid(other)));
      calls.push({ name: `argument ${at + 1} is ${name}`, expect, args });
    };
    for (const [name, make] of Object.entries(never)) put(name, 'throws', make);
    if (!argument.span) {
      for (const number of outside[argument.element]) put(String(number), 'throws', () => number);
      put('-0', 'either', () => -0);
      put('a typed array', 'throws', () => new Float64Array(length));
      return;
    }
    put('a number', 'throws', () => 1);
    for (const [element, Type] of Object.entries(elements)) {
      if (element === argument.element) continue;
      put(`of ${Type.name}`, 'throws', () => view({ element }, memory(argument, length * 8)));
    }
    const other = argument.form === 'shared' ? 'const' : 'shared';
    // What is observed may lie in either.
    const refused = argument.form === 'observed' ? 'either' : 'throws';
    put('over the other kind of buffer', refused, () => view(argument, memory({ form: other }, length * 8)));
    put('empty', 'either', () => view(argument, memory(argument, 0), 0));
    put('one element', 'either', () => view(argument, memory(argument, 8), 1));
    put('a view with a lying length', 'either', () => {
      const array = valid(argument);
      for (const name of ['length', 'byteLength', 'byteOffset', 'buffer']) {
        Object.defineProperty(array, name, { get: () => 2 ** 40 });
      }
      return array;
    });
    if (argument.form !== 'shared') put('detached', 'throws', () => detach(valid(argument)));
    put('a view that its buffer no longer covers', 'either', () => {
      const [Kind, method] =
        argument.form === 'shared' ? [SharedArrayBuffer, 'grow'] : [ArrayBuffer, 'resize'];
      const buffer = new Kind(length * 8, { maxByteLength: length * 16 });
      const array = view(argument, buffer);
      buffer[method](argument.form === 'shared' ? length * 16 : 8);
      return array;
    });
  });
  return calls;
}

function wrongArity(table) {
  const all = () => table.map(valid);
  const calls = [];
  for (let count = 0; count <= table.length + 2; count++) {
    if (count === table.length) continue;
    calls.push({
      name: `${count} arguments`,
      expect: 'throws',
      args: () => [...all(), 1, 1].slice(0, count),
    });
  }
  const given = {
    undefined: () => undefined,
    null: () => null,
    'an object like an array': () => ({ ...all(), length: table.length }),
    'a Proxy of an array': () => new Proxy(all(), {}),
    'a typed array': () => new Float64Array(table.length),
    'a text': () => 'x'.repeat(table.length),
    '33 arguments': () => Array.from({ length: 33 }, () => 1),
    'an array of 2^32 - 1 holes': () => Object.assign([], { length: 2 ** 32 - 1 }),
    'holes only': () => Object.assign([], { length: table.length }),
  };
  for (const [name, args] of Object.entries(given)) {
    calls.push({ name: `the arguments are ${name}`, expect: 'throws', args });
  }
  return calls.filter(({ name }) => table.length > 0 || name !== 'the arguments are holes only');
}

/** Written spans that share memory with another argument. */
function overlaps(table) {
  const calls = [];
  table.forEach((written, at) => {
    if (!written.span || written.form === 'const') return;
    table.forEach((other, also) => {
      const sameMemory = other.span && (other.form === 'shared') === (written.form === 'shared');
      if (at === also || !sameMemory) return;
      for (const [name, offset] of Object.entries({
        'the same memory': 0,
        'its last bytes': length * 8 - 8,
      })) {
        const args = () => {
          const buffer = memory(written, length * 16);
          return table.map((argument, i) => {
            if (i === at)
              return new elements[written.element](
                buffer,
                0,
                (length * 8) / elements[written.element].BYTES_PER_ELEMENT,
              );
            return i === also ? new elements[other.element](buffer, offset, 4) : valid(argument);
          });
        };
        calls.push({ name: `arguments ${at + 1} and ${also + 1} share ${name}`, expect: 'throws', args });
      }
    });
  });
  return calls;
}

/** Scripts that run while arguments are read, and pull away what was read before. */
function treacherous(table) {
  const spans = table.flatMap((argument, i) => (argument.span && argument.form !== 'shared' ? [i] : []));
  const calls = [];
  for (const victim of spans) {
    table.forEach((_, at) => {
      calls.push({
        name: `reading argument ${at + 1} detaches argument ${victim + 1}`,
        expect: 'throws',
        args: () => {
          const args = table.map(valid);
          const [own, array] = [args[at], args[victim]];
          Object.defineProperty(args, at, { get: () => (array.buffer.byteLength > 0 && detach(array), own) });
          return args;
        },
      });
    });
    for (const property of ['warmup', 'samples', 'iterations', 'patienceNs', 'members', 'counters', 'gate']) {
      let array;
      calls.push({
        name: `reading the plan's ${property} detaches argument ${victim + 1}`,
        expect: 'throws',
        args: () => {
          const args = table.map(valid);
          array = args[victim];
          return args;
        },
        plan: () => ({
          get [property]() {
            return array.buffer.byteLength > 0 && detach(array), undefined;
          },
        }),
      });
    }
  }
  const mine = () => {
    throw new Error('thrown by the getter');
  };
  calls.push({
    name: 'a getter of the plan throws',
    expect: 'own',
    args: () => table.map(valid),
    plan: () => ({
      get samples() {
        return mine();
      },
    }),
  });
  if (table.length > 0) {
    calls.push({
      name: 'a getter of the arguments throws',
      expect: 'own',
      args: () => Object.defineProperty(table.map(valid), 0, { get: mine }),
    });
    calls.push({
      name: 'a getter empties the array of arguments',
      expect: 'either',
      args: () => {
        const args = table.map(valid);
        const first = args[0];
        return Object.defineProperty(args, 0, { configurable: true, get: () => ((args.length = 1), first) });
      },
    });
  }
  return calls;
}

const gateWords = 96;
const sharedInts = (words) => new Int32Array(new SharedArrayBuffer(words * 4));

/** Plans that are refused, and plans that are accepted but can't succeed. */
function plans(table) {
  const refused = {
    null: () => null,
    'a number': () => 1,
    'a text': () => 'x',
    'gate null': () => ({ gate: null }),
    'a gate over an ArrayBuffer': () => ({ gate: new Int32Array(gateWords) }),
    'a gate that is too small': () => ({ gate: sharedInts(gateWords - 1) }),
    'a gate of another kind': () => ({ gate: new BigInt64Array(new SharedArrayBuffer(1024)) }),
    'a gate that is a SharedArrayBuffer': () => ({ gate: new SharedArrayBuffer(1024) }),
    'a gate that is a Proxy': () => ({ gate: new Proxy(sharedInts(gateWords), {}) }),
    'counters "yes"': () => ({ counters: 'yes' }),
  };
  const limits = {
    samples: [1, 65536],
    iterations: [1, 2 ** 32 - 1],
    warmup: [0, 2 ** 32 - 1],
    patienceNs: [1, 3.6e12],
    members: [1, 4096],
  };
  for (const [property, [low, high]] of Object.entries(limits)) {
    for (const value of [low - 1, high + 1, 1.5, NaN, Infinity, 2 ** 53, 1e300, '1', 1n, null, {}, true]) {
      refused[`${property} ${typeof value === 'bigint' ? '1n' : JSON.stringify(value)} (${String(value)})`] =
        () => ({ [property]: value });
    }
  }
  const hopeless = {
    'most samples, no patience': () => ({ samples: 65536, counters: true, patienceNs: 1 }),
    'a gate whose team never comes': () => ({ gate: sharedInts(gateWords), members: 4096, patienceNs: 1000 }),
    'a gate that is stopped': () => {
      const gate = sharedInts(gateWords);
      gate[0] = 1;
      return { gate, members: 2, patienceNs: 1000 };
    },
    'a gate that is about to overflow': () => ({
      gate: sharedInts(gateWords).fill(2 ** 31 - 1, 1),
      patienceNs: 1000,
    }),
    'a Proxy': () => new Proxy({ samples: 2 }, {}),
  };
  const call =
    (expect) =>
    ([name, plan]) => ({ name: `the plan is ${name}`, expect, args: () => table.map(valid), plan });
  return [...Object.entries(refused).map(call('throws')), ...Object.entries(hopeless).map(call('either'))];
}

/** Arenas from none at all to one with room for some of the blocks: what a library does when they are used up. */
function smallArenas({ arguments: table }) {
  if (!table.some(({ name }) => name === 'arena')) return [];
  const blocks = 300;
  const common = { order: Uint32Array.from({ length: blocks }, (_, i) => i), pattern: 2, rounds: 2 };
  const calls = [];
  for (const blockBytes of [8, 24, 200, 1000]) {
    for (let bytes = 0; bytes <= 8192; bytes += 64) {
      const args = () => {
        const own = {
          slots: new BigUint64Array(blocks),
          blockBytes,
          arena: new Uint8Array(new ArrayBuffer(bytes + 1), 1),
        };
        const given = { ...common, ...own };
        return table.map(({ name }) => given[name]);
      };
      calls.push({ name: `blocks of ${blockBytes} B from an arena of ${bytes} B`, expect: 'either', args });
    }
  }
  return calls;
}

/** Permitted numbers that are a lot of work: they may be refused, or take for ever, but not crash. */
export function extremeCalls(kernel) {
  const table = kernel.arguments.map(({ type }) => parse(type));
  const most = {
    uint32: [2 ** 32 - 1],
    int32: [-(2 ** 31), 2 ** 31 - 1],
    size: [2 ** 53 - 1],
    float64: [1e308, -1e308],
  };
  const ones = () => table.map((argument) => (argument.span ? valid(argument) : 1));
  const calls = table.flatMap((argument, at) =>
    (argument.span ? [] : most[argument.element]).map((number) => ({
      name: `argument ${at + 1} is ${number}`,
      args: () => ones().with(at, number),
    })),
  );
  return [{ name: 'every number is 1', args: ones }, ...calls].map((call) => ({ ...call, expect: 'either' }));
}

/** Every hostile call of a kernel as nativeKernels() describes it. */
export function hostileCalls(kernel) {
  const table = kernel.arguments.map(({ type }) => parse(type));
  return [
    { name: 'small and well-typed arguments', expect: 'either', args: () => table.map(valid) },
    ...wrongArity(table),
    ...wrongTypes(table),
    ...overlaps(table),
    ...treacherous(table),
    ...plans(table),
    ...smallArenas(kernel),
  ];
}
