/** Data for tests of the statistics: reference numbers, and sets of texts whose answer is known. */
import { readFileSync } from 'node:fs'
import { type Matrix, matrix } from '../../src/core/matrix.ts'
import { stream } from '../../src/core/random.ts'
import { orthonormal, stack } from '../../src/stats/components.ts'
import { type Labels, readLabels } from '../../src/stats/groups.ts'
import { dot, unit } from '../../src/stats/linear.ts'

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/stats/${name}`, import.meta.url), 'utf8')) as T
}

export interface Goldens {
  x: number[]
  rows: number
  cols: number
  y: number[]
  train: number
  logistic: { C: number; w: number[]; b: number; auc: number }[]
  lda: { lsqr: number[]; eigen: number[] }
  shrinkage: number[]
  correlation: number[][]
  tfidf: { texts: string[]; y: number[]; train: number[]; test: number[]; decision: number[] }
  levene: { a: number[]; b: number[]; p: number }
  bh: { p: number[]; q: number[] }
  delong: { s: number[]; auc: number; variance: number; times: number[]; weighted: number }
  pearson: { r: number; ci: number[] }
  matchedPc1: number[]
  other: number[]
  cka: number
  angles: { k: number; radians: number[] }
  cohensD: number
}

export const goldens = (): Goldens => fixture('goldens.json')

/** By marker, patients of good and poor outcome at each value, values rising. */
export const asah = (): Record<string, [number, number][]> => fixture('asah.json')

export interface Sample {
  readonly x: Matrix
  readonly labels: Labels
}

/**
 * Texts with features that groups share: x = effect * pole on the first feature + what the group shares + noise.
 *
 * @param kind nested: each group of one pole; crossed: each group has both, in matched pairs
 */
export function sample(o: {
  seed: number
  kind: 'nested' | 'crossed'
  groups: number
  perGroup: number
  d: number
  effect: number
  shared?: number
  topics?: number
}): Sample {
  const n = o.groups * o.perGroup
  const rng = stream(o.seed, 'sample')
  const x = matrix(n, o.d)
  const poles = new Int8Array(n)
  const names: string[] = []
  for (let g = 0; g < o.groups; g++) {
    const shared = Float64Array.from({ length: o.d }, () => (o.shared ?? 0.5) * rng.normal())
    for (let t = 0; t < o.perGroup; t++) {
      const i = g * o.perGroup + t
      poles[i] = o.kind === 'nested' ? g % 2 : t % 2
      names.push(`group ${g}`)
      for (let j = 0; j < o.d; j++)
        x.data[i * o.d + j] = (j === 0 ? o.effect * (poles[i]! - 0.5) : 0) + shared[j]! + rng.normal()
    }
  }
  return {
    x,
    labels: readLabels({
      poles,
      groups: names,
      ...(o.topics === undefined
        ? {}
        : { topics: names.map((_, i) => `topic ${rng.below(1000 + i) % o.topics!}`) }),
      ...(o.kind === 'crossed' ? { pairs: names.map((_, i) => `pair ${i >> 1}`) } : {}),
    }),
  }
}

/** x times a number. */
export function scaled(x: Matrix, factor: number): Matrix {
  return matrix(
    x.rows,
    x.cols,
    x.data.map((v) => v * factor),
  )
}

/** Prompts of two models and labelled texts between them, for claim 2. */
export interface PromptPair {
  readonly base: Matrix
  readonly aligned: Matrix
  readonly issues: Int32Array
  /** Prompts that lean to no pole. */
  readonly leans: Int8Array
  /** Unit direction of the poles. */
  readonly d: Float64Array
  readonly texts: { readonly base: Matrix; readonly aligned: Matrix; readonly labels: Labels }
}

/**
 * Prompts on issues with a spectrum as of real activations (variances falling as a power of rank, issues sharing
 * part of it), a direction d of middling strength, and an aligned model that is the base with a gain on every
 * principal axis.
 *
 * @param gain of the aligned model on axis k (default 1), then on d
 */
export function prompts(o: {
  seed: number
  issues: number
  perIssue: number
  dim: number
  gain?: (axis: number, normal: () => number) => number
  alongD?: number
  gapAlongD?: number
  /** How many times as strongly prompts vary along d as its axes would have it. */
  strength?: number
}): PromptPair {
  const rng = stream(o.seed, 'prompts')
  const n = o.issues * o.perIssue
  const issues = Int32Array.from({ length: n }, (_, i) => Math.floor(i / o.perIssue))
  const sd = Float64Array.from({ length: o.dim }, (_, k) => (k + 1) ** -0.6)
  const gains = sd.map((_, k) => o.gain?.(k, () => rng.normal()) ?? 1)
  // d mixes the axes in proportion to their strength, as a direction of the data would.
  const d = unit(sd.map((s) => s * rng.normal()))
  const stronger = (v: Float64Array): Float64Array => {
    const z = dot(v, d)
    return o.strength === undefined ? v : v.map((x, k) => x + (o.strength! - 1) * z * d[k]!)
  }
  const draw = (issueParts: readonly Float64Array[], issue: number): Float64Array =>
    stronger(sd.map((s, k) => s * (0.6 * issueParts[issue]![k]! + 0.8 * rng.normal())))
  const change = (v: Float64Array, along: number): Float64Array => {
    const out = v.map((x, k) => x * gains[k]!)
    const z = dot(out, d)
    return out.map((x, k) => x + (along - 1) * z * d[k]!)
  }
  const parts = Array.from({ length: o.issues }, () =>
    Float64Array.from({ length: o.dim }, () => rng.normal()),
  )
  const base = Array.from({ length: n }, (_, i) => draw(parts, issues[i]!))
  const m = 80
  const poles = Int8Array.from({ length: m }, (_, i) => i % 2)
  const plain = Array.from({ length: m }, () => sd.map((s) => 0.3 * s * rng.normal()))
  const shift = 2 * Math.sqrt(base.reduce((s, v) => s + dot(v, d) ** 2, 0) / n)
  const texts = plain.map((v, i) => v.map((x, k) => x + shift * (poles[i]! - 0.5) * d[k]!))
  return {
    base: stack(base),
    aligned: stack(base.map((v) => change(v, o.alongD ?? 1))),
    issues,
    leans: new Int8Array(n),
    d,
    texts: {
      base: stack(texts),
      aligned: stack(texts.map((v) => change(v, o.gapAlongD ?? 1))),
      labels: readLabels({ poles, groups: texts.map((_, i) => `author ${i % 40}`) }),
    },
  }
}

/** x with its features turned by a random rotation. */
export function rotated(m: Matrix, seed: number): Matrix {
  const rng = stream(seed, 'rotated')
  const basis = orthonormal(
    Array.from({ length: m.cols }, () => Float64Array.from({ length: m.cols }, () => rng.normal())),
  )
  const out = matrix(m.rows, m.cols)
  for (let i = 0; i < m.rows; i++)
    basis.forEach((b, j) => {
      out.data[i * m.cols + j] = dot(m.data.subarray(i * m.cols, (i + 1) * m.cols), b)
    })
  return out
}

/** Texts in two models that share what they vary in, and how alike the models are where texts never end. */
export interface Twins extends Sample {
  readonly other: Matrix
  /** Linear CKA of the population. */
  readonly cka: number
}

/**
 * x: a spectrum that falls as a power, part of which a group's texts share, and poles that lie apart along a
 * direction of it. The other model: every third axis weakened, and noise of its own.
 */
export function twins(o: {
  seed: number
  kind: 'nested' | 'crossed'
  groups: number
  perGroup: number
  d: number
  effect: number
  noise: number
}): Twins {
  const rng = stream(o.seed, 'twins')
  const sd = Float64Array.from({ length: o.d }, (_, k) => (k + 1) ** -0.6)
  const gain = sd.map((_, k) => (k % 3 === 0 ? 0.3 : 1))
  const apart = sd.map((s, k) => Math.sin(k + 1) * s)
  const n = o.groups * o.perGroup
  const [x, other] = [matrix(n, o.d), matrix(n, o.d)]
  const poles = new Int8Array(n)
  const groups: string[] = []
  for (let i = 0, shared = sd; i < n; i++) {
    const [g, t] = [Math.floor(i / o.perGroup), i % o.perGroup]
    if (t === 0) shared = sd.map((s) => 0.6 * s * rng.normal())
    poles[i] = o.kind === 'nested' ? g % 2 : t % 2
    groups.push(`group ${g}`)
    for (let k = 0; k < o.d; k++) {
      const v = shared[k]! + 0.8 * sd[k]! * rng.normal() + o.effect * (poles[i]! - 0.5) * apart[k]!
      x.data[i * o.d + k] = v
      other.data[i * o.d + k] = gain[k]! * v + o.noise * sd[k]! * rng.normal()
    }
  }
  let [xy, xx, yy] = [0, 0, 0]
  for (let k = 0; k < o.d; k++)
    for (let l = 0; l < o.d; l++) {
      const own = k === l ? sd[k]! ** 2 : 0
      const s = own + (o.effect ** 2 / 4) * apart[k]! * apart[l]!
      xx += s ** 2
      xy += (s * gain[l]!) ** 2
      yy += (s * gain[k]! * gain[l]! + o.noise ** 2 * own) ** 2
    }
  return { x, other, labels: readLabels({ poles, groups }), cka: xy / Math.sqrt(xx * yy) }
}

/** [rows, cols] of standard normals. */
export function normals(rows: number, cols: number, seed: number): Matrix {
  const rng = stream(seed, 'random')
  return matrix(
    rows,
    cols,
    Float32Array.from({ length: rows * cols }, () => rng.normal()),
  )
}
