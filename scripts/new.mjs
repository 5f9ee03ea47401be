/**
 * `npm run new -- <lab> <id>`: a new experiment with its native kernel, from templates that compile, pass every
 * check and run at once; then the line that lists it. Nothing is written unless all of it can be.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.mjs';
import { formatFiles } from './format.mjs';

const usage = 'npm run new -- <lab> <id>, for example: npm run new -- hardware my-experiment';
const list = 'src/experiments/index.ts';

class Refusal extends Error {}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

/** The labs as src/experiment/experiment.ts names them. */
function labs() {
  const [, union] = /export type Lab = ([^;]+);/.exec(read('src/experiment/experiment.ts'));
  return [...union.matchAll(/'([^']+)'/g)].map(([, lab]) => lab);
}

/** Every id that is taken, and by what. */
function taken() {
  const found = new Map();
  for (const lab of labs()) {
    const folder = join(root, 'src', 'experiments', lab);
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      found.set(name.replace(/\.ts$/, ''), `src/experiments/${lab}/${name}`);
    }
  }
  const kernels = readdirSync(join(root, 'native', 'kernels')).filter((name) => name.endsWith('.cc'));
  for (const name of kernels) {
    const path = `native/kernels/${name}`;
    found.set(name.replace(/\.cc$/, ''), path);
    for (const [, id] of read(path).matchAll(/LINEFILL_KERNEL\(\s*\w+,\s*"([^"]+)"/g)) found.set(id, path);
  }
  return found;
}

function check(lab, id, ...rest) {
  if (lab === undefined || id === undefined || rest.length > 0) throw new Refusal(`type: ${usage}`);
  if (!labs().includes(lab))
    throw new Refusal(`there is no lab "${lab}": choose one of ${labs().join(', ')}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    throw new Refusal(`"${id}" is no id: use lower-case words joined by hyphens, as in my-experiment`);
  }
  if (id.length > 40) throw new Refusal(`"${id}" is too long for a column: use at most 40 characters`);
  const owner = taken().get(id);
  if (owner !== undefined) throw new Refusal(`"${id}" is taken by ${owner}: choose another id`);
}

function filled(template, names) {
  return read(`scripts/new/${template}`).replace(/%(\w+)%/g, (_, name) => names[name]);
}

/** The list with one import and one entry more. */
function listed(lab, id, name) {
  const text = read(list);
  const array = /(export const experiments: readonly Experiment\[\] = \[)([\s\S]*?),?\s*\];/;
  const imports = [...text.matchAll(/^import .*;$/gm)].at(-1);
  if (!array.test(text) || imports === undefined)
    throw new Refusal(`${list} has no list of experiments to add to`);
  const at = imports.index + imports[0].length;
  const withImport = `${text.slice(0, at)}\nimport { ${name} } from './${lab}/${id}.ts';${text.slice(at)}`;
  return withImport.replace(
    array,
    (_, head, entries) => `${head}${entries.trimEnd()}${entries.trim() === '' ? '' : ','}\n  ${name},\n];`,
  );
}

/** my-experiment -> myExperiment; a single word may be a keyword, and the template has names of its own. */
function constantName(id) {
  const camel = id.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const free = id.includes('-') && !new RegExp(`\\b${camel}\\b`).test(read('scripts/new/experiment.txt'));
  return free ? camel : `${camel}Experiment`;
}

function create(lab, id) {
  const words = id.replaceAll('-', ' ');
  const names = { lab, id, constant: constantName(id), title: words[0].toUpperCase() + words.slice(1) };
  const files = {
    [`src/experiments/${lab}/${id}.ts`]: filled('experiment.txt', names),
    [`native/kernels/${id}.cc`]: filled('kernel.txt', names),
    [list]: listed(lab, id, names.constant),
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  formatFiles(Object.keys(files));
  const [experiment, kernel] = Object.keys(files);
  process.stdout.write(
    `${experiment}: the experiment\n${kernel}: its native kernel\n${list}: lists it\n` +
      `next: npm run build && npx linefill run ${id} --profile smoke\n`,
  );
}

try {
  const [lab, id, ...rest] = process.argv.slice(2);
  check(lab, id, ...rest);
  create(lab, id);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`new: ${error.message}\n`);
  process.exitCode = 2;
}
