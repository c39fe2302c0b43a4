/** What things are called in the report, and what statuses and verdicts mean: all prose that is not a study's own. */

import type { ClaimId, ClaimStatus } from '../study/results.ts'

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

const VERDICTS: Record<string, string> = {
  masked:
    'The aligned model still holds the direction inside, while what it shows outside has been made neutral.',
  erased: 'The direction that the base model had is gone from the aligned model.',
  intact: 'The aligned model holds the direction and still acts on it.',
  'not measurable': 'The base model does not show the value, so that nothing can be said about its fate.',
  undecided: 'The evidence does not single out an answer.',
  mixed: 'The evidence points in more than one way.',
}

/** A sentence on what a verdict's label means; empty for a label that is not known. */
export function verdictMeaning(label: string): string {
  return VERDICTS[label.split(/[:(]/)[0]!.trim()] ?? ''
}

const ROLES: Record<string, string> = { base: 'Base', aligned: 'Aligned', subject: 'The model' }

/** A model's role as a heading. */
export function roleName(role: string | undefined): string {
  return role === undefined ? '' : (ROLES[role] ?? role)
}

const ESTIMATORS: Record<string, string> = {
  logistic: 'logistic',
  'mean-difference': 'mean difference',
  lda: 'LDA',
  'matched-pc1': 'matched PC 1',
}

/** An estimator's name; an unknown one is shown as it is. */
export function estimatorName(estimator: string | undefined): string {
  return estimator === undefined ? 'AUC' : (ESTIMATORS[estimator] ?? estimator)
}

const BASELINES: Record<string, string> = {
  'random-embeddings': 'random vectors',
  'random-model': 'random model',
  'embedding-layer': 'own embeddings',
  'tf-idf': 'words (TF-IDF)',
}

/** A baseline's name, short enough for a figure. */
export function baselineName(model: string | undefined): string {
  return model === undefined ? 'baseline' : (BASELINES[model] ?? model)
}

const MEASURES: Record<string, string> = {
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
  cosine_base_aligned: 'Cosine of base and aligned directions',
  cosine_estimators: 'Cosine of two estimators',
  split_half_cosine: 'Cosine of two halves (ceiling)',
  cka: 'Linear CKA',
  principal_angle: 'Principal angle',
  score_correlation: 'Correlation with the score',
  auc_topic: 'AUC, topics held out',
  sd_raw: 'SD, raw',
  sd_gap: 'SD, class-gap units',
  ratio: 'Ratio of SDs, aligned / base',
  ratio_gap_scaled: 'Ratio of SDs in class-gap units',
  r_prompt: 'Spread of prompts, aligned / base',
  r_gap: 'Class gap of texts, aligned / base',
  variance_ratio: 'Ratio of variances',
  iqr_ratio: 'Ratio of interquartile ranges',
  range_ratio: 'Ratio of 5 to 95% ranges',
  selective: 'Log ratio less the references’ median',
  brown_forsythe: 'Brown and Forsythe’s test',
  swap_test: 'Swap test',
  rendering_did: 'Difference in differences of log SD',
}

/** A measure's name in words; an unknown one is shown as it is. */
export function measureName(name: string): string {
  return MEASURES[name] ?? name.replaceAll('_', ' ')
}

const POOLS: Record<string, string> = {
  mean: 'mean of the content tokens',
  last_content: 'last content token',
  last_template: 'last template token',
}

/** A pool in words; an unknown one is shown as it is. */
export function poolName(pool: string): string {
  return POOLS[pool] ?? (pool === '' ? 'all tokens' : pool)
}
