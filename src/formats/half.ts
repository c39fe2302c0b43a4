/** 16-bit floats: bf16 and IEEE half to f32 and back. */

const scratch = new DataView(new ArrayBuffer(4))

/** bf16 is the upper half of an f32. [n] u16 -> [n] f32 */
export function bf16ToF32(source: Uint16Array): Float32Array {
  const out = new Uint32Array(source.length)
  for (let i = 0; i < source.length; i++) out[i] = source[i]! << 16
  return new Float32Array(out.buffer)
}

/** Rounds to nearest even; NaN stays NaN. */
export function f32ToBf16(source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length)
  return Uint16Array.from(bits, (x) =>
    (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16,
  )
}

/** IEEE 754 binary16 to f32, subnormals included. */
export function f16ToF32(source: Uint16Array): Float32Array {
  return Float32Array.from(source, halfToNumber)
}

function halfToNumber(h: number): number {
  const sign = h & 0x8000 ? -1 : 1
  const exponent = (h >> 10) & 31
  const fraction = h & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Rounds to nearest even; too large becomes infinite, too small subnormal or zero. */
export function f32ToF16(source: Float32Array): Uint16Array {
  return Uint16Array.from(source, (x) => {
    scratch.setFloat32(0, x)
    const bits = scratch.getUint32(0)
    const sign = (bits >>> 16) & 0x8000
    const magnitude = bits & 0x7fffffff
    if (magnitude > 0x7f800000) return sign | 0x7e00
    if (magnitude >= 0x477ff000) return sign | 0x7c00
    if (magnitude < 0x38800000) return sign | roundEven(Math.abs(x) * 2 ** 24)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  })
}

function roundEven(x: number): number {
  const down = Math.floor(x)
  const rest = x - down
  return down + (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? 1 : 0)
}
