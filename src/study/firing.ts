/** Which features of a dictionary fire in which texts, and how strongly: sparse, whatever the dictionary's size. */

import { hashJson } from '../core/files.ts'
import type { Model } from '../model/model.ts'
import { Encoder, PlacedDictionary, type SparseFeatures } from '../sae/index.ts'
import type { StudyDictionary } from './dictionaries.ts'
import type { ModelKey } from './harvest.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'
import { type CountedTexts, type Restoration, restore, shardsOf, siteRows } from './site-activations.ts'

const VERSION = 1

/** The features that fire in one text, rising, and the largest activation of each. */
export interface TextFiring {
  readonly features: readonly number[]
  readonly largest: readonly number[]
}

/** One entry a text. */
export type Firing = readonly TextFiring[]

export interface FiringJob {
  readonly key: ModelKey
  readonly dictionary: StudyDictionary
  readonly of: CountedTexts
  /** Gives the activations another model's mean and mean norm first. */
  readonly restoration?: Restoration | undefined
}

/**
 * Encodes texts, or finds them encoded.
 *
 * @throws PalimpsestError `activation-nan`, `interrupted`, and as the model
 */
export async function firing(
  run: RunFolder,
  job: FiringJob,
  open: () => Promise<Model>,
  options: {
    signal?: AbortSignal | undefined
    onProgress?: ((done: number, total: number) => void) | undefined
  } = {},
): Promise<{ hash: string; firing: Firing }> {
  const { key, dictionary, of, restoration } = job
  const plan = shardsOf(of.texts)
  const spec = {
    kind: 'firing',
    version: VERSION,
    params: {
      key,
      dictionary: dictionary.hash,
      site: dictionary.site,
      texts: of.hash,
      restoration: restoration === undefined ? null : hashJson(restoration),
    },
  }
  using held = new HeldDictionary(dictionary)
  const { hash, shards } = await shardedStep(
    run,
    spec,
    plan.length,
    open,
    async (model, s) => {
      using encoder = new Encoder(await held.on(model, options.signal))
      const { x, starts, items } = await siteRows(model, dictionary.site, of, plan[s]!, options.signal)
      const features = await encoder.encode(restoration === undefined ? x : restore(x, restoration), {
        signal: options.signal,
      })
      return items.map((item, i) => ({ item, ...largest(features, starts[i]!, starts[i + 1]!) }))
    },
    options.onProgress,
  )
  const out: TextFiring[] = []
  for (const { item, features, largest } of shards.flat()) out[item] = { features, largest }
  return { hash, firing: out }
}

/** A study's dictionary on a model's device: opened when it is first asked for, and checked only once. */
export class HeldDictionary implements Disposable {
  readonly #dictionary: StudyDictionary
  #placed: PlacedDictionary | undefined

  constructor(dictionary: StudyDictionary) {
    this.#dictionary = dictionary
  }

  /** @throws PalimpsestError as `PlacedDictionary.open` */
  async on(model: Model, signal?: AbortSignal): Promise<PlacedDictionary> {
    const { path, rule } = this.#dictionary
    this.#placed ??= await PlacedDictionary.open(path, model.backend, {
      rule,
      ...(signal === undefined ? {} : { signal }),
    })
    return this.#placed
  }

  [Symbol.dispose](): void {
    this.#placed?.[Symbol.dispose]()
  }
}

/** The largest value of each feature that fires in rows [from, to). */
export function largest(f: SparseFeatures, from: number, to: number): TextFiring {
  const found = new Map<number, number>()
  for (let i = f.starts[from]!; i < f.starts[to]!; i++) {
    const feature = f.indices[i]!
    const before = found.get(feature)
    if (before === undefined || f.values[i]! > before) found.set(feature, f.values[i]!)
  }
  const features = [...found.keys()].sort((a, b) => a - b)
  return { features, largest: features.map((j) => found.get(j)!) }
}

/** In how many of some texts each feature fires. */
export function textsFired(of: Firing, rows: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const r of rows) for (const f of of[r]!.features) counts.set(f, (counts.get(f) ?? 0) + 1)
  return counts
}

/** The largest activation of one feature in each text; 0 where it is silent. */
export function activationsOf(of: Firing, feature: number): Float64Array {
  return Float64Array.from(of, ({ features, largest }) => {
    let [low, high] = [0, features.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (features[middle]! < feature) low = middle + 1
      else high = middle
    }
    return features[low] === feature ? largest[low]! : 0
  })
}
