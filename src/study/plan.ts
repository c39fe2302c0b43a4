/**
 * What a study would do: its steps, tokens, memory, disk and time, and which steps are already there. Nothing
 * is run but a few passes through the first blocks of each model, from which the time is estimated.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { behaviourCost, type Cost, identityCost } from './answers-cost.ts'
import type { Stage } from './chain.ts'
import { controlJob, featuresCost } from './features-step.ts'
import { type HarvestJob, harvestSpec } from './harvest.ts'
import { judgesCost } from './judges/cost.ts'
import { type Resolve, randomTwinOf, twinFits } from './models.ts'
import { harvestJob, type Prepared, prepareStudy } from './prepare.ts'
import { stepHash } from './run-folder.ts'
import type { Study } from './schema.ts'
import { modelSpeed, type Speed } from './speed.ts'
import { steeringCost, steers } from './steering-cost.ts'

export interface PlannedStep {
  readonly what: string
  /** Texts and tokens that go through a model; 0 for statistics. */
  readonly texts: number
  readonly tokens: number
  /** Bytes that stay on disk. */
  readonly bytes: number
  /** Estimated seconds; undefined where it depends on the data. */
  readonly seconds: number | undefined
  /**
   * Whether its result is in the run folder, or the same step comes earlier in this plan (another model, an earlier
   * stage); undefined where that depends on steps before it.
   */
  readonly there: boolean | 'earlier' | undefined
}

export interface Plan {
  readonly folder: string
  readonly steps: readonly PlannedStep[]
  /** Private memory at the peak, in bytes: weights stay in mapped files on the CPU. */
  readonly memory: number
  readonly warnings: readonly string[]
}

/** What plans of one run share. */
interface Known {
  /** Hashes of the steps that are planned already, and what names the work on a model. */
  readonly steps: Set<string>
  /** By what identifies a model here. */
  readonly speeds: Map<string, Speed>
}

/**
 * Plans a study.
 *
 * @param folder the run folder that it would use
 * @param known what plans before this one found, which this plan adds to
 * @throws PalimpsestError as `prepareStudy`
 * @example const plan = await planStudy(await readStudy('tweets.yaml'), 'runs/tweets', (ref) => ref)
 */
export async function planStudy(
  study: Study,
  folder: string,
  resolve: Resolve,
  signal?: AbortSignal,
  known: Known = { steps: new Set(), speeds: new Map() },
): Promise<Plan> {
  using p = await prepareStudy(study, resolve, signal)
  const steps: PlannedStep[] = []
  const speeds: Speed[] = []
  for (const { key, open } of p.models.all) {
    const name = JSON.stringify(key)
    let speed = known.speeds.get(name)
    if (speed === undefined) {
      await using model = await open()
      speed = await modelSpeed(model, signal)
      known.speeds.set(name, speed)
    }
    speeds.push(speed)
  }
  const cost = (m: number, kind: string, list: readonly Cost[]): void => {
    for (const cost of list) {
      const { what, texts, tokens, scored, written } = cost
      // The same work on the same model: what an earlier stage leaves of base.
      const name = JSON.stringify([kind, p.models.all[m]!.key, cost])
      const earlier = known.steps.has(name)
      known.steps.add(name)
      const seconds = tokens / speeds[m]!.pass + scored / speeds[m]!.scored + written / speeds[m]!.written
      steps.push({
        what: `${kind} of ${p.models.all[m]!.role}: ${what}`,
        texts,
        tokens: tokens + scored + written,
        bytes: 0,
        seconds: earlier ? 0 : seconds,
        there: earlier ? 'earlier' : undefined,
      })
    }
  }
  for (const [m, model] of p.models.all.entries()) {
    const rate = speeds[m]!.pass
    const add = (what: string, job: HarvestJob): void => {
      const hash = stepHash(harvestSpec(job))
      const there = existsSync(join(folder, 'steps', hash)) || (known.steps.has(hash) && 'earlier')
      known.steps.add(hash)
      steps.push(harvestStep(what, job, rate, there))
    }
    add(`harvest of ${model.role}: texts`, harvestJob(p, model, p.textTokens))
    for (const [rendering, tokens] of p.promptTokens)
      add(`harvest of ${model.role}: prompts, ${rendering}`, harvestJob(p, model, tokens))
    if (p.dictionaries.length > 0) add(`harvest of ${model.role}: control prompts`, controlJob(p, model))
  }
  const twin = randomTwinOf(p.models.all[0]!, study.seed)
  const withTwin = study.baselines.random_model && twinFits(twin.bytes)
  if (withTwin) {
    const job = {
      ...harvestJob(p, twin, p.textTokens),
      layers: p.layers.slice(-1),
      pools: p.pools.slice(0, 1),
    }
    steps.push({
      ...harvestStep('harvest of a random model: texts', job, speeds[0]!.pass, false),
      there: undefined,
    })
  }
  for (const m of p.models.all.keys()) {
    if (p.dictionaries.length > 0) cost(m, 'features', featuresCost(p))
    if (study.claims.includes('behaviour')) cost(m, 'behaviour', behaviourCost(p))
    if (steers(study, p.models.all.length)) cost(m, 'steering', steeringCost(p, m))
    if (study.claims.includes('identity')) cost(m, 'identity', identityCost(p))
  }
  for (const j of judgesCost(p))
    steps.push({
      what: `judge ${j.name} at ${j.host}: at most ${j.calls} calls, about ${j.tokensIn} tokens in and ${j.tokensOut} out${j.cost === undefined ? '' : `, ${j.cost.toFixed(2)} at its prices`}`,
      texts: j.calls,
      tokens: 0,
      bytes: 0,
      seconds: undefined,
      there: undefined,
    })
  for (const claim of study.claims)
    steps.push({
      what: `claim ${claim}`,
      texts: 0,
      tokens: 0,
      bytes: 0,
      seconds: undefined,
      there: undefined,
    })
  return { folder, steps, memory: memory(p, withTwin ? twin.bytes : 0), warnings: p.warnings }
}

/** Plans the stages of a chain: what an earlier one leaves, later ones find. */
export async function planChain(
  stages: readonly Stage[],
  folder: string,
  resolve: Resolve,
  signal?: AbortSignal,
): Promise<Plan> {
  const known: Known = { steps: new Set(), speeds: new Map() }
  const plans: Plan[] = []
  for (const { study } of stages) plans.push(await planStudy(study, folder, resolve, signal, known))
  return {
    folder,
    steps: plans.flatMap((plan, i) =>
      plan.steps.map((s) => ({ ...s, what: `${stages[i]!.name}: ${s.what}` })),
    ),
    memory: Math.max(...plans.map((plan) => plan.memory)),
    warnings: [...new Set(plans.flatMap((plan) => plan.warnings))],
  }
}

function harvestStep(what: string, job: HarvestJob, rate: number, there: boolean | 'earlier'): PlannedStep {
  const tokens = job.texts.reduce((n, t) => n + t.tokens.length, 0)
  return {
    what,
    texts: job.texts.length,
    tokens,
    bytes:
      there === 'earlier'
        ? 0
        : 4 * job.texts.length * job.key.width * (job.layers.length + 1) * job.pools.length,
    seconds: there === false ? tokens / rate : 0,
    there,
  }
}

/** Two layers of texts and their copies in statistics, the widest pass, and a random model where one is made. */
function memory(p: Prepared, twin: number): number {
  const { width } = p.models.all[0]!.key
  const layer = 4 * p.textTokens.length * width
  const device = p.models.all[0]!.key.device === 'CPU' ? 0 : totalWeights(p)
  return 200e6 + 6 * layer + twin + device
}

/** Of the largest model, or of all where hybrids of them are run. */
function totalWeights(p: Prepared): number {
  const each = p.models.all.map((m) =>
    [...m.description.checkpoint.tensors.values()].reduce((n, t) => n + t.byteLength, 0),
  )
  return (p.cut?.hybrids.length ?? 0) > 0 ? each.reduce((a, b) => a + b, 0) : Math.max(...each)
}
