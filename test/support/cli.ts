/** Runs the command as a user types it, `palimpsest ...`: that of the installed package, or of a checkout. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedPackage } from './package.ts'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Typed {
  readonly env?: Readonly<Record<string, string>>
  /** Asked every few milliseconds; Ctrl-C is typed once it says yes. */
  readonly interruptWhen?: () => boolean
  /** Run the sources, as a checkout does. */
  readonly checkout?: boolean
}

/** The file that node runs for `palimpsest`. */
export async function command({ checkout = false }: Pick<Typed, 'checkout'> = {}): Promise<string> {
  return join(checkout ? CHECKOUT : await installedPackage(), 'bin/palimpsest.mjs')
}

/** Runs one command line to its end. */
export async function palimpsest(args: readonly string[], options: Typed = {}): Promise<Ran> {
  const bin = await command(options)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...options.env } })
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
