import { defineConfig } from 'vitest/config';

const slow = ['test/package/**/*.test.ts', 'test/docs/**/*.test.ts', 'test/bench/**/*.test.ts'];
const shared = { maxWorkers: 2, globalSetup: 'test/setup.ts' };
const slowly = { ...shared, testTimeout: 600_000, hookTimeout: 600_000 };

/** `npm test` runs `quick`; the others are slow, or for those who work on Linefill, and part of `npm run check`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'quick',
          // A file takes a few milliseconds, a process of its own half a second: the files of a worker share one.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: slow,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { ...slowly, name: 'package', include: ['test/package/**/*.test.ts'] } },
      { test: { ...slowly, name: 'bench', include: ['test/bench/**/*.test.ts'] } },
      { test: { ...slowly, name: 'docs', include: ['test/docs/**/*.test.ts'] } },
    ],
  },
});
