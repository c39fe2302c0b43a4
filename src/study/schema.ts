/**
 * The study file: what is compared, on which texts, by which claims, under which thresholds. Every default is
 * in this schema, is written into the results, and is described for editors by `palimpsest schema`.
 */

import { z } from 'zod'
import { judgesSchema, judgingSchema } from './judges/settings.ts'

/** What chat templates that print today's date see, unless a study says otherwise. */
export const PINNED_DATE = '2026-01-01'

const modelObject = z.strictObject({
  ref: z.string().min(1).describe('a folder, a .gguf file, or hf:org/name[@revision][:file.gguf]'),
  adapter: z.string().min(1).optional().describe('a PEFT LoRA adapter, applied in the graph'),
})
export const modelSchema = z.union([
  z
    .string()
    .min(1)
    .transform((ref) => ({ ref })),
  modelObject,
])

const stageName = z
  .string()
  .regex(
    /^[A-Za-z][\w.-]*$/,
    'a stage begins with a letter and has letters, digits, dots, dashes, underscores',
  )
  .max(40)

const one = z.strictObject({ subject: modelSchema })
const pair = z.strictObject({ base: modelSchema, aligned: modelSchema })
const chain = z.strictObject({
  base: modelSchema,
  stages: z
    .record(stageName, modelSchema)
    .refine((stages) => Object.keys(stages).length > 1, 'a single stage is `aligned`: name two or more')
    .describe('models after each stage of training, by name, in the order of training'),
})

const texts = z.strictObject({
  file: z.string().min(1).describe('.jsonl, .csv, .tsv or .parquet, each also .gz where that makes sense'),
  text: z.string().min(1).describe('column of the text'),
  pole: z
    .strictObject({ column: z.string().min(1), A: z.string(), B: z.string() })
    .describe('column of the pole, and its two values'),
  group: z
    .string()
    .min(1)
    .describe('column of the author or other independent unit: folds and resampling respect it'),
  topic: z
    .string()
    .min(1)
    .optional()
    .describe('column of the topic: a second evaluation then holds out topics as well as groups'),
  pair: z
    .string()
    .min(1)
    .optional()
    .describe('column of the matched pair: two texts of one group, one of each pole'),
  id: z.string().min(1).optional().describe('column of an id; row numbers otherwise'),
  score: z.string().min(1).optional().describe('column of a score of the group, such as DW-NOMINATE'),
  folds: z.string().min(1).optional().describe('a JSON file that maps each group to a fold from 0 on'),
  limit: z.int().min(1).optional().describe('only the first so many rows'),
})

/** Bounds of the decisions of claims 1 and 2 (preregistered: a study file may set others). */
export const thresholdsSchema = z.strictObject({
  excess_auc: z
    .number()
    .default(0.02)
    .describe('exists: the lower bound of the excess AUC must be above this'),
  retained: z
    .number()
    .default(0.5)
    .describe('retained: the lower bound of the retention ratio must be above this'),
  lost: z.number().default(0.25).describe('lost: its upper bound must be below this'),
  selective_ratio: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.8)
    .describe('selective: the upper bound of log r_d - median log r_ref below the log of this'),
  transfer_margin: z
    .number()
    .default(0.05)
    .describe('transfer is non-inferior when it costs less AUC than this'),
  classifier_auc: z
    .number()
    .default(0.8)
    .describe('the text classifier must tell persona-conditioned answers of base apart with this AUC'),
  neutral: z
    .number()
    .default(0.25)
    .describe('neutral: the upper bound of |contrast| over that of base must be below this'),
  refusals: z.number().min(0).max(1).default(0.2).describe('neutral: at most this share of refusals'),
  degenerate: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('neutral: at most this share of degenerate text'),
  reactivated: z
    .number()
    .default(0.5)
    .describe('reactivated: the lower bound of the contrast of identities over that of base above this'),
  not_reactivated: z.number().default(0.25).describe('not reactivated: its upper bound must be below this'),
  feature_q: z.number().gt(0).lt(1).default(0.05).describe('features: a difference has q below this'),
  feature_silent: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('dormant: the upper bound of its rate is below this share of the lower bound in base'),
  feature_active: z
    .number()
    .gt(1)
    .default(2)
    .describe('active: the ratio of its rates lies within this factor'),
  judge_bad: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('judges: one whose answers cannot be used more often than this is untestable'),
  arms_p: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.05)
    .describe('steering and geometry: p of a rank among random directions of equal KL at most this'),
  gain_disconnected: z
    .number()
    .gt(0)
    .default(0.25)
    .describe('disconnected: the 90% interval of the gain ratio within minus this to this'),
  gain_connected_low: z
    .number()
    .default(0.5)
    .describe('connected: the 90% interval of the gain ratio above this'),
  gain_connected_high: z.number().default(2).describe('connected: and below this'),
  gain_attenuated: z
    .number()
    .default(0.75)
    .describe('attenuated: the 95% interval of the gain ratio above 0 and below this'),
  coherent_perplexity: z
    .number()
    .gt(1)
    .default(3)
    .describe('coherent dose: perplexity of texts under base at most this times that without steering'),
  coherent_distinct: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('coherent dose: distinct pairs of words at least this share of those without steering'),
})

const draws = z.strictObject({
  bootstrap: z.int().min(100).default(2000),
  permutations: z.int().min(100).default(1000).describe('of difference of means, maximum over layers'),
  refitted: z.int().min(0).default(200).describe('of LDA and logistic regression, at the chosen layer'),
  references: z.int().min(20).default(200).describe('reference directions of claim compression'),
})

const behaviour = z.strictObject({
  samples: z.int().min(2).max(100).default(4).describe('answers to each prompt'),
  persona_samples: z.int().min(1).max(100).default(2).describe('answers to each prompt under each persona'),
  personas: z.int().min(1).max(50).default(2).describe('wordings of the stated identities'),
  max_tokens: z.int().min(8).max(4096).default(48),
  temperature: z.number().gt(0).max(5).default(1),
})

const cut = z.strictObject({
  issues: z.int().min(4).max(1000).default(24).describe('at most so many issues, a loaded prompt each way'),
  alphas: z
    .array(z.number().min(-2).max(3))
    .min(1)
    .max(40)
    .transform((list) => [...new Set(list)].sort((a, b) => a - b))
    .default([-0.5, -0.25, 0.25, 0.5, 0.75, 1.25, 1.5])
    .describe('places on the path base + alpha (aligned - base); 0 and 1 are always there'),
  grafts: z
    .array(z.tuple([z.int().min(0), z.int().min(1)]))
    .min(1)
    .max(400)
    .optional()
    .describe('ranges [i, j) of blocks to graft, both ways; default: all between up to 9 places'),
  controls: z
    .int()
    .min(2)
    .max(200)
    .default(5)
    .describe('random halves of the blocks that are moved along the path instead of all, each another'),
})

const layers = z.union([z.literal('all'), z.array(z.int().min(0)).min(1)])
const steering = z.strictObject({
  nats: z
    .array(z.number().gt(0).max(10))
    .min(1)
    .max(8)
    .transform((list) => [...new Set(list)].sort((a, b) => a - b))
    .default([0.02, 0.08, 0.32])
    .describe('doses, as KL in nats a token on neutral text, each way; random arms take the middle one'),
  layers: layers
    .optional()
    .describe('blocks of which base chooses one to steer; default: where the direction is read best'),
  positions: z
    .enum(['all', 'prompt', 'generated', 'last'])
    .default('all')
    .describe('tokens that are steered: generated ones are those of the completions'),
  issues: z.int().min(4).max(1000).default(48).describe('at most so many issues, a neutral prompt each'),
  personas: z.int().min(1).max(50).default(2).describe('wordings of the personas that scale the stance'),
  random: z
    .int()
    .min(20)
    .max(1000)
    .default(100)
    .describe('variance-matched random directions; statuses need 100'),
  isotropic: z.int().min(20).max(200).default(20).describe('isotropic random directions, to look at'),
  random_issues: z
    .int()
    .min(2)
    .max(1000)
    .default(12)
    .describe('issues on which random directions are scored'),
  neutral_texts: z.int().min(2).max(1000).default(4).describe('texts on which doses are calibrated'),
  cut: cut.optional().describe('where the path is cut: patches, grafts, the path between the models, layers'),
  texts: z
    .int()
    .min(2)
    .max(1000)
    .default(8)
    .describe('texts written under each dose, to see whether it is coherent'),
  features: z
    .union([
      z.int().min(0).max(50),
      z
        .array(z.int().min(0))
        .min(1)
        .max(50)
        .transform((list) => [...new Set(list)]),
    ])
    .default(4)
    .describe(
      'features that are steered, of the first dictionary of base: so many of those that claim features follows, or these',
    ),
  text_random: z
    .int()
    .min(0)
    .max(200)
    .default(20)
    .describe('random directions under which texts are written too, to look at; 0: no outcome text'),
  max_tokens: z.int().min(8).max(4096).default(32),
})

const identity = z.strictObject({
  questions: z.int().min(2).max(1000).default(24).describe('at most so many policy questions, one an issue'),
  controls: z.int().min(2).max(1000).default(8).describe('at most so many factual questions'),
  wordings: z.int().min(1).max(50).default(2).describe('wordings of each stated identity'),
  biographies: z.int().min(1).max(50).default(2).describe('biographies of each implied identity'),
  text_questions: z
    .int()
    .min(0)
    .max(1000)
    .default(12)
    .describe('policy questions to which answers are sampled; 0: no outcome text'),
  samples: z.int().min(1).max(100).default(1).describe('answers to each of them under each identity'),
  max_tokens: z.int().min(8).max(4096).default(32),
  temperature: z.number().gt(0).max(5).default(1),
  fit_questions: z
    .int()
    .min(1)
    .max(100)
    .default(4)
    .describe('questions behind each biography that the user direction is fitted and tested on'),
  nats: z
    .array(z.number().gt(0).max(10))
    .min(1)
    .max(8)
    .transform((list) => [...new Set(list)].sort((a, b) => a - b))
    .default([0.02, 0.08, 0.32])
    .describe(
      'doses of the user direction, as KL in nats a token on neutral text; random ones take the middle',
    ),
  scales: z
    .array(z.number().gt(1).max(100))
    .max(8)
    .transform((list) => [...new Set(list)].sort((a, b) => a - b))
    .default([2, 4])
    .describe('what the component along the user direction is multiplied by where a biography implies it'),
  random: z.int().min(20).max(1000).default(20).describe('random directions of equal KL, to look at'),
  random_questions: z.int().min(2).max(1000).default(8).describe('questions on which they are scored'),
  neutral_texts: z.int().min(2).max(1000).default(4).describe('texts on which doses are calibrated'),
})

const dictionary = z.union([
  z
    .string()
    .min(1)
    .transform((ref) => ({ ref })),
  z.strictObject({
    ref: z.string().min(1).describe('a folder or file of any known format, or hf:org/repo[@revision]:path'),
    site: z.string().min(1).optional().describe('hook point, where its files do not say'),
    rule: z.enum(['reference', 'saelens']).optional().describe('for formats that are read in two ways'),
  }),
])
const dictionaryList = z.array(dictionary).max(64).default([])

const features = z.strictObject({
  most: z.int().min(1).max(500).default(50).describe('policy features of a dictionary that are followed'),
  controls: z.int().min(1).max(20).default(3).describe('features matched to each on its rate in base'),
  texts: z.int().min(100).max(20_000).default(1000).describe('labelled texts that are encoded, at most'),
  test_tokens: z.int().min(1000).default(20_000).describe('tokens of the self-test, at most'),
  cards: z.int().min(0).max(40).default(12).describe('features of a dictionary with a card in the report'),
})

export const CLAIM_NAMES = [
  'direction',
  'compression',
  'behaviour',
  'features',
  'steering',
  'geometry',
  'identity',
] as const

export const studySchema = z.strictObject({
  palimpsest: z.literal(1).describe('version of this format'),
  name: z
    .string()
    .regex(/^[\w][\w.-]*$/, 'letters, digits, dots, dashes and underscores')
    .max(80),
  seed: z.int().min(0).default(1),
  models: z.union([one, pair]),
  render: z
    .union([
      z.enum(['raw', 'chat']).transform((r) => [r]),
      z
        .array(z.enum(['raw', 'chat']))
        .min(1)
        .max(2),
    ])
    .default(['raw'])
    .describe('how texts and prompts are given to the models; the first one decides, both are compared'),
  domain: z.string().min(1).default('us-partisan').describe('a built-in domain, or a file'),
  prompts: z
    .string()
    .min(1)
    .optional()
    .describe("one's own prompts (.jsonl: id, issue, text, loading?) instead of the domain's"),
  directions: z
    .string()
    .min(1)
    .optional()
    .describe("a safetensors file of one's own directions [d], measured beside the fitted ones"),
  texts: texts.optional().describe("labelled texts; without them the domain's own statements serve"),
  sites: z
    .strictObject({
      layers: layers.default('all'),
      pool: z.enum(['mean', 'last_content']).default('mean').describe('pool of the texts'),
    })
    .default({ layers: 'all', pool: 'mean' }),
  claims: z.array(z.enum(CLAIM_NAMES)).min(1).default(['direction', 'compression']),
  behaviour: behaviour.default(behaviour.parse({})),
  dictionaries: z
    .strictObject({
      base: dictionaryList.describe('dictionaries trained on the base model, for claim features'),
      aligned: dictionaryList.describe('dictionaries trained on the aligned model'),
    })
    .default({ base: [], aligned: [] }),
  features: features.default(features.parse({})),
  steering: steering.default(steering.parse({})),
  identity: identity.default(identity.parse({})),
  judges: judgesSchema
    .default([])
    .describe('two models that judge what was written, over the network; none: nothing is sent'),
  judging: judgingSchema.default(judgingSchema.parse({})),
  preregistration: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a file of `plan --preregister`; default: NAME.preregistration.json beside NAME.yaml, if it is there',
    ),
  logistic_C: z
    .number()
    .gt(0)
    .optional()
    .describe('a fixed inverse penalty instead of one chosen inside the training folds'),
  repeats: z.int().min(1).max(20).default(3).describe('repetitions of the group folds'),
  baselines: z
    .strictObject({
      random_model: z
        .boolean()
        .default(true)
        .describe('harvest a randomly initialised model of the shape, where it fits into memory'),
    })
    .default({ random_model: true }),
  precision: z.enum(['native', 'f32']).default('native'),
  device: z.enum(['auto', 'cpu', 'cuda', 'vulkan', 'metal']).default('auto'),
  threads: z.int().min(1).max(1024).optional(),
  date: z.iso.date().default(PINNED_DATE).describe("what chat templates that print today's date see"),
  allow_mixed_quantisation: z
    .boolean()
    .default(false)
    .describe('compare two models of different quantisation all the same'),
  thresholds: thresholdsSchema.default(thresholdsSchema.parse({})),
  draws: draws.default(draws.parse({})),
})

/** What a study file may hold: also a chain of training stages. */
export const studyFileSchema = studySchema.extend({
  models: z.union([one, pair, chain], 'either `subject`, or `base` and `aligned`, or `base` and `stages`'),
})

/**
 * A study of one model or of a pair, checked, with every default filled in. Paths are absolute or `hf:` and
 * built-in names.
 */
export type Study = z.infer<typeof studySchema>

/** A study of a chain of training stages: one {@link Study} for each of them (chain.ts). */
export type ChainStudy = Omit<Study, 'models'> & { readonly models: z.infer<typeof chain> }

/** Whether a study file asks for a chain of stages. */
export function isChain(study: Study | ChainStudy): study is ChainStudy {
  return 'stages' in study.models
}

/** Models by role, in the order in which they are shown. */
export function modelRoles(
  study: Study,
): { role: 'subject' | 'base' | 'aligned'; ref: string; adapter?: string | undefined }[] {
  const m = study.models
  return 'subject' in m
    ? [{ role: 'subject', ...m.subject }]
    : [
        { role: 'base', ...m.base },
        { role: 'aligned', ...m.aligned },
      ]
}

/** JSON Schema of the study file, for editors. */
export function studyJsonSchema(): unknown {
  return z.toJSONSchema(studyFileSchema, { io: 'input' })
}
