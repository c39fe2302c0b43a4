import { describe, expect, it } from 'vitest'
import { matrix } from '../core/matrix.ts'
import { findSinks, meanOver, usedTokens } from './pooling.ts'

const residual = (...norms: number[]) =>
  matrix(norms.length, 2, Float32Array.from(norms.flatMap((n) => [n, 0])))

describe('pooling', () => {
  it('finds sinks at any layer, by more than ten medians, among content only', () => {
    const layers = [residual(50, 1, 1, 1, 10.5, 1), residual(1, 1, 10, 1, 1, 1)]
    expect(findSinks(layers, Uint8Array.of(0, 1, 1, 1, 1, 1))).toEqual([4])
    expect(findSinks(layers, Uint8Array.of(0, 1, 1, 1, 0, 1))).toEqual([])
  })

  it('takes the first token of a text for one where no BOS precedes it', () => {
    expect(findSinks([residual(1, 1, 1)], Uint8Array.of(1, 1, 1))).toEqual([0])
  })

  it('averages what is left, and everything where nothing would be', () => {
    const x = matrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6))
    expect([...meanOver(x, usedTokens(Uint8Array.of(1, 1, 1), [0]))]).toEqual([4, 5])
    expect([...meanOver(x, usedTokens(Uint8Array.of(0, 1, 0), [1]))]).toEqual([3, 4])
  })
})
