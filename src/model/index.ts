/** The cache model: what a machine of these numbers makes of the exact addresses of an experiment. */
export { type CacheCounts, type CacheShape, SimulatedCache } from './cache.ts';
export { PageFrames } from './frames.ts';
export { Hierarchy } from './hierarchy.ts';
export {
  type FrameNumbers,
  type LevelModel,
  type LevelNumbers,
  type MachineModel,
  machineModel,
  type MachineNumbers,
  type PrefetcherNumbers,
  streamer,
  type TlbNumbers,
} from './machine-model.ts';
export { type LevelPrediction, type Limit, nsOfChains, predict, type Prediction } from './predict.ts';
export { AdjacentPrefetcher, type Prefetcher, StreamPrefetcher, type StreamShape } from './prefetcher.ts';
export type { Policy } from './replacement.ts';
export {
  type AccessBlock,
  type AccessForm,
  type AddressStream,
  chase,
  indexed,
  interleaved,
  inTurn,
  listed,
  sequential,
  strided,
} from './streams.ts';
export { SimulatedTlb, type TlbLevelShape, type TlbShape } from './tlb.ts';
