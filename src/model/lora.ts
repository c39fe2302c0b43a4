/**
 * PEFT LoRA adapters, applied in the graph: y += scaling * B (A x) for each adapted linear map, so that a base
 * model's mapped weights serve the aligned model too.
 */

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type PalimpsestError, refuse } from '../core/errors.ts'
import { explainFileError } from '../core/files.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import type { StoredTensor } from '../formats/tensor-type.ts'
import type { Backend } from '../ggml/backend.ts'
import { TensorStore } from '../ggml/buffer.ts'
import type { Graph, RopePairs } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { Config } from './config.ts'
import { LINEAR_NAMES, type Linear, type LinearName, linearShape } from './weights.ts'

const FETCH = 'Save or fetch the adapter again.'

export interface Adapter extends Disposable {
  /** Modules it changes, by HF name. */
  readonly modules: readonly string[]
  /** The correction of a linear map for its input x [in, N], or undefined where it has none. */
  readonly adapt: (graph: Graph, linear: Linear, x: Tensor) => Tensor | undefined
}

const CONFIG = 'adapter_config.json'
const WEIGHTS = 'adapter_model.safetensors'
const MAX_CONFIG_BYTES = 16 << 20

/** Keys of adapter_config.json that do not change what a trained adapter computes, or that are read here. */
const KNOWN = new Set(
  `alpha_pattern auto_mapping base_model_name_or_path bias corda_config ensure_weight_tying eva_config
  exclude_modules inference_mode init_lora_weights layers_pattern layers_to_transform loftq_config lora_alpha
  lora_dropout lora_ga_config megatron_core peft_type peft_version qalora_group_size r rank_pattern revision
  target_modules task_type use_rslora`.split(/\s+/),
)
/** Ways to initialise that leave the base model's weights alone; PiSSA, OLoRA and their kin change them. */
const PLAIN_INIT: readonly unknown[] = [undefined, true, false, 'gaussian', 'eva']
const NAME = /^base_model\.model\.(model\.layers\.(\d+)\.(\w+\.\w+))\.lora_(A|B)\.weight$/

/**
 * Loads an adapter folder (adapter_config.json, adapter_model.safetensors).
 *
 * scaling is lora_alpha / r, or lora_alpha / sqrt(r) with `use_rslora` (PEFT, lora/layer.py); `rank_pattern`
 * and `alpha_pattern` change r and alpha by module.
 *
 * @param ropePairs of the base model's file: where query and key rows are permuted, so are the adapter's
 * @throws PalimpsestError `adapter-unsupported` (other kinds of adapters, and every option that would change
 *   what it computes), `adapter-shape`, `adapter-incomplete`, `weight-nan`
 */
export async function loadAdapter(
  backend: Backend,
  folder: string,
  architecture: Architecture,
  ropePairs: RopePairs,
): Promise<Adapter> {
  const config = await readConfig(join(folder, CONFIG))
  checkConfig(config)
  using file = openSafetensors(join(folder, WEIGHTS))
  const halves = new Map<string, { name: LinearName; A?: StoredTensor; B?: StoredTensor }>()
  for (const [tensor, stored] of file.tensors) {
    const match = NAME.exec(tensor)
    const name = LINEAR_NAMES.find((linear) => linear === match?.[3])
    if (match === null || name === undefined || Number(match[2]) >= architecture.layers.length)
      throw unsupported(config, `the tensor ${tensor}`)
    const half = halves.get(match[1]!) ?? { name }
    half[match[4] as 'A' | 'B'] = stored
    halves.set(match[1]!, half)
  }
  checkTargets(config, folder, [...halves.keys()])
  const store = new TensorStore(backend, 2 * halves.size)
  try {
    const modules = new Map<string, { a: Tensor; b: Tensor; scaling: number }>()
    for (const [module, { name, A, B }] of halves) {
      const where = `${folder}, ${module}`
      if (A === undefined || B === undefined)
        throw refuse('adapter-incomplete', 'The adapter has only half of a pair.', {
          where,
          expected: 'lora_A and lora_B',
          found: A === undefined ? 'lora_B alone' : 'lora_A alone',
          fix: 'Save or fetch it again.',
        })
      const [outputs, inputs] = linearShape(architecture, name)
      const rank = patterned(config, 'rank_pattern', module) ?? config.size('r', 65536)
      checkShape(A, [rank, inputs], where)
      checkShape(B, [outputs, rank], where)
      const b = finite(B, where)
      const rows = ropePairs === 'adjacent' ? headOrder(name, architecture) : undefined
      modules.set(module, {
        a: store.upload('F32', [inputs, rank], finite(A, where)),
        b: store.upload('F32', [rank, outputs], rows === undefined ? b : permuteRows(b, rank, rows)),
        scaling: scalingOf(config, module, rank),
      })
    }
    store.commit()
    return {
      modules: [...modules.keys()],
      adapt: (graph, linear, x) => {
        const m = modules.get(linear.name)
        return m && graph.scale(graph.mulMat(m.b, graph.mulMat(m.a, x)), m.scaling)
      },
      [Symbol.dispose]: () => store[Symbol.dispose](),
    }
  } catch (error) {
    store[Symbol.dispose]()
    throw error
  }
}

function checkConfig(config: Config): void {
  if (config.string('peft_type') !== 'LORA')
    throw unsupported(config, config.string('peft_type') ?? 'no peft_type')
  if ((config.string('bias') ?? 'none') !== 'none') throw unsupported(config, `bias ${config.string('bias')}`)
  const init = config.raw('init_lora_weights')
  if (!PLAIN_INIT.includes(init)) throw unsupported(config, `init_lora_weights ${JSON.stringify(init)}`)
  for (const key of config.keys()) {
    const value = config.raw(key)
    const off = value === undefined || value === false || (typeof value === 'object' && isEmpty(value))
    if (!KNOWN.has(key) && !off) throw unsupported(config, `${key}: ${JSON.stringify(value)}`)
  }
}

function isEmpty(value: object | null): boolean {
  return value === null || Object.keys(value).length === 0
}

/** Every module that the configuration targets by name must be there; an adapter without any does nothing. */
function checkTargets(config: Config, folder: string, modules: readonly string[]): void {
  const targets = config.raw('target_modules')
  const absent = (Array.isArray(targets) ? targets : []).filter(
    (target) => typeof target === 'string' && !modules.some((module) => endsWith(module, target)),
  )
  if (modules.length === 0 || absent.length > 0)
    throw refuse('adapter-incomplete', 'The adapter lacks modules that it targets.', {
      where: join(folder, WEIGHTS),
      expected: absent.length > 0 ? `weights for ${absent.join(', ')}` : 'at least one pair of weights',
      found: `${modules.length} modules`,
      fix: 'Save or fetch it again.',
    })
}

function checkShape(t: StoredTensor, shape: readonly number[], where: string): void {
  if (t.shape.length !== shape.length || !shape.every((n, i) => n === t.shape[i]))
    throw refuse('adapter-shape', 'The adapter does not fit the model.', {
      where: `${where}, ${t.name}`,
      expected: `[${shape.join(', ')}]`,
      found: `[${t.shape.join(', ')}]`,
      fix: 'Use the base model that it was trained on.',
    })
}

function finite(t: StoredTensor, where: string): Float32Array {
  const values = readF32(t)
  const bad = values.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw refuse('weight-nan', 'A weight is not a finite number.', {
      where: `${where}, ${t.name}[${bad}]`,
      expected: 'finite numbers',
      found: `${values[bad]}`,
      fix: 'The file is damaged, or training diverged.',
    })
  return values
}

/** Which HF row stands in each row of a query or key projection whose heads turn adjacent pairs. */
function headOrder(name: LinearName, a: Architecture): Int32Array | undefined {
  if (name !== 'self_attn.q_proj' && name !== 'self_attn.k_proj') return undefined
  const half = a.headDim / 2
  return Int32Array.from({ length: linearShape(a, name)[0] }, (_, row) => {
    const at = row % a.headDim
    return row - at + (at % 2) * half + (at >> 1)
  })
}

function permuteRows(values: Float32Array, width: number, from: Int32Array): Float32Array {
  const out = new Float32Array(values.length)
  from.forEach((source, row) => {
    out.set(values.subarray(source * width, (source + 1) * width), row * width)
  })
  return out
}

function scalingOf(config: Config, module: string, rank: number): number {
  const alpha = patterned(config, 'alpha_pattern', module) ?? config.number('lora_alpha')
  if (alpha === undefined) throw unsupported(config, 'no lora_alpha')
  return config.boolean('use_rslora') === true ? alpha / Math.sqrt(rank) : alpha / rank
}

/**
 * The value of the first pattern that matches the end of a module's name (PEFT, get_pattern_key). PEFT reads
 * patterns as regular expressions; plain names, which it writes itself, are what is read here.
 */
function patterned(
  config: Config,
  key: 'rank_pattern' | 'alpha_pattern',
  module: string,
): number | undefined {
  const patterns = config.section(key)
  for (const pattern of patterns?.keys() ?? []) {
    if (!/^[\w.]+$/.test(pattern)) throw unsupported(config, `${key} with the expression ${pattern}`)
    if (endsWith(module, pattern)) return patterns!.number(pattern)
  }
  return undefined
}

function endsWith(module: string, name: string): boolean {
  return module === name || module.endsWith(`.${name}`)
}

function unsupported(config: Config, found: string): PalimpsestError {
  return refuse('adapter-unsupported', 'This kind of adapter is not supported.', {
    where: config.where,
    found,
    expected: 'LoRA on attention and MLP projections',
    fix: 'Merge it into the base model with PEFT (merge_and_unload) and compare the merged model.',
  })
}

async function readConfig(path: string): Promise<Config> {
  try {
    const { size } = await stat(path)
    if (size > MAX_CONFIG_BYTES)
      throw refuse('config-malformed', 'The file is too large for a configuration.', {
        where: path,
        expected: `at most ${MAX_CONFIG_BYTES} bytes`,
        found: `${size} bytes`,
        fix: FETCH,
      })
    return new Config(JSON.parse(await readFile(path, 'utf8')), path)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refuse('config-malformed', 'The file is not JSON.', {
        where: path,
        expected: 'JSON',
        found: error.message,
        fix: FETCH,
      })
    throw explainFileError(error, path)
  }
}
