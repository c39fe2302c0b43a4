/**
 * The steps of claim `features`: self-tests, what fires where, the features to follow, their labels and cards.
 * For each dictionary the model that it was trained on selects; base and aligned are compared.
 */

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import { stream } from '../core/random.ts'
import { usedTokens } from '../model/pooling.ts'
import { meanDifference } from '../stats/estimators/mean-difference.ts'
import { type Labels, number } from '../stats/groups.ts'
import { unit } from '../stats/linear.ts'
import type { Cost } from './answers-cost.ts'
import { claimFeatures } from './claim-features.ts'
import type { StudyDictionary } from './dictionaries.ts'
import { testPair } from './dictionary-tests.ts'
import { featureDetails } from './feature-details.ts'
import { followed, type ModelFiring, mostTellingFirst, topContexts } from './feature-records.ts'
import { selectFeatures, splitGroups, splitIssues } from './feature-selection.ts'
import type { FeaturesRecord } from './features-record.ts'
import { type Firing, firing } from './firing.ts'
import { type Harvest, type HarvestJob, harvestTogether } from './harvest.ts'
import type { TokenizedText } from './inputs.ts'
import type { StepOptions } from './model-place.ts'
import type { StudyModel } from './models.ts'
import { harvestJob, type Prepared } from './prepare.ts'
import type { Claim, Gate } from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { type CountedTexts, siteMoments } from './site-activations.ts'

const VERSION = 3

/** The texts of a study as dictionaries see them: the same tokens in all models. */
interface Texts {
  readonly prompts: CountedTexts
  readonly controls: CountedTexts
  readonly labelled: CountedTexts
  readonly labels: Labels
}

/**
 * Measures the claim.
 *
 * @param texts, prompts harvests in the primary rendering, base first: they know the sinks of every text
 * @throws PalimpsestError `interrupted`, and as the models and dictionaries
 */
export async function featuresStep(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  prompts: readonly Harvest[],
  options: StepOptions,
): Promise<{ claim: Claim; record: FeaturesRecord }> {
  const sets = await textsOf(run, p, texts, prompts, options)
  const names = dictionaryNames(p.dictionaries)
  const gates: Gate[] = []
  const dictionaries: FeaturesRecord['dictionaries'] = []
  const features: FeaturesRecord['features'] = []
  for (const [d, dictionary] of p.dictionaries.entries()) {
    const name = names[d]!
    const tested = await testPair(
      run,
      p,
      dictionary,
      testTexts([sets.labelled.texts, sets.prompts.texts, sets.controls.texts], p.study.features.test_tokens),
      options,
    )
    gates.push(...tested.gates.map((g) => ({ ...g, name: `${g.name} (${name})` })))
    const testable = tested.gates.every((g) => g.passed)
    const found = testable ? await follow(run, p, dictionary, name, sets, texts, options) : undefined
    features.push(...(found?.features ?? []))
    dictionaries.push({
      ref: name,
      of: dictionary.of,
      format: dictionary.facts.format,
      site: dictionary.site,
      latents: dictionary.facts.latents,
      testable,
      tests: tested.tests,
      tested: found?.tested ?? 0,
      with_content: found?.withContent ?? 0,
    })
  }
  const record: FeaturesRecord = { format: 1, dictionaries, features }
  return { claim: claimFeatures({ study: p.study, record, gates }), record }
}

/** What dictionaries are called: a Hub reference whole, a path by its last part; equal names are numbered. */
export function dictionaryNames(dictionaries: readonly StudyDictionary[]): string[] {
  const short = dictionaries.map(({ ref }) => (ref.startsWith('hf:') ? ref : basename(ref)))
  return short.map((name, d) => (short.filter((s) => s === name).length > 1 ? `${name} (${d})` : name))
}

/** Selects the features of one dictionary, labels them and makes their cards. */
async function follow(
  run: RunFolder,
  p: Prepared,
  dictionary: StudyDictionary,
  name: string,
  sets: Texts,
  harvests: readonly Harvest[],
  options: StepOptions,
): Promise<{ features: FeaturesRecord['features']; tested: number; withContent: number }> {
  const { study } = p
  const [base, aligned] = p.models.all
  const models = [base!, aligned!] as const
  const both = join2(sets.prompts, sets.controls)
  const moments = await inTurn(models, (m) =>
    siteMoments(run, m.key, dictionary.site, both, m.open, options.signal),
  )
  const encode = (m: 0 | 1, of: CountedTexts, what: string, restored = false) =>
    firing(
      run,
      {
        key: models[m].key,
        dictionary,
        of,
        ...(restored ? { restoration: { from: moments[m]!, to: moments[1 - m]! } } : {}),
      },
      models[m].open,
      {
        signal: options.signal,
        onProgress: (done, total) =>
          options.onProgress?.(`features of ${models[m].role}: ${what}`, done, total),
      },
    )
  const of: ModelFiring[] = []
  const hashes: string[] = []
  for (const m of [0, 1] as const) {
    const parts = {
      prompts: await encode(m, sets.prompts, 'prompts'),
      controls: await encode(m, sets.controls, 'controls'),
      texts: await encode(m, sets.labelled, 'texts'),
      restored: await encode(m, sets.prompts, 'prompts, restored', true),
    }
    hashes.push(...Object.values(parts).map((part) => part.hash))
    of.push({
      prompts: parts.prompts.firing,
      controls: parts.controls.firing,
      texts: parts.texts.firing,
      restored: parts.restored.firing,
    })
  }
  const own = dictionary.of === 'base' ? 0 : 1
  const promptHalves = splitIssues(p.prompts.issues, study.seed)
  const textHalves = splitGroups(sets.labels, study.seed)
  const chosen = await selectFeatures({
    prompts: of[own]!.prompts,
    controls: of[own]!.controls,
    texts: of[own]!.texts,
    poles: sets.labels.poles,
    promptHalves,
    textHalves,
    q: study.thresholds.feature_q,
    most: study.features.most,
    matched: study.features.controls,
    signal: options.signal,
  })
  const { tested, withContent } = chosen
  const pair = [of[0]!, of[1]!] as const
  const selection = mostTellingFirst(chosen, { firing: pair, promptHalves, study })
  if (selection.policy.length === 0) return { features: [], tested, withContent }
  const all = [...selection.policy, ...selection.controls].map((s) => s.feature)
  const cards = Math.min(study.features.cards, selection.policy.length)
  const shown = join2(both, sets.labelled)
  const everywhere: Firing = [...of[own]!.prompts, ...of[own]!.controls, ...of[own]!.texts]
  const contexts = topContexts(everywhere, all.slice(0, cards))
  const heldOut = pick(sets.prompts, promptHalves.heldOut)
  const direction = await directionAt(p, dictionary, harvests)
  const details = await inTurn(models, (m) =>
    featureDetails(
      run,
      {
        key: m.key,
        dictionary,
        features: all,
        cards,
        prompts: heldOut,
        contexts: pick(shown, contexts.texts),
        direction,
      },
      m.open,
      options.signal,
    ),
  )
  const spec = {
    kind: 'features',
    version: VERSION,
    params: {
      name,
      dictionary: dictionary.hash,
      of: dictionary.of,
      firing: hashes,
      details: hashJson(details),
      issues: hashJson(p.prompts.issues),
      labels: p.labelsHash,
      features: study.features,
      thresholds: study.thresholds,
      draws: study.draws,
      seed: study.seed,
    },
  }
  const { folder } = await run.step(spec, async (partial) => {
    const features = await followed({
      study,
      name,
      dictionary,
      selection,
      firing: pair,
      details: [details[0]!, details[1]!],
      promptHalves,
      textHalves,
      issues: p.prompts.issues,
      labels: sets.labels,
      own,
      contexts,
      shown: contexts.texts.map((i) => shown.texts[i]!),
      tokenizer: base!.description.tokenizer,
      signal: options.signal,
    })
    await atomicWrite(join(partial, 'features.json'), JSON.stringify(features))
  })
  return {
    features: JSON.parse(await readFile(join(folder, 'features.json'), 'utf8')),
    tested,
    withContent,
  }
}

/** What a model has to read for the claim, after the harvests: for `plan`. */
export function featuresCost(p: Prepared): Cost[] {
  const size = (texts: readonly TokenizedText[]): { texts: number; tokens: number } => ({
    texts: texts.length,
    tokens: texts.reduce((n, t) => n + t.tokens.length, 0),
  })
  const prompts = size(p.promptTokens.get(p.study.render[0]!)!)
  const controls = size(p.controlTokens)
  const texts = size(someTexts(p).map((i) => p.textTokens[i]!))
  const all = {
    texts: texts.texts + prompts.texts + controls.texts,
    tokens: texts.tokens + prompts.tokens + controls.tokens,
  }
  const read = Math.min(all.tokens, p.study.features.test_tokens)
  return p.dictionaries.flatMap((d) => [
    // As it is, and with the dictionary spliced in.
    { what: `self-test of ${d.ref}`, texts: all.texts, tokens: 0, scored: 2 * read, written: 0 },
    {
      what: `features of ${d.ref}`,
      texts: all.texts,
      // Moments of prompts and controls; everything once, prompts restored, and half of them for margins.
      tokens: all.tokens + 2 * prompts.tokens + controls.tokens + (prompts.tokens >> 1),
      scored: 0,
      written: 0,
    },
  ])
}

async function textsOf(
  run: RunFolder,
  p: Prepared,
  texts: readonly Harvest[],
  prompts: readonly Harvest[],
  options: StepOptions,
): Promise<Texts> {
  const controls = await harvestTogether(
    run,
    p.models.all.map((m) => ({
      job: controlJob(p, m),
      open: m.open,
    })),
    {
      signal: options.signal,
      onProgress: (done, total, m) =>
        options.onProgress?.(`harvest of ${p.models.all[m]!.role}: control prompts`, done, total),
    },
  )
  const rows = someTexts(p)
  const groups = number(rows.map((i) => p.texts.groups[i]!))
  return {
    prompts: countedTexts(p.promptTokens.get(p.study.render[0]!)!, prompts[0]!.sinks),
    controls: countedTexts(p.controlTokens, controls[0]!.sinks),
    labelled: countedTexts(
      rows.map((i) => p.textTokens[i]!),
      rows.map((i) => texts[0]!.sinks[i]!),
    ),
    labels: {
      poles: Int8Array.from(rows, (i) => p.texts.poles[i]!),
      groups: { kind: p.labels.groups.kind, ...groups },
    },
  }
}

/** The harvest that finds the sinks of the control prompts. */
export function controlJob(p: Prepared, model: Pick<StudyModel, 'key'>): HarvestJob {
  return { ...harvestJob(p, model, p.controlTokens), pools: ['last_content'] }
}

/** As many labelled texts as are encoded, in their order. */
function someTexts(p: Prepared): number[] {
  const all = p.textTokens.map((_, i) => i)
  if (all.length <= p.study.features.texts) return all
  return stream(p.study.seed, 'features/texts')
    .shuffle(all)
    .slice(0, p.study.features.texts)
    .sort((a, b) => a - b)
}

/** Direction of base at the dictionary's layer, in the residual stream; undefined where it was not harvested. */
async function directionAt(
  p: Prepared,
  { layer, facts }: StudyDictionary,
  harvests: readonly Harvest[],
): Promise<number[] | undefined> {
  if ((layer >= 0 && !p.layers.includes(layer)) || facts.width !== p.models.all[0]!.key.width)
    return undefined
  const x = await harvests[0]!.load(layer, p.study.sites.pool)
  return [...unit(meanDifference(x, p.texts.poles, Int32Array.from(p.texts.poles.keys())))]
}

/** Texts with the tokens that count: content, without sinks. */
export function countedTexts(
  texts: readonly TokenizedText[],
  sinks: readonly (readonly number[])[],
): CountedTexts {
  const used = texts.map((t, i) => usedTokens(t.content, sinks[i]!))
  return { texts, used, hash: hashJson(texts.map((t, i) => [t.id, t.tokens, [...used[i]!]])) }
}

function pick(of: CountedTexts, rows: readonly number[]): CountedTexts {
  const texts = rows.map((i) => of.texts[i]!)
  const used = rows.map((i) => of.used[i]!)
  return { texts, used, hash: hashJson([of.hash, rows]) }
}

function join2(a: CountedTexts, b: CountedTexts): CountedTexts {
  return { texts: [...a.texts, ...b.texts], used: [...a.used, ...b.used], hash: hashJson([a.hash, b.hash]) }
}

/** Texts of a self-test, up to a number of tokens. */
export function testTexts(sets: readonly (readonly TokenizedText[])[], tokens: number): TokenizedText[] {
  const out: TokenizedText[] = []
  let n = 0
  for (const t of sets.flat()) {
    if (n >= tokens) break
    out.push(t)
    n += t.tokens.length
  }
  return out
}

/** One after the other: only one model is open at a time. */
async function inTurn<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const out: B[] = []
  for (const item of items) out.push(await work(item))
  return out
}
