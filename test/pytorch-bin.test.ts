/** Checkpoints of pytorch_model.bin give the very numbers of the same weights in safetensors. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { openCheckpoint } from '../src/formats/checkpoint.ts'
import { openSafetensors } from '../src/formats/safetensors.ts'
import { put, refusal, temporaryFolder } from './support/bytes.ts'
import { loadTiny } from './support/tiny.ts'
import { pickle, torchBytes, torchOf } from './support/torch-bytes.ts'

const LLAMA = fileURLToPath(new URL('./fixtures/models/llama/', import.meta.url))
const HOOK = 'blocks.1.hook_resid_post'
const text = [3, 1, 4, 1, 5, 9, 2, 6]
const files = temporaryFolder()
afterAll(() => files[Symbol.dispose]())

async function residual(folder: string): Promise<Float32Array> {
  using model = await loadTiny(folder)
  return (await model.run([text], { hooks: [HOOK] })).get(HOOK, 0).data
}

function folder(name: string): string {
  const path = join(files.path, name)
  mkdirSync(path)
  copyFileSync(join(LLAMA, 'config.json'), join(path, 'config.json'))
  return path
}

it('in one file', async () => {
  const path = folder('one')
  using source = openSafetensors(join(LLAMA, 'model.safetensors'))
  put(path, 'pytorch_model.bin', torchOf(source.tensors.values()))
  expect(await residual(path)).toEqual(await residual(LLAMA))
})

it('in several, through their index', async () => {
  const path = folder('several')
  using source = openSafetensors(join(LLAMA, 'model.safetensors'))
  const tensors = [...source.tensors.values()]
  const middle = tensors.length >> 1
  const parts = [tensors.slice(0, middle), tensors.slice(middle)]
  const shard = (i: number): string => `pytorch_model-0000${i + 1}-of-00002.bin`
  for (const [i, part] of parts.entries()) put(path, shard(i), torchOf(part))
  const map = parts.flatMap((part, i) => part.map((t) => [t.name, shard(i)]))
  put(path, 'pytorch_model.bin.index.json', { weight_map: Object.fromEntries(map) })
  expect(await residual(path)).toEqual(await residual(LLAMA))
  using checkpoint = openCheckpoint(path)
  expect(checkpoint.files.map((f) => f.slice(path.length + 1)).sort()).toEqual([
    'config.json',
    shard(0),
    shard(1),
    'pytorch_model.bin.index.json',
  ])
})

it('with code in it is refused by name', () => {
  const path = folder('hostile')
  const call = pickle.reduce(pickle.global('os', 'system'), pickle.tuple(pickle.text('true')))
  put(path, 'pytorch_model.bin', torchBytes(pickle.whole(pickle.dict(pickle.text('a'), call)), {}))
  const error = refusal(() => openCheckpoint(path))
  expect(error.code).toBe('pickle-global')
  expect(error.message).toContain('os.system')
})
