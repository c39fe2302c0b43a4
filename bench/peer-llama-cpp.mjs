// The peer of bench/models.ts: llama.cpp through node-llama-cpp. Prints one JSON line: prefill, decode1, decode8.
const [, , path, threads] = process.argv
const { getLlama } = await import('node-llama-cpp')
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: Number(threads) })
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 })

async function best(rounds, f) {
  let value = Number.POSITIVE_INFINITY
  for (let i = 0; i < rounds; i++) value = Math.min(value, await f())
  return value
}

async function clock(f) {
  const start = performance.now()
  await f()
  return (performance.now() - start) / 1000
}

const tokens = (n) => Array.from({ length: n }, (_, i) => 1000 + i)

async function withContext(sequences, f) {
  const context = await model.createContext({
    contextSize: 512,
    sequences,
    batchSize: 512,
    threads: Number(threads),
    flashAttention: true,
  })
  try {
    return await f(context)
  } finally {
    await context.dispose()
  }
}

const prefill = await withContext(1, async (context) => {
  const sequence = context.getSequence()
  const run = async () => {
    await sequence.clearHistory()
    return clock(() => sequence.evaluateWithoutGeneratingNewTokens(tokens(256)))
  }
  await run()
  return 256 / (await best(3, run))
})

const decode = (batch) =>
  withContext(batch, async (context) => {
    const sequences = Array.from({ length: batch }, () => context.getSequence())
    const run = async (n) => {
      for (const s of sequences) await s.clearHistory()
      return clock(() =>
        Promise.all(
          sequences.map(async (s) => {
            let count = 0
            for await (const _ of s.evaluate(tokens(16), { temperature: 0, yieldEogToken: true }))
              if (++count >= n) break
          }),
        ),
      )
    }
    await run(8)
    return (64 * batch) / (await best(2, async () => (await run(65)) - (await run(1))))
  })

console.log(JSON.stringify({ prefill, decode1: await decode(1), decode8: await decode(8) }))
process.exit(0)
