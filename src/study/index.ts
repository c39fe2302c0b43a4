/** Studies: from a file to claims, verdict and records. */

export { type FeatureRecord, type FeaturesRecord, readFeatures } from './features-record.ts'
export { type Plan, planStudy } from './plan.ts'
export { type Claim, type Gate, type Measure, type Results, readResults, type Verdict } from './results.ts'
export { type RunOptions, runFolderName, runStudy } from './run.ts'
export { readStudy, type Study, studyJsonSchema } from './schema.ts'
export { type VerdictInputs, verdict } from './verdict.ts'
