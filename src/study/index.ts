/** Studies: from a file to claims, verdict and records. */

export { type ChainRecord, readChain, runChain, type Stage, type StageRun, stagesOf } from './chain.ts'
export { type FeatureRecord, type FeaturesRecord, readFeatures } from './features-record.ts'
export { type Plan, planStudy } from './plan.ts'
export { type Claim, type Gate, type Measure, type Results, readResults, type Verdict } from './results.ts'
export { type RunOptions, runFolderName, runStudy } from './run.ts'
export { type ChainStudy, isChain, type Study, studyJsonSchema } from './schema.ts'
export { readStudy, readStudyFile } from './study-file.ts'
export { type VerdictInputs, verdict } from './verdict.ts'
