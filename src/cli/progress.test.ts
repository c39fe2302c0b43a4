import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { duration, startProgress } from './progress.ts'

let written: string
function stream(isTTY: boolean, columns = 100): NodeJS.WriteStream {
  const write = (text: string): boolean => {
    written += text
    return true
  }
  return { isTTY, columns, write } as unknown as NodeJS.WriteStream
}

beforeEach(() => {
  written = ''
  vi.useFakeTimers({ toFake: ['performance'] })
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

describe('progress', () => {
  it('is a plain line now and then in a log file, and nothing for short work', () => {
    const progress = startProgress(stream(false), 'Scoring', 'prompts')
    for (let i = 1; i <= 1000; i++) {
      vi.advanceTimersByTime(100)
      progress.update(i, 1000)
    }
    progress[Symbol.dispose]()
    expect(written).toBe(
      'Scoring: 300/1,000 prompts, 1:10 left\nScoring: 600/1,000 prompts, 0:40 left\nScoring: 900/1,000 prompts, 0:10 left\n',
    )
  })

  it('redraws one line on a terminal, cleared at the end, shorter where there is little room', () => {
    const progress = startProgress(stream(true), 'Fetching', 'bytes')
    vi.advanceTimersByTime(1000)
    progress.update(512, 2048)
    vi.advanceTimersByTime(1)
    progress.update(513, 2048)
    progress[Symbol.dispose]()
    expect(written).toBe(`\r\u001b[2KFetching ${'█'.repeat(6)}${'░'.repeat(18)} 512 B of 2.0 KiB\r\u001b[2K`)
    written = ''
    const narrow = startProgress(stream(true, 20), 'Fetching', 'bytes')
    vi.advanceTimersByTime(1000)
    narrow.update(512, 2048)
    expect(written).toBe('\r\u001b[2K512 B of 2.0 KiB')
  })

  it('counts no time for what was there already', () => {
    const progress = startProgress(stream(false), 'Training', 'tokens')
    for (let i = 0; i <= 31; i++) {
      progress.update(900 + i, 1000)
      vi.advanceTimersByTime(1000)
    }
    expect(written).toBe('Training: 930/1,000 tokens, 1:10 left\n')
  })

  it('writes durations as clocks do', () => {
    expect([1, 59_000, 61_000, 3_725_000].map(duration)).toEqual(['0:01', '0:59', '1:01', '1:02:05'])
  })
})
