/**
 * `npm run check`: all that CI runs, step after step; one that fails does not stop the others. Name steps to run
 * only those: `npm run check -- lint tidy`. The last line counts.
 */
import { join } from 'node:path';
import { commandOf, isOnPath, root, succeeds } from './command.mjs';

/** An npm script as a user runs it, by the npm that runs this one. */
const npm = (...args) => {
  const cli = process.env.npm_execpath;
  return cli === undefined ? succeeds('npm', args) : succeeds(process.execPath, [cli, ...args]);
};
const node = (script, ...args) => succeeds(process.execPath, [join(root, 'scripts', script), ...args]);
const vitest = (project) => succeeds(process.execPath, [commandOf('vitest'), 'run', '--project', project]);

const without = (...programs) => {
  const lacking = programs.filter((program) => !isOnPath(program));
  return lacking.length === 0 ? null : `${lacking.join(' and ')} missing: see scripts/setup-debian.sh`;
};
const onlyOn = (platform, ...programs) =>
  process.platform === platform ? without(...programs) : `only on ${platform}`;

/** What is run, and why it can't be here (null: it can). */
const steps = {
  test: { run: () => npm('test') },
  lint: { run: () => npm('run', '--silent', 'lint') },
  format: { run: () => node('format.mjs') },
  tidy: { run: () => node('tidy.mjs') },
  native: { run: () => node('native-tests.mjs'), skip: () => without('cmake') },
  // The same traces every time: what fails has been changed. `npm run soak` draws new ones.
  soak: { run: () => node('soak.mjs', '--rows', '1000000', '--seed', '1') },
  bench: { run: () => vitest('bench') },
  package: { run: () => vitest('package') },
  docs: { run: () => vitest('docs'), skip: () => without('bash') },
  sanitize: { run: () => node('sanitize.mjs'), skip: () => onlyOn('linux', 'cmake') },
  arm64: {
    run: () => succeeds(join(root, 'scripts', 'arm64.sh'), []),
    skip: () =>
      process.arch === 'x64'
        ? onlyOn('linux', 'cmake', 'aarch64-linux-gnu-g++', 'qemu-aarch64')
        : 'only on x64',
  },
};

function runStep(name) {
  const reason = steps[name].skip?.() ?? null;
  if (reason !== null) return { name, outcome: 'skipped', note: reason };
  process.stdout.write(`\n== ${name}\n`);
  const startMs = performance.now();
  const outcome = steps[name].run() ? 'passed' : 'failed';
  return { name, outcome, note: `${((performance.now() - startMs) / 1000).toFixed(1)} s` };
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) {
  process.stderr.write(
    `check: no step is called ${unknown.join(', ')}: choose from ${Object.keys(steps).join(', ')}\n`,
  );
  process.exit(2);
}
const results = (asked.length > 0 ? asked : Object.keys(steps)).map(runStep);
process.stdout.write('\n');
for (const { name, outcome, note } of results)
  process.stdout.write(`${outcome.padEnd(8)}${name} (${note})\n`);
const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`);
process.exitCode = count('failed') > 0 ? 1 : 0;
