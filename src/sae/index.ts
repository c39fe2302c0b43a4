/** Dictionaries: sparse autoencoders and transcoders of every published format. */

export { type DictionaryFacts, describeDictionary } from './describe.ts'
export type { Activation, Dictionary, DictionaryForm, InputNorm, Rule } from './dictionary.ts'
export { type EncodeOptions, Encoder } from './encode.ts'
export { denseFeatures, firingCounts, meanL0, type SparseFeatures, VarianceUnexplained } from './features.ts'
export { type ClampOptions, clamp, fingerprint, siteOf, splice } from './interventions.ts'
export { looksLikeDictionary, type OpenDictionaryOptions, openDictionary } from './load.ts'
export { PlacedDictionary } from './placed.ts'
export {
  DICTIONARY_GATES,
  type DictionaryTest,
  type Gate,
  pairGate,
  type TestText,
  testDictionary,
} from './selftest.ts'
export { TRAIN_KINDS, type TrainKind, type TrainSettings, trainSettings } from './train/settings.ts'
export { type TrainJob, type TrainRecord, trainDictionary } from './train/train.ts'
export type { StepReport } from './train/trainer.ts'
