/** The self-tests of a dictionary on base and aligned: steps of the run, and the gates that follow. */

import { hashJson } from '../core/files.ts'
import { DICTIONARY_GATES, type DictionaryTest, Encoder, pairGate, testDictionary } from '../sae/index.ts'
import { type ClusterOptions, clusterBootstrap } from '../stats/bootstrap.ts'
import { percentileInterval } from '../stats/estimate.ts'
import type { StudyDictionary } from './dictionaries.ts'
import type { FeaturesRecord } from './features-record.ts'
import { HeldDictionary } from './firing.ts'
import type { TokenizedText } from './inputs.ts'
import type { Prepared } from './prepare.ts'
import type { Gate } from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'

const VERSION = 2

/**
 * Tests a dictionary on both models of a study.
 *
 * @throws PalimpsestError as `testDictionary`
 */
export async function testPair(
  run: RunFolder,
  p: Prepared,
  dictionary: StudyDictionary,
  texts: readonly TokenizedText[],
  options: {
    signal?: AbortSignal | undefined
    onProgress?: ((what: string, done: number, total: number) => void) | undefined
  },
): Promise<{ gates: Gate[]; tests: FeaturesRecord['dictionaries'][number]['tests'] }> {
  const found: DictionaryTest[] = []
  for (const model of p.models.all) {
    const spec = {
      kind: 'dictionary-test',
      version: VERSION,
      params: {
        key: model.key,
        dictionary: dictionary.hash,
        site: dictionary.site,
        gates: DICTIONARY_GATES,
        texts: hashJson(texts.map((t) => [t.id, t.tokens, [...t.content]])),
      },
    }
    using held = new HeldDictionary(dictionary)
    const { shards } = await shardedStep(
      run,
      spec,
      1,
      model.open,
      async (opened) => {
        using encoder = new Encoder(await held.on(opened, options.signal))
        return await testDictionary(opened, encoder, texts, { site: dictionary.site, signal: options.signal })
      },
      (done, total) => options.onProgress?.(`self-test of a dictionary on ${model.role}`, done, total),
    )
    found.push(shards[0]!)
  }
  const [base, aligned] = found as [DictionaryTest, DictionaryTest]
  const draws = { seed: p.study.seed, draws: p.study.draws.bootstrap, signal: options.signal }
  const intervals = await Promise.all(found.map(({ texts: sums }) => intervalsOf(sums, draws)))
  const pair = dictionary.of === 'base' ? pairGate(base, aligned) : pairGate(aligned, base)
  return {
    gates: [
      ...p.models.all.flatMap(({ role }, m) =>
        found[m]!.gates.map((g) => ({ ...g, name: `${g.name}, ${role}` })),
      ),
      dictionary.of === 'base'
        ? pair
        : { ...pair, name: 'dictionary FVU in base, against twice that in aligned' },
    ],
    tests: found.map((t, m) => ({
      ...intervals[m]!,
      model: p.models.all[m]!.role,
      tokens: t.tokens,
      l0: number(t.l0) ?? 0,
      nominal_l0: t.nominalL0 ?? null,
      fvu: number(t.fvu),
      cross_entropy: number(t.crossEntropy),
      cross_entropy_spliced: number(t.crossEntropySpliced),
      silent: t.silent,
      silent_are: t.silentAre,
    })),
  }
}

/**
 * Intervals of what a self-test measured, by bootstrap over its texts. The variance is taken around the mean of all
 * texts in every draw: where that mean lies is known far better than what is left unexplained.
 *
 * @throws PalimpsestError `interrupted`
 */
export async function intervalsOf(
  sums: DictionaryTest['texts'],
  { seed, draws, signal }: ClusterOptions,
): Promise<Pick<FeaturesRecord['dictionaries'][number]['tests'][number], 'texts' | 'intervals'>> {
  const used = sums.filter((t) => t.tokens > 0)
  if (used.length < 2) return { texts: used.length }
  const total = (key: keyof (typeof used)[number], times: ArrayLike<number>): number =>
    used.reduce((sum, t, i) => sum + times[i]! * t[key], 0)
  const names = ['l0', 'fvu', 'cross_entropy', 'cross_entropy_spliced'] as const
  const drawn = await clusterBootstrap(used.length, { seed, draws, stage: 'texts', signal }, (times) => {
    const predicted = total('predicted', times)
    return [
      total('active', times) / total('tokens', times),
      total('error', times) / total('deviation', times),
      total('loss', times) / predicted,
      total('lossSpliced', times) / predicted,
    ]
  })
  const found = names.map((name, i) => {
    const ci = percentileInterval(drawn[i]!, { count: used.length, strata: 1 })
    return ci.every(Number.isFinite) ? { [name]: ci } : {}
  })
  return { texts: used.length, intervals: Object.assign({}, ...found) }
}

/** JSON knows no NaN: a value that could not be computed is null. */
function number(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}
