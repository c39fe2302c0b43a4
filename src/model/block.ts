/**
 * One transformer block as a graph: norm, attention, residual; norm, gated MLP, residual. It serves every
 * family: what differs is data in the architecture. Shapes are ggml's, fastest first; N is the number of
 * tokens of the pass.
 */

import type { Graph, RopePairs } from '../ggml/graph.ts'
import type { RopeTable } from '../ggml/rope-table.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import type { LayerWeights, Linear } from './weights.ts'

/** Where a block's keys and values come from, and who may see whom. */
export interface Attention {
  /** Sequences of the batch: 1 for a packed pass. */
  readonly batch: number
  /** Tokens of each sequence in this pass; batch * queries = N. */
  readonly queries: number
  /**
   * In layers with this window: attention of q [headDim, heads, N] by a kernel of ours, where one serves, over what
   * `remember` gave; with or without the patterns.
   */
  byKernel(
    q: Tensor,
    all: { readonly k: Tensor; readonly v: Tensor },
    options: { readonly window: number | undefined; readonly patterns: boolean },
  ): { readonly z: Tensor; readonly patterns: Tensor | undefined } | undefined
  /** F16 [keys, queries, 1, batch] for layers with this window. */
  mask(window: number | undefined): Tensor
  /** Turns this pass's k and v [kvHeads * headDim, N] into those of all tokens and sequences [headDim, kvHeads, rows]. */
  remember(layer: number, k: Tensor, v: Tensor): { k: Tensor; v: Tensor }
  /** All keys or values by sequence: [headDim, kvHeads, keys, batch]. */
  bySequence(all: Tensor): Tensor
}

/** What a block needs from the pass it is part of. */
export interface BlockContext {
  readonly graph: Graph
  readonly architecture: Architecture
  readonly positions: Int32Array
  readonly attention: Attention
  readonly ropePairs: RopePairs
  readonly ropes: readonly (RopeTable | undefined)[]
  /** w x + b, with adapters and precision applied, plus what is given besides; x [in, N]. */
  linear(w: Linear, x: Tensor, plus?: Tensor): Tensor
  /** Passes an activation through its interventions and reads it where asked. */
  hook(name: string, x: Tensor): Tensor
  /** Whether anything reads or changes a hook point. */
  isHooked(name: string): boolean
  /** Whether attention may be one operation, which on GPUs computes in f16. */
  readonly flash: boolean
}

/** Runs block `layer` on the residual stream x [d, N]. */
export function block(c: BlockContext, w: LayerWeights, layer: number, x: Tensor): Tensor {
  const g = c.graph
  const name = (hook: string): string => `blocks.${layer}.${hook}`
  x = c.hook(name('hook_resid_pre'), x)
  /** x with the output of one of the two halves added, in one operation where nothing looks at the output alone. */
  const added = (linear: Linear, input: Tensor, norm: Tensor | undefined, hook: string): Tensor => {
    if (norm === undefined && !c.isHooked(hook)) return c.linear(linear, input, x)
    return g.add(x, c.hook(hook, normed(c, c.linear(linear, input), norm)))
  }
  const z = attention(c, w, layer, normed(c, x, w.beforeAttention))
  x = c.hook(name('hook_resid_mid'), added(w.o, z, w.afterAttention, name('hook_attn_out')))
  const h = c.hook(name('mlp.hook_in'), normed(c, x, w.beforeMlp, name('ln2.hook_normalized')))
  const post = c.hook(name('mlp.hook_post'), gated(c, c.linear(w.gate, h), c.linear(w.up, h)))
  return c.hook(name('hook_resid_post'), added(w.down, post, w.afterMlp, name('hook_mlp_out')))
}

/** RMS norm with its weight; a missing norm is the identity. `hook`, if any, is what the weight multiplies: the bits are those of both at once. */
function normed(c: BlockContext, x: Tensor, weight: Tensor | undefined, hook?: string): Tensor {
  const { normEps } = c.architecture
  if (weight === undefined) return x
  if (hook === undefined || !c.isHooked(hook)) return c.graph.norm(x, weight, normEps)
  return c.graph.mul(c.hook(hook, c.graph.norm(x, undefined, normEps)), weight)
}

function gated(c: BlockContext, gate: Tensor, up: Tensor): Tensor {
  const g = c.graph
  if (c.architecture.activation === 'silu') return g.swiglu(gate, up)
  // gelu_tanh(x) = x * sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)); ggml's own gelu rounds through an f16 table.
  const k = 2 * Math.sqrt(2 / Math.PI)
  const inner = g.mul(gate, g.scale(g.square(gate), 0.044715 * k, k))
  return g.mul(g.mul(gate, g.sigmoid(inner)), up)
}

/** Returns z [heads * headDim, N]. */
function attention(c: BlockContext, w: LayerWeights, layer: number, h: Tensor): Tensor {
  const { graph: g, architecture: a } = c
  const n = h.ne[1]
  const name = (hook: string): string => `blocks.${layer}.attn.${hook}`
  const { window } = a.layers[layer]!
  const rope = c.ropes[layer]
  const project = (linear: Linear, hook: string, heads: number): Tensor => {
    const y = c.linear(linear, h)
    // A GGUF of llama type has its query and key rows permuted; hooks show and take HF's order.
    if (c.ropePairs === 'half' || hook === 'hook_v' || !c.isHooked(name(hook))) return c.hook(name(hook), y)
    const split = g.cont(g.permute(g.reshape(y, [2, a.headDim / 2, heads, n]), [1, 0, 2, 3]))
    const shown = c.hook(name(hook), g.reshape(split, [a.headDim * heads, n]))
    const back = g.cont(g.permute(g.reshape(shown, [a.headDim / 2, 2, heads, n]), [1, 0, 2, 3]))
    return g.reshape(back, [a.headDim * heads, n])
  }
  const turn = (x: Tensor, heads: number, norm: Tensor | undefined): Tensor => {
    if (norm !== undefined && a.queryKeyNorm === 'projection') x = normed(c, x, norm)
    if (norm !== undefined && a.queryKeyNorm === 'head')
      x = g.reshape(normed(c, g.reshape(x, [a.headDim, heads * n]), norm), [a.headDim * heads, n])
    return rope === undefined ? x : g.rotate(x, c.positions, rope)
  }
  const turnedQ = turn(project(w.q, 'hook_q', a.heads), a.heads, w.queryNorm)
  const q = g.reshape(turnedQ, [a.headDim, a.heads, n])
  const ownK = turn(project(w.k, 'hook_k', a.kvHeads), a.kvHeads, w.keyNorm)
  const ownV = project(w.v, 'hook_v', a.kvHeads)
  const { batch, queries } = c.attention
  const all = c.attention.remember(layer, ownK, ownV)
  const done = c.attention.byKernel(q, all, { window, patterns: c.isHooked(name('hook_pattern')) })
  if (done !== undefined) {
    // Patterns can be read, but not changed.
    if (done.patterns !== undefined) c.hook(name('hook_pattern'), done.patterns)
    return c.hook(name('hook_z'), g.reshape(done.z, [a.headDim * a.heads, n]))
  }
  const keys = g.permute(c.attention.bySequence(all.k), [0, 2, 1, 3]) // [headDim, keys, kvHeads, batch]
  const values = g.permute(c.attention.bySequence(all.v), [0, 2, 1, 3])
  const query = g.permute(g.reshape(q, [a.headDim, a.heads, queries, batch]), [0, 2, 1, 3])
  const mask = c.attention.mask(window)
  if (c.flash && !c.isHooked(name('hook_pattern'))) {
    const z = g.flashAttention(query, keys, values, mask, a.attentionScale, a.attentionSoftcap)
    // GPUs have kernels for some head widths only.
    if (g.supports(z)) return c.hook(name('hook_z'), g.reshape(z, [a.headDim * a.heads, n]))
  }
  let scores = g.mulMat(keys, query) // [keys, queries, heads, batch]
  let scale = a.attentionScale
  if (a.attentionSoftcap > 0) {
    scores = g.scale(g.tanh(g.scale(scores, scale / a.attentionSoftcap)), a.attentionSoftcap)
    scale = 1
  }
  const pattern = c.hook(name('hook_pattern'), g.softMax(scores, mask, scale))
  const turned = g.cont(g.permute(values, [1, 0, 2, 3])) // [keys, headDim, kvHeads, batch]
  const z = g.cont(g.permute(g.mulMat(turned, pattern), [0, 2, 1, 3])) // [headDim, heads, queries, batch]
  return c.hook(name('hook_z'), g.reshape(z, [a.headDim * a.heads, n]))
}
