import { expect, it } from 'vitest'
import { siteOfModule } from './sites.ts'

it.each([
  ['layers.23', 'blocks.23.hook_resid_post'],
  ['layers_23', 'blocks.23.hook_resid_post'],
  ['model.layers.17.output', 'blocks.17.hook_resid_post'],
  ['layers.3.mlp', 'blocks.3.hook_mlp_out'],
  ['model.layers.3.post_feedforward_layernorm.output', 'blocks.3.hook_mlp_out'],
  ['model.layers.3.pre_feedforward_layernorm.output', 'blocks.3.mlp.hook_in'],
  ['model.layers.3.self_attn.o_proj.input', 'blocks.3.attn.hook_z'],
  ['embed_tokens', 'hook_embed'],
  ['model.embed_tokens.output', 'hook_embed'],
  ['layers.3.constructor', undefined],
  ['layers.3.lm_head', undefined],
  ['players.3', undefined],
  ['somewhere', undefined],
])('%s is %s', (module, site) => {
  expect(siteOfModule(module)).toBe(site)
})
