/**
 * Interventions: changes to activations, as data. Each is compiled into the graph of a pass and answers with
 * a receipt (compile.ts), because the worst bugs of this field are changes that silently did not happen.
 *
 * Several interventions at one site are applied in the order given. `rows` restricts one to some texts of a
 * batch, so that many arms (directions, doses, a baseline) share one pass.
 */

import { refuse } from '../core/errors.ts'
import type { Matrix } from '../core/matrix.ts'
import type { Graph } from '../ggml/graph.ts'
import type { Tensor } from '../ggml/tensor.ts'
import type { Architecture } from './architecture.ts'
import { hookWidth, matchHooks } from './hooks.ts'

/** Where in a text: all tokens, those of the prompt, generated ones, or the last token of the prompt. */
export type Positions = 'all' | 'prompt' | 'generated' | 'last'

interface Common {
  /** A hook point, or a glob of them. */
  readonly site: string
  /** Default `all`. */
  readonly positions?: Positions
  /** Texts of the batch that it applies to, by index. Default: every text. */
  readonly rows?: readonly number[]
}

/** x + dose * vector. */
export interface Add extends Common {
  readonly op: 'add'
  /** [width of the site] */
  readonly vector: Float32Array
  readonly dose: Dose
}

/** Sets the component of x along `direction` to `mean` (0 unless given): x + (mean - <x, u>) u, u of unit norm. */
export interface Ablate extends Common {
  readonly op: 'ablate'
  /** [width of the site]; scaled to unit norm. */
  readonly direction: Float32Array
  readonly mean?: number
  /** How much of the way to `mean` (default 1, the whole way): doses of ablations are equalised with it. */
  readonly amount?: number
}

/** Replaces activations by given ones: token t of a text by row t of `values`, as far as there are rows. */
export interface Replace extends Common {
  readonly op: 'replace'
  /** [T, width of the site] */
  readonly values: Matrix
}

/**
 * x + change(x), where `change` builds the graph of the change. The model knows nothing of what it computes:
 * dictionaries make such interventions (`clamp` and `splice` of palimpsest/sae).
 */
export interface Rewrite extends Common {
  readonly op: 'clamp' | 'splice'
  /** Width of the sites that it fits. */
  readonly width: number
  /** Upper bound on the tensors that `change` adds to a graph. */
  readonly tensors: number
  /** The change [width, n] of activations x F32 [width, n]. */
  readonly change: (graph: Graph, x: Tensor) => Tensor
  /** What it does, as plain data: two that differ here are different interventions. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Leaves out tokens, by index of the text and position in it; default: none. */
  readonly applies?: (text: number, position: number) => boolean
}

export type Intervention = Add | Ablate | Replace | Rewrite

/** Absolute (multiplies the vector), or a fraction of the mean residual norm at the site for a unit vector. */
export type Dose = number | { readonly relative: number }

/** A dose in fractions of the mean residual norm at the site. @example add({ ..., dose: rel(0.3) }) */
export function rel(fraction: number): Dose {
  return { relative: fraction }
}

/** Adds a multiple of a vector. @example add({ site: 'blocks.12.hook_resid_post', vector, dose: rel(0.3) }) */
export function add(options: Omit<Add, 'op'>): Add {
  return { op: 'add', ...options }
}

/** Removes a direction (or sets it to its mean). @example ablate({ site: 'blocks.*.hook_resid_post', direction }) */
export function ablate(options: Omit<Ablate, 'op'>): Ablate {
  return { op: 'ablate', ...options }
}

/** Patches activations in. @example replace({ site: 'blocks.3.attn.hook_z', values, positions: 'prompt' }) */
export function replace(options: Omit<Replace, 'op'>): Replace {
  return { op: 'replace', ...options }
}

/** An intervention at one hook point, checked, with its dose as a number. */
export type Placed = {
  readonly site: string
  readonly index: number
  readonly positions: Positions
  readonly rows: ReadonlySet<number> | undefined
} & (
  | { readonly op: 'add'; readonly vector: Float32Array; readonly dose: number; readonly norm: number }
  | { readonly op: 'ablate'; readonly vector: Float32Array; readonly mean: number; readonly amount: number }
  | { readonly op: 'replace'; readonly values: Matrix }
  | Pick<Rewrite, 'op' | 'tensors' | 'change' | 'applies'>
)

/**
 * Expands globs and checks every intervention against the model and the number of texts. Relative doses are
 * turned into absolute ones with `siteNorm`, the mean residual norm at a site.
 *
 * @throws PalimpsestError `hook-unknown`; `intervention-shape`, `intervention-value`, `intervention-site`,
 *   `intervention-rows`
 */
export function placeInterventions(
  interventions: readonly Intervention[],
  architecture: Architecture,
  texts: number,
  siteNorm: (site: string) => number,
): Placed[] {
  interventions.forEach((item, index) => {
    const wrong = item.rows?.find((row) => !Number.isInteger(row) || row < 0 || row >= texts)
    if (wrong !== undefined)
      throw refuse('intervention-rows', 'An intervention names a text that is not in the batch.', {
        where: `intervention ${index + 1} (${item.op}) at ${item.site}, rows`,
        expected: `0 to ${texts - 1}`,
        found: `${wrong}`,
        fix: 'Count the texts from 0, in the order in which they are given.',
      })
  })
  return interventions.flatMap((item, index) =>
    matchHooks([item.site], architecture).map((site) => placeOne(item, index, site, architecture, siteNorm)),
  )
}

function placeOne(
  item: Intervention,
  index: number,
  site: string,
  architecture: Architecture,
  siteNorm: (site: string) => number,
): Placed {
  const width = hookWidth(site, architecture)
  if (width === 0)
    throw refuse('intervention-site', 'Attention patterns can be read but not changed.', {
      where: site,
      expected: 'a hook point of a fixed width',
      found: 'a pattern',
      fix: 'Change hook_z or hook_attn_out instead.',
    })
  const where = `intervention ${index + 1} (${item.op}) at ${site}`
  const base = {
    site,
    index,
    positions: item.positions ?? 'all',
    rows: item.rows === undefined ? undefined : new Set(item.rows),
  } as const
  if (item.op === 'replace') {
    if (item.values.cols !== width) throw misfit(where, width, item.values.cols)
    finite(item.values.data, where)
    return { ...base, op: 'replace', values: item.values }
  }
  if ('change' in item) {
    if (item.width !== width) throw misfit(where, width, item.width)
    const { op, tensors, change, applies } = item
    return { ...base, op, tensors, change, ...(applies === undefined ? {} : { applies }) }
  }
  const vector = item.op === 'add' ? item.vector : item.direction
  if (vector.length !== width) throw misfit(where, width, vector.length)
  finite(vector, where)
  const norm = Math.hypot(...vector)
  if (item.op === 'ablate') {
    if (norm === 0)
      throw refuse('intervention-value', 'A direction of length zero cannot be ablated.', {
        where,
        expected: 'a direction of positive length',
        found: 'length 0',
        fix: 'Give another direction, or leave the intervention out.',
      })
    const { mean = 0, amount = 1 } = item
    finite([mean, amount], where)
    return { ...base, op: 'ablate', vector: vector.map((v) => v / norm), mean, amount }
  }
  if (typeof item.dose === 'number') {
    finite([item.dose], where)
    return { ...base, op: 'add', vector, dose: item.dose, norm }
  }
  if (norm === 0)
    throw refuse('intervention-value', 'A relative dose needs a vector of positive length.', {
      where,
      expected: 'a vector of positive length',
      found: 'length 0',
      fix: 'Give another vector, or leave the intervention out.',
    })
  const dose = (item.dose.relative * siteNorm(site)) / norm
  finite([dose], where)
  return { ...base, op: 'add', vector, dose, norm }
}

function misfit(where: string, expected: number, found: number): Error {
  return refuse('intervention-shape', 'An intervention does not fit its site.', {
    where,
    expected: `${expected} values`,
    found: `${found}`,
    fix: 'Use a direction or dictionary that was fitted at a site of this width, on this model.',
  })
}

function finite(values: ArrayLike<number>, where: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw refuse('intervention-value', 'An intervention holds a value that is not finite.', {
        where,
        expected: 'finite numbers',
        found: `${values[i]} at ${i}`,
        fix: 'Make its vector, values or dose again: a division by zero or an overflow went into them.',
      })
}
