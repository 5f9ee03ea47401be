/**
 * The folder that processes write their recordings to, beside the trace that is made of them. It goes when its command
 * ends; one that a command left that was killed goes with the next recording to the same place.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { refusalText } from '../../base/whole-file.ts';

/** `.raw-` and six letters. */
const folderSuffixLetters = 11;
/** In the folder: whose it is. */
const ownerFile = 'owner';

function prefixOf(place: string): string {
  return `.${basename(place)}.raw-`;
}

/**
 * For what the recorder writes. @param out the place as it was typed
 * @throws UserError where the disk has no room for a folder
 */
export function folderBeside(place: string, out: string): string {
  sweep(place);
  try {
    const folder = mkdtempSync(join(dirname(place), prefixOf(place)));
    const owner = ownerText(process.pid);
    // A full disk has no room for it: then nobody knows whose the folder is, and it stays where we are killed.
    if (owner !== null) ignoringErrors(() => writeFileSync(join(folder, ownerFile), owner));
    return folder;
  } catch (error) {
    const reason = refusalText((error as NodeJS.ErrnoException).code ?? String(error));
    throw new UserError(`nothing can be recorded beside "${out}": ${reason}`, 'name a file elsewhere');
  }
}

function ignoringErrors(work: () => void): void {
  try {
    work();
  } catch {
    // What is tidied up only is no reason to fail.
  }
}

/**
 * A process as no other has ever been: this start of this system, its space of process ids, the id, and when it began.
 * Null where it is not there, or the system doesn't say.
 */
function ownerText(pid: number): string | null {
  try {
    // Behind the name, which may hold anything: the state is the third field, the start the 22nd.
    const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return `${placeOfIds()} ${pid} ${rest.split(' ')[19]}`;
  } catch {
    return null;
  }
}

function placeOfIds(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** Removes the folders of commands that are surely gone, and whose programs are. */
function sweep(place: string): void {
  ignoringErrors(() => {
    const prefix = prefixOf(place);
    const left = readdirSync(dirname(place)).filter(
      (name) =>
        name.startsWith(prefix) && name.length === prefix.length + folderSuffixLetters - '.raw-'.length,
    );
    for (const name of left) {
      const folder = join(dirname(place), name);
      ignoringErrors(() => {
        if (isForsaken(folder)) rmSync(folder, { recursive: true, force: true });
      });
    }
  });
}

function isForsaken(folder: string): boolean {
  const owner = readFileSync(join(folder, ownerFile), 'latin1');
  const here = `${placeOfIds()} `;
  // Another system's processes, which may share this disk, are not to be seen from here.
  if (!owner.startsWith(here)) return false;
  const [id] = owner.slice(here.length).split(' ');
  return ownerText(Number(id)) !== owner && runningIn(folder).size === 0;
}

/**
 * Which processes still write into the folder, or would at their first allocation: it is in the environment that they
 * were started with, or a recording of theirs is mapped.
 */
export function runningIn(folder: string): Set<number> {
  // What mkdtemp has added is of this run alone, and spelt alike in both.
  const name = basename(folder).slice(-folderSuffixLetters);
  const text = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      // It has ended, or is somebody else's.
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const isOurs = (pid: string): boolean =>
    text(`/proc/${pid}/environ`).includes(`${name}\0`) || text(`/proc/${pid}/maps`).includes(`${name}/`);
  return new Set(pids.filter(isOurs).map(Number));
}
