/**
 * PEFT LoRA adapters, applied in the graph: y += scaling * B (A x) for each adapted linear map, so that a base
 * model's mapped weights serve the aligned model too.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import type { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { Config } from './config.ts'
import type { Linear } from './weights.ts'

export interface Adapter extends Disposable {
  /** Modules it changes, by HF name. */
  readonly modules: readonly string[]
  /** The correction of a linear map for its input x [in, N], or undefined where it has none. */
  readonly adapt: (graph: Graph, linear: Linear, x: Tensor) => Tensor | undefined
}

const NAME = /^base_model\.model\.(model\.layers\.\d+\.(?:self_attn|mlp)\.\w+_proj)\.lora_(A|B)\.weight$/

/**
 * Loads an adapter folder (adapter_config.json, adapter_model.safetensors).
 *
 * scaling is lora_alpha / r, or lora_alpha / sqrt(r) with `use_rslora` (PEFT, lora/layer.py); `rank_pattern`
 * and `alpha_pattern` change r and alpha by module.
 *
 * @throws PalimpsestError `adapter-unsupported` (DoRA, biases, embeddings and other kinds of adapters),
 *   `adapter-shape`, `adapter-incomplete`
 */
export async function loadAdapter(
  backend: Backend,
  folder: string,
  architecture: Architecture,
): Promise<Adapter> {
  const where = join(folder, 'adapter_config.json')
  const config = await readJson(where)
  const unsupported = (found: string): Error =>
    refuse('adapter-unsupported', 'This kind of adapter is not supported.', {
      where,
      found,
      expected: 'LoRA on attention and MLP projections',
      fix: 'Merge it into the base model with PEFT (merge_and_unload) and compare the merged model.',
    })
  if (config.string('peft_type') !== 'LORA') throw unsupported(config.string('peft_type') ?? 'no peft_type')
  if (config.boolean('use_dora') === true) throw unsupported('use_dora')
  if ((config.string('bias') ?? 'none') !== 'none') throw unsupported(`bias ${config.string('bias')}`)
  if ((config.list('modules_to_save')?.length ?? 0) > 0) throw unsupported('modules_to_save')

  using file = openSafetensors(join(folder, 'adapter_model.safetensors'))
  const pairs = new Map<string, { A?: string; B?: string }>()
  for (const name of file.tensors.keys()) {
    const match = NAME.exec(name)
    if (match === null) throw unsupported(`the tensor ${name}`)
    const pair = pairs.get(match[1]!) ?? {}
    pair[match[2] as 'A' | 'B'] = name
    pairs.set(match[1]!, pair)
  }
  const store = new TensorStore(backend, 2 * pairs.size + 1)
  try {
    const modules = new Map<string, { a: Tensor; b: Tensor; scaling: number }>()
    for (const [module, { A, B }] of pairs) {
      const a = A === undefined ? undefined : file.tensors.get(A)
      const b = B === undefined ? undefined : file.tensors.get(B)
      if (a === undefined || b === undefined)
        throw refuse('adapter-incomplete', 'The adapter has only half of a pair.', {
          where: `${folder}, ${module}`,
          expected: 'lora_A and lora_B',
        })
      const layer = Number(/layers\.(\d+)\./.exec(module)![1])
      const rank = a.shape[0]!
      if (
        layer >= architecture.layers.length ||
        a.shape.length !== 2 ||
        b.shape.length !== 2 ||
        b.shape[1] !== rank
      )
        throw refuse('adapter-shape', 'The adapter does not fit the model.', {
          where: `${folder}, ${module}`,
          expected: `layers 0 to ${architecture.layers.length - 1}, A [r, in] and B [out, r]`,
          found: `A [${a.shape.join(', ')}], B [${b.shape.join(', ')}]`,
        })
      modules.set(module, {
        a: store.upload('F32', [a.shape[1]!, rank], readF32(a)),
        b: store.upload('F32', [rank, b.shape[0]!], readF32(b)),
        scaling: scalingOf(config, module, rank),
      })
    }
    store.commit()
    return {
      modules: [...modules.keys()],
      adapt: (graph, linear, x) => {
        const m = modules.get(linear.name)
        if (m === undefined) return undefined
        if (m.a.ne[0] !== x.ne[0] || m.b.ne[1] !== linear.weight.ne[1])
          throw refuse('adapter-shape', 'The adapter does not fit the model.', {
            where: `${folder}, ${linear.name}`,
            expected: `${x.ne[0]} in, ${linear.weight.ne[1]} out`,
            found: `${m.a.ne[0]} in, ${m.b.ne[1]} out`,
          })
        return graph.scale(graph.mulMat(m.b, graph.mulMat(m.a, x)), m.scaling)
      },
      [Symbol.dispose]: () => store[Symbol.dispose](),
    }
  } catch (error) {
    store[Symbol.dispose]()
    throw error
  }
}

function scalingOf(config: Config, module: string, rank: number): number {
  const alpha = patterned(config.section('alpha_pattern'), module) ?? config.number('lora_alpha') ?? rank
  return config.boolean('use_rslora') === true ? alpha / Math.sqrt(rank) : alpha / rank
}

/** PEFT's patterns are regular expressions that match the end of a module's name. */
function patterned(patterns: Config | undefined, module: string): number | undefined {
  if (patterns === undefined) return undefined
  const parts = module.split('.')
  for (let i = 0; i < parts.length; i++) {
    const value = patterns.number(parts.slice(i).join('.'))
    if (value !== undefined) return value
  }
  return undefined
}

async function readJson(path: string): Promise<Config> {
  try {
    return new Config(JSON.parse(await readFile(path, 'utf8')), path)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refuse('config-malformed', 'The file is not JSON.', { where: path, found: error.message })
    throw explainFileError(error, path)
  }
}
