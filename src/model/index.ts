/** Models that can be read and steered inside. */
export type { Architecture } from './architecture.ts'
export { type Generated, type GenerateOptions, generate } from './generate.ts'
export { hookNames, hookWidth, matchHooks } from './hooks.ts'
export {
  ablate,
  add,
  type Dose,
  type Intervention,
  type Positions,
  type Rewrite,
  rel,
  replace,
} from './interventions.ts'
export type { ItemResult } from './item-result.ts'
export { type LoadOptions, loadModel, type ModelDescription, openDescription } from './load.ts'
export { type Item, Model, type RunOptions, type RunResult } from './model.ts'
export type { Receipt } from './receipts.ts'
export { completionTokens, type Scored, type ScoreItem, score } from './score.ts'
