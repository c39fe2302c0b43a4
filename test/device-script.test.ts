/** The script behind `npm run test:device`, on the device that is always there. */
import { describe, expect, it } from 'vitest'
import { runChild } from './support/child.ts'
import { STORIES } from './support/real.ts'
import { TINY_FAMILIES } from './support/tiny.ts'

const SCRIPT = 'scripts/test-device.ts'

describe('test:device', () => {
  it('finds the CPU right, on all families and a real model where one is at hand', async () => {
    const model = STORIES === undefined ? [] : ['--model', STORIES]
    const { code, stdout, stderr } = await runChild(SCRIPT, ['--device', 'cpu', ...model])
    expect([code, stderr]).toEqual([0, ''])
    for (const family of TINY_FAMILIES)
      for (const check of ['without patterns', 'with patterns', 'decoded from a cache'])
        expect(stdout).toMatch(new RegExp(`^ok +${family}, ${check}`, 'm'))
    if (STORIES !== undefined) expect(stdout).toContain('24 tokens generated')
  })

  it('names the package of a device that is not installed, and the devices there are', async () => {
    const missing = await runChild(SCRIPT, ['--device', 'cuda'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/npm install @node-llama-cpp\/\S+-cuda@/)
    const unknown = await runChild(SCRIPT, ['--device', 'abacus'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('cpu, cuda, metal, vulkan')
  })
})
