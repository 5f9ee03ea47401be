/** Rules about the documentation: the npm scripts and files that it names are there. */
import { posix } from 'node:path';

const folders = 'src|native|test|scripts|docs|bench|schema|\\.ci|\\.github';
const ownScripts = new Set(['start', 'test']);

function findingsIn(tree, path, pattern, complaintAbout) {
  const findings = [];
  for (const match of tree.text(path).matchAll(pattern)) {
    const text = complaintAbout(match);
    if (text !== null) findings.push({ path, line: tree.lineAt(path, match.index), text });
  }
  return findings;
}

function exists(tree, path) {
  const clean = path.replace(/\/$/, '');
  return [...tree.files.keys()].some((file) => file === clean || file.startsWith(`${clean}/`));
}

export function documentsNameWhatExists(tree) {
  const { scripts } = JSON.parse(tree.text('package.json'));
  return tree.paths(/^[^/]+\.md$|^docs\/.*\.md$/).flatMap((path) => [
    ...findingsIn(tree, path, /\bnpm (run )?([\w:-]+)/g, ([, run, name]) => {
      const asked = run !== undefined || ownScripts.has(name);
      return asked && !(name in scripts) ? `package.json has no script "${name}"` : null;
    }),
    // A path with <a placeholder>, a star or my-experiment stands for one that the reader makes.
    ...findingsIn(tree, path, new RegExp(`\`((?:${folders})/[^\`\\s:]*)`, 'g'), ([, name]) => {
      const example = /[<*{]|my-experiment/.test(name);
      return example || exists(tree, name) ? null : `there is no ${name}`;
    }),
    ...findingsIn(tree, path, /\]\((?!https?:|#|mailto:)([^)#\s]+)/g, ([, name]) => {
      const target = posix.join(posix.dirname(path), name);
      return exists(tree, target) || target === 'LICENSE' ? null : `there is no ${target}`;
    }),
  ]);
}
