/**
 * An 8B-shaped sharded bf16 checkpoint (sparse files: the holes read as zeros): time to open it, private memory, and
 * a forward pass over 16 tokens. Needs 16 GB of address space and almost no disk.
 */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Backend } from '../src/ggml/backend.ts'
import { availableThreads } from '../src/ggml/threads.ts'
import { loadModel } from '../src/model/index.ts'
import { privateMemory, writeSparse8b } from './sparse-8b.ts'

const folder = mkdtempSync(join(tmpdir(), 'open-8b-'))
await writeSparse8b(folder)

{
  using _engine = new Backend({ device: 'cpu' }) // loading the engine is not opening a model
  const before = privateMemory()
  const start = performance.now()
  await using model = await loadModel(folder, { threads: availableThreads(), device: 'cpu' })
  const opened = performance.now() - start
  const after = privateMemory()
  const pass = performance.now()
  const tokens = Array.from({ length: 16 }, (_, i) => i % 2)
  await model.run([tokens], { hooks: ['blocks.31.hook_resid_post'], logits: 'last' })
  console.log(
    `opened in ${(opened / 1000).toFixed(2)} s, ${(after - before).toFixed(0)} MiB private; 16 tokens in ${((performance.now() - pass) / 1000).toFixed(1)} s, ${(privateMemory() - before).toFixed(0)} MiB private after`,
  )
}
await rm(folder, { recursive: true })
