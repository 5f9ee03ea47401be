/** `linefill machine`: what is known of this machine, and who said so. */
import { machineRows } from '../../machine/format.ts';
import { oneLine, painter } from '../../report/lines.ts';
import { type Cell, type Column, renderTable } from '../../report/table.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';

const columns: readonly Column[] = [
  { header: 'fact', align: 'left' },
  { header: 'value', align: 'left', least: 24 },
  { header: 'origin', align: 'left' },
  { header: 'from', align: 'left', spare: 0 },
];

export interface MachineOptions {
  readonly json?: boolean;
  /** Whether our kernels run, to find what nobody reports. */
  readonly measure: boolean;
}

/** The command. Its result is the exit code. */
export async function machineCommand(options: MachineOptions, io: Io, lab: Lab): Promise<number> {
  const machine = await (options.measure ? lab.surveyMachine() : lab.describeMachine());
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(machine, null, 2)}\n`);
    return exitCodes.good;
  }
  const looks = looksOf(io.stdout, io.env);
  const rows = machineRows(machine).map(({ name, value, origin, from }): Cell[] => [
    { text: oneLine(name) },
    { text: oneLine(value), ...(origin === 'missing' ? { style: 'dim' as const } : {}) },
    { text: origin },
    { text: oneLine(from) },
  ]);
  io.stdout.write(`${renderTable(columns, rows, { width: looks.columns, paint: painter(looks.colour) })}\n`);
  return exitCodes.good;
}
