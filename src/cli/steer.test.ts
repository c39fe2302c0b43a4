import { describe, expect, it } from 'vitest'
import { parseDose, parseSteer } from './steer.ts'

const SITE = 'site=blocks.*.hook_resid_post'

describe('parseSteer', () => {
  it('reads every operation, with paths that hold colons, commas and signs', () => {
    expect(parseSteer(`op=add,${SITE},vector=C:\\a,b\\d=1#x.safetensors#v:1,dose=0.3x`)).toMatchObject({
      op: 'add',
      site: 'blocks.*.hook_resid_post',
      positions: 'all',
      vector: { file: 'C:\\a,b\\d=1#x.safetensors', name: 'v:1' },
      dose: { amount: 0.3, unit: 'x' },
    })
    expect(parseSteer(`vector=d.gguf,op=ablate,positions=last,${SITE}`)).toMatchObject({
      op: 'ablate',
      positions: 'last',
      vector: { file: 'd.gguf', name: undefined },
    })
    expect(parseSteer(`op=clamp,${SITE},dict=hf:org/sae@main:layers.3,feature=17,value=-2.5`)).toMatchObject({
      dict: 'hf:org/sae@main:layers.3',
      feature: 17,
      value: -2.5,
    })
    expect(parseSteer(`op=replace,${SITE},from=hf:org/name@main:a.gguf,positions=prompt`)).toMatchObject({
      from: 'hf:org/name@main:a.gguf',
    })
  })

  it('reads doses as fractions, nats and plain numbers', () => {
    expect(parseDose('-.5nats')).toEqual({ amount: -0.5, unit: 'nats' })
    expect(parseDose('1e-2X')).toEqual({ amount: 0.01, unit: 'x' })
    expect(parseDose('12')).toEqual({ amount: 12, unit: 'absolute' })
    for (const text of ['', 'x', '1 x', '0x10', 'NaN', 'Infinity', '1e999', '0.3y', '1,5'])
      expect(parseDose(text)).toBeUndefined()
  })

  it.each([
    ['op=ad,site=x', /Did you mean op=add\?/],
    [`op=add,${SITE},vektor=a,dose=1`, /Did you mean vector\?/],
    [`op=add,${SITE},vector=a`, /lacks dose=/],
    [`op=add,vector=a,dose=1`, /lacks site=/],
    [`op=ablate,${SITE},vector=a,dose=1`, /op=ablate knows no such key/],
    [`op=add,${SITE},vector=a,dose=much`, /The dose cannot be read/],
    [`op=add,${SITE},vector=a,dose=1,op=add`, /A key stands twice/],
    [`add,${SITE}`, /not key=value/],
    [`op=add,${SITE},vector=a,dose=1,positions=promt`, /Did you mean positions=prompt\?/],
    [`op=clamp,${SITE},dict=a,feature=1`, /lacks value=/],
    [`op=clamp,${SITE},dict=a,feature=1.5,value=1`, /The feature cannot be read/],
    [`op=clamp,${SITE},dict=a,feature=1,value=high`, /The value cannot be read/],
    [`op=replace,${SITE},from=a,positions=generated`, /Only positions of the prompt/],
  ])('refuses %s', (spec, message) => {
    expect(() => parseSteer(spec)).toThrow(message)
    expect(() => parseSteer(spec)).toThrow(expect.objectContaining({ code: 'steer-spec', exitCode: 2 }))
  })
})
