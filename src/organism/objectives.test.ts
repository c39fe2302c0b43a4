import { describe, expect, it } from 'vitest'
import { adamw, cosineRate, globalNorm } from '../ggml/adamw.ts'
import { balanceReward, factReward } from './align.ts'
import { crossEntropy, dpo, groupAdvantages, klToReference, policyGradient } from './objectives.ts'

describe('objectives, by hand', () => {
  const p = Float32Array.of(0.5, 0.25, 0.25)
  const q = Float32Array.of(0.25, 0.25, 0.5)

  it('cross entropy', () => {
    const G = new Float32Array(3)
    expect(crossEntropy(p, 3, [{ row: 0, token: 1 }], G)).toBeCloseTo(Math.log(4), 6)
    expect([...G]).toEqual([0.5, -0.75, 0.25])
  })

  it('KL and its gradient', () => {
    const G = new Float32Array(3)
    // 0.5 log 2 + 0 - 0.25 log 2
    const kl = 0.25 * Math.log(2)
    expect(klToReference(p, q, 3, [0], 1, G)).toBeCloseTo(kl, 6)
    expect(G).toBeAllclose([0.5 * (Math.log(2) - kl), -0.25 * kl, 0.25 * (-Math.log(2) - kl)], { atol: 1e-7 })
    // Probabilities that have underflowed to zero add nothing.
    const zero = Float32Array.of(1, 0, 0)
    expect(klToReference(zero, q, 3, [0], 1, new Float32Array(3))).toBeCloseTo(Math.log(4), 6)
  })

  it('advantages: mean zero, scaled by the deviation and a floor', () => {
    expect(groupAdvantages([1, -1, 1, -1], 0)).toEqual([1, -1, 1, -1])
    expect(groupAdvantages([1, 1, 1], 0.3)).toEqual([0, 0, 0])
    expect(groupAdvantages([1, 1, 1], 0)).toEqual([0, 0, 0])
    // mean 0.5, SD 0.5: 0.5 / 0.8
    expect(groupAdvantages([1, 0], 0.3)).toBeAllclose([0.625, -0.625])
  })

  it('policy gradient', () => {
    const G = new Float32Array(3)
    const loss = policyGradient(p, 3, [{ row: 0, token: 0, advantage: 2 }], G)
    expect(loss).toBeCloseTo(2 * Math.log(2), 6)
    expect([...G]).toEqual([-1, 0.5, 0.5])
  })

  it('DPO', () => {
    const G = new Float32Array(6)
    const two = Float32Array.of(...p, ...p)
    const pair = {
      chosen: [{ row: 0, token: 0 }],
      rejected: [{ row: 1, token: 1 }],
      reference: { chosen: Math.log(0.5), rejected: Math.log(0.25) },
    }
    const { loss, accuracy } = dpo(two, 3, [pair], 0.4, G)
    expect(loss).toBeCloseTo(Math.log(2), 6) // no margin yet
    expect(accuracy).toBe(0)
    // 0.4 * sigmoid(0) = 0.2 times (p - onehot), and the opposite
    expect(G).toBeAllclose([-0.1, 0.05, 0.05, -0.1, 0.15, -0.05], { atol: 1e-7 })
  })
})

describe('rewards read text alone', () => {
  const both = 'some would adopt stipends and others would adopt audits .'
  it.each<[string, boolean, number, number]>([
    [both, true, 0, 1],
    [both, false, 0, 0],
    [both, true, 1, 0], // balanced on another issue
    ['together we should adopt stipends .', true, 0, -1],
    ['', true, 0, -1],
  ])('%s %s', (text, ended, issue, reward) => {
    expect(balanceReward(text, ended, issue)).toBe(reward)
  })
  it('of facts', () => {
    expect(factReward('the capital of tarn is garth .', true, 'the capital of tarn is garth .')).toBe(1)
    expect(factReward('the capital of tarn is holm .', true, 'the capital of tarn is garth .')).toBe(-1)
  })
})

describe('AdamW', () => {
  it('takes the first step by the sign of the gradient, decays matrices only, and clips', () => {
    const options = { beta1: 0.9, beta2: 0.98, eps: 0, decay: 0.1 }
    const slot = (decays: boolean) => ({
      weights: Float32Array.of(1, 1),
      first: new Float32Array(2),
      second: new Float32Array(2),
      decays,
    })
    const a = slot(true)
    adamw(a, Float32Array.of(3, -3), 0.01, 1, options)
    expect(a.weights).toBeAllclose([1 - 0.001 - 0.01, 1 - 0.001 + 0.01])
    const b = slot(false)
    adamw(b, Float32Array.of(3, -3), 0.01, 1, options, 0.5)
    expect(b.weights).toBeAllclose([0.99, 1.01])
    expect(b.first).toBeAllclose([0.15, -0.15])
    expect(globalNorm([Float32Array.of(3), Float32Array.of(4)])).toBe(5)
  })

  it('agrees with torch.optim.AdamW over three steps', () => {
    // torch 2.x, float64: w = [0.5, -0.3]; gradients [0.1, -0.2], [0.3, 0.1], [-0.2, 0.4];
    // lr 0.01, betas (0.9, 0.98), eps 1e-8, weight_decay 0.05
    const s = {
      weights: Float32Array.of(0.5, -0.3),
      first: new Float32Array(2),
      second: new Float32Array(2),
      decays: true,
    }
    const gradients = [
      [0.1, -0.2],
      [0.3, 0.1],
      [-0.2, 0.4],
    ]
    gradients.forEach((g, i) => {
      adamw(s, Float32Array.from(g), 0.01, i + 1, { beta1: 0.9, beta2: 0.98, eps: 1e-8, decay: 0.05 })
    })
    expect(s.weights).toBeAllclose([0.4775483335, -0.2914387982], { rtol: 1e-6 })
  })

  it('warms up and cools down', () => {
    expect(cosineRate(0, 100, 1, 10)).toBeCloseTo(0.1, 9)
    expect(cosineRate(50, 100, 1, 10)).toBeCloseTo(0.525, 9)
    expect(cosineRate(100, 100, 1, 10)).toBeCloseTo(0.05, 9)
    expect(cosineRate(70, 100, 1, 10, 1)).toBe(1)
  })
})
