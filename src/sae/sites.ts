/** Where published dictionaries say they belong, as hook points. */

/** Module names of transformers (`model.layers.17.output`, `layers.3.mlp`) as hook points; undefined if unknown. */
export function siteOfModule(name: string): string | undefined {
  if (/(^|\.)embed_tokens(\.output)?$/.test(name)) return 'hook_embed'
  const match = /(?:^|\.)layers[._](\d+)(?:\.(.+))?$/.exec(name)
  if (match === null) return undefined
  const module = match[2] ?? 'output'
  return Object.hasOwn(MODULES, module) ? `blocks.${match[1]}.${MODULES[module]}` : undefined
}

/** What follows `layers.N.`. Post-norms of Gemma are what is added to the residual, as hook_mlp_out is. */
const MODULES: Readonly<Record<string, string>> = {
  output: 'hook_resid_post',
  mlp: 'hook_mlp_out',
  'mlp.output': 'hook_mlp_out',
  'post_feedforward_layernorm.output': 'hook_mlp_out',
  'self_attn.o_proj.input': 'attn.hook_z',
  'pre_feedforward_layernorm.output': 'mlp.hook_in',
}
