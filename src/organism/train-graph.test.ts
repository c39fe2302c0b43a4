import { readFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { stream } from '../core/random.ts'
import { KERNELS_VARIABLE } from '../ggml/kernels/kernels.ts'
import { generate } from '../model/generate.ts'
import { Network } from './network.ts'
import { crossEntropy, dpo, klToReference, logLikelihood, policyGradient, type Target } from './objectives.ts'
import { nextTokens } from './pretrain.ts'
import { TrainGraph } from './train-graph.ts'

const V = 61
const network = new Network({ width: 128, layers: 2, context: 64 }, 1, V)
afterAll(() => network[Symbol.dispose]())
afterEach(() => {
  vi.unstubAllEnvs()
})

/** The pattern of test/fixtures/organism/golden.py. */
const wave = (n: number, phase: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + 0.001 * i * i + phase))

function goldenWeights(network: Network): void {
  const names = network.weights.map((w) => w.name).sort()
  for (const { name, shape, values } of network.weights)
    values.set(
      wave(values.length, names.indexOf(name)).map((w) => (shape.length === 1 ? 1 + 0.2 * w : 0.1 * w)),
    )
  network.upload()
}

const documents = [9, 17, 5, 12].map((n, d) =>
  Array.from({ length: n }, (_, t) => (7 * t * t + 3 * t + 11 * d) % V),
)

it('what a network writes follows from its weights as they are, however often they changed before', async () => {
  const prompts = Array.from({ length: 16 }, (_, i) => ({ id: `p${i}`, tokens: [i + 1, 3, 2 * i] }))
  const write = async ({ model }: Network): Promise<readonly number[][]> =>
    (await generate(model, prompts, { maxTokens: 6 })).texts.map((t) => [...t.tokens])
  using trained = new Network({ width: 128, layers: 2, context: 64 }, 1, V)
  goldenWeights(trained)
  using _graph = new TrainGraph(trained, 24, 3) // makes the weights parameters
  const before = await write(trained)
  for (const { values } of trained.weights) values.reverse()
  trained.upload()
  using other = new Network({ width: 128, layers: 2, context: 64 }, 1, V)
  goldenWeights(other)
  for (const { values } of other.weights) values.reverse()
  other.upload()
  const after = await write(trained)
  expect(after).toEqual(await write(other))
  expect(after).not.toEqual(before)
})

describe('the differentiable pass', () => {
  it.each(['', 'avx2', 'off'])(
    'agrees with transformers in float64: loss and every gradient, documents packed side by side (kernels: %j)',
    async (setting) => {
      vi.stubEnv(KERNELS_VARIABLE, setting)
      using network = new Network({ width: 128, layers: 2, context: 64 }, 1, V)
      const golden = JSON.parse(
        readFileSync(new URL('../../test/fixtures/organism/golden.json', import.meta.url), 'utf8'),
      ) as { loss: number; gradients: Record<string, [number, number]> }
      goldenWeights(network)
      using graph = new TrainGraph(network, 24, 3)
      const starts = graph.pack(documents)
      expect(starts).toEqual([0, 24, 41, 48]) // the second does not fit beside the first
      await graph.forward()
      graph.seed.fill(0)
      const targets = documents.flatMap((ids, i) => nextTokens(ids, starts[i]!))
      const loss = crossEntropy(graph.probabilities, V, targets, graph.seed)
      expect(loss).toBeCloseTo(golden.loss, 5)
      await graph.backward()
      expect(Object.keys(golden.gradients).sort()).toEqual(network.weights.map((w) => w.name).sort())
      for (const weight of network.weights) {
        const gradient = graph.gradient(weight)
        const [norm, inner] = golden.gradients[weight.name]!
        const w = wave(gradient.length, 0.5)
        expect(Math.abs(Math.sqrt(gradient.reduce((s, g) => s + g * g, 0)) - norm)).toBeLessThan(1e-4 * norm)
        expect(Math.abs(gradient.reduce((s, g, i) => s + g * w[i]!, 0) - inner)).toBeLessThan(2e-3 * norm)
      }
    },
  )

  it('gives the same gradients to the bit on any number of threads, and nearly the same without kernels', async () => {
    const gradients = async (threads: number): Promise<Float32Array[]> => {
      using other = new Network({ width: 64, layers: 2, context: 64 }, threads, V)
      other.initialise(6)
      using graph = new TrainGraph(other, 24, 3)
      const starts = graph.pack(documents)
      await graph.forward()
      graph.seed.fill(0)
      const targets = documents.flatMap((ids, i) => nextTokens(ids, starts[i]!))
      crossEntropy(graph.probabilities, V, targets, graph.seed)
      await graph.backward()
      return other.weights.map((w) => graph.gradient(w))
    }
    const one = await gradients(1)
    for (const threads of [2, 3])
      for (const [i, gradient] of (await gradients(threads)).entries())
        expect(gradient).toBeBitIdentical(one[i]!)
    vi.stubEnv(KERNELS_VARIABLE, 'off')
    for (const [i, gradient] of (await gradients(1)).entries())
      expect(gradient).toBeWithinRelativeL2(one[i]!, 1e-5)
  })

  it('gives the probabilities of the product’s own forward pass', async () => {
    network.initialise(3)
    using graph = new TrainGraph(network, 24, 3)
    const starts = graph.pack(documents)
    await graph.forward()
    const out = await network.model.run(documents, { logits: 'last' })
    documents.forEach((ids, i) => {
      const logits = out.logits(i).data
      const top = Math.max(...logits)
      const exp = logits.map((z) => Math.exp(z - top))
      const sum = exp.reduce((s, e) => s + e, 0)
      const row = starts[i]! + ids.length - 1
      expect(graph.probabilities.subarray(row * V, (row + 1) * V)).toBeAllclose(
        exp.map((e) => e / sum),
        { rtol: 1e-3, atol: 1e-5 },
      )
    })
  })

  it('refuses a document longer than a row, and reports what did not fit', () => {
    using graph = new TrainGraph(network, 8, 1)
    expect(() => graph.pack([new Array(9).fill(1)])).toThrow(RangeError)
    expect(
      graph.pack([
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4],
      ]),
    ).toEqual([0, undefined])
  })
})

describe('objectives through the graph, against finite differences', () => {
  // A reference that differs from the policy, as probabilities.
  const setUp = async (graph: TrainGraph): Promise<{ reference: Float32Array; starts: number[] }> => {
    network.initialise(5)
    for (const w of network.weights)
      if (w.name.includes('embed'))
        w.values.forEach((v, i) => {
          w.values[i] = v * 10
        })
    network.upload()
    const starts = graph.pack(documents) as number[]
    await graph.forward()
    const reference = graph.probabilities.slice()
    network.initialise(4)
    for (const w of network.weights)
      if (w.name.includes('embed'))
        w.values.forEach((v, i) => {
          w.values[i] = v * 10
        })
    network.upload()
    return { reference, starts }
  }
  type Loss = (p: Float32Array, G: Float32Array, reference: Float32Array, starts: number[]) => number
  const targetsOf = (d: number, starts: number[]): Target[] => nextTokens(documents[d]!, starts[d]!)
  const losses: Record<string, Loss> = {
    'cross entropy': (p, G, _, starts) =>
      crossEntropy(
        p,
        V,
        documents.flatMap((_, d) => targetsOf(d, starts)),
        G,
      ),
    'policy gradient with KL': (p, G, reference, starts) => {
      const targets = documents.flatMap((_, d) =>
        targetsOf(d, starts).map((t) => ({ ...t, advantage: [1, -0.5, 0.3, -1][d]! })),
      )
      const pg = policyGradient(p, V, targets, G)
      return (
        pg +
        0.1 *
          klToReference(
            p,
            reference,
            V,
            targets.map((t) => t.row),
            0.1,
            G,
          )
      )
    },
    DPO: (p, G, reference, starts) =>
      dpo(
        p,
        V,
        [0, 2].map((d) => {
          const chosen = targetsOf(d, starts)
          const rejected = targetsOf(d + 1, starts)
          return {
            chosen,
            rejected,
            reference: {
              chosen: logLikelihood(reference, V, chosen),
              rejected: logLikelihood(reference, V, rejected),
            },
          }
        }),
        0.3,
        G,
      ).loss,
  }
  it.each(Object.keys(losses))('%s', async (name) => {
    using graph = new TrainGraph(network, 24, 3)
    const { reference, starts } = await setUp(graph)
    const loss = async (): Promise<number> => {
      network.upload()
      await graph.forward()
      graph.seed.fill(0)
      return losses[name]!(graph.probabilities, graph.seed, reference, starts)
    }
    await loss()
    await graph.backward()
    const rng = stream(1, name)
    const found: number[] = []
    const differences: number[] = []
    const gradients = new Map(network.weights.map((w) => [w.name, graph.gradient(w)]))
    for (const { name: weight, values } of network.weights) {
      // Along the direction of a random sign vector: one difference sees the whole tensor.
      const signs = Float32Array.from(values, () => (rng.below(2) === 0 ? -1 : 1))
      const before = values.slice()
      const h = 2e-4
      const at = async (step: number): Promise<number> => {
        values.forEach((_, i) => {
          values[i] = before[i]! + step * signs[i]!
        })
        return loss()
      }
      differences.push(((await at(h)) - (await at(-h))) / (2 * h))
      values.set(before)
      found.push(gradients.get(weight)!.reduce((s, g, i) => s + g * signs[i]!, 0))
    }
    expect(found).toBeWithinRelativeL2(differences, 2e-2)
  })
})
