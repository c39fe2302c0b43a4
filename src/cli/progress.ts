/**
 * Progress on stderr. On a terminal one line that redraws itself; in a log file a plain line now and then,
 * so that a night's run leaves a page and not a book.
 */

import { bytes, setColour } from './style.ts'

const REDRAW_MS = 100
const LOG_MS = 30_000
const BAR = 24

export interface Progress extends Disposable {
  /** How much is done, of how much in all. */
  update(done: number, total: number): void
}

/**
 * Starts a progress display.
 *
 * @param label what is happening, such as `Reading activations`
 * @param unit what is counted, such as `tokens`
 */
export function startProgress(stream: NodeJS.WriteStream, label: string, unit: string): Progress {
  return stream.isTTY === true ? terminalProgress(stream, label, unit) : logProgress(stream, label, unit)
}

function terminalProgress(stream: NodeJS.WriteStream, label: string, unit: string): Progress {
  const remaining = estimate()
  const dim = setColour(stream).dim
  let last = 0
  return {
    update(done, total) {
      const now = performance.now()
      const left = remaining(now, done, total)
      if (now - last < REDRAW_MS && done < total) return
      last = now
      const filled = Math.round((BAR * done) / Math.max(total, 1))
      const bar = `${'█'.repeat(filled)}${dim('░'.repeat(BAR - filled))}`
      const line = `${label} ${bar} ${counts(done, total, unit)}${left}`
      // A terminal that does not tell its width is taken for one of 80 columns.
      const fits = (stream.columns || 80) > line.length
      stream.write(`\r\u001b[2K${fits ? line : counts(done, total, unit)}`)
    },
    [Symbol.dispose]() {
      if (last > 0) stream.write('\r\u001b[2K')
    },
  }
}

function logProgress(stream: NodeJS.WriteStream, label: string, unit: string): Progress {
  const remaining = estimate()
  let last = performance.now()
  return {
    update(done, total) {
      const now = performance.now()
      const left = remaining(now, done, total)
      if (now - last < LOG_MS) return
      last = now
      stream.write(`${label}: ${counts(done, total, unit)}${left}\n`)
    },
    [Symbol.dispose]() {},
  }
}

function counts(done: number, total: number, unit: string): string {
  return unit === 'bytes' ? `${bytes(done)} of ${bytes(total)}` : `${grouped(done)}/${grouped(total)} ${unit}`
}

/** 12345 as 12,345. */
export function grouped(n: number): string {
  return n.toLocaleString('en-GB')
}

/** Time left by what was done since the first word of it: what an earlier run did took no time of this one. */
function estimate(): (now: number, done: number, total: number) => string {
  let first: { readonly at: number; readonly done: number } | undefined
  return (now, done, total) => {
    first ??= { at: now, done }
    const [ms, did] = [now - first.at, done - first.done]
    return did <= 0 || done >= total || ms < 2000 ? '' : `, ${duration((ms / did) * (total - done))} left`
  }
}

/** 3:05 or 1:02:09, of milliseconds. */
export function duration(ms: number): string {
  const s = Math.ceil(ms / 1000)
  const two = (n: number): string => String(n).padStart(2, '0')
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}
