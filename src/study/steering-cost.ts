/** What the causal claims cost, counted without running anything: texts and tokens through a model. */

import { BEHIND, type Cost, ROUNDS } from './answers-cost.ts'
import type { Prepared } from './prepare.ts'
import type { Study } from './schema.ts'
import { evenly, type StanceItem, type StanceItems, stanceItems } from './stance-items.ts'
import { dividedItems } from './steering-choice.ts'

/** Random directions of a model on which no status depends. */
const TO_LOOK = 20
/** Share of random directions that are made beside those asked for, for ablations that come out too cheap. */
const SPARE = 0.2

/** How many random directions a model is steered along, and how many more are ablated. */
export function randomCounts(study: Study, m: number): { matched: number; spare: number } {
  const geometry = study.claims.includes('geometry')
  const { random } = study.steering
  const matched = m === 0 || geometry ? random : Math.min(TO_LOOK, random)
  return { matched, spare: m === 0 && geometry ? Math.ceil(SPARE * matched) : 0 }
}

/** Whether a study steers at all: `steering` compares two models. */
export function steers(study: Study, models: number): boolean {
  return study.claims.includes('geometry') || (study.claims.includes('steering') && models > 1)
}

/** The work on a model, by its number; what is shared by arms counts once. */
export function steeringCost(p: Prepared, m: number): Cost[] {
  const { steering } = p.study
  const { choosing, measured: items } = dividedItems(stanceItems(p), p.steeringLayers)
  const { matched, spare } = randomCounts(p.study, m)
  const prompts = (list: readonly StanceItem[]): number => list.reduce((n, i) => n + i.prompt.length, 0)
  const completions = (list: readonly StanceItem[]): number =>
    list.reduce((n, i) => n + i.completions[0].length + i.completions[1].length, 0)
  const levels = 2 * steering.nats.length
  const others = 2 * (p.models.all.length > 1 ? 2 : 1)
  const random = 2 * (matched + steering.isotropic)
  const ablated = spare > 0 ? 1 + matched + spare : 0
  const asks = levels + others + random + ablated
  const few = evenly(items.neutral, steering.random_issues)
  const loaded = [...items.loaded.A, ...items.loaded.B].slice(0, 2 * steering.random_issues)
  const arms: [count: number, items: readonly StanceItem[]][] = [
    [levels + others, items.neutral],
    [random, few],
    [4 + 2 * steering.isotropic, items.concept],
    [ablated, loaded],
  ]
  const plain = [items.neutral, items.personas.A, items.personas.B, items.concept, loaded]
  const asked = Math.min(steering.texts, items.neutral.length)
  const judged = (1 + levels) * asked // by base
  const read =
    steering.text_random === 0
      ? 0
      : (others + 2 * Math.min(steering.text_random, matched)) * asked +
        2 * Math.min(steering.personas, p.domain.personas.length) * asked
  const prompt = items.neutral.reduce((n, i) => n + i.prompt.length, 0) / Math.max(1, items.neutral.length)
  const neutral = items.texts.reduce((n, t) => n + t.tokens.length, 0)
  const targets = p.steered?.most ?? 0
  const controls = targets * p.study.features.controls
  const features: Cost[] =
    targets === 0
      ? []
      : [
          {
            what: 'features',
            texts: 2 * (targets * items.neutral.length + controls * few.length),
            tokens: Math.round(BEHIND * 2 * (targets * prompts(items.neutral) + controls * prompts(few))),
            scored: Math.round(
              BEHIND *
                2 *
                (ROUNDS * (targets + controls) * neutral +
                  targets * completions(items.neutral) +
                  controls * completions(few)),
            ),
            written: 0,
          },
        ]
  const through = (of: (list: readonly StanceItem[]) => number): number =>
    Math.round(
      arms.reduce((n, [count, list]) => n + BEHIND * count * of(list), 0) +
        plain.reduce((n, list) => n + of(list), 0),
    )
  return [
    ...(m === 0 && choosing !== undefined ? [choiceCost(choosing, p.steeringLayers.length)] : []),
    ...features,
    ...cutCost(p, m, items),
    {
      what: 'doses',
      texts: Math.round(ROUNDS * asks * items.texts.length),
      tokens: 0,
      scored: Math.round(BEHIND * ROUNDS * asks * neutral),
      written: 0,
    },
    {
      what: 'scores',
      texts: arms.reduce((n, [count, list]) => n + count * list.length, 0),
      tokens: through(prompts),
      scored: through(completions),
      written: 0,
    },
    {
      what: 'texts',
      texts: judged + read,
      tokens: Math.round((judged + read) * prompt),
      scored: Math.round(judged * (prompt + steering.max_tokens)),
      written: (judged + read) * steering.max_tokens,
    },
  ]
}

/** At every block the direction and the unrelated concept, both ways, each on its own items. */
function choiceCost({ neutral, concept, texts }: StanceItems, blocks: number): Cost {
  const both = [...neutral, ...concept]
  const sum = (of: (i: StanceItem) => number): number => both.reduce((n, i) => n + of(i), 0)
  const calibrated = texts.reduce((n, t) => n + t.tokens.length, 0)
  // Without a dose and with one each way.
  const passes = blocks * (1 + 2 * BEHIND)
  return {
    what: 'choice of the block',
    texts: Math.round(blocks * (3 * both.length + ROUNDS * 4 * texts.length)),
    tokens: Math.round(passes * sum((i) => i.prompt.length)),
    scored: Math.round(
      passes * sum((i) => i.completions[0].length + i.completions[1].length) +
        blocks * BEHIND * ROUNDS * 4 * calibrated,
    ),
    written: 0,
  }
}

/** Hybrids (counted for base), and doses at every block. */
function cutCost(p: Prepared, m: number, items: ReturnType<typeof stanceItems>): Cost[] {
  const { cut } = p.study.steering
  if (cut === undefined || p.cut === undefined) return []
  const hybrids = m === 0 ? p.cut.hybrids : []
  // A map between the models is computed in both.
  const passes = hybrids.reduce(
    (n, h) => n + 1 + h.blocks.filter((a) => a !== 0 && a !== 1).length / h.blocks.length,
    0,
  )
  const asked = [...evenly(items.loaded.A, cut.issues), ...evenly(items.loaded.B, cut.issues)]
  const length = (list: readonly StanceItem[], of: (i: StanceItem) => number): number =>
    list.reduce((n, i) => n + of(i), 0)
  const prompt = (i: StanceItem): number => i.prompt.length
  const completions = (i: StanceItem): number => i.completions[0].length + i.completions[1].length
  const neutral = items.texts.reduce((n, t) => n + t.tokens.length, 0)
  const arms = 3 * p.layers.length
  return [
    {
      what: 'cut',
      texts: hybrids.length * asked.length + arms * items.neutral.length,
      tokens: Math.round(passes * length(asked, prompt) + BEHIND * arms * length(items.neutral, prompt)),
      scored: Math.round(
        passes * length(asked, completions) +
          BEHIND * arms * length(items.neutral, completions) +
          BEHIND * ROUNDS * 2 * p.layers.length * neutral,
      ),
      written: 0,
    },
  ]
}
