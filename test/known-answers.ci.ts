/**
 * Verdicts against known answers where `npm test` has no time for them: the shipped pair of d 128, and a pair that is
 * trained here. In CI alone (vitest.ci.config.ts), beside the other files and on one thread, which on two processors is
 * sooner than both on their own.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

it.each([
  ['fresh', '--seeds 1 --seed 101 --pairs masked'],
  ['reference', '--shipped --size reference --pairs masked'],
])(
  'npm run validate: %s, %s',
  async (name, options) => {
    const args = ['run', '-s', 'validate', '--', ...options.split(' '), '--out', `runs/ci-${name}`]
    const ran = await promisify(execFile)('npm', args, { cwd: ROOT }).catch((error) => error)
    console.log(ran.stdout)
    expect(ran.code, `${ran.message}\n${ran.stderr}`).toBeUndefined()
    expect(ran.stdout).toMatch(/1 of 1 verdicts right, 1 with every claim; .* 0 of 1 pairs not made\n$/)
  },
  900_000,
)
