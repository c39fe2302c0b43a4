/**
 * Does this device compute rightly? Parity of the eleven golden families, packed, over a cache and with
 * interventions; with `--model PATH` a pass like a study's on a real model, against the CPU.
 *
 * Usage: npm run test:device -- --device cuda|metal|vulkan|cpu [--model PATH]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PalimpsestError } from '../src/core/errors.ts'
import type { DeviceKind } from '../src/ggml/locate.ts'
import { ablate, add, generate, loadModel, type Model, rel } from '../src/model/index.ts'
import { goldenHooks, goldenTensors, MODELS, openGolden } from '../test/support/golden-tensors.ts'
import { loadTiny, TINY_FAMILIES } from '../test/support/tiny.ts'

/** Relative L2 error against float64 (absolute for patterns) that a device may have at `f32`. */
const GOLDEN_LIMIT = 1e-4
/** Difference between two devices at `native`: each rounds activations in its own way (docs/engine.md). */
const NATIVE_LIMIT = 0.12
const DEVICES = ['cpu', 'cuda', 'metal', 'vulkan']
const TEXTS = [
  'The council met on Tuesday to discuss the budget for the coming year.',
  'Rain fell on the hills, and the river rose until it touched the bridge.',
]

let failed = 0

function report(what: string, worst: number, limit: number): void {
  const good = worst <= limit
  if (!good) failed++
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what.padEnd(44)} ${worst.toExponential(2)} (limit ${limit})`)
}

function relativeL2(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let norm = 0
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2
    norm += expected[i]! ** 2
  }
  return Math.sqrt(difference / norm)
}

function largestDifference(found: Float32Array, expected: Float32Array): number {
  return expected.reduce((worst, v, i) => Math.max(worst, Math.abs(v - found[i]!)), 0)
}

/** Both inputs packed into one pass, every golden tensor; then the same tokens decoded from a cache. */
async function checkFamily(family: string, device: DeviceKind): Promise<void> {
  using golden = openGolden(family)
  using model = await loadTiny(join(MODELS, family), 1, { device })
  const inputs = [0, 1].map((i) => golden.tokens(i))
  for (const patterns of [false, true]) {
    const out = await model.run(inputs, { hooks: goldenHooks(model, patterns), logits: 'all' })
    let worst = 0
    for (const i of [0, 1])
      for (const { hook, values } of goldenTensors(model, golden, i)) {
        const isPattern = hook.endsWith('hook_pattern')
        if (isPattern && !patterns) continue
        const found = hook === 'logits' ? out.logits(i).data : out.get(hook, i).data
        worst = Math.max(worst, isPattern ? largestDifference(found, values) : relativeL2(found, values))
      }
    report(`${family}, ${patterns ? 'with' : 'without'} patterns`, worst, GOLDEN_LIMIT)
  }
  report(`${family}, decoded from a cache`, await decodingError(model, inputs), GOLDEN_LIMIT)
}

/** How far below the best logit of a full pass a token is that decoding chose, relative to the largest one. */
async function decodingError(model: Model, inputs: readonly number[][]): Promise<number> {
  const { texts } = await generate(model, inputs, { maxTokens: 16 })
  let worst = 0
  for (const [i, prompt] of inputs.entries()) {
    const { tokens } = texts[i]!
    const logits = (await model.run([[...prompt, ...tokens]], { logits: 'all' })).logits(0)
    for (const [t, token] of tokens.entries()) {
      const at = (prompt.length - 1 + t) * logits.cols
      const row = logits.data.subarray(at, at + logits.cols)
      const top = row.reduce((a, b) => Math.max(a, b))
      worst = Math.max(worst, (top - row[token]!) / Math.abs(top))
    }
  }
  return worst
}

/** What a study does, on a real model: harvest all layers, steer, ablate, generate; held against the CPU. */
async function checkModel(path: string, device: DeviceKind): Promise<void> {
  await using model = await loadModel(path, { device })
  await using cpu = await loadModel(path, { device: 'cpu' })
  const { layers, width } = model.architecture
  const site = `blocks.${layers.length >> 1}.hook_resid_post`
  const hooks = ['blocks.*.hook_resid_post']
  const texts = TEXTS.map((text) => ({ id: text, tokens: model.tokenizer.encode(text) }))
  const [found, expected] = [
    await model.run(texts, { hooks, logits: 'last' }),
    await cpu.run(texts, { hooks, logits: 'last' }),
  ]
  let worst = 0
  for (const i of texts.keys()) {
    worst = Math.max(worst, relativeL2(found.logits(i).data, expected.logits(i).data))
    for (const layer of layers.keys()) {
      const hook = `blocks.${layer}.hook_resid_post`
      worst = Math.max(worst, relativeL2(found.get(hook, i).data, expected.get(hook, i).data))
    }
  }
  report('real model, every layer, against the CPU', worst, NATIVE_LIMIT)
  const vector = Float32Array.from({ length: width }, (_, j) => Math.sin(j + 1))
  const steered = await generate(model, texts, {
    maxTokens: 12,
    interventions: [add({ site, vector, dose: rel(0.1) }), ablate({ site, direction: vector })],
  })
  const [added, ablated] = steered.receipts
  report('real model, dose asked and measured', Math.abs(added!.measured / added!.asked - 1), 1e-3)
  report('real model, projection left by ablation', ablated!.left!, 1e-5)
  console.log(`     ${path}: ${steered.texts.reduce((n, t) => n + t.tokens.length, 0)} tokens generated`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { device: { type: 'string' }, model: { type: 'string' } } })
  if (values.device === undefined || !DEVICES.includes(values.device))
    throw new PalimpsestError('usage', 'test-device-usage', 'Name a device to test.', {
      found: values.device ?? 'no --device',
      expected: DEVICES.join(', '),
      fix: 'npm run test:device -- --device cuda --model ./model',
    })
  const device = values.device as DeviceKind
  for (const family of TINY_FAMILIES) await checkFamily(family, device)
  if (values.model !== undefined) await checkModel(values.model, device)
  console.log(
    failed === 0 ? `The device ${device} computes rightly.` : `${failed} checks failed on ${device}.`,
  )
  process.exitCode = failed === 0 ? 0 : 1
}

main().catch((error: unknown) => {
  if (!(error instanceof PalimpsestError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
})
