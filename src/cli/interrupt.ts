/** Ctrl-C: the first one asks the work to stop where it can be resumed, the second one ends the process. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Listens for SIGINT and SIGTERM until disposed. `onFirst` is called before the signal is aborted. */
export function interruptible(onFirst: () => void): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      release()
      process.kill(process.pid, signal)
      return
    }
    onFirst()
    controller.abort()
  }
  const release = (): void => {
    for (const name of SIGNALS) process.off(name, stop)
  }
  for (const name of SIGNALS) process.on(name, stop)
  return { signal: controller.signal, [Symbol.dispose]: release }
}
