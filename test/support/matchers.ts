/** Matchers for numbers: `toBeAllclose` compares arrays with a tolerance and says where they differ most. */
import { expect } from 'vitest'

interface Tolerance {
  rtol?: number
  atol?: number
}

interface NumberMatchers<R = unknown> {
  /** |a - b| <= atol + rtol |b| for every element; lengths must agree; NaN never passes. */
  toBeAllclose(expected: ArrayLike<number>, tolerance?: Tolerance): R
  /** ||a - b|| / ||b|| <= limit. */
  toBeWithinRelativeL2(expected: ArrayLike<number>, limit: number): R
  /** The same bytes: every bit of every number, signs of zero included. */
  toBeBitIdentical(expected: ArrayBufferView): R
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the type parameter must repeat vitest's own declaration
  interface Matchers<T = any> extends NumberMatchers<T> {}
}

expect.extend({
  toBeAllclose(
    received: ArrayLike<number>,
    expected: ArrayLike<number>,
    { rtol = 1e-6, atol = 1e-9 }: Tolerance = {},
  ) {
    if (received.length !== expected.length)
      return { pass: false, message: () => `length ${received.length}, expected ${expected.length}` }
    let worst = -1
    let at = -1
    for (let i = 0; i < expected.length; i++) {
      const excess = Math.abs(received[i]! - expected[i]!) - (atol + rtol * Math.abs(expected[i]!))
      if (!(excess <= 0) && !(excess <= worst)) {
        worst = excess
        at = i
      }
    }
    return {
      pass: at < 0,
      message: () => `element ${at}: ${received[at]} against ${expected[at]} (rtol ${rtol}, atol ${atol})`,
    }
  },
  toBeBitIdentical(received: ArrayBufferView, expected: ArrayBufferView) {
    const bytes = (view: ArrayBufferView): Buffer =>
      Buffer.from(view.buffer, view.byteOffset, view.byteLength)
    const pass = bytes(received).equals(bytes(expected))
    return { pass, message: () => `${received.byteLength} bytes, ${pass ? 'all alike' : 'not all alike'}` }
  },
  toBeWithinRelativeL2(received: ArrayLike<number>, expected: ArrayLike<number>, limit: number) {
    if (received.length !== expected.length)
      return { pass: false, message: () => `length ${received.length}, expected ${expected.length}` }
    let difference = 0
    let norm = 0
    for (let i = 0; i < expected.length; i++) {
      difference += (received[i]! - expected[i]!) ** 2
      norm += expected[i]! ** 2
    }
    const relative = Math.sqrt(difference / norm)
    return {
      pass: relative <= limit,
      message: () => `relative L2 ${relative.toExponential(2)}, limit ${limit}`,
    }
  },
})
