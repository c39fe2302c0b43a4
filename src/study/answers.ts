/**
 * Answers: what a model writes, sampled, to a list of prompts. Answers are written shard by shard, so that an
 * interrupted step resumes at the first missing shard and gives the same texts.
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { atomicWrite, hashJson } from '../core/files.ts'
import type { Architecture } from '../model/architecture.ts'
import { sequencesTogether } from '../model/cache.ts'
import { generate } from '../model/generate.ts'
import type { Model } from '../model/model.ts'
import type { ModelKey } from './harvest.ts'
import type { RunFolder, StepSpec } from './run-folder.ts'

const VERSION = 5

export interface AnswerJob {
  readonly key: ModelKey
  readonly architecture: Architecture
  /** Ids must differ: they key the random numbers. */
  readonly prompts: readonly { readonly id: string; readonly tokens: readonly number[] }[]
  readonly samples: number
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

export interface Answer {
  readonly prompt: string
  readonly sample: number
  readonly text: string
  readonly tokens: number
  readonly stop: 'eos' | 'length'
}

/** Sequences are decoded together by shards. */
function answersSpec(job: AnswerJob, shard: number): StepSpec {
  const { key, prompts, architecture: _, ...rest } = job
  return { kind: 'answers', version: VERSION, params: { ...key, ...rest, prompts: hashJson(prompts), shard } }
}

/** Samples answers, or finds them done: prompt after prompt, sample after sample. */
export async function answers(
  run: RunFolder,
  job: AnswerJob,
  open: () => Promise<Model>,
  options: {
    signal?: AbortSignal | undefined
    onProgress?: ((done: number, total: number) => void) | undefined
  } = {},
): Promise<{ hash: string; answers: Answer[] }> {
  const wanted = job.prompts.flatMap((p) =>
    Array.from({ length: job.samples }, (_, sample) => ({ prompt: p.id, sample, tokens: p.tokens })),
  )
  const longest = Math.max(0, ...job.prompts.map((p) => p.tokens.length)) + job.maxTokens
  const together = sequencesTogether(job.architecture, longest)
  const shards = Array.from({ length: Math.ceil(wanted.length / together) }, (_, s) =>
    wanted.slice(s * together, (s + 1) * together),
  )
  const name = (s: number): string => `shard-${String(s).padStart(5, '0')}.json`
  const { folder, hash } = await run.step(answersSpec(job, together), async (partial) => {
    const there = new Set(await readdir(partial))
    await using model = await open()
    for (const [s, shard] of shards.entries()) {
      if (!there.has(name(s))) {
        const { texts } = await generate(
          model,
          shard.map((w) => ({ id: `${w.prompt}#${w.sample}`, tokens: w.tokens })),
          {
            maxTokens: job.maxTokens,
            temperature: job.temperature,
            seed: job.seed,
            batch: together,
            signal: options.signal,
          },
        )
        const kept = texts.map(
          (t, i): Answer => ({
            prompt: shard[i]!.prompt,
            sample: shard[i]!.sample,
            text: t.text,
            tokens: t.tokens.length,
            stop: t.stop,
          }),
        )
        await atomicWrite(join(partial, name(s)), JSON.stringify(kept))
      }
      options.onProgress?.(Math.min((s + 1) * together, wanted.length), wanted.length)
    }
  })
  const read = await Promise.all(
    shards.map(async (_, s) => JSON.parse(await readFile(join(folder, name(s)), 'utf8')) as Answer[]),
  )
  return { hash, answers: read.flat() }
}
