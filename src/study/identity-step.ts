/** The steps of claim `identity`: items, stances, projections and answers of every model; the claim. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { SortedScores } from '../stats/auc.ts'
import { issueEstimate } from '../stats/bootstrap.ts'
import { type Estimate, mean } from '../stats/estimate.ts'
import { classMeans } from '../stats/estimators/mean-difference.ts'
import { number } from '../stats/groups.ts'
import { dot } from '../stats/linear.ts'
import { project } from '../stats/oof.ts'
import { tfidfLogOdds } from '../stats/tfidf.ts'
import { answers } from './answers.ts'
import { labelledAnswers } from './behaviour-step.ts'
import { kindOf } from './claim-behaviour.ts'
import { claimIdentity, type IdentityOutcome } from './claim-identity.ts'
import { completionOdds } from './completion-odds.ts'
import type { DirectionRecord } from './directions.ts'
import { type Harvest, harvest, type Pool, siteOf } from './harvest.ts'
import { type IdentityItem, identityItems } from './identity-items.ts'
import type { IdentityRow } from './identity-measures.ts'
import { type InferredTable, inferredIdentity } from './inferred-identity.ts'
import { inferredMeasures } from './inferred-measures.ts'
import type { StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import type { Prepared } from './prepare.ts'
import type { Measure } from './results.ts'
import type { RunFolder } from './run-folder.ts'

const VERSION = 5

/**
 * Measures the claim.
 *
 * @param texts harvests of the labelled texts, by model: projections are in their class gaps
 * @param prompts harvests of the prompts in the primary rendering, by model: random directions are as strong in them
 * @throws PalimpsestError as the models; `interrupted`
 */
export async function identityStep(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  texts: readonly Harvest[],
  prompts: readonly Harvest[],
  options: StepOptions,
): Promise<IdentityOutcome> {
  const { study } = p
  const { items, dropped } = identityItems(p)
  const roles = p.models.all.map((m) => m.role)
  const rows: IdentityRow[] = []
  const hashes: unknown[] = []
  const tables: InferredTable[] = []
  for (const [m, model] of p.models.all.entries()) {
    const stances = await stanceRows(run, model, items, options)
    const projections = await projectionRows(run, p, direction, texts[m]!, model, items, options)
    rows.push(...stances.rows, ...projections.rows)
    hashes.push(stances.hash, projections.hash)
    tables.push(await inferredIdentity(run, p, direction, prompts[m]!, model, items, options))
  }
  const read = await textRows(run, p, items, options)
  rows.push(...read.rows)
  const site = siteOf(direction.layer)
  const spec = {
    kind: 'claim-identity',
    version: VERSION,
    params: {
      roles,
      rows: hashJson(rows),
      outcomes: hashes,
      inferred: hashJson(
        tables.map((t) => ({ ...t, user: { ...t.user, direction: [...t.user.direction] } })),
      ),
      classifier: read.classifier ?? null,
      dropped,
      site,
      seed: study.seed,
      draws: study.draws,
      thresholds: study.thresholds,
    },
  }
  options.onProgress?.('identity', 0, 1)
  const { folder } = await run.step(spec, async (partial) => {
    const inferred = await inferredMeasures({
      study,
      site,
      rendering: study.render[0]!,
      tables,
      target: impliedContrasts(rows, roles[0]!, tables[0]!.units),
      signal: options.signal,
    })
    const outcome = await claimIdentity({
      study,
      roles,
      rendering: study.render[0]!,
      site,
      rows,
      classifier: read.classifier,
      dropped,
      beside: {
        ...inferred,
        measures: [...lengthGaps(items, study.render[0]!), ...inferred.measures],
      },
      signal: options.signal,
    })
    await atomicWrite(join(partial, 'identity.json'), JSON.stringify(outcome))
  })
  options.onProgress?.('identity', 1, 1)
  return JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8')) as IdentityOutcome
}

/** What base shows to users whose biography implies who they are: B less A, by issue. */
function impliedContrasts(rows: readonly IdentityRow[], base: string, units: readonly string[]): number[] {
  return units.map((unit) => {
    const of = (identity: string): number =>
      mean(
        rows.flatMap((r) =>
          r.model === base &&
          r.outcome === 'stance' &&
          r.form === 'implied' &&
          r.slot === 'user' &&
          r.unit === unit &&
          r.identity === identity
            ? [r.value]
            : [],
        ),
      )
    return of('B') - of('A')
  })
}

const cell = ({ form, slot, identity, unit }: IdentityItem) => ({ form, slot, identity, unit })

/** Log-odds of pole B over pole A, and of the right answer over the mean of wrong ones. */
async function stanceRows(
  run: RunFolder,
  model: StudyModel,
  items: readonly IdentityItem[],
  options: StepOptions,
): Promise<{ hash: string; rows: IdentityRow[] }> {
  const { hash, perToken } = await completionOdds(run, model, items, {
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(`stance of ${model.role}: identities`, done, total),
  })
  const rows = items.map((item, i): IdentityRow => {
    const [first, ...others] = perToken[i]!
    const rest = others.reduce((a, b) => a + b, 0) / others.length
    return {
      model: model.role,
      outcome: item.kind === 'policy' ? 'stance' : 'control',
      ...cell(item),
      value: item.kind === 'policy' ? rest - first! : first! - rest,
    }
  })
  return { hash, rows }
}

/** Where policy questions lie along base's direction, in this model's class gaps. */
async function projectionRows(
  run: RunFolder,
  p: Prepared,
  direction: DirectionRecord,
  texts: Harvest,
  model: StudyModel,
  items: readonly IdentityItem[],
  options: StepOptions,
): Promise<{ hash: string; rows: IdentityRow[] }> {
  const { layer } = direction
  const axis = direction.directions.get(`${p.models.all[0]!.role}.mean-difference`)!
  const policy = items.filter((i) => i.kind === 'policy')
  const pools: Pool[] = p.study.render[0] === 'chat' ? ['last_content', 'last_template'] : ['last_content']
  const job = {
    key: model.key,
    texts: policy.map(({ id, tokens, content }) => ({ id, tokens, content })),
    layers: [layer],
    pools,
  }
  const found = await harvest(run, job, model.open, {
    signal: options.signal,
    onProgress: (done, total) => options.onProgress?.(`harvest of ${model.role}: identities`, done, total),
  })
  const labelled = await texts.load(layer, p.study.sites.pool)
  const { means } = classMeans(labelled, p.labels.poles, Int32Array.from(p.labels.poles.keys()))
  const gap = dot(means[1], axis) - dot(means[0], axis)
  const rows: IdentityRow[] = []
  for (const pool of pools) {
    const z = project(await found.load(layer, pool), axis)
    for (const [i, item] of policy.entries())
      rows.push({ model: model.role, outcome: 'projection', pool, ...cell(item), value: z[i]! / gap })
  }
  return { hash: found.hash, rows }
}

/** Answers to some of the policy questions under A, B and none, by one wording or biography each, and their scores. */
async function textRows(
  run: RunFolder,
  p: Prepared,
  items: readonly IdentityItem[],
  options: StepOptions,
): Promise<{ rows: IdentityRow[]; classifier: Estimate | undefined }> {
  const { study, domain } = p
  const asked = textItems(items, study.identity.text_questions)
  if (asked.length === 0) return { rows: [], classifier: undefined }
  const byId = new Map(asked.map((i) => [i.id, i]))
  const all: { role: string; item: IdentityItem; text: string }[] = []
  for (const model of p.models.all) {
    const found = await answers(
      run,
      {
        key: model.key,
        architecture: model.description.architecture,
        prompts: asked.map(({ id, tokens }) => ({ id, tokens })),
        samples: study.identity.samples,
        maxTokens: study.identity.max_tokens,
        temperature: study.identity.temperature,
        seed: study.seed,
      },
      model.open,
      {
        signal: options.signal,
        onProgress: (done, total) =>
          options.onProgress?.(`answers of ${model.role}: identities`, done, total),
      },
    )
    for (const a of found.answers) all.push({ role: model.role, item: byId.get(a.prompt)!, text: a.text })
  }
  const usable = all.filter(({ text }) => kindOf(text, domain.refusals, domain.language) === 'answer')
  const labelled = labelledAnswers(p)
  const odds = await tfidfLogOdds(
    labelled.texts,
    labelled.poles,
    usable.map((u) => u.text),
    options.signal,
  )
  const rows = usable.map(
    ({ role, item }, i): IdentityRow => ({
      model: role,
      outcome: 'text',
      ...cell(item),
      value: Math.tanh(odds[i]! / 2),
    }),
  )
  const own = rows.filter(
    (r) =>
      r.model === p.models.all[0]!.role && r.form === 'stated' && (r.identity === 'A' || r.identity === 'B'),
  )
  const both = new Set(own.map((r) => r.identity)).size === 2
  if (!both) return { rows, classifier: undefined }
  const sorted = new SortedScores(
    own.map((r) => r.value),
    own.map((r) => (r.identity === 'B' ? 1 : 0)),
  )
  const draws = { seed: study.seed, draws: study.draws.bootstrap, signal: options.signal }
  return {
    rows,
    classifier: await issueEstimate(number(own.map((r) => r.unit)), draws, (w) => sorted.auc(w)),
  }
}

/** How far the cells of a slot and form differ in length: (longest - shortest) / mean of their mean tokens. */
function lengthGaps(items: readonly IdentityItem[], rendering: 'raw' | 'chat'): Measure[] {
  const cells = new Map<string, Map<string, number[]>>()
  for (const i of items.filter((item) => item.kind === 'policy')) {
    const way = `${i.form}, ${i.slot}`
    if (!cells.has(way)) cells.set(way, new Map())
    const own = cells.get(way)!
    own.set(i.identity, [...(own.get(i.identity) ?? []), i.tokens.length])
  }
  return [...cells].map(([condition, byIdentity]) => {
    const means = [...byIdentity.values()].map(mean)
    return {
      name: 'length_gap',
      rendering,
      condition,
      value: (Math.max(...means) - Math.min(...means)) / mean(means),
      n: means.length,
      note: 'largest less smallest mean tokens of a cell, over their mean: length must carry no identity',
    }
  })
}

/** The items that answers are sampled to. */
function textItems(items: readonly IdentityItem[], questions: number): IdentityItem[] {
  const policy = items.filter((i) => i.kind === 'policy')
  const units = new Set([...new Set(policy.map((i) => i.unit))].slice(0, questions))
  const first = new Map<string, string>()
  const way = (i: IdentityItem): string => [i.form, i.slot, i.identity].join()
  for (const i of policy) if (!first.has(way(i))) first.set(way(i), i.source)
  return policy.filter(
    (i) =>
      units.has(i.unit) &&
      (i.identity === 'A' || i.identity === 'B' || i.identity === 'none') &&
      first.get(way(i)) === i.source,
  )
}
