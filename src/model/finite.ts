/**
 * Numbers that are not finite: found in whatever a pass read, then traced back to the first hook point where
 * one appears, and to a weight of that layer where that is the cause.
 */

import { type PalimpsestError, refuse } from '../core/errors.ts'
import { Graph, type GraphAllocator } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import { buildPass, type ForwardModel, type PassOptions } from './forward.ts'
import { hookLayer, hookNames } from './hooks.ts'
import type { LayerWeights, Linear } from './weights.ts'

/** Where a value that is not finite was found. */
export interface NotFinite {
  /** Hook point, or `logits`. */
  readonly name: string
  readonly at: number
  readonly value: number
}

/** The first value that is not finite among what was read, or undefined. */
export function findNotFinite(reads: Iterable<readonly [string, Float32Array]>): NotFinite | undefined {
  for (const [name, values] of reads) {
    // By their bits, which is cheaper than arithmetic: all those of the exponent are set.
    const words = new Int32Array(values.buffer, values.byteOffset, values.length)
    for (let at = 0; at < words.length; at++)
      if ((words[at]! & 0x7f80_0000) === 0x7f80_0000) return { name, at, value: values[at]! }
  }
  return undefined
}

/**
 * Explains a pass that gave a value that is not finite: computes it again with every hook point read, and
 * looks at the weights of the first layer that fails. Inside `backend.exclusive`.
 *
 * @returns the error to throw, `activation-nan` or `weight-nan`
 */
export async function explainNotFinite(
  model: ForwardModel & { readonly path: string },
  allocator: GraphAllocator,
  options: PassOptions,
  found: NotFinite,
): Promise<PalimpsestError> {
  const first = (await firstHook(model, allocator, options)) ?? found
  const layer = hookLayer(first.name, model.architecture)
  const weight = await badWeight(model, allocator, layer)
  if (weight !== undefined)
    return refuse('weight-nan', 'A weight is not a finite number.', {
      where: `${model.path}, ${weight}`,
      expected: 'finite numbers',
      found: `not finite at ${first.name}, which it makes`,
      fix: 'The file is damaged, or training diverged.',
    })
  return refuse('activation-nan', 'An activation is not a finite number.', {
    where: `${model.path}, ${first.name} (the first hook point where one appears)`,
    expected: 'finite numbers',
    found: `${first.value} at value ${first.at}`,
    fix: 'The weights of this layer are finite: the values overflow. Try --precision f32; with interventions, a smaller dose.',
  })
}

async function firstHook(
  model: ForwardModel,
  allocator: GraphAllocator,
  options: PassOptions,
): Promise<NotFinite | undefined> {
  const read = new Set(hookNames(model.architecture).filter((name) => !name.endsWith('hook_pattern')))
  using pass = buildPass(model, { ...options, read })
  await pass.graph.compute(allocator)
  for (const [name, tensor] of pass.reads) {
    const bad = findNotFinite([[name, pass.graph.read(tensor)]])
    if (bad !== undefined) return bad
  }
  return undefined
}

/** The name of a layer's matrix with a value that is not finite (vectors are checked at loading). */
async function badWeight(
  model: ForwardModel,
  allocator: GraphAllocator,
  layer: number,
): Promise<string | undefined> {
  const { layers, embedding, output } = model.weights
  const named: [string, Tensor][] =
    layer === -1 || (layer === layers.length && output === embedding)
      ? [['model.embed_tokens.weight', embedding]]
      : layer === layers.length
        ? [['lm_head.weight', output]]
        : linears(layers[layer]!).map((l) => [`${l.name}.weight`, l.weight])
  for (const [name, weight] of named) {
    using graph = new Graph(model.backend, 4)
    const wide = graph.cast(weight, 'F32')
    if (wide !== weight && !graph.supports(wide)) continue // some GPUs do not widen every type
    // 0 x is 0 for every finite x, and NaN for the others.
    const sums = graph.output(graph.sumRows(graph.scale(wide, 0)))
    await graph.compute(allocator)
    if (findNotFinite([[name, graph.read(sums)]]) !== undefined) return name
  }
  return undefined
}

function linears(w: LayerWeights): Linear[] {
  return [w.q, w.k, w.v, w.o, w.gate, w.up, w.down]
}
