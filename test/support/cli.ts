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
  /** Asked every few milliseconds; Ctrl-C is typed once it says yes. */
  readonly interruptWhen?: () => boolean
}

/** Runs one command line to its end. */
export function palimpsest(args: readonly string[], options: Typed = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...options.env } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const timer = setInterval(() => {
      if (options.interruptWhen?.() !== true) return
      clearInterval(timer)
      child.kill('SIGINT')
    }, 5)
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(timer)
      resolve({ code, stdout, stderr })
    })
  })
}
