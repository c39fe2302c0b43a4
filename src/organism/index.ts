/** Model organisms: small models that are trained here and whose right verdict is known. */

export type { Behaviour, DirectionLook } from './evaluate.ts'
export { type CorpusKnobs, corpusKnobs, corpusSchema } from './knobs.ts'
export { SIZES, type SizeName } from './network.ts'
export { organismPack } from './pack.ts'
export { isBalanced, type Parsed, parse, type Reading } from './parser.ts'
export { organismDictionaryPath, organismDomainPath, organismPath, shippedOrganisms } from './paths.ts'
export { BASE_STEPS, type Expected, ORGANISMS, type OrganismName } from './recipes.ts'
export type { StageProgress } from './stage.ts'
export { type OrganismRecord, type TrainHooks, type TrainOrganismOptions, trainOrganism } from './train.ts'
