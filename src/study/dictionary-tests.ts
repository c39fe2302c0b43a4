/** The self-tests of a dictionary on base and aligned: steps of the run, and the gates that follow. */

import { hashJson } from '../core/files.ts'
import { DICTIONARY_GATES, type DictionaryTest, Encoder, pairGate, testDictionary } from '../sae/index.ts'
import type { StudyDictionary } from './dictionaries.ts'
import type { FeaturesRecord } from './features-record.ts'
import { HeldDictionary } from './firing.ts'
import type { TokenizedText } from './inputs.ts'
import type { Prepared } from './prepare.ts'
import type { Gate } from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'

const VERSION = 1

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

/** JSON knows no NaN: a value that could not be computed is null. */
function number(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}
