/**
 * A small x86-64 assembler: only the instructions that the kernels use. Registers are numbers, memory operands
 * come from `at`, jumps go to labels that are bound before or after. docs/kernels.md explains the encodings.
 */

export const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi] = [0, 1, 2, 3, 4, 5, 6, 7] as const
export const [r8, r9, r10, r11, r12, r13, r14, r15] = [8, 9, 10, 11, 12, 13, 14, 15] as const

/** A memory operand: base + index * scale + displacement. */
export interface Memory {
  readonly base: number
  readonly displacement: number
  readonly index: number | undefined
  readonly scale: 1 | 2 | 4 | 8
}

/** [base + displacement], or [base + index * scale + displacement]. */
export function at(base: number, displacement = 0, index?: number, scale: Memory['scale'] = 1): Memory {
  return { base, displacement, index, scale }
}

/** A place in the code, known once it is bound. */
export interface Label {
  position: number | undefined
}

/** 64-bit instructions `op register, register-or-memory`: the opcode, after 0F where it is above 255. */
const ALU = {
  add: 0x03,
  and: 0x23,
  sub: 0x2b,
  xor: 0x33,
  cmp: 0x3b,
  mov: 0x8b,
  lea: 0x8d,
  imul: 0x0faf,
  cmovg: 0x0f4f,
} as const

/** Instructions `op register, imm32`: the opcode extension in ModRM's register field. */
const IMMEDIATE = { add: 0, and: 4, sub: 5, cmp: 7 } as const

const CONDITIONS = { e: 4, ne: 5, l: 12, ge: 13, le: 14, g: 15 } as const

/**
 * Vector instructions as [prefix, map, W, opcode]. Prefix: 0 none, 1 stands for 66, 2 for F3, 3 for F2. Map: 1
 * is 0F, 2 is 0F 38, 3 is 0F 3A. `_store` marks the form that writes memory.
 */
const VECTOR = {
  vmovups: [0, 1, 0, 0x10],
  vmovups_store: [0, 1, 0, 0x11],
  vxorps: [0, 1, 0, 0x57],
  vaddps: [0, 1, 0, 0x58],
  vsqrtps: [0, 1, 0, 0x51],
  vmulps: [0, 1, 0, 0x59],
  vsubps: [0, 1, 0, 0x5c],
  vdivps: [0, 1, 0, 0x5e],
  vmaxps: [0, 1, 0, 0x5f],
  vandps: [0, 1, 0, 0x54],
  vandnps: [0, 1, 0, 0x55],
  vorps: [0, 1, 0, 0x56],
  vpaddd: [1, 1, 0, 0xfe],
  vpsubd: [1, 1, 0, 0xfa],
  vpandd: [1, 1, 0, 0xdb],
  vpmaxud: [1, 2, 0, 0x3f],
  vpxord: [1, 1, 0, 0xef],
  vbroadcastss: [1, 2, 0, 0x18],
  vfmadd213ps: [1, 2, 0, 0xa8],
  vfmadd231ps: [1, 2, 0, 0xb8],
  vfmsub213ps: [1, 2, 0, 0xaa],
  /** Subtracts in even lanes and adds in odd ones. */
  vfmaddsub213ps: [1, 2, 0, 0xa6],
  vfnmadd231ps: [1, 2, 0, 0xbc],
  vcvtps2dq: [1, 1, 0, 0x5b],
  /** vrndscaleps in EVEX; immediate 0: to the nearest whole number. */
  vroundps: [1, 3, 0, 0x08],
  vpcmpd: [1, 3, 0, 0x1f],
  vcmpps: [0, 1, 0, 0xc2],
  vpcmpgtd: [1, 1, 0, 0x66],
  vblendvps: [1, 3, 0, 0x4a],
  vpermilps: [1, 3, 0, 0x04],
  /** Adds four products of unsigned bytes of the first source and signed ones of the second to each word. */
  vpdpbusd: [1, 2, 0, 0x50],
  /** Words to bytes, saturating: its target is the second operand. */
  vpmovsdb: [2, 2, 0, 0x21],
  vdpbf16ps: [2, 2, 0, 0x52],
  vcvtneps2bf16: [2, 2, 0, 0x72],
  vpmovzxwd: [1, 2, 0, 0x33],
  vpmovzxbd: [1, 2, 0, 0x31],
  vpmovsxbd: [1, 2, 0, 0x21],
  vcvtdq2ps: [0, 1, 0, 0x5b],
  vpslld: [1, 1, 0, 0x72],
  vpsrld: [1, 1, 0, 0x72],
  vcvtph2ps: [1, 2, 0, 0x13],
  vunpcklps: [0, 1, 0, 0x14],
  vunpckhps: [0, 1, 0, 0x15],
  vunpcklpd: [1, 1, 1, 0x14],
  vunpckhpd: [1, 1, 1, 0x15],
  vshuff32x4: [1, 3, 0, 0x23],
  vperm2f128: [1, 3, 0, 0x06],
  vmaskmovps: [1, 2, 0, 0x2c],
  vmaskmovps_store: [1, 2, 0, 0x2e],
  vmovd: [1, 1, 0, 0x6e],
  vmovd_store: [1, 1, 0, 0x7e],
} as const

export type VectorOp = keyof typeof VECTOR

export interface EvexOptions {
  /** Read one f32 and use it in every lane. */
  readonly broadcast?: boolean
  /** Mask register 1 to 7: lanes whose bit is clear are neither read nor written. */
  readonly mask?: number
  /** With a mask: lanes left out become zero. */
  readonly zeroing?: boolean
  /** Bytes of the memory operand, by which a one-byte displacement is scaled. */
  readonly bytes?: number
  readonly immediate?: number
}

const isMemory = (operand: number | Memory): operand is Memory => typeof operand === 'object'
const high = (register: number | undefined): number => ((register ?? 0) >> 3) & 1

export class Assembler {
  readonly #bytes: number[] = []
  readonly #fixes: { position: number; label: Label }[] = []

  get length(): number {
    return this.#bytes.length
  }

  byte(...bytes: number[]): void {
    this.#bytes.push(...bytes)
  }

  int32(value: number): void {
    this.byte(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)
  }

  label(): Label {
    return { position: undefined }
  }

  bind(label: Label = this.label()): Label {
    label.position = this.#bytes.length
    return label
  }

  /** Fills with no-operations up to a multiple of `bytes`. */
  align(bytes: number): void {
    while (this.#bytes.length % bytes !== 0) this.byte(0x90)
  }

  // ---- general registers ----

  /** op r64, r/m64 */
  op(name: keyof typeof ALU, register: number, operand: number | Memory): void {
    const code = ALU[name]
    this.#rex(1, register, operand)
    if (code > 255) this.byte(code >> 8)
    this.byte(code & 255)
    this.#modrm(register, operand)
  }

  /** op r/m64, imm32 (sign-extended) */
  opImmediate(name: keyof typeof IMMEDIATE, operand: number | Memory, value: number): void {
    this.#rex(1, 0, operand)
    this.byte(0x81)
    this.#modrm(IMMEDIATE[name], operand)
    this.int32(value)
  }

  /** mov m64, r64 */
  store(memory: Memory, register: number): void {
    this.#rex(1, register, memory)
    this.byte(0x89)
    this.#modrm(register, memory)
  }

  /** mov r64, imm32 (sign-extended) */
  moveImmediate(register: number, value: number): void {
    this.#rex(1, 0, register)
    this.byte(0xc7)
    this.#modrm(0, register)
    this.int32(value)
  }

  /** mov r64, imm64 */
  moveAddress(register: number, value: bigint): void {
    this.byte(0x48 | high(register), 0xb8 | (register & 7))
    for (let i = 0n; i < 64n; i += 8n) this.byte(Number((value >> i) & 255n))
  }

  /** mov r32, r/m32: the upper half becomes zero. */
  move32(register: number, operand: number | Memory): void {
    this.#rex(0, register, operand)
    this.byte(0x8b)
    this.#modrm(register, operand)
  }

  /** mov m32, r32 */
  store32(memory: Memory, register: number): void {
    this.#rex(0, register, memory)
    this.byte(0x89)
    this.#modrm(register, memory)
  }

  /** movzx r32, m16 */
  load16(register: number, memory: Memory): void {
    this.#rex(0, register, memory)
    this.byte(0x0f, 0xb7)
    this.#modrm(register, memory)
  }

  /** lea r64, [rip + label] */
  addressOf(register: number, label: Label): void {
    this.byte(0x48 | (high(register) << 2), 0x8d, ((register & 7) << 3) | 5)
    this.#relative(label)
  }

  /** shl (left) or shr (right) r64, imm8 */
  shift(direction: 'left' | 'right', register: number, count: number): void {
    this.#rex(1, 0, register)
    this.byte(0xc1)
    this.#modrm(direction === 'left' ? 4 : 5, register)
    this.byte(count)
  }

  push(register: number): void {
    if (register > 7) this.byte(0x41)
    this.byte(0x50 + (register & 7))
  }

  pop(register: number): void {
    if (register > 7) this.byte(0x41)
    this.byte(0x58 + (register & 7))
  }

  jump(label: Label): void {
    this.byte(0xe9)
    this.#relative(label)
  }

  jumpIf(condition: keyof typeof CONDITIONS, label: Label): void {
    this.byte(0x0f, 0x80 | CONDITIONS[condition])
    this.#relative(label)
  }

  call(label: Label): void {
    this.byte(0xe8)
    this.#relative(label)
  }

  /** call r64 */
  callRegister(register: number): void {
    if (register > 7) this.byte(0x41)
    this.byte(0xff, 0xd0 | (register & 7))
  }

  ret(): void {
    this.byte(0xc3)
  }

  /** rep movsd: copies rcx words from [rsi] to [rdi], and moves both on. */
  copyWords(): void {
    this.byte(0xf3, 0xa5)
  }

  /** rep stosd: fills rcx words from [rdi] on with eax, and moves rdi on. */
  fillWords(): void {
    this.byte(0xf3, 0xab)
  }

  /** prefetcht1: brings a line towards the second cache; never faults. */
  prefetch(memory: Memory): void {
    this.#rex(1, 0, memory)
    this.byte(0x0f, 0x18)
    this.#modrm(2, memory)
  }

  /** Marks an address that may be called through a pointer (control-flow enforcement); nothing elsewhere. */
  endbr64(): void {
    this.byte(0xf3, 0x0f, 0x1e, 0xfa)
  }

  vzeroupper(): void {
    this.byte(0xc5, 0xf8, 0x77)
  }

  // ---- masks ----

  /** kmovw k, r32 (registers up to rdi) */
  moveMask(mask: number, register: number): void {
    if (register > 7) throw new RangeError('moveMask: rax to rdi only')
    this.byte(0xc5, 0xf8, 0x92)
    this.#modrm(mask, register)
  }

  /** kmovw m16, k (base register up to rdi) */
  storeMask(memory: Memory, mask: number): void {
    if (memory.base > 7) throw new RangeError('storeMask: rax to rdi only')
    this.byte(0xc5, 0xf8, 0x91)
    this.#modrm(mask, memory)
  }

  /** bzhi r64, r64, r64: `source` with only its low `count` bits kept (registers up to rdi). */
  keepLowBits(target: number, source: number, count: number): void {
    if (target > 7 || source > 7) throw new RangeError('keepLowBits: rax to rdi only')
    this.byte(0xc4, 0xe2, 0x80 | ((~count & 15) << 3), 0xf5)
    this.#modrm(target, source)
  }

  // ---- vectors ----

  /** A 512-bit instruction in its EVEX form. `second` is the first source, 0 where there is none. */
  evex(
    name: VectorOp,
    register: number,
    second: number,
    operand: number | Memory,
    options: EvexOptions = {},
  ): void {
    const { broadcast = false, mask = 0, zeroing = false, immediate } = options
    const { bytes = broadcast ? 4 : 64 } = options
    const [prefix, map, w, code] = VECTOR[name]
    const b = high(isMemory(operand) ? operand.base : operand)
    const x = isMemory(operand) ? high(operand.index) : (operand >> 4) & 1
    const registers = (high(register) << 7) | (x << 6) | (b << 5) | (((register >> 4) & 1) << 4)
    this.byte(
      0x62,
      (registers ^ 0xf0) | map,
      (w << 7) | ((~second & 15) << 3) | 4 | prefix,
      (zeroing ? 0x80 : 0) | (2 << 5) | (broadcast ? 0x10 : 0) | (((second >> 4) ^ 1) << 3) | mask,
      code,
    )
    this.#modrm(register, operand, bytes)
    if (immediate !== undefined) this.byte(immediate)
  }

  /** A 256-bit (or 128-bit) instruction in its VEX form, registers 0 to 15. */
  vex(
    name: VectorOp,
    register: number,
    second: number,
    operand: number | Memory,
    options: { readonly width?: 128 | 256; readonly immediate?: number } = {},
  ): void {
    const [prefix, map, w, code] = VECTOR[name]
    const b = high(isMemory(operand) ? operand.base : operand)
    const x = isMemory(operand) ? high(operand.index) : 0
    const length = options.width === 128 ? 0 : 4
    this.byte(
      0xc4,
      (((high(register) << 7) | (x << 6) | (b << 5)) ^ 0xe0) | map,
      (w << 7) | ((~second & 15) << 3) | length | prefix,
      code,
    )
    this.#modrm(register, operand)
    if (options.immediate !== undefined) this.byte(options.immediate)
  }

  /** The code, with all jumps resolved. @throws Error for a label that was never bound */
  finish(): Uint8Array {
    for (const { position, label } of this.#fixes) {
      if (label.position === undefined) throw new Error('assembler: a label was never bound')
      const distance = label.position - position - 4
      for (let i = 0; i < 4; i++) this.#bytes[position + i] = (distance >> (8 * i)) & 255
    }
    return Uint8Array.from(this.#bytes)
  }

  #relative(label: Label): void {
    this.#fixes.push({ position: this.#bytes.length, label })
    this.int32(0)
  }

  /** The prefix with the high bits of the registers; w: 64-bit operands. */
  #rex(w: 0 | 1, register: number, operand: number | Memory): void {
    const index = isMemory(operand) ? high(operand.index) : 0
    const base = high(isMemory(operand) ? operand.base : operand)
    this.byte(0x40 | (w << 3) | (high(register) << 2) | (index << 1) | base)
  }

  /** ModRM, SIB and displacement; `unit` is what EVEX scales a one-byte displacement by. */
  #modrm(register: number, operand: number | Memory, unit = 1): void {
    const middle = (register & 7) << 3
    if (!isMemory(operand)) {
      this.byte(0xc0 | middle | (operand & 7))
      return
    }
    const { base, index, scale, displacement } = operand
    const short = displacement / unit
    const fits = Number.isInteger(short) && short >= -128 && short < 128
    // No displacement at all cannot be said of rbp and r13; rsp and r12 as a base need a SIB byte.
    const mode = displacement === 0 && (base & 7) !== 5 ? 0 : fits ? 1 : 2
    const sib = index !== undefined || (base & 7) === 4
    this.byte((mode << 6) | middle | (sib ? 4 : base & 7))
    if (sib) this.byte((Math.log2(scale) << 6) | (((index ?? 4) & 7) << 3) | (base & 7))
    if (mode === 1) this.byte(short & 255)
    else if (mode === 2) this.int32(displacement)
  }
}
