/**
 * Where a run is, on stderr: one line that is written over on a terminal; elsewhere a plain line when something
 * changes, and at most one every few seconds.
 */
import type { Phase, Progress } from '../experiment/request.ts';
import { oneLine, textWidth } from '../report/lines.ts';
import { formatDuration } from '../report/numbers.ts';
import type { Looks, Sink } from './io.ts';

const plainEveryMs = 10_000;
const eraseLine = '\r\u001b[2K';
const barColumns = 16;

const doing: Readonly<Record<Phase, string>> = {
  calibrate: 'checking and calibrating',
  measure: 'measuring',
  judge: 'judging',
};

/** Seconds as a clock that does not flicker: '9 s', '2 min 5 s'. */
function clock(ms: number): string {
  return formatDuration(Math.floor(ms / 1000) * 1000).replace(/^0 ms$/, '0 s');
}

export class ProgressLine {
  readonly #sink: Sink;
  readonly #looks: Looks;
  #shown = '';
  #stage = '';
  #plainAtMs = Number.NEGATIVE_INFINITY;

  constructor(sink: Sink, looks: Looks) {
    this.#sink = sink;
    this.#looks = looks;
  }

  update(event: Progress): void {
    if (event.note !== undefined) this.note(`${event.experiment}: ${event.note}`);
    const { experiment, index, count, phase, process, processes, elapsedMs, budgetMs } = event;
    const where = `[${index + 1}/${count}] ${oneLine(experiment)}: ${doing[phase]}`;
    const step = phase === 'measure' && processes > 0 ? `, process ${process} of ${processes}` : '';
    const time = `${clock(elapsedMs)} of about ${clock(Math.max(1000, budgetMs))}`;
    if (this.#looks.rewrites) {
      const share = budgetMs > 0 ? Math.min(1, elapsedMs / budgetMs) : 0;
      this.#rewrite([
        `${this.#bar(share)} ${where}${step}, ${time}`,
        `${where}${step}`,
        `[${index + 1}/${count}] ${experiment}`,
      ]);
      return;
    }
    const isDue = elapsedMs - this.#plainAtMs >= plainEveryMs;
    if (where === this.#stage && !isDue) return;
    this.#stage = where;
    this.#plainAtMs = elapsedMs;
    this.#sink.write(`${where}${step}, ${time}\n`);
  }

  /** A line that stays. */
  note(text: string): void {
    const shown = this.#shown;
    this.clear();
    this.#sink.write(`${oneLine(text)}\n`);
    if (shown !== '') this.#rewrite([shown]);
  }

  /** Takes the line away; what was plain stays. */
  clear(): void {
    if (this.#shown !== '') this.#sink.write(eraseLine);
    this.#shown = '';
  }

  #bar(share: number): string {
    const done = Math.round(share * barColumns);
    const [full, empty] = this.#looks.unicode ? ['█', '░'] : ['#', '.'];
    return `[${full!.repeat(done)}${empty!.repeat(barColumns - done)}]`;
  }

  /** Shows the first of some texts that fits: a line that wraps can't be taken back. */
  #rewrite(texts: readonly string[]): void {
    const room = this.#looks.columns - 1;
    const fitting =
      texts.find((text) => textWidth(text) <= room) ?? [...texts.at(-1)!].slice(0, room).join('');
    if (fitting === this.#shown) return;
    this.#sink.write(eraseLine + fitting);
    this.#shown = fitting;
  }
}
