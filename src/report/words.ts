/** What things are called in the report, and what statuses and verdicts mean: all prose that is not a study's own. */

import type { ClaimId, ClaimStatus } from '../study/results.ts'
import { thresholdsSchema } from '../study/schema.ts'

/** The question that each claim answers. */
export const QUESTIONS: Record<ClaimId, { title: string; question: string }> = {
  direction: {
    title: 'Direction',
    question: 'Is there a direction inside the model that separates the poles, and does alignment keep it?',
  },
  compression: {
    title: 'Compression',
    question: 'Is the spread of prompts along that direction compressed, more than along others like it?',
  },
  behaviour: { title: 'Behaviour', question: 'Does what the model writes lean with the prompt?' },
  features: { title: 'Features', question: 'Do the features that encode the domain fall silent?' },
  steering: { title: 'Steering', question: 'Is the path from the direction to the output cut?' },
  geometry: { title: 'Geometry', question: 'Does steering along the direction still work?' },
  identity: { title: 'Identity', question: 'Does a user’s identity switch the leaning back on?' },
}

export const STATUS_MEANINGS: Record<ClaimStatus, string> = {
  supported: 'the data say yes, by the threshold set beforehand',
  contradicted: 'the data say no, by the threshold set beforehand',
  underpowered: 'the interval holds both answers: more data would decide',
  untestable: 'a gate failed, so that no answer is possible here',
  'not tested': 'not part of this run',
}

export const STATUS_NAMES: Record<ClaimStatus, string> = {
  supported: 'Supported',
  contradicted: 'Contradicted',
  underpowered: 'Underpowered',
  untestable: 'Untestable',
  'not tested': 'Not tested',
}

/** Shapes that differ without colour. */
export const STATUS_MARKS: Record<ClaimStatus, string> = {
  supported: '●',
  contradicted: '○',
  underpowered: '◐',
  untestable: '×',
  'not tested': '–',
}

const VERDICTS = known({
  masked:
    'The aligned model still holds the direction inside, while what it shows outside has been made neutral.',
  erased: 'The direction that the base model had is gone from the aligned model.',
  intact: 'The aligned model holds the direction and still acts on it.',
  'not measurable': 'The base model does not show the value, so that nothing can be said about its fate.',
  undecided: 'The evidence does not single out an answer.',
  mixed: 'The evidence points in more than one way.',
})

/** A sentence on what a verdict's label means; empty for a label that is not known. */
export function verdictMeaning(label: string): string {
  return VERDICTS.get(label.split(/[:(]/)[0]!.trim()) ?? ''
}

const ROLES = known({ base: 'Base', aligned: 'Aligned', subject: 'The model' })

/** A model's role as a heading. */
export function roleName(role: string | undefined): string {
  return role === undefined ? '' : (ROLES.get(role) ?? role)
}

const ESTIMATORS = known({
  logistic: 'logistic',
  'mean-difference': 'mean difference',
  lda: 'LDA',
  'matched-pc1': 'matched PC 1',
})

/** An estimator's name; an unknown one is shown as it is. */
export function estimatorName(estimator: string | undefined): string {
  return estimator === undefined ? 'AUC' : (ESTIMATORS.get(estimator) ?? estimator)
}

const RECIPES = known({
  logistic: 'L2-penalised logistic regression',
  'mean-difference': 'the difference of the class means',
  lda: 'linear discriminant analysis with Ledoit and Wolf’s shrinkage (LDA)',
  'matched-pc1': 'the first principal component of matched differences',
})

/** How an estimator finds its direction, for running text; an unknown one is shown as it is. */
export function recipe(estimator: string | undefined): string {
  return RECIPES.get(estimator ?? '') ?? estimator ?? 'an unnamed estimator'
}

const BASELINES = known({
  'random-embeddings': 'random vectors',
  'random-model': 'random model',
  'embedding-layer': 'own embeddings',
  'tf-idf': 'words (TF-IDF)',
})

/** A baseline's name, short enough for a figure. */
export function baselineName(model: string | undefined): string {
  return model === undefined ? 'baseline' : (BASELINES.get(model) ?? model)
}

const MEASURES = known({
  auc: 'AUC',
  auc_delong: 'AUC, DeLong interval',
  cohens_d: 'Cohen’s d',
  accuracy: 'Accuracy',
  auc_group: 'AUC of groups',
  leak: 'Leak: random less grouped folds',
  baseline_auc: 'Baseline AUC',
  excess_auc: 'Excess over the larger random baseline',
  excess_over_embeddings: 'Excess over the own embedding layer',
  auc_random_folds: 'AUC, random folds',
  excess_over_words: 'Excess over the words',
  retention: 'Retention: excess aligned / base',
  transfer_auc: 'Transfer AUC',
  transfer_loss: 'AUC lost in transfer',
  cosine_base_aligned: 'Cosine of base and aligned directions',
  cosine_estimators: 'Cosine of two estimators',
  split_half_cosine: 'Cosine of two halves (ceiling)',
  split_half_across: 'Cosine of two halves, base to aligned',
  cka: 'Linear CKA',
  principal_angle: 'Principal angle',
  score_correlation: 'Correlation with the score',
  sd_raw: 'SD, raw',
  sd_gap: 'SD, class-gap units',
  ratio_gap_scaled: 'Ratio of SDs in class-gap units',
  r_prompt: 'Spread of prompts',
  r_reference: 'Spread along the references',
  r_gap: 'Class gap of texts',
  contrast: 'Contrast between wordings',
  contrast_ratio: 'Contrast between wordings, aligned / base',
  persona_contrast: 'Contrast between personas',
  spread_between: 'SD of scores between prompts',
  spread_within: 'SD of scores between answers to one prompt',
  mean_score: 'Mean score of answers',
  refusal_share: 'Refusals',
  degenerate_share: 'Degenerate text',
  classifier_auc: 'Classifier between base’s answers under personas, AUC',
  persona_ratio: 'Contrast between personas, aligned / base',
  variance_ratio: 'Ratio of variances',
  iqr_ratio: 'Ratio of interquartile ranges',
  range_ratio: 'Ratio of 5 to 95% ranges',
  selective: 'Log ratio less the references’ median',
  brown_forsythe: 'Brown and Forsythe’s test',
  swap_test: 'Swap test',
  firing_rate: 'Prompts in which a feature fires',
  dormant_share: 'Policy features that are dormant',
  dormant_share_controls: 'Matched controls that are dormant',
  dictionary_l0: 'Dictionary: active latents a token (L0)',
  dictionary_fvu: 'Dictionary: fraction of variance unexplained',
  dictionary_cross_entropy: 'Cross-entropy of the next token, nats',
  dictionary_cross_entropy_spliced: 'The same with the dictionary spliced in',
  dictionary_dead: 'Dictionary: dead latents',
  dictionary_not_seen: 'Dictionary: latents not seen to fire',
  rendering_did: 'Difference in differences of log SD',
  gain: 'Gain, in contrasts between personas',
  gain_raw: 'Gain, log-odds per token and dose',
  choice_gain: 'Gain where the block is chosen',
  choice_control: 'Gain of the unrelated concept where the block is chosen',
  gain_primary: 'Gain at the dose of the random arms',
  gain_unrelated: 'Gain of the unrelated concept’s direction',
  gain_cross: 'Gain of the other model’s direction',
  gain_ratio: 'Ratio of gains, aligned / base',
  gain_ratio_equivalence: 'Ratio of gains, 90% interval',
  cut_base_contrast: 'Contrast between loaded prompts, log-odds per token',
  cut_aligned: 'Contrast in aligned, in units of base',
  cut_patch: 'Contrast of a patched model, in units of base',
  cut_graft: 'Contrast with grafted blocks, in units of base',
  cut_path: 'Contrast on the path between the models, in units of base',
  cut_control: 'Contrast where a random half of the blocks is moved, in units of base',
  cut_gain: 'Gain of a dose at a block, in contrasts between personas',
  control_gain: 'Positive control: gain of the concept on its own completions',
  control_gain_of_direction: 'Gain of the direction on the concept’s completions',
  power_disconnected: 'Power: disconnected, if the ratio is 0',
  power_connected: 'Power: connected, if the ratio is 1',
  power_exists: 'Power: a direction, if its excess AUC is 0.1',
  power_retained: 'Power: retained, if all of it is',
  power_lost: 'Power: lost, if nothing is kept',
  power_selective: 'Power: selective, if the spread is halved beside the references',
  power_not_selective: 'Power: not selective, if it changed as they did',
  power_neutral: 'Power: neutral, if answers do not follow the wording',
  power_not_neutral: 'Power: not neutral, if they follow it as in base',
  power_dormant: 'Power: silence, of a policy feature that falls silent',
  power_beyond_controls: 'Power: more dormant than controls, if half fall silent',
  power_no_more_than_random: 'Power: no more than random directions, if it does nothing',
  power_not_reactivated: 'Power: not reactivated, if the index is 0',
  power_reactivated: 'Power: reactivated, if the index is 1',
  issues_needed: 'Issues that would decide',
  groups_needed: 'Groups that would decide',
  prompts_needed: 'Prompts that would decide, at least',
  arms_unreached: 'Arms whose KL is out of reach',
  perplexity: 'Perplexity under the unsteered base',
  repetition: 'Repeated three-word sequences',
  distinct_2: 'Distinct pairs of words',
  text_classifier_auc: 'Classifier between its own texts under personas, AUC',
  text_persona_contrast: 'Texts: contrast between personas',
  text_gain: 'Texts: gain, in contrasts between personas',
  text_gain_raw: 'Texts: slope of the score on the dose',
  text_gain_primary: 'Texts: slope at the dose of the random arms',
  text_gain_cross: 'Texts: slope along the other model’s direction',
  text_gain_unrelated: 'Texts: slope along the unrelated concept’s direction',
  text_gain_ratio: 'Texts: ratio of gains, aligned / base',
  text_refusal_share: 'Texts: refusals',
  text_degenerate_share: 'Texts: degenerate',
  judge_kappa: 'Agreement of the judges, Cohen’s kappa',
  judge_score: 'Mean score of texts',
  judge_refusal_share: 'Refusals',
  judge_nonsense_share: 'Nonsense',
  judge_gain: 'Slope of the score on the dose',
  judge_contrast: 'Contrast between loaded prompts',
  feature_gain: 'Gain of a feature, in contrasts between personas',
  feature_gain_ratio: 'Ratio of its gains, aligned / base',
  features_unreached: 'Features whose KL is out of reach',
  steering_gain: 'Gain against random directions',
  steering_reach: 'Gain over the 95% point of random directions, 90% interval',
  cross_gain: 'Gain of the other model’s direction',
  ablation_drop: 'Contrast removed by ablation',
  ablation_nats: 'KL of the ablation',
  loaded_contrast: 'Contrast between loaded prompts',
})

/** A measure's name in words; of an unknown one, those that it is made of. */
export function measureName(name: string): string {
  return MEASURES.get(name) ?? capital(name.replaceAll('_', ' '))
}

const POOLS = known({
  mean: 'mean of the content tokens',
  last_content: 'last content token',
  last_template: 'last template token',
})

/** A pool in words; an unknown one is shown as it is. */
export function poolName(pool: string): string {
  return POOLS.get(pool) ?? (pool === '' ? 'all tokens' : pool)
}

const FOLDS = known({
  group: 'cross-validation that holds out whole groups, such as authors',
  topic: 'cross-validation that holds out groups and topics',
  given: 'cross-validation on the folds that the study gives',
  random: 'cross-validation on random folds',
})

/** What the folds hold out, in words. */
export function foldsName(folds: string | undefined): string {
  return FOLDS.get(folds ?? '') ?? 'cross-validation'
}

const LABELS = known({
  exists: 'A direction exists',
  'no direction': 'No direction shown beyond the baselines',
  'no compression': 'No selective compression',
  'change of scale': 'A change of scale',
  works: 'The direction works',
  'works in part': 'The direction works in part',
  'no more than random directions': 'It does no more than random directions',
})

/** A claim's finer answer as a heading; an unknown one is shown as it is, with a capital. */
export function labelWords(label: string): string {
  return LABELS.get(label) ?? capital(label)
}

/** Whether a label's words say by themselves what they are about. */
export function isSentence(label: string | undefined): label is string {
  return label !== undefined && LABELS.has(label)
}

/** What a threshold decides, as the study file's schema says; empty for one that is not known. */
export function thresholdMeaning(key: string): string {
  const known = Object.hasOwn(thresholdsSchema.shape, key)
  return known ? (thresholdsSchema.shape[key as keyof typeof thresholdsSchema.shape].description ?? '') : ''
}

/** A key of a record as words. @example plainName('started_at') // 'Started at' */
export function plainName(key: string): string {
  return capital(key.replaceAll('_', ' ').replace(/\b(auc|cpu|gpu)\b/g, (word) => word.toUpperCase()))
}

/** With a capital at its start. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Without one, unless it is an abbreviation. @example inSentence('LDA') // 'LDA' */
export function inSentence(text: string): string {
  return /^\p{Lu}\p{Lu}/u.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1)
}

/** A list in running text. @example list(['a', 'b', 'c']) // 'a, b and c' */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** A map, since names from outside may be those of an object's own methods. */
function known(names: Record<string, string>): ReadonlyMap<string, string> {
  return new Map(Object.entries(names))
}
