/** Steers one model along all arms and writes down what came of it. */

import { unreachable } from '../model/calibrate.ts'
import { type ClusterOptions, issueEstimate, weightedMean } from '../stats/bootstrap.ts'
import type { Estimate } from '../stats/estimate.ts'
import {
  type Arm,
  type ArmDirection,
  type ArmDose,
  ablationNats,
  type ChangeCost,
  calibrateArms,
  middleDose,
  scoreArms,
} from './arms.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import { modelTexts } from './model-texts.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { evenly, type StanceItem, type StanceItems } from './stance-items.ts'
import type { Ablated, BothWays, DosedStance, SteeringTable } from './steering-table.ts'

/** Directions of unit norm at a site. */
export interface ModelDirections {
  readonly site: string
  readonly own: ArmDirection
  readonly cross: ArmDirection | undefined
  readonly unrelated: ArmDirection
  readonly matched: readonly ArmDirection[]
  /** More of them, for ablations: not every direction can be made to cost as much as the own one does. */
  readonly spare: readonly ArmDirection[]
  readonly isotropic: readonly ArmDirection[]
  readonly matching: SteeringTable['matching']
  readonly span: number
  /** Whether the direction is also ablated, and random ones beside it. */
  readonly ablate: boolean
}

/** Id of the other model's direction. */
export const CROSS = 'cross'

/** An arm at a dose. */
interface Dosed extends ArmDose {
  readonly arm: Arm
}

/** Calibrates, scores and samples. */
export async function steerModel(
  run: RunFolder,
  p: Prepared,
  model: StudyModel,
  d: ModelDirections,
  items: StanceItems,
  options: StepOptions,
): Promise<SteeringTable> {
  const { steering } = p.study
  const primary = middleDose(steering.nats)
  const place = (what: string) => modelPlace(model, d.site, `steering of ${model.role}: ${what}`, options)
  const { doses, cost } = await dosesOf(run, place('doses'), d, items, steering.nats, primary)
  const own = doses.filter((x) => x.id === d.own.id && x.arm.op === 'add')
  const lost = own.find((x) => x.found === undefined)
  if (lost !== undefined) throw unreachable(d.site, lost.asked, lost.curve)
  const reached = doses.filter((x) => x.found !== undefined)
  const subset = evenly([...items.neutral.keys()], steering.random_issues)
  const few = subset.map((i) => items.neutral[i]!)
  const loaded = loadedPairs(items, steering.random_issues)

  const arms: { id: string; arm: Arm | undefined; items: readonly StanceItem[] }[] = [
    { id: 'plain', arm: undefined, items: items.neutral },
    { id: 'persona A', arm: undefined, items: items.personas.A },
    { id: 'persona B', arm: undefined, items: items.personas.B },
    { id: 'concept', arm: undefined, items: items.concept },
    { id: 'loaded', arm: undefined, items: loaded },
  ]
  const add = (x: Dosed, of: string, list: readonly StanceItem[]): void => {
    arms.push({ id: armId(x, of), arm: x.arm, items: list })
  }
  const random = new Set([...d.matched, ...d.isotropic].map((r) => r.id))
  const looked = new Set(d.isotropic.map((r) => r.id))
  for (const x of reached)
    if (x.arm.op === 'ablate') add(x, 'loaded', loaded)
    else {
      add(x, 'neutral', random.has(x.id) ? few : items.neutral)
      if (Math.abs(x.asked) === primary && (x.id === 'own' || x.id === 'unrelated' || looked.has(x.id)))
        add(x, 'concept', items.concept)
    }
  const mine = await scoreArms(
    run,
    { ...place('scores'), positions: steering.positions },
    arms.filter((a) => !isCross(a.arm)),
  )
  const crossed = arms.filter((a) => isCross(a.arm))
  const { scores } =
    crossed.length === 0
      ? { scores: [] }
      : await scoreArms(run, { ...place('scores, cross'), positions: steering.positions }, crossed)
  const scored = [...mine.scores, ...scores]
  const byId = new Map(scored.map((s) => [s.id, s]))
  const stance = (id: string): readonly number[] => byId.get(id)!.stance
  const dosed = (x: Dosed, of: string): DosedStance => ({
    asked: x.asked,
    dose: x.found!.dose,
    stance: stance(armId(x, of)),
  })
  const both = (id: string, of: string): BothWays | undefined => {
    const at = (asked: number) => reached.find((x) => x.id === id && x.arm.op === 'add' && x.asked === asked)
    const [plus, minus] = [at(primary), at(-primary)]
    return plus && minus && { id, plus: dosed(plus, of), minus: dosed(minus, of) }
  }
  const all = (list: readonly ArmDirection[], of: string): BothWays[] =>
    list.flatMap((r) => both(r.id, of) ?? [])
  const contrast = (id: string): number[] => contrastsOf(loaded, stance(id))
  const receipts = scored.flatMap((s) => s.receipt ?? [])
  const read = new Set(
    steering.text_random === 0
      ? []
      : ['unrelated', ...d.matched.slice(0, steering.text_random).map((r) => r.id)],
  )
  const others = reached.filter((x) => x.arm.op === 'add')
  const { coherence, texts } = await modelTexts(run, p, model, {
    site: d.site,
    own,
    others: others.filter((x) => read.has(x.id)),
    cross: others.filter((x) => read.size > 0 && isCross(x.arm)),
    items,
    options,
  })
  return {
    role: model.role,
    plain: stance('plain'),
    own: own.map((x) => dosed(x, 'neutral')).sort((a, b) => a.dose - b.dose),
    primary,
    personas: {
      A: byUnit(items, items.personas.A, stance('persona A')),
      B: byUnit(items, items.personas.B, stance('persona B')),
    },
    cross: both(CROSS, 'neutral'),
    unrelated: both('unrelated', 'neutral'),
    subset,
    random: { matched: all(d.matched, 'neutral'), isotropic: all(d.isotropic, 'neutral') },
    matching: d.matching,
    span: d.span,
    concept: {
      own: both('unrelated', 'concept'),
      direction: both('own', 'concept'),
      random: all(d.isotropic, 'concept'),
    },
    coherence,
    texts,
    zero: mine.zero,
    nats: { asked: reached.map((x) => x.asked), reached: reached.map((x) => x.found!.nats) },
    receipts: {
      asked: receipts.map((r) => r.asked),
      measured: receipts.map((r) => r.measured),
      tokens: receipts.map((r) => r.tokens),
    },
    curve: own
      .flatMap((x) => x.curve)
      .sort((a, b) => a.alpha - b.alpha)
      .map(({ alpha, nats }) => ({ alpha, nats })),
    unreached: doses.filter((x) => x.found === undefined).map((x) => x.id),
    ablation:
      cost &&
      ablationOf(
        reached,
        d.matched.length,
        contrast,
        await costEstimate(cost, {
          seed: p.study.seed,
          draws: p.study.draws.bootstrap,
          signal: options.signal,
        }),
      ),
  }
}

/** Every direction at the doses at which it is scored; ablations at the KL of the whole one of d. */
async function dosesOf(
  run: RunFolder,
  place: Parameters<typeof calibrateArms>[1],
  d: ModelDirections,
  items: StanceItems,
  levels: readonly number[],
  primary: number,
): Promise<{ doses: Dosed[]; cost: ChangeCost | undefined }> {
  const signs = [-1, 1]
  const asks: { direction: ArmDirection; op: Arm['op']; nats: number }[] = []
  const put = (direction: ArmDirection, nats: number): void => {
    for (const sign of signs) asks.push({ direction, op: 'add', nats: sign * nats })
  }
  for (const level of levels) put(d.own, level)
  for (const direction of [d.unrelated, ...d.isotropic, ...d.matched]) put(direction, primary)
  const [cost] = d.ablate ? await ablationNats(run, place, items.texts, [d.own]) : []
  // An ablation that costs nothing is told by its own KL; random ones cannot be made to cost as little.
  if (cost !== undefined && cost.nats > 0)
    for (const direction of [d.own, ...d.matched, ...d.spare])
      asks.push({ direction, op: 'ablate', nats: cost.nats })
  const found = await calibrateArms(run, place, items.texts, asks)
  const doses = [...found.doses]
  if (d.cross !== undefined) {
    const first = asks.length
    put(d.cross, primary)
    doses.push(...(await calibrateArms(run, place, items.texts, asks.slice(first))).doses)
  }
  return {
    doses: doses.map((dose, i) => ({
      ...dose,
      arm: { ...asks[i]!.direction, op: asks[i]!.op, size: dose.found?.alpha ?? 0 },
    })),
    cost,
  }
}

/**
 * Whether an arm goes along the other model's direction. Such arms are steps of their own: all else is the same
 * whatever a model is compared with, and studies that share the model share it.
 */
const isCross = (arm: Arm | undefined): boolean => arm?.id === CROSS

const armId = (x: Dosed, of: string): string => `${x.arm.op} ${x.id} ${x.asked} ${of}`

/** Loaded prompts of issues that have both kinds: A, B, A, B. */
function loadedPairs(items: StanceItems, count: number): StanceItem[] {
  const b = new Map(items.loaded.B.map((i) => [i.unit, i]))
  const paired = items.loaded.A.filter((a) => b.has(a.unit))
  return evenly(paired, count).flatMap((a) => [a, b.get(a.unit)!])
}

function contrastsOf(loaded: readonly StanceItem[], stance: readonly number[]): number[] {
  return Array.from({ length: loaded.length / 2 }, (_, i) => stance[2 * i + 1]! - stance[2 * i]!)
}

/** Mean over wordings, by issue. */
function byUnit(items: StanceItems, list: readonly StanceItem[], stance: readonly number[]): number[] {
  return items.neutral.map(({ unit }) => {
    const own = stance.filter((_, i) => list[i]!.unit === unit)
    return own.reduce((s, v) => s + v, 0) / own.length
  })
}

/** KL a token, resampled over texts. */
async function costEstimate({ texts, tokens }: ChangeCost, draws: ClusterOptions): Promise<Estimate> {
  const found = await issueEstimate(
    { of: texts.map((_, i) => i), count: texts.length },
    { ...draws, stage: 'texts', method: 'bootstrap over texts' },
    (w) => weightedMean(texts, w) / weightedMean(tokens, w),
  )
  return found!
}

function ablationOf(
  reached: readonly Dosed[],
  count: number,
  contrast: (id: string) => number[],
  cost: Estimate,
): SteeringTable['ablation'] {
  const made = reached
    .filter((x) => x.arm.op === 'ablate')
    .map((x): Ablated => ({ id: x.id, nats: x.found!.nats, contrast: contrast(armId(x, 'loaded')) }))
  const own = made.find((a) => a.id === 'own')
  return (
    own && {
      plain: contrast('loaded'),
      own,
      cost,
      random: made.filter((a) => a.id !== 'own').slice(0, count),
    }
  )
}
