/** Programs that are hard on whoever marks beside them: objects are cut off here and hung there all the time. */
import fc from 'fast-check';
import { type MutatorTrace, MutatorWriter } from '../../../src/trace/mutator-rows.ts';

/** A wide object that stays, and others that are walked to, hung elsewhere and cut off while a cycle goes on. */
const [table, first, second, fresh, held] = [0, 1, 2, 3, 4];
export const tableSlots = 120;

export type Step = readonly [kind: number, place: number, slot: number, other: number];

/** Any steps are a program, so any of them can be left out: that is how a failing one is shrunk. */
export function traceOf(steps: readonly Step[]): MutatorTrace {
  const trace = new MutatorWriter().make(table, tableSlots, 0);
  for (const [kind, place, slot, other] of steps) {
    switch (kind) {
      case 0:
        trace.make(fresh, 4, 8).store(table, place, fresh);
        break;
      case 1:
        trace.make(fresh, 4, 8).store(first, slot, fresh).copy(first, fresh);
        break;
      case 2:
        trace.load(first, table, place);
        break;
      case 3:
        trace.load(second, first, slot).copy(first, second);
        break;
      case 4:
        // The way to an object is cut while a root holds it; then it hangs elsewhere.
        trace
          .load(second, first, slot)
          .erase(first, slot)
          .load(first, table, other)
          .store(first, slot, second);
        break;
      case 5:
        trace.load(second, table, place).erase(table, place).store(table, other, second);
        break;
      case 6:
        trace.load(second, table, place).store(first, slot, second);
        break;
      case 7:
        // For a long while nothing but a root holds an object, a new one or one that was there.
        if (other % 40 === 0) trace.make(held, 4, 8);
        if (other % 40 === 1) trace.load(held, table, place).erase(table, place);
        if (other % 40 === 2) trace.store(first, slot, held);
        break;
      default:
        trace.make(fresh, 4, 8).use(first).use(second).clear(second);
    }
  }
  return trace.finish();
}

const anyPlace = fc.nat(tableSlots - 1);
export const anyHangingTrace: fc.Arbitrary<MutatorTrace> = fc
  .array(fc.tuple(fc.nat(8), anyPlace, fc.nat(3), anyPlace), {
    minLength: 2000,
    maxLength: 2500,
    size: 'max',
  })
  .map(traceOf);
