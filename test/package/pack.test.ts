/**
 * What a user gets from the registry: a tarball that works in an empty folder, by the binary that it carries or by a
 * build from the sources that it carries. Needs npm's registry or cache for the dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../fixtures/copy-of-tree.ts';

const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
const shell = process.platform === 'win32';

describe('the packed package', () => {
  let scratch = '';
  let tarball = '';

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'linefill-package-'));
    tarball = pack(root);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** Runs a command in `folder` and returns its standard output; throws with everything it said when it fails. */
  function run(folder: string, command: string, ...args: string[]): string {
    // Nothing of this checkout or of the npm that runs this test may leak into the empty folder.
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle)|LINEFILL_|NODE_OPTIONS|VITEST)/i.test(name),
    );
    const result = spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      shell,
      env: Object.fromEntries(clean),
    });
    if (result.status !== 0) {
      throw new Error(`${command} ${args.join(' ')}: ${result.status}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  }

  function pack(folder: string): string {
    run(folder, 'npm', 'pack', '--pack-destination', scratch, '--loglevel=error');
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return join(scratch, `linefill-${version}.tgz`);
  }

  function emptyFolder(name: string): string {
    const folder = join(scratch, name);
    mkdirSync(folder);
    return folder;
  }

  /** The command answers, measures, and leaves a run file that says so. */
  function expectItWorks(folder: string): void {
    expect(run(folder, 'npx', '--no-install', 'linefill', 'list')).toContain('access-order');
    const smoke = ['access-order', '--profile', 'smoke', '--out', 'run.json', '--html', 'report.html'];
    expect(run(folder, 'npx', '--no-install', 'linefill', 'run', ...smoke)).toContain('access-order');
    const saved = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as {
      complete: boolean;
      measurements: { language: string; checksum: string }[];
    };
    expect(saved.complete).toBe(true);
    expect(new Set(saved.measurements.map(({ language }) => language))).toEqual(
      new Set(['native', 'typescript']),
    );
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('</html>');
    const imported = "import('linefill').then((lab) => console.log(Object.keys(lab).length > 0))";
    expect(run(folder, 'node', '-e', shell ? `"${imported}"` : imported).trim()).toBe('true');
  }

  it('holds what is needed and nothing else', () => {
    const names = run(scratch, 'tar', '-tzf', tarball).trim().split(/\r?\n/);
    const has = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name));
    expect(has(/^package\/prebuilds\/[\w-]+\.node$/).length).toBeGreaterThan(0);
    if (process.platform === 'linux') {
      expect(has(/^package\/prebuilds\/[\w-]+-recorder\.so$/).length).toBeGreaterThan(0);
      expect(has(/^package\/prebuilds\/[\w-]+-checker\.so$/).length).toBeGreaterThan(0);
    }
    expect(
      has(/^package\/(LICENSE|README\.md|binding\.gyp|schema\/run\.schema\.json|dist\/cli\/main\.js)$/)
        .length,
    ).toBe(5);
    expect(has(/^package\/(src|test|bench|build|\.ci|node_modules|native\/tests)\b|\.map$|\.test\./)).toEqual(
      [],
    );
  });

  it('works with install scripts switched off, by its prebuilt binary', () => {
    const folder = emptyFolder('prebuilt');
    run(folder, 'npm', 'install', tarball, '--ignore-scripts', ...quietly);
    const installed = join(folder, 'node_modules', 'linefill');
    expect(existsSync(join(installed, 'build'))).toBe(false);
    expectItWorks(folder);
    // Its install step finds the binary and builds nothing.
    run(installed, 'node', join('scripts', 'install.mjs'));
    expect(existsSync(join(installed, 'build'))).toBe(false);
  });

  it('builds from its own sources where no prebuilt binary fits', () => {
    const unpacked = emptyFolder('unpacked');
    run(unpacked, 'tar', '-xzf', tarball);
    const folder = join(unpacked, 'package');
    rmSync(join(folder, 'prebuilds'), { recursive: true });
    // Packed again without its prepack step, which only a checkout can do.
    run(folder, 'npm', 'pack', '--ignore-scripts', '--pack-destination', unpacked, '--loglevel=error');
    const bare = readdirSync(unpacked).find((name) => name.endsWith('.tgz'));
    const user = emptyFolder('source');
    run(user, 'npm', 'install', join(unpacked, String(bare)), ...quietly);
    const installed = join(user, 'node_modules', 'linefill');
    expect(existsSync(join(installed, 'prebuilds'))).toBe(false);
    // An npm that blocks the install scripts of dependencies leaves the build to the user, as the error says.
    if (!existsSync(join(installed, 'build'))) run(installed, 'node', join('scripts', 'install.mjs'));
    expect(existsSync(join(installed, 'build', 'Release', 'linefill.node'))).toBe(true);
    expectItWorks(user);
  });

  it('says what to type where there is neither a binary nor a build', () => {
    const folder = emptyFolder('neither');
    run(folder, 'npm', 'install', tarball, '--ignore-scripts', ...quietly);
    rmSync(join(folder, 'node_modules', 'linefill', 'prebuilds'), { recursive: true });
    expect(() =>
      run(folder, 'npx', '--no-install', 'linefill', 'run', 'access-order', '--profile', 'smoke'),
    ).toThrow(/could not be loaded[\s\S]*npm rebuild linefill/);
    expect(run(folder, 'npx', '--no-install', 'linefill', 'list')).toContain('access-order');
  });
});
