/**
 * A run in the long form, a row a sample, so that runs of many machines can be put below one another and read by any
 * tool. Quoting and line ends: RFC 4180.
 */
import { type Measurement, noiseColumns, type ProcessSamples, type Run } from '../experiment/run.ts';

const lineEnd = '\r\n';

type Field = string | number | boolean | null | undefined;

/** A field; empty for what is not known. */
function csvField(value: Field): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvLine(fields: readonly Field[]): string {
  return fields.map(csvField).join(',') + lineEnd;
}

/** Columns before and after the coordinates, in order; `value` is `raw / divisor`. */
const before = ['experiment', 'group'] as const;
const after = [
  'variant',
  'twin',
  'language',
  'form',
  'kernel',
  'metric',
  'unit',
  'process',
  'round',
  'regime',
  'raw',
  'rawUnit',
  'value',
  ...noiseColumns,
  'machineId',
  'fingerprint',
  'startedAt',
] as const;

/**
 * The run's samples as CSV, a head line first. Every coordinate that occurs has a column `point.<name>`, empty where
 * a measurement has none of that name; noise is empty where the system could not say.
 */
export function renderCsv(run: Run): string {
  const names = [...new Set(run.measurements.flatMap(({ point }) => Object.keys(point)))];
  const head = csvLine([...before, ...names.map((name) => `point.${name}`), ...after]);
  const rows = run.measurements.flatMap((measurement) => {
    const { experiment, group, point, variant, twin, language, form, kernel, metric, unit } = measurement;
    // The parts that all samples of a row share are quoted once.
    const coordinates = names.map((name) => point[name]);
    const labels = [variant, twin, language, form, kernel, metric, unit];
    const left = csvLine([experiment, group, ...coordinates, ...labels]).slice(0, -lineEnd.length);
    const right = csvLine([run.machine.id, run.machine.fingerprint, run.startedAt]);
    return measurement.processes.flatMap((samples) => sampleRows(measurement, samples, left, right));
  });
  return head + rows.join('');
}

function sampleRows(of: Measurement, samples: ProcessSamples, left: string, right: string): string[] {
  return samples.raw.map((raw, i) => {
    const noise = noiseColumns.map((column) => csvField(samples.noise?.[column]?.[i])).join(',');
    const { process, rounds, regimes } = samples;
    const sample = [process, rounds[i], regimes[i], raw, of.rawUnit, raw / of.divisor]
      .map(csvField)
      .join(',');
    return `${left},${sample},${noise},${right}`;
  });
}
