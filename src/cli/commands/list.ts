/** `linefill list`: what the lab can measure. */
import type { Experiment } from '../../experiment/experiment.ts';
import { painter, wrap } from '../../report/lines.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';

/** An experiment's description as plain data, for --json. */
function described(experiment: Experiment): object {
  const { id, lab, title, question, parameters, variants, claims, onRequest } = experiment;
  return {
    id,
    lab,
    title,
    standard: onRequest !== true,
    question,
    parameters: parameters.map(({ name, unit, summary }) => ({ name, unit, summary })),
    variants: variants.map(({ id: variant, title: name, language, form }) => ({
      id: variant,
      title: name,
      language,
      form,
    })),
    claims: claims.map(({ id: claim, statement, source }) => ({ id: claim, statement, source })),
  };
}

/** The command. Its result is the exit code. */
export async function listCommand(options: { readonly json?: boolean }, io: Io, lab: Lab): Promise<number> {
  const all = await lab.experiments();
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(all.map(described), null, 2)}\n`);
    return exitCodes.good;
  }
  const { columns, colour } = looksOf(io.stdout, io.env);
  const paint = painter(colour);
  const labs = [...new Set(all.map((experiment) => experiment.lab))];
  const blocks = labs.map((name) => {
    const entries = all
      .filter((experiment) => experiment.lab === name)
      .map(({ id, question, claims, onRequest }) => {
        const judged =
          claims.length === 0
            ? []
            : [wrap(`claims: ${claims.map((claim) => claim.id).join(', ')}`, columns, '    ')];
        const mark = onRequest === true ? paint('dim', ' (on request)') : '';
        return [`  ${paint('strong', id)}${mark}`, wrap(question, columns, '    '), ...judged].join('\n');
      });
    return [`${paint('dim', 'lab')} ${name}`, ...entries].join('\n');
  });
  io.stdout.write(`${blocks.join('\n\n')}\n`);
  return exitCodes.good;
}
