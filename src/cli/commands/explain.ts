/** `linefill explain <id>`: the idea of an experiment, without measuring anything. */
import type { Experiment } from '../../experiment/experiment.ts';
import { painter, type Paint, wrap } from '../../report/lines.ts';
import { formatCoordinate } from '../../report/numbers.ts';
import { findExperiment } from '../choose.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';

/** Wider paragraphs are hard to read. */
const mostColumns = 100;

/** Source text breaks its lines where the source file's width wants it; an empty line ends a paragraph. */
function paragraphs(text: string, width: number): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => wrap(paragraph.replaceAll('\n', ' '), width))
    .join('\n\n');
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : [[paint('strong', title), ...lines].join('\n')];
}

/** The whole explanation as text. */
function explained(experiment: Experiment, width: number, paint: Paint): string {
  const { id, title, lab, question, explain, drawing, parameters, variants, claims, sources } = experiment;
  const { baseline, isCurve } = experiment;
  const entry = (name: string, text: string): string => wrap(`${name}: ${text}`, width, '  ', '    ');
  const at = Object.entries(baseline.at ?? {}).map(
    ([name, value]) => ` at ${name} ${formatCoordinate(name, value)}`,
  );
  const blocks = [
    `${paint('strong', wrap(`${title} (${id}, lab ${lab})`, width))}\n${wrap(question, width)}`,
    paragraphs(explain, width),
    // A drawing is only right as it was drawn.
    drawing.replace(/^\n+|\s+$/g, '').replace(/^(?=.)/gm, '  '),
    ...section(
      'Parameters',
      parameters.map(({ name, summary, compared }) =>
        entry(name, compared === true ? `${summary} (compared side by side)` : summary),
      ),
      paint,
    ),
    ...section(
      'Variants',
      [
        ...variants.map((variant) => entry(variant.id, variant.title)),
        ...(isCurve === true
          ? []
          : [wrap(`Ratios are taken to ${baseline.variant}${at.join(',')}.`, width, '  ')]),
      ],
      paint,
    ),
    ...section(
      'Claims',
      claims.map((claim) => entry(claim.id, `${claim.statement} (source: ${claim.source})`)),
      paint,
    ),
    ...section(
      'Sources',
      sources.map((source) => entry(source.title, source.where)),
      paint,
    ),
    wrap(`Measure it: linefill run ${id}`, width),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** The command. Its result is the exit code. */
export async function explainCommand(id: string, io: Io, lab: Lab): Promise<number> {
  const experiment = findExperiment(id, await lab.experiments());
  const { columns, colour } = looksOf(io.stdout, io.env);
  io.stdout.write(explained(experiment, Math.min(columns, mostColumns), painter(colour)));
  return exitCodes.good;
}
