/** How far items lie apart, and how far repeated measurements of one of them do. */

import { type ClusterOptions, clusterBootstrap } from './bootstrap.ts'
import { drawnEstimate, type Estimate, mean } from './estimate.ts'
import { number } from './groups.ts'

/** One of several measurements of an item: an answer to a prompt, say. */
export interface Repeated {
  readonly item: string
  /** What is resampled: items of one issue stay together. */
  readonly issue: string
  readonly score: number
}

/**
 * SD between items and within items, by one-way analysis of variance with the within part removed from the former,
 * and intervals by bootstrap over issues. Items that were measured once are left out.
 *
 * @returns without intervals where all is one issue; undefined where fewer than two items were measured twice
 * @throws PalimpsestError `interrupted`
 */
export async function betweenAndWithin(
  rows: readonly Repeated[],
  options: ClusterOptions,
): Promise<{ between: Estimate; within: Estimate } | undefined> {
  const byItem = new Map<string, { issue: string; scores: number[] }>()
  for (const { item, issue, score } of rows) {
    const found = byItem.get(item) ?? { issue, scores: [] }
    found.scores.push(score)
    byItem.set(item, found)
  }
  const items = [...byItem.values()].flatMap(({ issue, scores }) => {
    const centre = mean(scores)
    const squares = scores.reduce((s, v) => s + (v - centre) ** 2, 0)
    return scores.length > 1 ? [{ issue, n: scores.length, centre, squares }] : []
  })
  if (items.length < 2) return undefined
  const issues = number(items.map((i) => i.issue))
  /** Sum over items, each as often as a draw holds its issue. */
  const sum = (of: (item: (typeof items)[number]) => number, times?: ArrayLike<number>): number =>
    items.reduce((s, item, i) => s + of(item) * (times === undefined ? 1 : times[issues.of[i]!]!), 0)
  const statistics = (times?: ArrayLike<number>): [between: number, within: number] => {
    const count = sum(() => 1, times)
    const within = sum((i) => i.squares, times) / sum((i) => i.n - 1, times)
    const size = count / sum((i) => 1 / i.n, times)
    const centre = sum((i) => i.centre, times) / count
    const between = sum((i) => (i.centre - centre) ** 2, times) / (count - 1) - within / size
    return [Math.sqrt(Math.max(0, between)), Math.sqrt(within)]
  }
  const [between, within] = statistics()
  const of = { n: sum((i) => i.n), groups: issues.count, seed: options.seed }
  if (issues.count < 2) return { between: { value: between, ...of }, within: { value: within, ...of } }
  const draws = await clusterBootstrap(issues.count, { ...options, stage: 'issues' }, statistics)
  return { between: drawnEstimate(between, draws[0]!, of), within: drawnEstimate(within, draws[1]!, of) }
}
