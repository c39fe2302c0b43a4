/**
 * The choice of the block that the causal claims steer, among those that a study names: which issues choose, which
 * block is taken, and what is shown of it. steering-layer.ts measures what the choice rests on.
 */

import { refuse } from '../core/errors.ts'
import type { Estimate } from '../stats/estimate.ts'
import { measure } from './direction-measures.ts'
import { siteOf } from './harvest.ts'
import type { Measure } from './results.ts'
import { evenly, type StanceItem, type StanceItems } from './stance-items.ts'
import type { Beside } from './text-measures.ts'

/** Share of the issues that choose. */
const SHARE = 1 / 4
/** Issues without which nothing is chosen: a quarter of them is four. */
const LEAST_ISSUES = 16
/** Prompts of the unrelated concept without which nothing is chosen; half of them choose. */
const LEAST_CONCEPT = 4

/** What base's directions did at a block, mean log-odds per token and dose; null where a dose is out of reach. */
export interface BlockGain {
  readonly layer: number
  /** Of the direction on its completions. */
  readonly gain: Estimate | null
  /** Of the unrelated concept on its own. */
  readonly control: Estimate | null
}

export interface LayerChoice {
  readonly layer: number
  /** Issues that chose; none where there was one block to choose from. */
  readonly issues: number
  /** Prompts of the unrelated concept that chose. */
  readonly prompts: number
  readonly blocks: readonly BlockGain[]
}

/**
 * Refuses a choice by too little.
 *
 * @param issues of the domain that the study steers on
 * @param prompts of the unrelated concept
 * @throws PalimpsestError `steering-layers`
 */
export function checkChoice(issues: number, prompts: number): void {
  if (issues < LEAST_ISSUES || prompts < LEAST_CONCEPT)
    throw refuse(
      'steering-layers',
      'There is too little to choose a block by, and to measure with afterwards.',
      {
        where: 'study file, steering.layers',
        expected: `${LEAST_ISSUES} issues (steering.issues), and ${LEAST_CONCEPT} prompts of the unrelated concept (steering.random_issues)`,
        found: `${issues} issues, ${prompts} prompts`,
        fix: 'Name one block, or ask on more issues.',
      },
    )
}

/**
 * Divides the items: a quarter of the issues chooses, with half of the prompts of the unrelated concept.
 *
 * @throws PalimpsestError `steering-layers`
 */
export function divide(items: StanceItems): { choosing: StanceItems; measured: StanceItems } {
  const { neutral, concept } = items
  checkChoice(neutral.length, concept.length)
  const units = new Set(evenly(neutral, Math.floor(neutral.length * SHARE)).map((i) => i.unit))
  const prompts = new Set(evenly(concept, concept.length >> 1).map((i) => i.id))
  const part = (chooses: boolean): StanceItems => {
    const of = (list: readonly StanceItem[]): StanceItem[] =>
      list.filter((i) => units.has(i.unit) === chooses)
    return {
      neutral: of(neutral),
      personas: { A: of(items.personas.A), B: of(items.personas.B) },
      loaded: { A: of(items.loaded.A), B: of(items.loaded.B) },
      concept: concept.filter((i) => prompts.has(i.id) === chooses),
      texts: items.texts,
    }
  }
  return { choosing: part(true), measured: part(false) }
}

/** What chooses the block, where a study names several, and what is measured there. */
export function dividedItems(
  all: StanceItems,
  layers: readonly number[],
): { choosing: StanceItems | undefined; measured: StanceItems } {
  return layers.length > 1 ? divide(all) : { choosing: undefined, measured: all }
}

/**
 * The block where both the direction and the positive control move their own completions, neither of them far less
 * than at its best block: the largest of min(gain / best gain, control / best control). Where no block moves the
 * control, the gain alone decides.
 *
 * @returns undefined where the direction moves its completions its own way at no block
 */
export function chooseBlock(blocks: readonly BlockGain[]): number | undefined {
  const best = (of: (b: BlockGain) => Estimate | null): number =>
    Math.max(0, ...blocks.map((b) => of(b)?.value ?? 0))
  const [gain, control] = [best((b) => b.gain), best((b) => b.control)]
  if (gain === 0) return undefined
  const worth = (b: BlockGain): number =>
    Math.min((b.gain?.value ?? 0) / gain, control === 0 ? 1 : (b.control?.value ?? 0) / control)
  return blocks.reduce((a, b) => (worth(b) > worth(a) ? b : a)).layer
}

/** What base's directions did at the blocks that it chose from, and which it took; undefined where there was no choice. */
export function choiceMeasures(
  { layer: chosen, issues, prompts, blocks }: LayerChoice,
  role: string,
  rendering: 'raw' | 'chat',
): Beside | undefined {
  if (blocks.length === 0) return undefined
  const measures = blocks.flatMap(({ layer, gain, control }) =>
    (
      [
        ['choice_gain', gain, 'the direction, on the issues that choose the block'],
        ['choice_control', control, 'the unrelated concept, on prompts that choose the block'],
      ] as const
    ).flatMap(([name, e, what]): Measure[] =>
      e === null
        ? []
        : [
            measure(name, e, {
              model: role,
              layer,
              site: siteOf(layer),
              rendering,
              note: `${what}, log-odds per token and dose`,
            }),
          ],
    ),
  )
  const list = blocks.map((b) => `${b.layer}`).join(', ')
  const lost = blocks.filter((b) => b.gain === null || b.control === null).map((b) => `${b.layer}`)
  return {
    measures,
    series: [],
    words: [
      chooseBlock(blocks) === undefined
        ? `At none of the blocks ${list} did the direction move ${role} its own way on the ${issues} issues that choose: it was steered where it is read, at block ${chosen}.`
        : `Of the blocks ${list}, ${role} chose block ${chosen} to be steered, on ${issues} issues and ${prompts} prompts of the unrelated concept that nothing else uses.`,
      ...(lost.length === 0 ? [] : [`The dose was out of reach at: ${lost.join(', ')}.`]),
    ].join(' '),
  }
}
