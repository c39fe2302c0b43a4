/** Where published dictionaries say they belong, as hook points. */

/** The layer in a hook point's name. */
export function layerOf(site: string): number | undefined {
  const match = /^blocks\.(\d+)\./.exec(site)
  return match === null ? undefined : Number(match[1])
}

/** Module names of transformers (`model.layers.17.output`, `layers.3.mlp`) as hook points; undefined if unknown. */
export function siteOfModule(name: string): string | undefined {
  if (/(^|\.)embed_tokens(\.output)?$/.test(name)) return 'hook_embed'
  const match = /(?:^|\.)layers[._](\d+)(?:\.(.+))?$/.exec(name)
  if (match === null) return undefined
  const hook = MODULES[match[2] ?? 'output']
  return hook === undefined ? undefined : `blocks.${match[1]}.${hook}`
}

/** What follows `layers.N.`. Post-norms of Gemma are what is added to the residual, as hook_mlp_out is. */
const MODULES: Record<string, string | undefined> = {
  output: 'hook_resid_post',
  mlp: 'hook_mlp_out',
  'mlp.output': 'hook_mlp_out',
  'post_feedforward_layernorm.output': 'hook_mlp_out',
  'self_attn.o_proj.input': 'attn.hook_z',
  'pre_feedforward_layernorm.output': 'hook_mlp_in',
}
