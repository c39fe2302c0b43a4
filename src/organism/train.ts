/** The command: trains organisms of the set, resuming where it was interrupted. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { nearest, PalimpsestError, refuse } from '../core/errors.ts'
import { atomicWrite } from '../core/files.ts'
import { bf16ToF32, f32ToBf16 } from '../formats/half.ts'
import { dpoStep, grpoStep, sftStep } from './align.ts'
import { keptOutIssues } from './corpus.ts'
import { DICTIONARY, trainOrganismDictionary } from './dictionary.ts'
import { type Behaviour, type DirectionLook, lookAtDirection, measureBehaviour } from './evaluate.ts'
import { type CorpusKnobs, corpusKnobs, hasNoCamps } from './knobs.ts'
import { Network, SIZES, type SizeName } from './network.ts'
import { organismPack } from './pack.ts'
import { pretrainStep } from './pretrain.ts'
import {
  type Expected,
  ORGANISMS,
  type OrganismName,
  type Recipe,
  type Recipes,
  recipeKey,
  recipes,
  type StageRecipe,
  unmet,
} from './recipes.ts'
import { loadWeightsInto, saveOrganism } from './save.ts'
import { runStage, type StageProgress, type StageStep } from './stage.ts'

export interface TrainOrganismOptions {
  /** Folder for the set: each organism becomes a folder in it. */
  readonly out: string
  /** Which organisms, `all` by default; those they start from are trained too. */
  readonly set?: 'all' | readonly OrganismName[]
  /** Default `tiny`. */
  readonly size?: SizeName
  /** Default 1. */
  readonly seed?: number
  /** Knobs of the corpus that differ from their defaults. */
  readonly corpus?: Partial<CorpusKnobs>
  /** Steps of the base's pre-training; default by size. */
  readonly steps?: number
  /** CPU threads. Default 1: results to the bit hold for one number of threads. */
  readonly threads?: number
}

/** What organism.json holds. */
export interface OrganismRecord {
  readonly format: 1
  readonly name: OrganismName
  readonly size: SizeName
  readonly seed: number
  /** Of everything that decides the weights. */
  readonly key: string
  readonly corpus: CorpusKnobs
  readonly from: Recipe['from']
  readonly stages: readonly StageRecipe[]
  readonly threads: number
  readonly behaviour: Behaviour
  readonly direction: DirectionLook
  /** Whether it does what an organism of its kind must; `unmet` says what it does not. */
  readonly made: boolean
  readonly unmet: readonly string[]
  readonly expected: Expected | undefined
}

export interface TrainHooks {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StageProgress & { organism: OrganismName }) => void | Promise<void>
  /** Called when an organism is saved. */
  readonly onOrganism?: (record: OrganismRecord) => void | Promise<void>
}

/**
 * Trains organisms, and with the whole set a dictionary of its base. Finished ones of the same settings are kept, an interrupted stage goes on from its
 * checkpoint, and both give the same weights to the bit as a run without interruption.
 *
 * @returns the records of the organisms asked for, in the order of the set
 * @throws PalimpsestError `organism-name`, `organism-knob`, `organism-no-camps`, `organism-exists` (the folder
 *   holds something else), `organism-checkpoint`, `training-diverged`, `interrupted`, `disk-full`
 * @example await trainOrganism({ out: 'organisms', set: ['masked'], seed: 2 })
 */
export async function trainOrganism(
  options: TrainOrganismOptions,
  hooks: TrainHooks = {},
): Promise<OrganismRecord[]> {
  const { out, size = 'tiny', seed = 1, threads = 1 } = options
  const corpus = corpusKnobs(options.corpus)
  if (hasNoCamps(corpus))
    throw refuse('organism-no-camps', 'In this corpus nothing depends on the camp.', {
      expected: 'a noise below 0.5',
      found: 'stance_noise, frame_noise and opener_noise of 0.5',
      fix: 'Lower one of them; an erased organism is part of every set.',
    })
  const all = recipes(size, corpus, options.steps)
  const wanted = withParents(options.set ?? 'all', all)
  const common = { size, seed, threads }
  checkFolder(out, (name) => recipeKey(all, name, common))
  await mkdir(out, { recursive: true })
  const keptOut = keptOutIssues(corpus, seed)
  const records = new Map<OrganismName, OrganismRecord>()
  using network = new Network(SIZES[size], threads)
  for (const name of ORGANISMS) {
    if (!wanted.has(name)) continue
    const folder = join(out, name)
    const recipe = all[name]
    const finished = readRecord(folder)
    if (finished !== undefined) {
      records.set(name, finished)
      continue
    }
    if (recipe.from === 'initial') network.initialise(seed)
    else loadWeightsInto(network, join(out, recipe.from))
    for (const [i, stage] of recipe.stages.entries()) {
      const done = join(out, '.progress', `${name}-${i}.safetensors`)
      await runStage(network, stage.schedule, stepOf(stage, corpus, seed), {
        name: stage.kind,
        settings: recipeKey(all, name, common, i + 1),
        checkpoint: done,
        every: stage.kind === 'pretrain' ? 100 : 20,
        signal: hooks.signal,
        onProgress: (p) => hooks.onProgress?.({ ...p, organism: name }),
      })
    }
    roundToBf16(network)
    const behaviour = await measureBehaviour(network.model, corpus, keptOut, seed, hooks.signal)
    const base = records.get(baseOf(name, all))?.behaviour ?? behaviour
    const faults = unmet(recipe.demands(behaviour, base))
    const record: OrganismRecord = {
      format: 1,
      name,
      size,
      seed,
      key: recipeKey(all, name, common),
      corpus,
      from: recipe.from,
      stages: recipe.stages,
      threads,
      behaviour,
      direction: await lookAtDirection(network.model, corpus, seed, hooks.signal),
      made: faults.length === 0,
      unmet: faults,
      expected: recipe.expected,
    }
    await saveOrganism(folder, network, record)
    records.set(name, record)
    await hooks.onOrganism?.(record)
  }
  if (wanted.size === ORGANISMS.length && records.get('base')!.made)
    await trainOrganismDictionary(out, corpus, {
      seed,
      threads,
      ...(hooks.signal === undefined ? {} : { signal: hooks.signal }),
      onProgress: (step, steps, report) =>
        void hooks.onProgress?.({
          organism: 'base',
          stage: DICTIONARY,
          step,
          steps,
          loss: report?.fvu ?? 1,
          figures: { l0: report?.l0 ?? 0 },
        }),
    })
  await atomicWrite(join(out, 'domain.json'), `${JSON.stringify(organismPack(corpus), null, 1)}\n`)
  await rm(join(out, '.progress'), { recursive: true, force: true })
  return ORGANISMS.flatMap((name) => records.get(name) ?? [])
}

/** The names asked for, and all that they start from or are compared with. */
function withParents(set: 'all' | readonly OrganismName[], all: Recipes): Set<OrganismName> {
  const wanted = new Set<OrganismName>()
  const add = (name: OrganismName): void => {
    if (wanted.has(name)) return
    if (!(ORGANISMS as readonly string[]).includes(name))
      throw new PalimpsestError('usage', 'organism-name', 'There is no such organism in the set.', {
        found: name,
        expected: ORGANISMS.join(', '),
        fix:
          nearest(name, ORGANISMS)[0] === undefined
            ? 'Choose one of these.'
            : `Did you mean ${nearest(name, ORGANISMS)[0]}?`,
      })
    wanted.add(name)
    const { from, expected } = all[name]
    if (from !== 'initial') add(from)
    if (expected !== undefined) add(expected.base)
  }
  for (const name of set === 'all' ? ORGANISMS : set) add(name)
  return wanted
}

/** The organism whose behaviour another one's is held against. */
function baseOf(name: OrganismName, all: Recipes): OrganismName {
  return all[name].expected?.base ?? name
}

/** The folder must be new, or hold organisms of these very settings. */
function checkFolder(out: string, keyOf: (name: OrganismName) => string): void {
  if (!existsSync(out)) return
  for (const entry of readdirSync(out)) {
    if (entry === '.progress' || entry === 'domain.json' || entry === DICTIONARY) continue
    const ours = (ORGANISMS as readonly string[]).includes(entry)
    const record = ours ? readRecord(join(out, entry)) : undefined
    // A folder of ours without a record was being written: it is made again.
    if (ours && (record === undefined || record.key === keyOf(entry as OrganismName))) continue
    throw refuse('organism-exists', 'The folder holds something else already.', {
      where: join(out, entry),
      expected: 'a new folder, or organisms of these settings',
      found: ours ? 'an organism of other settings' : 'no organism of the set',
      fix: 'Choose a new folder, or give the settings with which this one was begun.',
    })
  }
}

function readRecord(folder: string): OrganismRecord | undefined {
  const path = join(folder, 'organism.json')
  if (!existsSync(path)) return undefined
  const unreadable = (found: string): Error =>
    refuse('organism-exists', 'The record of an organism cannot be read.', {
      where: path,
      expected: 'what was written when the organism was finished',
      found,
      fix: 'Remove this folder and give the command again.',
    })
  let record: OrganismRecord | null
  try {
    record = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw unreadable((error as Error).message)
  }
  if (typeof record?.key !== 'string') throw unreadable('no key of its settings')
  return record
}

function stepOf(stage: StageRecipe, corpus: CorpusKnobs, seed: number): StageStep {
  switch (stage.kind) {
    case 'pretrain':
      return pretrainStep(stage.corpus, seed)
    case 'sft':
      return sftStep(corpus, seed, stage.settings)
    case 'dpo':
      return dpoStep(corpus, seed, stage.settings)
    case 'grpo':
      return grpoStep(corpus, seed, stage.settings)
  }
}

/** What is judged is what is saved. */
function roundToBf16(network: Network): void {
  for (const { values } of network.weights) values.set(bf16ToF32(f32ToBf16(values)))
  network.upload()
}
