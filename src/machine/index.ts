/** What this machine is: read, described, hashed, and joined to what was measured. */
export { formatCpuList, parseCpuList } from './cpu-list.ts';
export { describeMachine } from './describe.ts';
export { measured, missing, reported, type Fact, type Origin } from './fact.ts';
export { machineRows, surroundingsRows, type FactRow } from './format.ts';
export {
  fingerprint,
  fingerprintDifferences,
  fingerprintParts,
  machineId,
  type FingerprintDifference,
  type FingerprintParts,
  type FingerprintSource,
} from './identity.ts';
export { inferLastLevel, inferLevels, type CurvePoint } from './levels.ts';
export {
  nativeFactsOf,
  type CpuidAnswer,
  type NativeCounter,
  type NativeEnvironment,
  type NativeFacts,
} from './native.ts';
export {
  cacheDifferences,
  reportedCache,
  reportedCaches,
  reportedTlb,
  reporterOf,
  type CacheDifference,
  type ReportedCache,
} from './reports.ts';
export { inferGroupings, inferSiblings, type CpuGrouping } from './siblings.ts';
export { describeSurroundings } from './surroundings.ts';
export { realSystem, type System } from './system.ts';
export type {
  Cache,
  Cpu,
  CpuDistance,
  CpuidCache,
  HugePagePool,
  Machine,
  MemoryLevel,
  Surroundings,
  Tlb,
} from './types.ts';
export { withMeasured, type Measurements } from './with-measured.ts';
