/** How much memory there is to plan with. */

import { totalmem } from 'node:os'

/** The container's limit in bytes, where there is one below the machine's memory. */
export function memoryLimit(): number | undefined {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : undefined
}

/**
 * Bytes that this process may come to use: the container's limit, or all of the machine's memory. Not what is free at
 * the moment, so that the same machine decides alike every time.
 *
 * @example const fits = bytes < machineMemory() / 4
 */
export function machineMemory(): number {
  return memoryLimit() ?? totalmem()
}
