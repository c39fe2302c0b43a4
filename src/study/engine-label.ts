/** What a study's numbers depend on beside its models: the engine, and which of its products serve. */

import type { Checkpoint } from '../formats/checkpoint.ts'
import type { Backend } from '../ggml/backend.ts'
import { kernelsOf, normName, ropeName } from '../ggml/kernels/kernels.ts'
import { kindsOf } from '../ggml/kernels/linear.ts'
import { type GgmlType, TYPE_IDS } from '../ggml/types.ts'
import type { Architecture } from '../model/architecture.ts'

/** Of a model: its weights' types and shapes, its heads, width and norms. */
export interface LabelledModel {
  readonly checkpoint: Pick<Checkpoint, 'tensors'>
  readonly architecture: Pick<Architecture, 'headDim' | 'heads' | 'kvHeads' | 'width' | 'normEps'>
}

/**
 * The engine and whose products, attention, norms, turns, draws and means serve a model. A kernel that fails its test is not used, and numbers are
 * then those of another or ggml's own: so what this model's passes and steps want is tested here, before its first use, and
 * the label names what failed.
 *
 * @example engineLabel(backend, description, 'native') // '0.23.0, avx512 bf16 vnni kernels'
 */
export function engineLabel(
  backend: Backend,
  { checkpoint, architecture }: LabelledModel,
  precision: 'native' | 'f32',
): string {
  const { version } = backend.engine
  if (!backend.isCpu) return version
  const kernels = kernelsOf(backend.engine)
  const { off, instructions, bf16, vnni } = kernels.report()
  if (off !== undefined) return `${version}, ggml products`
  const asked: string[] = []
  // A random twin has weights of f16.
  for (const type of new Set(['F16', ...matrixTypes(checkpoint)]) as Set<GgmlType>)
    for (const kind of kindsOf(type, EVEN, precision, true)) {
      kernels.product(kind)
      asked.push(`${kind.weights} x ${kind.activations}`)
      if (kind.activations !== 'I8') continue
      kernels.quantise()
      asked.push('activations of 8 bits')
    }
  const { headDim, heads, kvHeads, width, normEps } = architecture
  kernels.attention(headDim)
  asked.push(`attention of ${headDim}`)
  for (const type of ['F32', 'BF16'] as const) {
    kernels.stepAttention({ headDim, heads, kvHeads, type })
    asked.push(`steps of ${headDim}, ${heads} on ${kvHeads}, ${type}`)
  }
  // Drawn tokens.
  kernels.blockSums()
  asked.push('sums of blocks')
  for (const weighted of [true, false]) {
    kernels.norm(normEps, weighted)
    asked.push(normName(normEps, weighted))
  }
  for (const pairs of ['half', 'adjacent'] as const) {
    kernels.rope(pairs)
    asked.push(ropeName(pairs))
  }
  // Means of harvests.
  kernels.gather(width)
  asked.push('sparse sum', 'sparse dot', 'sparse dot-bf16')
  const failed = kernels.report().failed.map((reason) => reason.slice(0, reason.indexOf(':')))
  const without = [...new Set(asked)].filter((name) => failed.includes(name)).sort()
  const lack = without.length === 0 ? '' : ` without ${without.join('; ')}`
  return `${version}, ${instructions}${bf16 ? ' bf16' : ''}${vnni ? ' vnni' : ''} kernels${lack}`
}

/** Rows of an even number of elements: odd ones take the kinds that f32 takes. */
const EVEN = 2

/** Types of a checkpoint's matrices that the engine knows. */
function matrixTypes({ tensors }: Pick<Checkpoint, 'tensors'>): string[] {
  const matrices = [...tensors.values()].filter((t) => t.shape.length === 2)
  return matrices.map((t) => t.type).filter((type) => type in TYPE_IDS && !/^I\d/.test(type))
}
