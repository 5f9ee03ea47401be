/** What `linefill layout` prints: the structure, its forms, each loop in each form, and what to do. */
import { formatBytes, formatCount, formatNumber } from '../../base/units.ts';
import type { Measurement } from '../../experiment/run.ts';
import type { Advice, FormRatio, MeasuredLoop } from '../../layout/advice.ts';
import { drawArrays, drawingColumns, letterOf } from '../../layout/drawing.ts';
import { loopText } from '../../layout/experiments.ts';
import { type Form, formBytes } from '../../layout/forms.ts';
import { isFelt, predictedBest, type PredictedLoop, type Prediction } from '../../layout/predict.ts';
import { type Field, type Loop, touchedFields } from '../../layout/spec.ts';
import { adviceText, threadTexts } from '../../layout/words.ts';
import { type ArmCells, armCells, unstableMark } from '../../report/cells.ts';
import { type Paint, painter, wrap } from '../../report/lines.ts';
import { formatTimes, formatTimesRange, notAvailable } from '../../report/numbers.ts';
import { type Cell, type Column, renderTable, type Row } from '../../report/table.ts';
import type { Looks } from '../io.ts';

interface Frame {
  readonly width: number;
  readonly paint: Paint;
}

const mostColumns = 120;
const fewestColumns = 24;

const legend =
  'Lines: cache lines that an element costs where no cache holds them, arrays taken to begin at a line; in random ' +
  'order the mean over elements. Used: bytes of the touched fields in those lines. Predicted: lines fetched and ' +
  'written back, over those as declared (in cache: what is touched fits the cache next to a core). Fights: two ' +
  'threads touch a line, of which one writes. Measured by plain loads and stores, without arithmetic or vector ' +
  'instructions; ratio: time over that as declared. Shown: ' +
  "'nothing' is no difference shown beyond what can be told apart here, 'unclear' is too few processes to say. " +
  `${unstableMark} marks noise of 5% and more.`;

function cells(...texts: readonly string[]): Cell[] {
  return texts.map((text) => ({ text }));
}

function titleText({ spec, lineBytes }: Prediction): string {
  const { name, fields, count } = spec;
  const many = (n: number, one: string): string => `${formatCount(n)} ${one}${n === 1 ? '' : 's'}`;
  return `${name}: ${many(fields.length, 'field')}, ${many(count, 'element')}; lines of ${lineBytes} B`;
}

function usedBy(field: Field, loops: readonly Loop[]): string {
  return loops
    .filter(({ roles }) => roles.some((role) => touchedFields(role, [field]).length > 0))
    .map(({ name }) => name)
    .join(', ');
}

function typeText({ type, length }: Field): string {
  return length === 1 && type !== 'bytes' ? type : `${type}[${length}]`;
}

/** The structure as declared, field by field, holes among them. */
function structTable({ spec, forms }: Prediction, frame: Frame): string {
  const { members, holes, tailBytes, sizeBytes } = forms[0]!.arrays[0]!.struct;
  const columns: Column[] = [
    { header: 'offset', align: 'right' },
    { header: 'size', align: 'right' },
    { header: '', align: 'left' },
    { header: 'field', align: 'left' },
    { header: 'type', align: 'left' },
    { header: 'loops', align: 'left', least: 8, spare: 0 },
  ];
  const rows = members.map(({ field, offsetBytes }, i) => ({
    offsetBytes,
    cells: cells(
      String(offsetBytes),
      String(field.sizeBytes),
      letterOf(i),
      field.name,
      typeText(field),
      usedBy(field, spec.loops),
    ),
  }));
  const gap = (offsetBytes: number, bytes: number, what: string) => ({
    offsetBytes,
    cells: cells(String(offsetBytes), String(bytes), '.', what, '', '').map(
      (cell): Cell => ({ ...cell, style: 'dim' }),
    ),
  });
  const gaps = holes.map((hole) => gap(hole.offsetBytes, hole.sizeBytes, '(hole)'));
  if (tailBytes > 0) gaps.push(gap(sizeBytes - tailBytes, tailBytes, '(tail)'));
  const all = [...rows, ...gaps].toSorted((a, b) => a.offsetBytes - b.offsetBytes);
  return renderTable(
    columns,
    all.map((row) => row.cells),
    frame,
  );
}

function drawing(form: Form, { spec, lineBytes }: Prediction, { width }: Frame): string[] {
  // A drawing that wraps shows nothing, nor does a column of one field.
  if (width < drawingColumns || form.id === 'soa') return [];
  return [drawArrays(form.arrays, spec.count, lineBytes, spec.fields).join('\n')];
}

function formsTable({ forms, dropped, spec, lineBytes }: Prediction, frame: Frame): string {
  const columns: Column[] = [
    { header: 'form', align: 'left' },
    { header: 'element', align: 'right' },
    { header: 'unused', align: 'right' },
    { header: 'memory', align: 'right' },
    { header: 'arrays', align: 'right', spare: 0 },
  ];
  const rows: Row[] = [
    ...forms.map((form) =>
      cells(
        form.title,
        formatBytes(form.sizeBytes),
        formatBytes(form.wastedBytes),
        formatBytes(formBytes(form, spec.count, lineBytes)),
        String(form.arrays.length),
      ),
    ),
    ...dropped.map(({ title, reason }) => ({ across: `Not ${title}: ${reason}.` })),
  ];
  return renderTable(columns, rows, frame);
}

const measuredColumns: readonly Column[] = [
  { header: 'time', align: 'right' },
  { header: 'interval', align: 'left', spare: 1 },
  { header: 'ratio', align: 'right' },
  { header: 'interval', align: 'left', spare: 2 },
  { header: 'shown', align: 'left' },
];

function armOf(form: Form, { times, ratios }: MeasuredLoop): ArmCells | null {
  const measurement = times.get(form.id);
  if (measurement === undefined) return null;
  const comparison = ratios.get(form.id) ?? null;
  return armCells({ measurement, comparison, elsewhere: null, isBaseline: form.id === 'as-declared' });
}

function measuredCells(form: Form, measured: MeasuredLoop): Cell[] {
  const arm = armOf(form, measured);
  if (arm === null) return cells(notAvailable, '', '', '', '');
  return cells(arm.median, arm.medianRange, arm.ratio, arm.ratioRange, arm.shown);
}

function loopTable({ forms }: PredictedLoop, measured: MeasuredLoop | null, frame: Frame): string {
  const hasThreads = forms.some(({ sharing }) => sharing !== null);
  const columns: Column[] = [
    { header: 'form', align: 'left' },
    { header: 'lines', align: 'right' },
    { header: 'used', align: 'right', spare: 0 },
    ...(hasThreads ? [{ header: 'fights', align: 'left' } as const] : []),
    { header: 'predicted', align: 'right' },
    ...(measured === null ? [] : measuredColumns),
  ];
  const rows = forms.map((prediction): Cell[] => {
    const { form, fetchedLines, usedShare, ratio, sharing } = prediction;
    return [
      ...cells(form.title, formatNumber(fetchedLines), `${Math.round(100 * usedShare)}%`),
      ...(hasThreads ? cells(isFelt(sharing) ? 'yes' : 'no') : []),
      { text: ratio === null ? 'in cache' : formatTimes(ratio) },
      ...(measured === null ? [] : measuredCells(form, measured)),
    ];
  });
  return renderTable(columns, rows, frame);
}

function isMeasured({ times }: MeasuredLoop): boolean {
  return times.has('as-declared');
}

function loopBlock(predicted: PredictedLoop, advice: Advice | null, frame: Frame): string {
  const { loop } = predicted;
  const measured = advice?.loops.find((one) => one.loop === loop) ?? null;
  const per = measured !== null && isMeasured(measured) ? ', time an element' : '';
  const weight = loop.weight === 1 ? '' : `, weight ${loop.weight}`;
  const title = `${loop.name}: ${loopText(loop)}${weight}${per}`;
  const leftOut = (measured?.leftOut ?? []).map((text) => wrap(`Not measured: ${text}.`, frame.width));
  return [
    frame.paint('strong', wrap(title, frame.width)),
    loopTable(predicted, measured !== null && isMeasured(measured) ? measured : null, frame),
    ...threadTexts(predicted).map((text) => wrap(text, frame.width)),
    ...leftOut,
  ].join('\n');
}

const words: Readonly<Record<FormRatio['result'], string>> = {
  faster: 'faster',
  slower: 'slower',
  'no-difference': 'nothing',
  inconclusive: 'unclear',
};

/** All loops in one figure, where there are several. */
function overallTable({ overall, loops }: Advice, frame: Frame): string {
  if (loops.filter(isMeasured).length < 2 || overall.length === 0) return '';
  const columns: Column[] = [
    { header: 'form', align: 'left' },
    { header: 'ratio', align: 'right' },
    { header: 'interval', align: 'left' },
    { header: 'shown', align: 'left' },
  ];
  const rows = overall.map(({ form, ratio, low, high, result }) =>
    cells(form.title, formatTimes(ratio), formatTimesRange(low, high), words[result]),
  );
  const title = frame.paint('strong', wrap('All loops together, by their weights', frame.width));
  return `${title}\n${renderTable(columns, rows, frame)}`;
}

/** The form to be drawn beside the declared one: what is advised. */
function advisedForm(prediction: Prediction, advice: Advice | null): Form | null {
  if (advice !== null && advice.loops.some(isMeasured)) return advice.recommended?.form ?? null;
  const form = predictedBest(prediction);
  return form.id === 'as-declared' ? null : form;
}

/** The whole answer as text, with a last end of line. `advice`: null where nothing was measured. */
export function layoutText(prediction: Prediction, advice: Advice | null, looks: Looks): string {
  const width = Math.max(fewestColumns, Math.min(mostColumns, looks.columns));
  const frame: Frame = { width, paint: painter(looks.colour) };
  const { paint } = frame;
  const declared = prediction.forms[0]!;
  const advised = advisedForm(prediction, advice);
  const [first, ...rest] = adviceText(prediction, advice);
  const blocks = [
    paint('strong', wrap(titleText(prediction), width)),
    structTable(prediction, frame),
    ...drawing(declared, prediction, frame),
    formsTable(prediction, frame),
    ...prediction.loops.map((loop) => loopBlock(loop, advice, frame)),
    advice === null ? '' : overallTable(advice, frame),
    [paint('strong', wrap(first!, width)), ...rest.map((sentence) => wrap(sentence, width))].join('\n'),
    ...(advised === null ? [] : drawing(advised, prediction, frame)),
    paint('dim', wrap(legend, width)),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function sharesOf(row: Measurement | undefined): object | null {
  if (row === undefined) return null;
  const { median, low, high, processes } = row.summary;
  return { nsPerElement: median, low, high, processes };
}

/** The whole answer as plain data, for --json. */
export function layoutData(prediction: Prediction, advice: Advice | null): object {
  const { spec, lineBytes, forms, dropped, loops } = prediction;
  const ratioOf = ({ form, ...rest }: FormRatio): object => ({ form: form.id, ...rest });
  return {
    name: spec.name,
    count: spec.count,
    lineBytes,
    forms: forms.map((form) => ({
      id: form.id,
      sizeBytes: form.sizeBytes,
      unusedBytes: form.wastedBytes,
      memoryBytes: formBytes(form, spec.count, lineBytes),
      arrays: form.arrays.map(({ name, struct }) => ({
        name,
        strideBytes: struct.sizeBytes,
        alignment: struct.alignment,
        fields: struct.members.map(({ field, offsetBytes }) => ({
          name: field.name,
          offsetBytes,
          sizeBytes: field.sizeBytes,
        })),
      })),
    })),
    dropped,
    loops: loops.map((predicted) => {
      const measured = advice?.loops.find(({ loop }) => loop === predicted.loop);
      return {
        name: predicted.loop.name,
        trulyShared: predicted.trulyShared,
        leftOut: measured?.leftOut ?? [],
        forms: predicted.forms.map(({ form, ...figures }) => {
          const comparison = measured?.ratios.get(form.id);
          return {
            form: form.id,
            ...figures,
            measured: sharesOf(measured?.times.get(form.id)),
            comparison:
              comparison === undefined
                ? null
                : {
                    ratio: comparison.ratio,
                    low: comparison.low,
                    high: comparison.high,
                    floor: comparison.floor,
                    result: comparison.result,
                  },
          };
        }),
      };
    }),
    overall: advice === null ? null : advice.overall.map(ratioOf),
    recommended: advice?.recommended?.form.id ?? null,
    predictedBest: predictedBest(prediction).id,
    advice: adviceText(prediction, advice),
  };
}
