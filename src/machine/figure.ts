/** A figure of a machine as experiments infer it: what it is, how sure, and what the system says of the same. */

/** A figure of the machine, with the interval over processes. */
export interface Inferred {
  /** Unique in its experiment, and what a machine's profile knows it by: `l1-size`. */
  readonly id: string;
  /** `L1 data cache: size`. */
  readonly title: string;
  /** 'B', 'ns', 'cycles', 'ways', 'GB/s', 'entries', 'x', ... */
  readonly unit: string;
  /** Null: it could not be told; `note` says why. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** How many processes gave a figure. */
  readonly processes: number;
  /** What the system says, in the same unit, and where; null where it says nothing. */
  readonly reported: number | null;
  readonly reportedBy: string | null;
  /** A contradiction, a limit of the method, why there is no value; null: nothing to say. */
  readonly note: string | null;
}

/** With the experiment that it is from. */
export interface Inference extends Inferred {
  readonly experiment: string;
}
