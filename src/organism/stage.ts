/**
 * A stage of training: so many steps of one kind, with checkpoints from which an interrupted run goes on to
 * the same bits.
 */

import { existsSync } from 'node:fs'
import { refuse } from '../core/errors.ts'
import { hashJson } from '../core/files.ts'
import { throwIfStopped } from '../core/pace.ts'
import { openSafetensors, readF32 } from '../formats/safetensors.ts'
import { writeSafetensors } from '../formats/safetensors-write.ts'
import { cosineRate } from '../ggml/adamw.ts'
import type { Network } from './network.ts'
import { TrainGraph } from './train-graph.ts'
import { Trainer } from './trainer.ts'

/** The model that a stage started from, for KL terms and preferences. */
export class Reference {
  readonly #network: Network
  readonly #values: ReadonlyMap<string, Float32Array>

  constructor(network: Network) {
    this.#network = network
    this.#values = network.snapshot()
  }

  /** Its probabilities on the batch that is packed in the graph: a copy. */
  async probabilities(graph: TrainGraph, signal?: AbortSignal): Promise<Float32Array> {
    const live = this.#network.snapshot()
    this.#network.copyFrom(this.#values)
    try {
      await graph.forward(signal)
      return graph.probabilities.slice()
    } finally {
      this.#network.copyFrom(live)
    }
  }
}

export interface StepContext {
  readonly trainer: Trainer
  readonly graph: TrainGraph
  readonly reference: Reference
  /** Counts from 0. */
  readonly step: number
  readonly signal: AbortSignal | undefined
}

/** Computes a batch's probabilities and fills `graph.seed`; returns the loss and figures worth showing. */
export type StageStep = (context: StepContext) => Promise<{ loss: number; figures?: Record<string, number> }>

/** How a stage is optimised. */
export interface Schedule {
  readonly steps: number
  /** Peak learning rate. */
  readonly rate: number
  readonly warmup: number
  /** Share of the peak at the end of the cosine; 1 for a constant rate. */
  readonly floor: number
  readonly decay: number
  readonly beta2: number
  /** Bound on the global norm of the gradient. */
  readonly clip: number
  /** Rows of a batch and their length in tokens. */
  readonly rows: number
  readonly length: number
}

export interface StageProgress {
  readonly stage: string
  readonly step: number
  readonly steps: number
  readonly loss: number
  readonly figures: Readonly<Record<string, number>>
}

export interface StageOptions {
  readonly name: string
  /** All that decides the stage's result: a checkpoint of other settings is refused. */
  readonly settings: unknown
  /** Where the checkpoint lies; none is kept without it. */
  readonly checkpoint?: string
  /** Steps between checkpoints. Default 100. */
  readonly every?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: StageProgress) => void | Promise<void>) | undefined
}

/**
 * Runs a stage on a network, from its checkpoint where there is one. The checkpoint stays, as the stage's
 * result: run again, a finished stage only loads it.
 *
 * @throws PalimpsestError `training-diverged` (weights are left as of the last step that was good),
 *   `organism-checkpoint` for one of other settings, `interrupted`
 */
export async function runStage(
  network: Network,
  schedule: Schedule,
  step: StageStep,
  options: StageOptions,
): Promise<void> {
  const key = hashJson({ schedule, settings: options.settings, size: network.size })
  using graph = new TrainGraph(network, schedule.length, schedule.rows)
  const reference = new Reference(network)
  const trainer = new Trainer(
    network,
    { beta1: 0.9, beta2: schedule.beta2, eps: 1e-8, decay: schedule.decay },
    schedule.clip,
  )
  const { checkpoint, every = 100 } = options
  if (checkpoint !== undefined && existsSync(checkpoint)) resume(trainer, checkpoint, key)
  while (trainer.step < schedule.steps) {
    throwIfStopped(options.signal)
    const at = trainer.step
    const { loss, figures = {} } = await step({ trainer, graph, reference, step: at, signal: options.signal })
    const rate = cosineRate(at, schedule.steps, schedule.rate, schedule.warmup, schedule.floor)
    await trainer.update(graph, loss, rate, options.signal)
    if (checkpoint !== undefined && (trainer.step % every === 0 || trainer.step === schedule.steps))
      await save(trainer, checkpoint, key)
    await options.onProgress?.({
      stage: options.name,
      step: trainer.step,
      steps: schedule.steps,
      loss,
      figures,
    })
  }
}

async function save(trainer: Trainer, path: string, key: string): Promise<void> {
  await writeSafetensors(
    path,
    [...trainer.network.weights.map((w) => [w.name, w.values] as const), ...trainer.state()].map(
      ([name, data]) => ({ name, shape: [data.length], data }),
    ),
    { key, step: String(trainer.step) },
  )
}

function resume(trainer: Trainer, path: string, key: string): void {
  using file = openSafetensors(path)
  if (file.metadata.key !== key)
    throw refuse('organism-checkpoint', 'The checkpoint is of another configuration.', {
      where: path,
      expected: `settings with the hash ${key}`,
      found: `${file.metadata.key}`,
      fix: 'Give the settings it was made with, or remove the file to start again.',
    })
  const values = new Map([...file.tensors].map(([name, t]) => [name, readF32(t).slice()]))
  const step = Number(file.metadata.step)
  try {
    if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`step ${file.metadata.step}`)
    trainer.restore(values, step)
    trainer.network.copyFrom(values)
  } catch (cause) {
    throw refuse('organism-checkpoint', 'The checkpoint is damaged.', {
      where: path,
      expected: 'a step, and every weight with its moments',
      found: (cause as Error).message,
      fix: 'Remove the file: this stage starts again.',
      cause,
    })
  }
}
