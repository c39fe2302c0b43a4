/**
 * Permutation nulls: what AUC an estimator reaches out of fold when the poles mean nothing. Poles are permuted
 * over whole groups within folds (nested) or swapped within groups (crossed), with the folds as they are. The
 * observed labelling goes through the same code as the others, as draw 0, so that a p-value compares like with
 * like to the last approximation.
 *
 * For difference of means a permuted direction is a combination of the cells' sums, so that one product of
 * texts with those sums serves all draws.
 */

import { type Matrix, matrix, row, takeRows } from '../core/matrix.ts'
import { pacer } from '../core/pace.ts'
import { stream } from '../core/random.ts'
import { matmulNT } from '../ggml/gemm.ts'
import { binnedAuc } from './auc.ts'
import { centred, stack, transpose } from './components.ts'
import { type Null, summariseNull, upperP } from './estimate.ts'
import { fitLdaMany } from './estimators/lda.ts'
import { fitLogistic } from './estimators/logistic.ts'
import { matchedPc1 } from './estimators/matched-pc1.ts'
import { type Folds, partsOf } from './folds.ts'
import { type Cells, cells as cellsOf, type Labels, permuteCells } from './groups.ts'
import { COARSE, project, standardiseInto } from './oof.ts'

/** Labellings under the null, the observed one first. */
export interface Labellings {
  readonly cells: Cells
  readonly folds: Folds
  /** Fold of each cell: a cell lies in one. */
  readonly foldOfCell: Int32Array
  /** Poles of the cells: [0] as observed, then each draw. */
  readonly poles: readonly Int8Array[]
}

/** Draws labellings: the same for every layer and estimator, so that maxima over layers make sense. */
export function permutedLabellings(
  labels: Labels,
  folds: Folds,
  options: { readonly seed: number; readonly draws: number },
): Labellings {
  const cells = cellsOf(labels.groups, labels.poles)
  const foldOfCell = new Int32Array(cells.count)
  cells.of.forEach((c, i) => {
    foldOfCell[c] = folds[i]!
  })
  const poles = Array.from({ length: options.draws }, (_, draw) =>
    permuteCells(cells, stream(options.seed, 'permutation/direction', draw), foldOfCell),
  )
  return { cells, folds, foldOfCell, poles: [cells.poles, ...poles] }
}

/** Only the observed labelling and the first `draws` others. */
export function fewer(labellings: Labellings, draws: number): Labellings {
  return { ...labellings, poles: labellings.poles.slice(0, 1 + draws) }
}

/** The null distribution and p-value of AUCs of which the first is the observed one. */
export function testOf(aucs: Float64Array): { null: Null; p: number } {
  const draws = aucs.subarray(1)
  return { null: summariseNull(draws), p: upperP(aucs[0]!, draws) }
}

function itemPoles(cells: Cells, cellPoles: Int8Array): Int8Array {
  const out = new Int8Array(cells.of.length)
  for (let i = 0; i < out.length; i++) out[i] = cellPoles[cells.of[i]!]!
  return out
}

/** Pole means' weights of the cells outside a fold under every labelling: [labellings, cells]. */
function contrasts({ cells, foldOfCell, poles }: Labellings, fold: number): Matrix {
  const counts = new Float64Array(cells.count)
  for (const c of cells.of) counts[c]!++
  const out = matrix(poles.length, cells.count)
  poles.forEach((labelling, p) => {
    const total = [0, 0]
    for (let c = 0; c < cells.count; c++) if (foldOfCell[c] !== fold) total[labelling[c]!]! += counts[c]!
    for (let c = 0; c < cells.count; c++)
      if (foldOfCell[c] !== fold)
        out.data[p * cells.count + c] = labelling[c] === 1 ? 1 / total[1]! : -1 / total[0]!
  })
  return out
}

/** AUCs of standardised scores [labellings][n], each for its own labelling. */
async function aucs(
  { cells, poles }: Labellings,
  scores: readonly Float64Array[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const pace = pacer(signal)
  const out = new Float64Array(poles.length)
  for (let p = 0; p < poles.length; p++) {
    await pace()
    out[p] = binnedAuc(scores[p]!, itemPoles(cells, poles[p]!))
  }
  return out
}

/** AUCs of difference of means on X [n, d] under every labelling. */
export async function meanDifferenceNull(
  x: Matrix,
  labellings: Labellings,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { cells, folds, poles } = labellings
  const z = centred(x)
  const kernel = await matmulNT(z, cellSums(z, cells), signal) // [n, cells]
  const scores = poles.map(() => new Float64Array(x.rows))
  const pace = pacer(signal)
  for (const [fold, { test }] of partsOf(folds).entries()) {
    const projected = await matmulNT(contrasts(labellings, fold), takeRows(kernel, test), signal)
    for (let p = 0; p < poles.length; p++) {
      await pace()
      standardiseInto(scores[p]!, row(projected, p), test)
    }
  }
  return aucs(labellings, scores, signal)
}

/** Sums of the rows of each cell, [cells, d]. */
function cellSums(z: Matrix, cells: Cells): Matrix {
  const sums = new Float64Array(cells.count * z.cols)
  for (let i = 0; i < z.rows; i++) {
    const c = cells.of[i]!
    for (let j = 0; j < z.cols; j++) sums[c * z.cols + j]! += z.data[i * z.cols + j]!
  }
  return matrix(cells.count, z.cols, Float32Array.from(sums))
}

/**
 * AUCs of the first component of matched differences. Swapping poles within groups only turns differences
 * round, which leaves the component as it is: a labelling decides its sign.
 */
export async function matchedPc1Null(
  x: Matrix,
  labels: Labels,
  labellings: Labellings,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { cells, folds, poles } = labellings
  const z = centred(x)
  const scores = poles.map(() => new Float64Array(x.rows))
  for (const [fold, { train, test }] of partsOf(folds).entries()) {
    const all = project(z, await matchedPc1(z, labels.poles, labels.pairs!, train, signal))
    const sums = new Float64Array(cells.count)
    all.forEach((v, i) => {
      sums[cells.of[i]!]! += v
    })
    const weights = contrasts(labellings, fold)
    const held = Float64Array.from(test, (i) => all[i]!)
    for (let p = 0; p < poles.length; p++) {
      let along = 0
      for (let c = 0; c < cells.count; c++) along += weights.data[p * cells.count + c]! * sums[c]!
      standardiseInto(scores[p]!, along < 0 ? held.map((v) => -v) : held, test)
    }
  }
  return aucs(labellings, scores, signal)
}

/** AUCs of LDA: one factor of the total covariance a fold serves every labelling. */
export async function ldaNull(
  x: Matrix,
  labellings: Labellings,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const sums = transpose(cellSums(centred(x), labellings.cells)) // [d, cells]
  return refittedNull(x, labellings, signal, async (train, _, fold) => {
    const differences = await matmulNT(contrasts(labellings, fold), sums, signal)
    return fitLdaMany(
      x,
      train,
      labellings.poles.map((__, p) => Float64Array.from(row(differences, p))),
      signal,
    )
  })
}

/** AUCs of logistic regression with its penalty fixed. */
export async function logisticNull(
  x: Matrix,
  labellings: Labellings,
  C: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  return refittedNull(x, labellings, signal, async (train, labels) => {
    const fits = await fitLogistic(
      x,
      labels.map((l) => ({ rows: train, labels: l, C })),
      { ...COARSE, signal },
    )
    return fits.map((fit) => fit.weights)
  })
}

async function refittedNull(
  x: Matrix,
  labellings: Labellings,
  signal: AbortSignal | undefined,
  refit: (train: Int32Array, labels: readonly Int8Array[], fold: number) => Promise<Float64Array[]>,
): Promise<Float64Array> {
  const labels = labellings.poles.map((p) => itemPoles(labellings.cells, p))
  const scores = labels.map(() => new Float64Array(x.rows))
  const z = centred(x)
  for (const [fold, { train, test }] of partsOf(labellings.folds).entries()) {
    const directions = await refit(train, labels, fold)
    const projected = await matmulNT(stack(directions), takeRows(z, test), signal)
    for (let p = 0; p < labels.length; p++) standardiseInto(scores[p]!, row(projected, p), test)
  }
  return aucs(labellings, scores, signal)
}
