import { totalmem } from 'node:os'
import { afterEach, expect, it, vi } from 'vitest'
import { machineMemory, memoryLimit } from './memory.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

it.each([
  ['a container', 2 ** 30, 2 ** 30],
  ['no container', 0, undefined],
  ['a container without a limit, which Linux gives as an enormous one', 2 ** 63, undefined],
])('the memory of %s', (_, constrained, limit) => {
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained)
  expect(memoryLimit()).toBe(limit)
  expect(machineMemory()).toBe(limit ?? totalmem())
})
