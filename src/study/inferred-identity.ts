/**
 * Inferred identity on one model: a direction of the user fitted on what biographies imply, added at rising doses
 * where nothing is said about the user, and scaled where a biography implies who they are; and the domain's own
 * direction ablated where users say who they are. Writes down what came of it; nothing is judged here.
 */

import { identityMessages } from '../domain/index.ts'
import { mean } from '../stats/estimate.ts'
import { number } from '../stats/groups.ts'
import { project } from '../stats/oof.ts'
import { armDirections } from '../stats/references.ts'
import { type GroupedActivations, type HeldOutDirection, heldOutDirection } from '../stats/user-direction.ts'
import {
  type ArmDirection,
  type ArmDose,
  ablationNats,
  type ChangeCost,
  calibrateArms,
  middleDose,
  scoreArms,
} from './arms.ts'
import type { DirectionRecord } from './directions.ts'
import { type Harvest, harvest, siteOf } from './harvest.ts'
import { ask, type IdentityItem, policyQuestions, settingOf } from './identity-items.ts'
import { modelPlace, type StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { RunFolder } from './run-folder.ts'
import { evenly, type StanceItem } from './stance-items.ts'
import type { BothWays, DosedStance } from './steering-table.ts'

/** What was found on one model. */
export interface InferredTable {
  readonly role: string
  /** Issues, one question each. */
  readonly units: readonly string[]
  readonly user: HeldOutDirection
  /** |KL| at which random directions are compared. */
  readonly primary: number
  /** The user direction, both ways, at every dose that could be reached, rising. */
  readonly doses: readonly BothWays[]
  /** Issues (by index) on which random directions are scored. */
  readonly subset: readonly number[]
  /** Random directions of equal KL at the primary dose. */
  readonly random: readonly BothWays[]
  /** B less A by issue of the subset, where biographies imply them, with the user direction scaled; 1: as it is. */
  readonly scaled: readonly { readonly factor: number; readonly contrast: readonly number[] }[]
  /** B less A by issue where users state who they are: plain, d ablated, random directions ablated at equal KL. */
  readonly mediation:
    | {
        readonly plain: readonly number[]
        readonly own: readonly number[]
        /** Of issues of the subset. */
        readonly random: readonly (readonly number[])[]
        readonly nats: number
      }
    | undefined
  /** Directions whose KL could not be reached. */
  readonly unreached: readonly string[]
  /** Largest change that a dose of zero made. */
  readonly zero: number
}

/**
 * Runs all arms on a model.
 *
 * @param prompts harvest of the study's prompts: random directions are as strong in them as the direction is
 * @throws PalimpsestError `interrupted`, and as the models
 */
export async function inferredIdentity(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  prompts: Harvest,
  model: StudyModel,
  items: readonly IdentityItem[],
  options: StepOptions,
): Promise<InferredTable> {
  const { study, domain } = p
  const settings = study.identity
  const site = siteOf(direction.layer)
  const d = direction.directions.get(`${model.role}.mean-difference`)!
  const user = await userDirection(run, p, direction, model, d, options)
  const plain = policyQuestions(domain, settings.questions).map(
    (q): StanceItem => stanceItem({ ...ask(settingOf(p), q.id, q), unit: q.unit }),
  )
  const subset = evenly([...plain.keys()], settings.random_questions)
  const few = subset.map((i) => plain[i]!)
  const units = new Set(few.map((i) => i.unit))
  const policy = items.filter((i) => i.kind === 'policy' && i.slot === 'user')
  const implied = opposed(policy.filter((i) => i.form === 'implied' && units.has(i.unit)))
  const stated = opposed(policy.filter((i) => i.form === 'stated'))
  const x = await prompts.load(direction.layer, 'mean')
  const references = async (around: Float64Array): Promise<Float64Array[]> =>
    (await armDirections(x, around, settings.random, study.seed, options.signal)).directions.slice(
      -settings.random,
    )
  const means = await meansFrom(run, p, direction.layer, model, policy, options)
  const named = (id: string, v: Float64Array): ArmDirection => ({ id, vector: Float32Array.from(v) })
  const everywhere = (id: string, v: Float64Array): ArmDirection => ({
    ...named(id, v),
    at: means.map(({ site, load }) => ({ site, mean: load(v) })),
  })
  const u = named('user', user.direction)
  const random = (await references(user.direction)).map((v, i) => named(`random-${i}`, v))
  const own = everywhere('d', d)
  const others = (await references(d)).map((v, i) => everywhere(`other-${i}`, v))

  const place = (what: string) => modelPlace(model, site, `identity of ${model.role}: ${what}`, options)
  const { tokenizer } = p.models.all[0]!.description
  const texts = evenly(domain.neutralTexts, settings.neutral_texts).map(({ id, text }) => ({
    id,
    tokens: tokenizer.encode(text),
  }))
  const primary = middleDose(settings.nats)
  const [{ nats }] = (await ablationNats(run, place('ablation'), texts, [own])) as [ChangeCost]
  const asks = [
    ...settings.nats.flatMap((level) => [-level, level].map((n) => ({ direction: u, op: 'add', nats: n }))),
    ...random.flatMap((r) => [-primary, primary].map((n) => ({ direction: r, op: 'add', nats: n }))),
    // An ablation that costs nothing is told by its own KL; random ones cannot be made to cost as little.
    ...(nats > 0 ? others.map((r) => ({ direction: r, op: 'ablate', nats })) : []),
  ] as { direction: ArmDirection; op: 'add' | 'ablate'; nats: number }[]
  const { doses } = await calibrateArms(run, place('doses'), texts, asks)
  const reached = asks.flatMap((a, i) => {
    const { found } = doses[i]!
    return found === undefined ? [] : [{ ...a, found, arm: { ...a.direction, op: a.op, size: found.alpha } }]
  })
  const armId = (a: { direction: ArmDirection; op: string; nats: number }): string =>
    `${a.op} ${a.direction.id} ${a.nats}`
  const statedFew = stated.filter((i) => units.has(i.unit))
  const uMean = means[0]!.load(user.direction)
  const scored = await scoreArms(run, { ...place('scores'), positions: 'all' }, [
    { id: 'stated', arm: undefined, items: stated },
    { id: 'implied', arm: undefined, items: implied },
    ...settings.scales.map((factor) => ({
      id: `scaled ${factor}`,
      // x + amount (mean - <x, u>) u with amount 1 - factor multiplies the component about its mean.
      arm: { ...u, mean: uMean, op: 'ablate' as const, size: 1 - factor },
      items: implied,
    })),
    { id: 'ablate d', arm: { ...own, op: 'ablate' as const, size: 1 }, items: stated },
    ...reached.map((a) => ({
      id: armId(a),
      arm: a.arm,
      items: a.op === 'ablate' ? statedFew : a.direction === u ? plain : few,
    })),
  ])
  const stance = new Map(scored.scores.map((s) => [s.id, s.stance]))
  const dosed = (a: (typeof reached)[number]): DosedStance => ({
    asked: a.nats,
    dose: a.found.dose,
    stance: stance.get(armId(a))!,
  })
  const both = (direction: ArmDirection, level: number): BothWays[] => {
    const at = (n: number) => reached.find((a) => a.direction === direction && a.op === 'add' && a.nats === n)
    const [plus, minus] = [at(level), at(-level)]
    return plus && minus ? [{ id: direction.id, plus: dosed(plus), minus: dosed(minus) }] : []
  }
  const subsetUnits = subset.map((i) => plain[i]!.unit)
  const allUnits = plain.map((i) => i.unit)
  return {
    role: model.role,
    units: allUnits,
    user,
    primary,
    doses: settings.nats.flatMap((level) => both(u, level)),
    subset,
    random: random.flatMap((r) => both(r, primary)),
    scaled: [1, ...settings.scales].map((factor) => ({
      factor,
      contrast: contrastsOf(implied, stance.get(factor === 1 ? 'implied' : `scaled ${factor}`)!, subsetUnits),
    })),
    mediation:
      nats > 0
        ? {
            plain: contrastsOf(stated, stance.get('stated')!, allUnits),
            own: contrastsOf(stated, stance.get('ablate d')!, allUnits),
            random: reached
              .filter((a) => a.op === 'ablate')
              .map((a) => contrastsOf(statedFew, stance.get(armId(a))!, subsetUnits)),
            nats,
          }
        : undefined,
    unreached: doses.flatMap((dose: ArmDose) =>
      dose.found === undefined ? [`${dose.id} at ${dose.asked} nats`] : [],
    ),
    zero: scored.zero,
  }
}

function stanceItem(item: Pick<IdentityItem, 'id' | 'unit' | 'tokens' | 'completions'>): StanceItem {
  const [a, b] = item.completions
  return { id: item.id, unit: item.unit, prompt: item.tokens, completions: [a!, b!] }
}

interface LeaningItem extends StanceItem {
  readonly pole: 'A' | 'B'
}

/** Items of users of poles A and B, by the first wording or biographies of each. */
function opposed(items: readonly IdentityItem[]): LeaningItem[] {
  const first = items.find((i) => i.form === 'stated')?.source
  return items.flatMap((i) =>
    (i.identity === 'A' || i.identity === 'B') && (i.form === 'implied' || i.source === first)
      ? [{ ...stanceItem(i), pole: i.identity }]
      : [],
  )
}

/** Mean stance of B's items less that of A's, by unit. */
function contrastsOf(
  items: readonly LeaningItem[],
  stance: readonly number[],
  units: readonly string[],
): number[] {
  return units.map((unit) => {
    const of = (pole: 'A' | 'B'): number =>
      mean(stance.filter((_, i) => items[i]!.unit === unit && items[i]!.pole === pole))
    return of('B') - of('A')
  })
}

/** The user direction: fitted on biographies of split `fit`, tested on those of `heldout`, at the last token. */
async function userDirection(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  model: StudyModel,
  d: Float64Array,
  options: StepOptions,
): Promise<HeldOutDirection> {
  const { study, domain } = p
  const people = identityMessages(domain, 'user').filter(
    (m) => m.form === 'implied' && (m.identity === 'A' || m.identity === 'B'),
  )
  const questions = policyQuestions(domain, study.identity.fit_questions)
  const setting = settingOf(p)
  const rows = people.flatMap((m) =>
    questions.map((q) => ({ message: m, text: ask(setting, `${q.id}/${m.id}`, q, m) })),
  )
  const job = {
    key: model.key,
    texts: rows.map(({ text: { id, tokens, content } }) => ({ id, tokens, content })),
    layers: [direction.layer],
    pools: ['last_template' as const], // the token that the answer starts from, in raw rendering too
  }
  const found = await harvest(run, job, model.open, {
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(`harvest of ${model.role}: biographies`, done, total),
  })
  const x = await found.load(direction.layer, 'last_template')
  const part = (split: 'fit' | 'heldout'): GroupedActivations => {
    const at = [...rows.keys()].filter((i) => rows[i]!.message.split === split)
    const data = new Float32Array(at.length * x.cols)
    at.forEach((i, k) => {
      data.set(x.data.subarray(i * x.cols, (i + 1) * x.cols), k * x.cols)
    })
    const { count, of } = number(at.map((i) => rows[i]!.message.source))
    const poles = new Int8Array(count)
    at.forEach((i, k) => {
      poles[of[k]!] = rows[i]!.message.identity === 'B' ? 1 : 0
    })
    return { x: { rows: at.length, cols: x.cols, data }, group: of, poles }
  }
  return heldOutDirection(part('fit'), part('heldout'), d, {
    seed: study.seed,
    draws: study.draws.permutations,
    signal: options.signal,
  })
}

/** Mean projections where nothing is known about the user, at every block from the site on. */
async function meansFrom(
  run: RunFolder,
  p: Prepared,
  layer: number,
  model: StudyModel,
  policy: readonly IdentityItem[],
  options: StepOptions,
): Promise<{ site: string; load: (v: Float64Array) => number }[]> {
  const texts = policy
    .filter((i) => i.form === 'stated' && i.identity === 'none')
    .map(({ id, tokens, content }) => ({ id, tokens, content }))
  const last = p.models.all[0]!.description.architecture.layers.length
  const layers = Array.from({ length: last - layer }, (_, i) => layer + i)
  const job = { key: model.key, texts, layers, pools: ['mean' as const] }
  const found = await harvest(run, job, model.open, {
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(`harvest of ${model.role}: means`, done, total),
  })
  return Promise.all(
    layers.map(async (l) => {
      const x = await found.load(l, 'mean')
      return { site: siteOf(l), load: (v: Float64Array) => mean(project(x, v)) }
    }),
  )
}
