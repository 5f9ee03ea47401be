/** The parameters that the allocation experiments share. */
import type { Context, Parameter } from '../../experiment/experiment.ts';
import { checkWhole } from '../hardware/sizes.ts';

/** How many blocks a batch has, with the values that an experiment takes in each profile. */
export function blocksParameter(values: (context: Context) => readonly number[], most: number): Parameter {
  return {
    name: 'blocks',
    summary: 'blocks of a batch, and of a pool',
    unit: 'items',
    values,
    check: (value) => checkWhole(value, 'blocks', 16, most),
  };
}

/** The size of a block; our pools round it up to whole lines. */
export const blockBytesParameter: Parameter = {
  name: 'blockBytes',
  summary: 'size of a block; our pools round it up to whole lines of 64 B',
  unit: 'B',
  values: () => [64],
  check: (value) => checkWhole(value, 'blockBytes', 4, 4096),
};
