/**
 * Texts that a model writes under many arms: rows of one batch may each have an arm of their own, so that weights
 * are read once for all of them.
 */

import { hashJson } from '../core/files.ts'
import type { Architecture } from '../model/architecture.ts'
import { sequencesTogether } from '../model/cache.ts'
import { restricted } from '../model/dose.ts'
import { generate } from '../model/generate.ts'
import type { Positions } from '../model/interventions.ts'
import { type Arm, type ArmPlace, change, described } from './arms.ts'
import type { StudyModel } from './models.ts'
import type { RunFolder } from './run-folder.ts'
import { shardedStep } from './shards.ts'

const VERSION = 6
/** An arm and the prompts that are continued under it; undefined: nothing is changed. */
export interface TextArm {
  readonly id: string
  readonly arm: Arm | undefined
  /** Ids key the random numbers: one prompt draws the same ones under every arm. */
  readonly prompts: readonly { readonly id: string; readonly tokens: readonly number[] }[]
}

export interface Written {
  /** Id of the prompt. */
  readonly prompt: string
  readonly tokens: readonly number[]
  readonly text: string
  readonly stop: 'eos' | 'length'
}

/**
 * Samples a continuation of every prompt under its arm, at temperature 1.
 *
 * @param place with the tokens that are steered: those of the prompt, its last one, generated ones, or all
 * @returns by arm: its texts, in the order of its prompts
 * @throws PalimpsestError `interrupted`, and as `generate`
 */
export async function steeredTexts(
  run: RunFolder,
  place: ArmPlace & {
    readonly open: StudyModel['open']
    readonly architecture: Architecture
    readonly positions: Positions
  },
  arms: readonly TextArm[],
  { maxTokens, seed }: { readonly maxTokens: number; readonly seed: number },
): Promise<{ hash: string; texts: Written[][] }> {
  const { key, site, positions, signal, architecture } = place
  const rows = arms.flatMap(({ arm, prompts }) => prompts.map((prompt) => ({ arm, prompt })))
  const longest = Math.max(0, ...rows.map((r) => r.prompt.tokens.length)) + maxTokens
  const batch = sequencesTogether(architecture, longest)
  const spec = {
    kind: 'steered-texts',
    version: VERSION,
    params: {
      ...key,
      site,
      // Texts that were written before this was a choice are steered at all tokens, and stay what they are.
      ...(positions === 'all' ? {} : { positions }),
      arms: hashJson(
        arms.map(({ id, arm, prompts }) => [
          id,
          arm === undefined ? null : [arm.op, arm.size, described(arm)],
          prompts.map((q) => [q.id, q.tokens]),
        ]),
      ),
      maxTokens,
      seed,
      batch,
    },
  }
  const { hash, shards } = await shardedStep<Written[]>(
    run,
    spec,
    Math.ceil(rows.length / batch),
    place.open,
    async (model, s) => {
      const mine = rows.slice(s * batch, (s + 1) * batch)
      const interventions = [...new Set(mine.map((r) => r.arm))].flatMap((arm) =>
        arm === undefined
          ? []
          : restricted(
              change(arm, site, positions),
              mine.flatMap((r, i) => (r.arm === arm ? [i] : [])),
            ),
      )
      const { texts } = await generate(
        model,
        mine.map((r) => r.prompt),
        { maxTokens, temperature: 1, seed, batch, interventions, signal },
      )
      return texts.map(({ id, tokens, text, stop }) => ({ prompt: id, tokens, text, stop }))
    },
    place.onProgress,
  )
  return {
    hash,
    texts: parts(
      shards.flat(),
      arms.map((a) => a.prompts.length),
    ),
  }
}

/** A list cut into parts of these sizes, one after the other. */
export function parts<T>(list: readonly T[], sizes: readonly number[]): T[][] {
  let at = 0
  return sizes.map((size) => {
    at += size
    return list.slice(at - size, at)
  })
}
