/**
 * A dense row-major matrix of f32: activations [n, d], weights, projections. Arithmetic lives where it is
 * needed (`stats`, `ggml`); here is only the container, so that layers can hand numbers to each other.
 */
export interface Matrix {
  readonly rows: number
  readonly cols: number
  /** rows x cols values, row after row. */
  readonly data: Float32Array
}

/**
 * A matrix over existing values, or of zeros.
 *
 * @throws RangeError when the length of `data` is not rows x cols: a bug in the caller, never input.
 * @example const m = matrix(2, 3, Float32Array.of(1, 2, 3, 4, 5, 6)); row(m, 1) // 4, 5, 6
 */
export function matrix(
  rows: number,
  cols: number,
  data: Float32Array = new Float32Array(rows * cols),
): Matrix {
  if (data.length !== rows * cols) throw new RangeError(`matrix ${rows} x ${cols} over ${data.length} values`)
  return { rows, cols, data }
}

/** A view (no copy) of row i, `[cols]`. */
export function row(m: Matrix, i: number): Float32Array {
  return m.data.subarray(i * m.cols, (i + 1) * m.cols)
}

/** A copy of the rows at `indices`, in that order: `[indices.length, cols]`. */
export function takeRows(m: Matrix, indices: ArrayLike<number>): Matrix {
  const out = matrix(indices.length, m.cols)
  for (let i = 0; i < indices.length; i++) out.data.set(row(m, indices[i]!), i * m.cols)
  return out
}

/** A copy of the rows where `used` is 1. */
export function rowsWhere(m: Matrix, used: Uint8Array): Matrix {
  return takeRows(
    m,
    [...used.keys()].filter((i) => used[i] === 1),
  )
}
