/**
 * exp and tanh on vector registers, as both instruction sets compute them, to the same bits.
 *
 * exp(x) = 2^n exp(r) with n the whole number nearest to x / ln 2 and |r| <= ln 2 / 2. exp(r) - 1 = r + r^2 q(r),
 * where q is the polynomial of degree 4 whose largest relative error in exp(r) is least (weighted least squares
 * towards the minimax: 4e-9, below half a unit in the last place of f32, 6e-8). With its roundings in f32, exp is
 * off by at most 1.2e-7 of its value, which the tests hold.
 */

import { type Assembler, at, type Label, type Memory } from './assembler.ts'
import type { InstructionSet } from './isa.ts'

/** Constants in memory, eight of each: AVX2 reads all, AVX-512 one for every lane. */
const CONSTANTS = [
  ['toLog2', Math.LOG2E],
  ['ln2', Math.fround(Math.LN2)],
  ['ln2Rest', Math.LN2 - Math.fround(Math.LN2)],
  ['c0', 0.4999999403953552],
  ['c1', 0.1666651964187622],
  ['c2', 0.04166840761899948],
  ['c3', 0.008368921466171741],
  ['c4', 0.0013814173871651292],
  ['one', 1],
  ['two', 2],
  ['minusTwo', -2],
  ['least', -86],
  ['sign', -0],
  ['minusInfinity', Number.NEGATIVE_INFINITY],
] as const
export type Constant = (typeof CONSTANTS)[number][0]
const CONSTANT_BYTES = 32

/** Instructions on whole registers in one of the two sets. */
export class Vectors {
  readonly #a: Assembler
  readonly #wide: boolean
  /** A register that holds the address of {@link emitConstants}' table. */
  readonly #table: number

  constructor(a: Assembler, isa: InstructionSet, table: number) {
    this.#a = a
    this.#wide = isa.lanes === 16
    this.#table = table
  }

  op(
    name: Parameters<Assembler['evex']>[0],
    target: number,
    first: number,
    operand: number | Memory | Constant,
    immediate?: number,
  ): void {
    const extra = immediate === undefined ? {} : { immediate }
    const constant = typeof operand === 'string'
    const source = constant ? this.#address(operand) : operand
    if (this.#wide) this.#a.evex(name, target, first, source, { broadcast: constant, ...extra })
    else this.#a.vex(name, target, first, source, extra)
  }

  load(target: number, operand: number | Memory): void {
    this.op('vmovups', target, 0, operand)
  }

  store(memory: Memory, source: number): void {
    this.op('vmovups_store', source, 0, memory)
  }

  /** A constant, or one word of memory, in every lane. */
  spread(target: number, from: Constant | Memory): void {
    const memory = typeof from === 'string' ? this.#address(from) : from
    if (this.#wide) this.#a.evex('vbroadcastss', target, 0, memory, { bytes: 4 })
    else this.#a.vex('vbroadcastss', target, 0, memory)
  }

  /** x <- exp(x) for x up to about 80; below -86 as at -86, which is 4e-38. Clobbers n and p. */
  exp(x: number, n: number, p: number, least: number): void {
    this.#split(x, n, p, least)
    this.op('vfmadd213ps', p, n, n)
    this.load(x, p)
  }

  /** x <- tanh(x) = sign(x) (1 - e) / (1 + e), e = exp(-2 |x|). Clobbers n, p and s. */
  tanh(x: number, n: number, p: number, s: number, least: number): void {
    this.spread(s, 'sign')
    this.op('vandnps', n, s, x) // |x|
    this.op('vandps', s, s, x)
    this.op('vmulps', x, n, 'minusTwo')
    this.#split(x, n, p, least)
    this.op('vsubps', x, n, 'one') // 2^n - 1, exact where it matters
    this.op('vfmadd213ps', p, n, x) // e - 1
    this.op('vaddps', x, p, 'two')
    this.op('vdivps', x, p, x) // not above 0
    this.spread(n, 'sign')
    this.op('vandnps', x, n, x)
    this.op('vorps', x, x, s)
  }

  /** n <- 2^n and p <- exp(r) - 1. Not a number stays so in p. */
  #split(x: number, n: number, p: number, least: number): void {
    this.op('vmaxps', x, least, x) // takes the second operand where one is not a number
    this.op('vmulps', n, x, 'toLog2')
    this.op('vroundps', n, 0, n, 0)
    this.op('vfnmadd231ps', x, n, 'ln2')
    this.op('vfnmadd231ps', x, n, 'ln2Rest')
    this.spread(p, 'c4')
    for (const c of ['c3', 'c2', 'c1', 'c0'] as const) this.op('vfmadd213ps', p, x, c)
    this.op('vmulps', p, p, x)
    this.op('vfmadd213ps', p, x, x)
    this.op('vcvtps2dq', n, 0, n)
    this.op('vpslld', 6, n, n, 23) // opcode extension 6; its target is the second operand
    this.op('vpaddd', n, n, 'one')
  }

  #address(constant: Constant): Memory {
    return at(this.#table, CONSTANTS.findIndex(([name]) => name === constant) * CONSTANT_BYTES)
  }
}

/** The table of constants, behind the code, and the numbers 0 to 15 behind it at {@link COUNT}. */
export function emitConstants(a: Assembler, table: Label): void {
  const word = new DataView(new ArrayBuffer(4))
  a.bind(table)
  for (const [, value] of CONSTANTS) {
    word.setFloat32(0, value)
    for (let i = 0; i < CONSTANT_BYTES / 4; i++) a.int32(word.getInt32(0))
  }
  for (let i = 0; i < 16; i++) a.int32(i)
}

/** Bytes from the table to the numbers 0 to 15. */
export const COUNT = CONSTANTS.length * CONSTANT_BYTES
