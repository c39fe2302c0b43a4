/** Runs the command as a user types it: `node bin/palimpsest.mjs ...`. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../bin/palimpsest.mjs', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Typed {
  readonly env?: Readonly<Record<string, string>>
  /** Called with everything on stderr so far; returns a signal to send once. */
  readonly interrupt?: (stderr: string) => NodeJS.Signals | undefined
}

/** Runs one command line to its end. */
export function palimpsest(args: readonly string[], options: Typed = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...options.env } })
    let stdout = ''
    let stderr = ''
    let sent = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      const signal = sent ? undefined : options.interrupt?.(stderr)
      if (signal === undefined) return
      sent = true
      child.kill(signal)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
