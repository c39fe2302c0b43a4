/**
 * Hook points: the places in a forward pass that can be read and changed, by their TransformerLens names.
 *
 * | name | shape per text | what |
 * |---|---|---|
 * | hook_embed | [T, d] | embedding, after the family's scale |
 * | blocks.L.hook_resid_pre | [T, d] | residual stream entering block L |
 * | blocks.L.attn.hook_q, hook_k, hook_v | [T, heads * headDim] | projections with bias, before any norm and RoPE, in HF order |
 * | blocks.L.attn.hook_pattern | [heads * T, T] | attention weights, head after head |
 * | blocks.L.attn.hook_z | [T, heads * headDim] | weighted values, before the output projection |
 * | blocks.L.hook_attn_out | [T, d] | what attention adds to the residual (after its post-norm, if any) |
 * | blocks.L.hook_resid_mid | [T, d] | residual stream between attention and MLP |
 * | blocks.L.ln2.hook_normalized | [T, d] | norm before the MLP, before its weight; not in families without one (OLMo 2) |
 * | blocks.L.mlp.hook_in | [T, d] | what the MLP reads: that norm with its weight |
 * | blocks.L.mlp.hook_post | [T, mlp] | activation(gate) * up, before the output projection |
 * | blocks.L.hook_mlp_out | [T, d] | what the MLP adds to the residual |
 * | blocks.L.hook_resid_post | [T, d] | residual stream leaving block L (HF hidden_states[L+1], except the last) |
 * | ln_final.hook_normalized | [T, d] | the final RMS norm before its weight, as in TransformerLens |
 *
 * Weights are never folded, so every number is that of the Hugging Face implementation.
 */

import { nearest, refuse } from '../core/errors.ts'
import type { Architecture } from './architecture.ts'

/** Names of a block's hook points, after `blocks.L.`, in the order in which they are computed. */
export const BLOCK_HOOKS = [
  'hook_resid_pre',
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_pattern',
  'attn.hook_z',
  'hook_attn_out',
  'hook_resid_mid',
  'ln2.hook_normalized',
  'mlp.hook_in',
  'mlp.hook_post',
  'hook_mlp_out',
  'hook_resid_post',
] as const

/** All hook points of a model, in the order in which they are computed. */
export function hookNames(architecture: Architecture): string[] {
  const hooks =
    architecture.norms.beforeMlp === undefined
      ? BLOCK_HOOKS.filter((name) => name !== 'ln2.hook_normalized')
      : BLOCK_HOOKS
  const blocks = architecture.layers.flatMap((_, layer) => hooks.map((name) => `blocks.${layer}.${name}`))
  return ['hook_embed', ...blocks, 'ln_final.hook_normalized']
}

/** The layer a hook belongs to; -1 for hook_embed, the number of layers for ln_final. */
export function hookLayer(name: string, architecture: Architecture): number {
  const match = /^blocks\.(\d+)\./.exec(name)
  if (match !== null) return Number(match[1])
  return name === 'hook_embed' ? -1 : architecture.layers.length
}

/** Values per token at a hook point; patterns have no fixed width (0). */
export function hookWidth(name: string, architecture: Architecture): number {
  const a = architecture
  if (name.endsWith('attn.hook_pattern')) return 0
  if (name.endsWith('attn.hook_q') || name.endsWith('attn.hook_z')) return a.heads * a.headDim
  if (name.endsWith('attn.hook_k') || name.endsWith('attn.hook_v')) return a.kvHeads * a.headDim
  if (name.endsWith('mlp.hook_post')) return a.mlpWidth
  return a.width
}

/**
 * The hook points that match names or globs (`*` stands for anything, `?` for one character), in the order
 * in which they are computed.
 *
 * @throws PalimpsestError `hook-unknown` for a name or glob that matches nothing, with the nearest names
 * @example matchHooks(['blocks.*.hook_resid_post'], architecture)
 */
export function matchHooks(globs: readonly string[], architecture: Architecture): string[] {
  const names = hookNames(architecture)
  const wanted = new Set<string>()
  for (const glob of globs) {
    const pattern = new RegExp(
      `^${glob
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*/g, '.*')
        .replace(/\?/g, '.')}$`,
    )
    const matches = names.filter((name) => pattern.test(name))
    if (matches.length === 0)
      throw refuse('hook-unknown', 'There is no such hook point.', {
        found: glob,
        expected: `a name or glob such as ${(nearest(glob, names).length > 0 ? nearest(glob, names) : ['blocks.0.hook_resid_post', 'blocks.*.attn.hook_z']).join(', ')}`,
        where: `a ${architecture.family} model of ${architecture.layers.length} layers (blocks.0 to blocks.${architecture.layers.length - 1})`,
        fix: '`palimpsest inspect MODEL` lists every hook point.',
      })
    for (const name of matches) wanted.add(name)
  }
  return names.filter((name) => wanted.has(name))
}
