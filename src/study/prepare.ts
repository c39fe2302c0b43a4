/**
 * From a study file to the work it asks for: texts and prompts as tokens, models described, harvests specified.
 * Nothing is computed here; `plan` prints it, `run` does it.
 */

import { refuse } from '../core/errors.ts'
import { hashJson } from '../core/files.ts'
import { type Domain, loadDomain } from '../domain/index.ts'
import { checkLengths } from '../model/layout.ts'
import { checkFolds } from '../stats/folds.ts'
import { type Labels, readLabels } from '../stats/groups.ts'
import { type Cut, studyCut } from './cut-prepare.ts'
import { openStudyDictionaries, type StudyDictionary } from './dictionaries.ts'
import { type SteeredDictionary, steeredDictionary } from './feature-arm-dictionary.ts'
import type { HarvestJob, Pool } from './harvest.ts'
import {
  type LabelledTexts,
  type Prompts,
  readPrompts,
  readTexts,
  type TokenizedText,
  tokenizeTexts,
} from './inputs.ts'
import { openModels, type Resolve, STUDY_EACH, type StudyModel, type StudyModels } from './models.ts'
import type { Study } from './schema.ts'
import { checkChoice } from './steering-choice.ts'
import { steers } from './steering-cost.ts'

export type Rendering = 'raw' | 'chat'

export interface Prepared extends Disposable {
  readonly study: Study
  readonly domain: Domain
  readonly models: StudyModels
  readonly texts: LabelledTexts
  /** Poles, groups, topics and pairs of the labelled texts. */
  readonly labels: Labels
  readonly prompts: Prompts
  /** Blocks that are harvested, rising. */
  readonly layers: readonly number[]
  /** Blocks from which base chooses the one that is steered, rising; none: where the direction is read best. */
  readonly steeringLayers: readonly number[]
  /** Texts in the primary rendering; the same tokens for all models. */
  readonly textTokens: readonly TokenizedText[]
  readonly promptTokens: ReadonlyMap<Rendering, readonly TokenizedText[]>
  /** Dictionaries of claim `features`, and the matched control prompts; none where it is not asked for. */
  readonly dictionaries: readonly StudyDictionary[]
  readonly controlTokens: readonly TokenizedText[]
  /** The dictionary whose features claim `steering` steers, where it does. */
  readonly steered: SteeredDictionary | undefined
  /** Where claim `steering` looks for the place of a cut, if it does. */
  readonly cut: Cut | undefined
  readonly pools: readonly Pool[]
  /** A hash of everything that the labelled texts say beside their tokens. */
  readonly labelsHash: string
  readonly warnings: readonly string[]
}

/**
 * Reads and checks everything that a study names.
 *
 * @throws PalimpsestError for whatever cannot be used: files, columns, groups, models, tokens
 */
export async function prepareStudy(study: Study, resolve: Resolve, signal?: AbortSignal): Promise<Prepared> {
  const domain = await loadDomain(study.domain)
  const texts = await readTexts(study, domain)
  const labels = readLabels(texts)
  if (texts.folds !== undefined) checkFolds(texts.folds, texts.poles, labels.groups)
  const prompts = await readPrompts(study, domain)
  const models = await openModels(study, resolve)
  try {
    const layers = chooseLayers(study.sites.layers, 'sites.layers', models.all[0]!)
    const steeringLayers =
      study.steering.layers === undefined || !steers(study, models.all.length)
        ? []
        : chooseLayers(study.steering.layers, 'steering.layers', models.all[0]!)
    if (steeringLayers.length > 1) {
      const issues = new Set(domain.prompts.map((q) => q.issue)).size
      checkChoice(
        Math.min(issues, study.steering.issues),
        Math.min(domain.concept.prompts.length, study.steering.random_issues),
      )
    }
    const tokens = (
      rendering: Rendering,
      ids: readonly string[],
      list: readonly string[],
    ): Promise<TokenizedText[]> => tokenizeAlike(models, ids, list, rendering, study.date, signal)
    const textTokens = await tokens(study.render[0]!, texts.ids, texts.texts)
    const promptTokens = new Map<Rendering, readonly TokenizedText[]>()
    for (const rendering of new Set(study.render))
      promptTokens.set(rendering, await tokens(rendering, prompts.ids, prompts.texts))
    const features = study.claims.includes('features') && models.all.length > 1
    const dictionaries = features ? await openStudyDictionaries(study, models.all, resolve, signal) : []
    const warnings = [...models.warnings]
    const steered = await steeredDictionary(study, models.all, dictionaries, resolve, warnings, signal)
    const cut = studyCut(study, models.all, warnings)
    const controlTokens = features
      ? await tokens(
          study.render[0]!,
          prompts.ids.map((id) => `${id}/control`),
          controlsOf(prompts),
        )
      : []
    return {
      study,
      domain,
      models,
      texts,
      labels,
      prompts,
      layers,
      steeringLayers,
      textTokens,
      promptTokens,
      dictionaries,
      controlTokens,
      steered,
      cut,
      pools: poolsOf(study),
      labelsHash: hashJson([
        [...texts.poles],
        texts.groups,
        texts.topics ?? null,
        texts.pairs ?? null,
        texts.texts,
        texts.scores === undefined ? null : [...texts.scores],
        texts.folds === undefined ? null : [...texts.folds],
      ]),
      warnings,
      [Symbol.dispose]: () => models[Symbol.dispose](),
    }
  } catch (error) {
    models[Symbol.dispose]()
    throw error
  }
}

/** The control of each prompt: without one nothing can be said about what a feature is of. */
function controlsOf(prompts: Prompts): string[] {
  return prompts.controls.map((control, i) => {
    if (control !== undefined && control.trim() !== '') return control
    throw refuse('prompt-control', 'A prompt has no matched control, which claim features needs.', {
      where: `${prompts.source}, prompt ${prompts.ids[i]}`,
      expected: 'a prompt of the same form that has nothing to do with the domain',
      found: 'none',
      fix: "Add a column `control` to your prompts, or use the domain's.",
    })
  })
}

/** The harvest of a set of texts from a model. */
export function harvestJob(
  prepared: Prepared,
  model: Pick<StudyModel, 'key'>,
  texts: readonly TokenizedText[],
): HarvestJob {
  const layers = [...new Set([...prepared.layers, ...prepared.steeringLayers])].sort((a, b) => a - b)
  return { key: model.key, texts, layers, pools: prepared.pools }
}

/** The primary pool of texts first; prompts use `last_content`, and chats end with template tokens. */
function poolsOf(study: Study): Pool[] {
  const all: Pool[] = [study.sites.pool, 'mean', 'last_content']
  if (study.render.includes('chat')) all.push('last_template')
  return [...new Set(all)]
}

function chooseLayers(asked: Study['sites']['layers'], key: string, model: StudyModel): number[] {
  const count = model.description.architecture.layers.length
  if (asked === 'all') return Array.from({ length: count }, (_, l) => l)
  const layers = [...new Set(asked)].sort((a, b) => a - b)
  const beyond = layers.find((l) => l >= count)
  if (beyond !== undefined)
    throw refuse('layer-unknown', 'The model has no such layer.', {
      where: `study file, ${key}`,
      expected: `0 to ${count - 1}`,
      found: String(beyond),
      fix: 'Name layers that the model has; blocks are counted from 0.',
    })
  return layers
}

/** The same tokens for all models, or a refusal: a pool over other tokens would compare other texts. */
async function tokenizeAlike(
  models: StudyModels,
  ids: readonly string[],
  texts: readonly string[],
  rendering: Rendering,
  date: string,
  signal: AbortSignal | undefined,
): Promise<TokenizedText[]> {
  const [first, ...others] = models.all
  const tokenize = (m: StudyModel): Promise<TokenizedText[]> =>
    tokenizeTexts(m.description, ids, texts, rendering, models.template, date, signal)
  const tokenized = await tokenize(first!)
  checkLengths(
    tokenized.map(({ id, tokens }) => ({ id, length: tokens.length })),
    Math.min(...models.all.map((m) => m.description.architecture.context)),
  )
  for (const other of others) {
    if (other.description.tokenizer.hash === first!.description.tokenizer.hash) continue
    const again = await tokenize(other)
    const i = tokenized.findIndex((t, k) => t.tokens.join() !== again[k]!.tokens.join())
    if (i >= 0)
      throw refuse('tokenizers-differ', 'The models do not turn the same text into the same tokens.', {
        where: `${first!.path} and ${other.path}, text ${ids[i]} (${rendering})`,
        expected: tokenized[i]!.tokens.slice(0, 12).join(' '),
        found: again[i]!.tokens.slice(0, 12).join(' '),
        fix: `Compare models that share a tokenizer (a copied tokenizer.json may be of another version), or ${STUDY_EACH}`,
      })
  }
  return tokenized
}
