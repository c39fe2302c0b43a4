/** Text for people: colours where a terminal shows them, sizes, and two-column lists. */

interface Colour {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
}

const plain = (text: string): string => text
const wrap =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`

/** Colours for a stream: none where NO_COLOR is set (no-color.org) or the stream is no terminal. */
export function setColour(stream: NodeJS.WriteStream): Colour {
  const off = stream.isTTY !== true || (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb'
  return off
    ? { bold: plain, dim: plain, red: plain }
    : { bold: wrap(1, 22), dim: wrap(2, 22), red: wrap(31, 39) }
}

/** 1536 as `1.5 KiB`. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024
    unit++
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`
}

/** Pairs as two aligned columns; undefined values are left out, further lines of a value are indented. */
export function columns(pairs: readonly (readonly [string, string | undefined])[]): string {
  const shown = pairs.filter((p): p is readonly [string, string] => p[1] !== undefined)
  const width = Math.max(0, ...shown.map(([key]) => key.length)) + 2
  return shown
    .map(([key, value]) => `${key.padEnd(width)}${value.replaceAll('\n', `\n${' '.repeat(width)}`)}`)
    .join('\n')
}
