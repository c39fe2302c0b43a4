/** Options that many commands share, declared once, so that they mean the same everywhere. */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DeviceKind } from '../ggml/locate.ts'

/** Options of every command that runs a model. */
export interface ModelOptions {
  readonly device: DeviceKind
  readonly threads?: number
  readonly precision: 'native' | 'f32'
}

/** Declares `--device`, `--threads` and `--precision`. */
export function addModelOptions(command: Command): Command {
  return command
    .addOption(deviceOption())
    .option('--threads <n>', 'CPU threads (default: a short probe chooses)', integer(1, 1024))
    .addOption(
      new Option('--precision <p>', 'native: weights as stored; f32: widened, for tight parity')
        .choices(['native', 'f32'])
        .default('native'),
    )
}

/** `--device auto|cpu|cuda|vulkan|metal`. */
export function deviceOption(): Option {
  return new Option('--device <kind>', 'where to compute; auto takes a GPU where its engine is installed')
    .choices(['auto', 'cpu', 'cuda', 'vulkan', 'metal'])
    .default('auto')
}

/** A parser of whole numbers from `low` to `high`. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^-?\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`)
    return value
  }
}

/** A parser of numbers from `low` to `high`. */
export function real(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high))
      throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`)
    return value
  }
}
