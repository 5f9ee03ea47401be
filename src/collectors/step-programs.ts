/** Programs small enough to be stepped through, made by hand; an object's name is its place in the order of making. */
import { MutatorWriter, type MutatorTrace } from '../trace/mutator-rows.ts';

export interface StepProgram {
  readonly id: string;
  readonly title: string;
  /** Settings of collectors that have them, so that it shows what it is to show. */
  readonly settings?: Readonly<Record<string, number>>;
  make(): MutatorTrace;
}

export const stepPrograms: readonly StepProgram[] = [
  {
    id: 'graph',
    title: 'seven objects, of which the roots reach five',
    make(): MutatorTrace {
      const [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6];
      return (
        new MutatorWriter()
          .make(a, 2, 4)
          .make(b, 2, 12)
          .make(c, 1, 8)
          .store(a, 0, c)
          .store(b, 0, c)
          .make(d, 2, 4)
          .store(a, 1, d)
          .make(e, 1, 16)
          .store(e, 0, b)
          .store(b, 1, e)
          // C and D share F, and a cycle leads from G back to A; B and E name each other, and nobody names them.
          .make(f, 0, 20)
          .store(c, 0, f)
          .store(d, 0, f)
          .make(g, 1, 8)
          .store(d, 1, g)
          .store(g, 0, a)
          .clear(b)
          .clear(c)
          .clear(d)
          .clear(e)
          .clear(f)
          .clear(g)
          .collect()
          .finish()
      );
    },
  },
  {
    id: 'cycle',
    title: 'two objects that name each other, and then nobody names them',
    make(): MutatorTrace {
      return new MutatorWriter()
        .make(0, 1, 8)
        .make(1, 1, 8)
        .store(0, 0, 1)
        .store(1, 0, 0)
        .clear(1)
        .clear(0)
        .collect()
        .finish();
    },
  },
  {
    id: 'young',
    title: 'forty objects, of which every fifth is kept in a list, in as small a heap as will do',
    make(): MutatorTrace {
      const [last, next] = [0, 1];
      const trace = new MutatorWriter();
      for (let i = 0; i < 40; i++) {
        trace.make(next, 1, 48);
        if (i % 5 === 4) trace.store(next, 0, last).copy(last, next);
      }
      return trace.finish();
    },
  },
  {
    id: 'barrier',
    title: 'a list whose last object changes its place while others are made',
    // The list is there when marking begins; its final pause comes after the change.
    settings: { startPercent: 36, markPercent: 3 },
    make(): MutatorTrace {
      const [head, at, next, length] = [0, 1, 2, 20];
      const trace = new MutatorWriter().make(head, 2, 48).copy(at, head);
      for (let i = 1; i < length; i++) trace.make(next, 2, 48).store(at, 0, next).copy(at, next);
      trace.clear(at);
      for (let i = 0; i < 6; i++) trace.make(next, 2, 48);
      trace.copy(at, head);
      for (let i = 1; i < length - 1; i++) trace.load(at, at, 0);
      // Whoever marked the head already won't look there again; the old way to it is cut.
      trace.load(next, at, 0).store(head, 1, next).clear(next).erase(at, 0).clear(at);
      for (let i = 0; i < 2; i++) trace.make(next, 2, 48);
      return trace.finish();
    },
  },
  {
    id: 'list',
    title: 'a list of eight objects that loses its second half',
    make(): MutatorTrace {
      const [head, last, next] = [0, 1, 2];
      const trace = new MutatorWriter().make(head, 1, 8).copy(last, head);
      for (let i = 1; i < 8; i++) trace.make(next, 1, 8).store(last, 0, next).copy(last, next);
      trace.clear(last).copy(next, head);
      for (let i = 1; i < 4; i++) trace.load(next, next, 0);
      return trace.erase(next, 0).clear(next).collect().finish();
    },
  },
];
