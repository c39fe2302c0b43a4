/** Labels at the right end of lines, moved apart so that none covers another. */

import * as Plot from '@observablehq/plot'

export interface EndLabel {
  /** Height of the line's end, in data units. */
  readonly y: number
  readonly text: string
  readonly colour: string
}

/**
 * Positions at least `gap` apart and within [low, high], as near as possible to the ones asked for and in
 * the same order. Too many for the room: evenly spread.
 *
 * @example spread([1, 1.1, 5], 1, 0, 10) // [0.55, 1.55, 5]
 */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const n = wanted.length
  if (n === 0) return []
  const step = Math.min(gap, n > 1 ? (high - low) / (n - 1) : gap)
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b)
  // Pool neighbours that collide into blocks centred on their mean wish (isotonic regression with spacing).
  const blocks: { sum: number; size: number }[] = []
  for (const [rank, i] of order.entries()) {
    let block = { sum: clamp(wanted[i]!, low, high) - rank * step, size: 1 }
    for (
      let last = blocks.at(-1);
      last && last.sum / last.size > block.sum / block.size;
      last = blocks.at(-1)
    ) {
      block = { sum: block.sum + last.sum, size: block.size + last.size }
      blocks.pop()
    }
    blocks.push(block)
  }
  const out = new Array<number>(n)
  let rank = 0
  for (const block of blocks)
    for (let k = 0; k < block.size; k++, rank++)
      out[order[rank]!] = clamp(block.sum / block.size, low, high - (n - 1) * step) + rank * step
  return out
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high)
}

/**
 * Marks that label line ends in a right margin, with a leader where a label had to move.
 *
 * @param x the right end of the lines, in data units
 * @param domain of y; `height` is that of the plotting area, in pixels
 */
export function endLabels(
  labels: readonly EndLabel[],
  x: number,
  domain: readonly [number, number],
  height: number,
): Plot.Markish[] {
  const perPixel = (domain[1] - domain[0]) / height
  const placed = spread(
    labels.map((l) => l.y),
    14 * perPixel,
    domain[0] + 4 * perPixel,
    domain[1] - 4 * perPixel,
  )
  return labels.flatMap((l, i) => {
    const moved = (l.y - placed[i]!) / perPixel
    return [
      // Drawn as a text-free vector in pixels: from the line's end to its label.
      Plot.vector([0], {
        x: () => x,
        y: () => l.y,
        dx: 3,
        stroke: l.colour,
        strokeOpacity: 0.6,
        strokeWidth: 1,
        anchor: 'start',
        shape: {
          draw(context: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }) {
            context.moveTo(0, 0)
            context.lineTo(10, moved)
          },
        },
        length: 1,
        rotate: 0,
      }),
      Plot.text([l.text], {
        x: () => x,
        y: () => placed[i]!,
        dx: 16,
        textAnchor: 'start',
        fill: l.colour,
      }),
    ]
  })
}
