/** The statistics of the lab: what may be said of a series of times, and how sure it is. */
export { bonferroni } from './family.ts';
export { aaFloor, floorAsRatio } from './floor.ts';
export { type Interval, medianInterval, orderStatisticRank, replicatesNeeded } from './interval.ts';
export { type Judgement, judgePair, type PairSamples } from './judge.ts';
export { type TwoModes, twoModes } from './modes.ts';
export { errorFigure, isUnstable, type Outliers, outliers, unstableFrom } from './noise.ts';
export {
  boundaryBetween,
  type CurvePoint,
  findPlateaus,
  type Plateau,
  type Plateaus,
  withoutStrays,
} from './plateaus.ts';
export { median, medianAbsoluteDeviation, quantile, quartiles, sorted } from './quantiles.ts';
export {
  logRatios,
  type PairedRounds,
  pairedRatio,
  type RatioEstimate,
  ratioOfLogs,
  unpairedRatio,
} from './ratio.ts';
export { judgeLook, type Look, type LookPlan } from './sequential.ts';
export {
  type Comparison,
  compare,
  differenceMargin,
  type GateOutcome,
  gate,
  noiseThreshold,
  regressionTolerance,
} from './verdict.ts';
export { independentRatio, mannWhitneyDistribution, shiftRank } from './independent.ts';
