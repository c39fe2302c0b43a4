/**
 * A device that computes: the CPU with a number of threads, or a GPU. One computation at a time (a ggml
 * backend is not re-entrant), off the event loop, and stoppable.
 */

import { PalimpsestError } from '../core/errors.ts'
import koffi from '../core/ffi.ts'
import { throwIfStopped } from '../core/pace.ts'
import { CPU_PROTOTYPES, type Pointer } from './bindings.ts'
import { BackendKernels } from './kernels/linear.ts'
import { type Device, type Engine, loadEngine } from './library.ts'
import type { DeviceKind } from './locate.ts'

const STATUS_OK = 0
const STATUS_ABORTED = 1
/**
 * How long a pool thread spins for the next graph before it sleeps: 1 is about 2 ms, enough to bridge the gap
 * between decoding steps. ggml's default of 50 burns a core for a tenth of a second after every pass.
 */
const POLL = 1

/** GGML_MAX_N_THREADS: ggml ends the process beyond. */
const MOST_THREADS = 512

export interface BackendOptions {
  /** Which device; `auto` prefers a GPU where its package is installed. */
  device?: DeviceKind
  /** CPU threads. Default: chosen by `chooseThreads` (threads.ts). */
  threads?: number
}

export class Backend implements Disposable {
  readonly engine: Engine
  readonly device: Device
  readonly pointer: Pointer
  readonly bufferType: Pointer
  #threads = 1
  #pool: Pointer | undefined
  #queue: Promise<unknown> = Promise.resolve()
  /** C memory with the text "0" or "1": what atoi reads to say whether to stop. */
  #stopFlag: Pointer | undefined
  #kernels: BackendKernels | undefined
  #disposed = false
  #computing = false
  /** Calls of {@link exclusive} that have not ended. */
  #turns = 0

  constructor(options: BackendOptions = {}) {
    const kind = options.device ?? 'auto'
    const threads = checkThreads(options.threads ?? 1)
    this.engine = loadEngine(kind)
    this.device = chooseDevice(this.engine, kind)
    const pointer = this.engine.base.deviceInit(this.device.pointer, null)
    if (pointer === null)
      throw new PalimpsestError('engine', 'engine-device', 'The device could not be started.', {
        where: `${this.device.name} (${this.device.description})`,
        expected: 'a device that starts',
        found: 'a refusal of its driver, for which ggml gives no reason',
        fix: 'Check the driver, free some device memory, or use --device cpu.',
      })
    this.pointer = pointer
    this.bufferType = this.engine.base.defaultBufferType(pointer)
    if (this.isCpu) {
      this.setThreads(threads)
      this.#installStopFlag()
    }
  }

  /** Whether tensors may live in mapped files. */
  get isCpu(): boolean {
    return this.device.kind === 'cpu'
  }

  get threads(): number {
    return this.#threads
  }

  /** Products of weights faster than ggml's; undefined on GPUs. Code is mapped when the first is asked for. */
  get kernels(): BackendKernels | undefined {
    if (!this.isCpu || this.#disposed) return undefined
    this.#kernels ??= new BackendKernels(this.engine, this.#threads)
    return this.#kernels
  }

  /**
   * Sets the number of CPU threads and gives the backend a pool of its own: ggml's disposable threads cost
   * a third of a decode step. Not while a computation runs.
   *
   * @throws PalimpsestError `engine-threads`
   */
  setThreads(threads: number): void {
    if (!this.isCpu || (threads === this.#threads && this.#pool !== undefined)) return
    checkThreads(threads)
    const { proc } = this.engine
    const setThreads = proc<(b: Pointer, n: number) => void>(
      this.device,
      'ggml_backend_set_n_threads',
      CPU_PROTOTYPES.setThreads,
    )
    const setPool = proc<(b: Pointer, pool: Pointer | null) => void>(
      this.device,
      'ggml_backend_cpu_set_threadpool',
      CPU_PROTOTYPES.setThreadpool,
    )
    const newPool = proc<(params: object) => Pointer | null>(
      this.device,
      'ggml_threadpool_new',
      CPU_PROTOTYPES.threadpoolNew,
    )
    this.#kernels?.setThreads(threads)
    setThreads?.(this.pointer, threads)
    this.#threads = threads
    if (setPool === undefined || newPool === undefined) return
    setPool(this.pointer, null)
    this.#freePool()
    const pool = newPool({
      cpumask: new Array(MOST_THREADS).fill(false),
      n_threads: threads,
      prio: 0,
      poll: POLL,
      strict_cpu: false,
      paused: false,
    })
    if (pool === null) return
    setPool(this.pointer, pool)
    this.#pool = pool
  }

  /**
   * Runs `work` alone on this backend: computations that share an allocator must be built, computed and
   * read without another one in between. Calls queue up in order.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#turns++
    const turn = this.#queue.then(work).finally(() => this.#turns--)
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** Whether work is under way or waiting: nothing that it uses may be freed. */
  get isBusy(): boolean {
    return this.#turns > 0 || this.#computing
  }

  /**
   * Computes a graph off the event loop. Call it inside {@link exclusive}.
   *
   * @throws PalimpsestError `interrupted` when the signal stops it; `engine-compute` when ggml fails;
   *   `engine-busy` for a second computation beside the first, which would give garbage
   */
  async compute(graph: Pointer, signal?: AbortSignal): Promise<void> {
    if (this.#disposed)
      throw new PalimpsestError('engine', 'engine-disposed', 'This backend has been disposed.', {
        expected: 'a backend in use',
        found: 'one that was disposed of',
        fix: 'This is a defect of the caller: compute before the backend is disposed of.',
      })
    if (this.#computing)
      throw new PalimpsestError('engine', 'engine-busy', 'This backend is computing another graph.', {
        expected: 'one computation at a time',
        found: 'a second one',
        fix: 'This is a defect of the caller: compute inside `exclusive`.',
      })
    throwIfStopped(signal)
    this.#computing = true
    const stop = (): void => this.#raise('1')
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const status = await this.engine.computeAsync(this.pointer, graph)
      throwIfStopped(signal)
      if (status === STATUS_OK) return
      throw new PalimpsestError(
        'engine',
        'engine-compute',
        'The tensor engine could not compute the graph.',
        {
          where: this.device.name,
          expected: `status ${STATUS_OK}`,
          found: status === STATUS_ABORTED ? 'it stopped by itself' : `status ${status}`,
          fix: 'Usually memory: use fewer tokens at once or another device; `palimpsest doctor` shows what is free.',
        },
      )
    } finally {
      this.#computing = false
      signal?.removeEventListener('abort', stop)
      this.#raise('0')
    }
  }

  /**
   * ggml asks a C callback between nodes whether to stop. A JavaScript callback would cross threads at
   * every node; libc's `atoi` over a byte that we flip answers the same question for nothing.
   */
  #installStopFlag(): void {
    const set = this.engine.proc<(b: Pointer, callback: Pointer, data: Pointer) => void>(
      this.device,
      'ggml_backend_set_abort_callback',
      CPU_PROTOTYPES.setAbort,
    )
    if (set === undefined || this.engine.atoi === undefined) return
    this.#stopFlag = koffi.alloc('char', 2) as unknown as Pointer
    this.#raise('0')
    set(this.pointer, this.engine.atoi, this.#stopFlag)
  }

  #raise(flag: '0' | '1'): void {
    if (this.#stopFlag !== undefined)
      koffi.encode(this.#stopFlag, koffi.array('char', 2), [flag.charCodeAt(0), 0])
  }

  #freePool(): void {
    if (this.#pool === undefined) return
    const free = this.engine.proc<(pool: Pointer) => void>(
      this.device,
      'ggml_threadpool_free',
      CPU_PROTOTYPES.threadpoolFree,
    )
    free?.(this.#pool)
    this.#pool = undefined
  }

  /** Frees the device's memory. Not while a computation runs: `Model` waits for it. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    if (this.#computing)
      throw new PalimpsestError('engine', 'engine-busy', 'This backend is still computing.', {
        expected: 'a backend at rest',
        found: 'a computation under way',
        fix: 'Await what was started before you dispose it.',
      })
    this.#disposed = true
    this.engine.base.backendFree(this.pointer)
    this.#freePool()
    this.#kernels?.[Symbol.dispose]()
    if (this.#stopFlag !== undefined) koffi.free(this.#stopFlag)
  }
}

function checkThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads
  throw new PalimpsestError('usage', 'engine-threads', 'The number of threads is out of range.', {
    expected: `1 to ${MOST_THREADS}`,
    found: `${threads}`,
    fix: 'Leave it out: a short probe chooses.',
  })
}

/**
 * Picks the device of a kind.
 *
 * @throws PalimpsestError `engine-device` naming the devices that there are
 */
function chooseDevice(engine: Engine, kind: DeviceKind): Device {
  const gpu = engine.devices.find((d) => d.kind === 'gpu') ?? engine.devices.find((d) => d.kind === 'igpu')
  const cpu = engine.devices.find((d) => d.kind === 'cpu')
  const wanted =
    kind === 'cpu'
      ? cpu
      : kind === 'auto'
        ? (gpu ?? cpu)
        : engine.devices.find((d) => d.name.toLowerCase().startsWith(kind === 'metal' ? 'm' : kind))
  if (wanted !== undefined) return wanted
  throw new PalimpsestError('engine', 'engine-device', `There is no ${kind} device.`, {
    expected: kind === 'auto' ? 'a device' : `a ${kind} device`,
    found: engine.devices.map((d) => `${d.name} (${d.description})`).join(', ') || 'no device at all',
    where: engine.folder,
    fix: 'Check the driver with `palimpsest doctor`, or use --device cpu.',
  })
}
