/** Which latents fire in training: of a token, of a batch, above thresholds, and among the dead. */

/**
 * The value that the k-th largest of `values[from, to)` has; everything above it and as many equal ones as are
 * missing make the k largest. By the bits of positive floats, whose order is theirs: three rounds of counting.
 *
 * @returns the value, and how many of the k are equal to it; value 0 where fewer than k are positive
 */
export function kthLargest(
  values: Float32Array,
  from: number,
  to: number,
  k: number,
): { value: number; equal: number } {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let prefix = 0
  let mask = 0
  let missing = k
  for (const [shift, width] of ROUNDS) {
    const counts = new Uint32Array(1 << width)
    for (let i = from; i < to; i++) {
      const b = bits[i]!
      // The sign bit marks negative numbers, which never count.
      if (b < 0x80000000 && b !== 0 && (b & mask) === prefix) counts[(b >>> shift) & ((1 << width) - 1)]!++
    }
    let digit = counts.length - 1
    while (digit >= 0 && counts[digit]! < missing) missing -= counts[digit--]!
    if (digit < 0) return { value: 0, equal: 0 }
    prefix |= digit << shift
    mask |= ((1 << width) - 1) << shift
  }
  return { value: new Float32Array(Uint32Array.of(prefix).buffer)[0]!, equal: missing }
}

/** Bits 30 to 20, 19 to 10, 9 to 0. */
const ROUNDS = [
  [20, 11],
  [10, 10],
  [0, 10],
] as const

/** Keeps the k largest positive of pre[from, to) in f and zeroes the rest; of equal ones the first. */
export function keepLargest(pre: Float32Array, f: Float32Array, from: number, to: number, k: number): number {
  const { value, equal } = kthLargest(pre, from, to, k)
  let room = equal
  for (let i = from; i < to; i++) {
    const p = pre[i]!
    f[i] = p > value || (p === value && value > 0 && room-- > 0) ? p : 0
  }
  return value
}

/** Keeps the positive ones above their latents' thresholds. */
export function keepAbove(pre: Float32Array, f: Float32Array, threshold: Float32Array): void {
  const n = threshold.length
  for (let from = 0; from < pre.length; from += n)
    for (let j = 0; j < n; j++) {
      const p = pre[from + j]!
      f[from + j] = p > threshold[j]! && p > 0 ? p : 0
    }
}

/** Of each token the k largest positive of the latents in `which`, all else zero. */
export function keepAmong(
  pre: Float32Array,
  f: Float32Array,
  latents: number,
  which: Uint32Array,
  k: number,
): void {
  const some = new Float32Array(which.length)
  const kept = new Float32Array(which.length)
  f.fill(0)
  for (let from = 0; from < pre.length; from += latents) {
    for (let i = 0; i < which.length; i++) some[i] = pre[from + which[i]!]!
    keepLargest(some, kept, 0, which.length, Math.min(k, which.length))
    for (let i = 0; i < which.length; i++) f[from + which[i]!] = kept[i]!
  }
}
