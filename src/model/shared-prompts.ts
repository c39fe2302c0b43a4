/** What sequences that begin alike have in common: computed once, and given to all of them. */

import type { Architecture } from './architecture.ts'
import { hookLayer, matchHooks } from './hooks.ts'
import type { Intervention } from './interventions.ts'
import type { Item } from './model.ts'

/** Indices of items by equal prompt, in the order in which prompts first appear. */
export function equalPrompts(items: readonly Item[]): number[][] {
  const groups = new Map<string, number[]>()
  for (const [i, { tokens }] of items.entries()) {
    const key = tokens.join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [i])
    else group.push(i)
  }
  return [...groups.values()]
}

/**
 * The last block that equal prompts leave alike, whatever interventions apply to them: the first that touches a
 * prompt ends what is shared (one at a block's output touches it behind the block).
 *
 * @returns -1 where nothing is alike
 * @throws PalimpsestError `hook-unknown`
 */
export function sharedDepth(interventions: readonly Intervention[], architecture: Architecture): number {
  const before = interventions
    .filter((i) => i.positions !== 'generated')
    .flatMap((i) => matchHooks([i.site], architecture))
    .map((site) => hookLayer(site, architecture) - (site.endsWith('.hook_resid_post') ? 0 : 1))
  return Math.max(-1, Math.min(architecture.layers.length - 1, ...before))
}
