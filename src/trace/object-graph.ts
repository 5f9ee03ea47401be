/**
 * The oracle of reachability: a mutator's trace over objects that are JavaScript's own, and what its roots reach, found
 * by a walk. It shares no line with any collector, and is what each of them is compared with. A walk costs what lives.
 */
import { ContractError } from '../base/errors.ts';
import { mutatorOp } from './mutator-rows.ts';

export { plainObjectWords } from './mutator-rows.ts';

/** An object of the oracle's: numbered in the order in which objects are made, from 1. */
export interface GraphObject {
  readonly number: number;
  readonly bytes: number;
  readonly slots: (GraphObject | null)[];
}

/** The objects of a trace as it goes on. */
export class ObjectGraph {
  readonly roots: (GraphObject | null)[];
  #made = 0;

  constructor(roots: number) {
    this.roots = new Array<GraphObject | null>(roots).fill(null);
  }

  /** Objects made so far. */
  get made(): number {
    return this.#made;
  }

  /** Does the row whose first word is `rows[at]`; what a load found, or the object used or made, or null. */
  row(rows: Uint32Array, at: number): GraphObject | null {
    const [second, third, fourth] = [rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
    switch (rows[at]) {
      case mutatorOp.new:
        return this.#put(second, this.#make(third, fourth));
      case mutatorOp.load:
        return this.#put(second, this.roots[third]?.slots[fourth] ?? null);
      case mutatorOp.store:
        this.#store(second, third, this.roots[fourth] ?? null);
        return null;
      case mutatorOp.erase:
        this.#store(second, third, null);
        return null;
      case mutatorOp.copy:
        this.#put(second, this.roots[third] ?? null);
        return null;
      case mutatorOp.clear:
        return this.#put(second, null);
      case mutatorOp.use:
        return this.roots[second] ?? null;
      case mutatorOp.collect:
      case mutatorOp.checkpoint:
        return null;
      default:
        throw new ContractError(`a mutator's trace has no row that starts with ${rows[at]}`);
    }
  }

  /** All that the roots reach. */
  reachable(): Set<GraphObject> {
    const found = new Set<GraphObject>();
    const grey: GraphObject[] = [];
    const see = (object: GraphObject | null): void => {
      if (object === null || found.has(object)) return;
      found.add(object);
      grey.push(object);
    };
    for (const root of this.roots) see(root);
    for (let object = grey.pop(); object !== undefined; object = grey.pop()) {
      for (const each of object.slots) see(each);
    }
    return found;
  }

  #make(slots: number, bytes: number): GraphObject {
    this.#made++;
    return { number: this.#made, bytes, slots: new Array<GraphObject | null>(slots).fill(null) };
  }

  #put(root: number, object: GraphObject | null): GraphObject | null {
    this.roots[root] = object;
    return object;
  }

  #store(root: number, slot: number, target: GraphObject | null): void {
    const object = this.roots[root];
    if (object && slot < object.slots.length) object.slots[slot] = target;
  }
}
