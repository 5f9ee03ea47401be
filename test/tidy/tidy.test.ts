import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiledSources, findingsOf, rules } from '../../scripts/tidy.mjs';
import { readTree, Tree } from '../../scripts/tidy/tree.mjs';

interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}
type Files = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const head = '/** What this is. */\n';

/** A small tree that keeps every rule. */
const kept: Files = {
  'package.json': JSON.stringify({ scripts: { build: 'x', test: 'x' }, dependencies: { commander: '1' } }),
  'README.md':
    'Type `npm run build`, then `npm test`; see [the list](src/experiments/index.ts) and `src/cli/main.ts`.',
  'src/index.ts': `${head}export { one } from './base/one.ts';\n`,
  'src/cli/main.ts': `${head}import 'commander';\nimport { experiments } from '../experiments/index.ts';\nexport const n: number = experiments.length;\n`,
  'src/base/one.ts': `${head}export const one: number = 1;\n`,
  'src/native/locate.ts': `${head}export const name: string = 'linefill.node';\n`,
  'src/kernel/sum.ts': `${head}import { name } from '../native/locate.ts';\nexport const sum: { id: string } = { id: 'sum' };\nexport const file: string = name;\n`,
  'src/experiments/hardware/order.ts': `${head}import { sum } from '../../kernel/sum.ts';\nexport const order: Experiment = { kernel: sum };\n`,
  'src/experiments/index.ts': `${head}import { order } from './hardware/order.ts';\nexport const experiments: Experiment[] = [order];\n`,
  'native/kernel.h': '// A kernel.\n#include "platform/platform.h"\n',
  'native/addon.cc': '// The addon.\n#include <napi.h>\n#include "kernel.h"\n',
  'native/platform/platform.h': '// The system.\n#include <cstdint>\n',
  'native/kernels/sum.cc':
    '// Sums.\n#include "kernel.h"\nnamespace {\nLINEFILL_KERNEL(sum, "sum", "sums", check, "values");\n}\n',
  'test/one.test.ts': "import { one } from '../src/base/one.ts';\nit('is one', () => one);\n",
};
const compiled = ['native/addon.cc', 'native/kernels/sum.cc'];

function check(changes: Files): Finding[] {
  return findingsOf(new Tree(new Map(Object.entries({ ...kept, ...changes }))), compiled) as Finding[];
}

const long = (lines: number): string => Array.from({ length: lines }, (_, i) => `  call(${i});`).join('\n');
const aTest = (line: string): Files => ({ 'test/two.test.ts': `${line}\n` });
const inBase = (line: string): Files => ({
  'src/base/one.ts': `${head}export const one: number = 1;\n${line}\n`,
});

/** For each rule, changes to the small tree that break it: the path that must be named, and the words. */
const broken: Readonly<Record<string, readonly (readonly [Files, string, string])[]>> = {
  importsPointDown: [
    [inBase("import '../cli/main.ts';"), 'src/base/one.ts', 'src/base may not import src/cli'],
    [
      inBase("export const later = import('../kernel/sum.ts');"),
      'src/base/one.ts',
      'may not import src/kernel',
    ],
    [inBase("new Worker(new URL('../cli/main.ts', import.meta.url));"), 'src/base/one.ts', 'src/cli'],
    [
      inBase("export type { X } from '../experiment/x.ts';"),
      'src/base/one.ts',
      'may not import src/experiment',
    ],
    [
      { 'src/report/text.ts': `${head}import '../measure/x.ts';\n` },
      'src/report/text.ts',
      'src/report and src/measure never import each other',
    ],
    [
      { 'src/measure/x.ts': `${head}import '../experiments/index.ts';\n` },
      'src/measure/x.ts',
      'src/measure and src/experiments never import each other',
    ],
    [inBase("import '../../test/one.test.ts';"), 'src/base/one.ts', 'outside src/'],
    [{ 'src/misc/x.ts': `${head}export {};\n` }, 'src/misc/x.ts', 'has no place'],
  ],
  importsAreDependencies: [
    [inBase("import 'vite/x';"), 'src/base/one.ts', '"vite" is not among the dependencies'],
  ],
  onlyNativeLoadsTheAddon: [
    [inBase("load('../build/linefill.node');"), 'src/base/one.ts', 'only src/native'],
    [inBase('load(`${folder}/linefill.node`);'), 'src/base/one.ts', 'only src/native'],
    [inBase('process.dlopen(module, path);'), 'src/base/one.ts', 'only src/native'],
  ],
  nothingIsDead: [
    [{ 'src/base/two.ts': `${head}export {};\n` }, 'src/base/two.ts', 'dead'],
    [{ 'src/allocators/two.ts': `${head}export {};\n` }, 'src/allocators/two.ts', 'dead'],
  ],
  companionsAreNamed: [[{ 'test/child.ts': 'export {};\n' }, 'test/child.ts', 'dead']],
  experimentsAreListed: [
    [
      { 'src/experiments/hardware/lines.ts': `${head}export const lines: Experiment = {};\n` },
      'src/experiments/hardware/lines.ts',
      '"lines" is not listed',
    ],
    [
      {
        'src/experiments/index.ts': `${head}import { order } from './hardware/order.ts';\nexport const list = [];\n`,
      },
      'src/experiments/hardware/order.ts',
      '"order" is not listed',
    ],
  ],
  nativeKernelsHaveReferences: [
    [
      {
        'native/kernels/sum.cc': '// Sums.\nLINEFILL_KERNEL(sum_all, "sum-all", "sums", check, "values");\n',
      },
      'native/kernels/sum.cc',
      'no TypeScript names "sum-all"',
    ],
  ],
  idsAreKebabCase: [
    [
      { 'native/kernels/sum.cc': '// Sums.\nLINEFILL_KERNEL(sum, "sum_all", "sums", check, "values");\n' },
      'native/kernels/sum.cc',
      'not kebab-case',
    ],
  ],
  napiStaysAtTheBoundary: [
    [{ 'native/kernels/sum.cc': '// Sums.\n#include <napi.h>\n' }, 'native/kernels/sum.cc', 'napi.h'],
    [
      { 'native/kernel.h': '// A kernel.\n#include <napi.h>\n' },
      'native/kernels/sum.cc',
      'itself or through another header',
    ],
  ],
  includesPointDown: [
    [
      { 'native/platform/platform.h': '// The system.\n#include "kernel.h"\n' },
      'native/platform/platform.h',
      'native/platform may not include native/core',
    ],
    [
      { 'native/kernels/sum.cc': '// Sums.\n#include "sums.h"\n' },
      'native/kernels/sum.cc',
      'there is no sums.h',
    ],
  ],
  everySourceIsCompiled: [
    [{ 'native/spare.cc': '// Spare.\n' }, 'native/spare.cc', 'does not list it'],
    [{ 'native/spare.h': '// Spare.\n' }, 'native/spare.h', 'nothing includes it'],
  ],
  filesAreShort: [[inBase(long(400)), 'src/base/one.ts', '402 lines; 400 are allowed']],
  functionsAreShort: [
    [
      inBase(`export function f(): void {\n${long(60)}\n}`),
      'src/base/one.ts',
      'f() has 62 lines; 60 are allowed',
    ],
    [inBase(`export const g = (): void => {\n${long(60)}\n};`), 'src/base/one.ts', 'g() has 62 lines'],
    [
      {
        'native/kernels/sum.cc': `// Sums.\nuint64_t sum(std::span<const int32_t> a,\n             int b) {\n${long(60)}\n}\n`,
      },
      'native/kernels/sum.cc',
      'sum() has 63 lines',
    ],
  ],
  namesSaySomething: [
    [{ 'src/base/string-utils.ts': `${head}export {};\n` }, 'src/base/string-utils.ts', 'says nothing'],
    [inBase('class RunManager {}'), 'src/base/one.ts', '"RunManager" says nothing'],
    [inBase('function helper() {}'), 'src/base/one.ts', '"helper" says nothing'],
  ],
  filesAreKebabCase: [[{ 'src/base/oneTwo.ts': `${head}export {};\n` }, 'src/base/oneTwo.ts', 'kebab-case']],
  filesHaveHeads: [
    [{ 'src/base/one.ts': 'export const one: number = 1;\n' }, 'src/base/one.ts', 'what the file is'],
    [{ 'native/kernels/sum.cc': '#include "kernel.h"\n' }, 'native/kernels/sum.cc', 'what the file is'],
  ],
  nothingIsUnfinished: [[inBase(`// ${'TO'}${'DO'}: more`), 'src/base/one.ts', 'finish it']],
  noMachinePaths: [
    [inBase(`export const p = '/ho${'me'}/ann/x';`), 'src/base/one.ts', 'one machine'],
    [{ 'README.md': `Look into /ro${'ot'}/x.` }, 'README.md', 'one machine'],
  ],
  testsAllRun: [
    [aTest(`it.on${'ly'}('x', () => {});`), 'test/two.test.ts', 'hides'],
    [aTest(`it.sk${'ip'}('x', () => {});`), 'test/two.test.ts', 'without a reason'],
  ],
  nothingIsAny: [
    [inBase('export const x: any = 1;'), 'src/base/one.ts', 'any'],
    [inBase(`// @ts-${'ignore'}`), 'src/base/one.ts', 'switches the checks off'],
  ],
  documentsNameWhatExists: [
    [{ 'README.md': '`npm run biuld`' }, 'README.md', 'no script "biuld"'],
    [{ 'README.md': '`npm start`' }, 'README.md', 'no script "start"'],
    [{ 'README.md': 'In `src/gone.ts`.' }, 'README.md', 'there is no src/gone.ts'],
    [{ 'docs/a.md': 'See [b](b.md).' }, 'docs/a.md', 'there is no docs/b.md'],
  ],
};

describe('the house rules', () => {
  it('are kept by this tree', () => {
    const findings = findingsOf(readTree(root), compiledSources()) as Finding[];
    expect(findings.map(({ path, line, rule, text }) => `${path}:${line}: ${rule}: ${text}`)).toEqual([]);
  });

  it('are kept by the small tree', () => {
    expect(check({})).toEqual([]);
  });

  it('have an example each of how they are broken', () => {
    expect(new Set(Object.keys(broken))).toEqual(new Set(rules.keys()));
  });

  it.each(Object.entries(broken))('%s finds what breaks it', (rule, examples) => {
    for (const [changes, path, text] of examples) {
      const found = check(changes).filter((finding) => finding.rule === rule && finding.path === path);
      expect(found.map((finding) => finding.text).join('\n')).toContain(text);
      expect(found.length, path).toBeGreaterThan(0);
    }
  });

  it('let a reference live for the test that compares it, and for nothing else', () => {
    const compares = (path: string): Files => ({
      [path]: `${head}export {};\n`,
      'test/differential/two.test.ts': `import '../../${path}';\n`,
    });
    expect(check(compares('src/allocators/two.ts'))).toEqual([]);
    expect(check(compares('src/base/two.ts')).map(({ rule }) => rule)).toEqual(['nothingIsDead']);
  });

  it('let a skipped test give its reason in its call or in a comment', () => {
    const allowed = [
      `ctx.sk${'ip'}(true, 'no counters here');`,
      `// It needs two machines.\nit.sk${'ip'}('x', f);`,
    ];
    for (const line of allowed) expect(check(aTest(line))).toEqual([]);
  });
});
