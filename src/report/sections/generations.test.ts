import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { pair } from '../../../test/fixtures/report/synthetic.ts'
import { markupFaults } from '../../../test/support/markup.ts'
import type { GenerationsRecord, WrittenRecord } from '../../study/generations-record.ts'
import { renderReport } from '../page.ts'

const text = (model: string, more: Partial<WrittenRecord> = {}): WrittenRecord => ({
  claim: 'steering',
  model,
  id: 'wage-n1',
  prompt: 'What about <wages> & work?',
  arm: 'steered, dose +0.40',
  kind: 'answer',
  score: 0.5625,
  tokens: ['They', ' <b>rise', ' & ', 'fall', '.'],
  projection: [0, 0.3, -1.2, 9, 0.1],
  ...more,
})
const page = (texts: readonly WrittenRecord[] | undefined) => {
  const generations: GenerationsRecord | undefined = texts && {
    format: 1,
    site: 'blocks.7.hook_resid_post',
    texts: [...texts],
  }
  const markup = renderReport({ ...pair(), generations })
  return { markup, section: parseHTML(markup).document.querySelector('#generations') }
}

describe('the section of what was written', () => {
  it('is not there where nothing was', () => {
    expect(page(undefined).section).toBeNull()
    expect(page([]).section).toBeNull()
  })

  it('puts models side by side, prompt by prompt and arm by arm', () => {
    const { section, markup } = page([
      text('base'),
      text('aligned', { score: null, kind: 'refusal' }),
      text('base', { arm: 'no steering' }),
      text('aligned', { arm: 'no steering' }),
      text('base', {
        claim: 'behaviour',
        id: 'wage-a1',
        prompt: 'Another?',
        arm: 'a prompt that leans to A',
      }),
    ])
    expect(markupFaults(markup)).toEqual([])
    const cards = [...section!.querySelectorAll('article')]
    expect(cards.map((c) => c.querySelector('h3')!.textContent)).toEqual([
      'What about <wages> & work?',
      'Another?',
    ])
    const pairs = [...cards[0]!.querySelectorAll('.pairs')]
    expect(pairs.map((p) => p.querySelectorAll('.heat').length)).toEqual([2, 2])
    expect(pairs[0]!.querySelectorAll('.who')[1]!.textContent).toMatch(
      /Aligned, steered, dose \+0\.40: refusal/,
    )
    expect(markup).toContain('<data value="0.5625">0.56</data>')
  })

  it('marks tokens by side and distance, underlines the furthest, and lets no token become markup', () => {
    const { section } = page([text('base')])
    const heat = section!.querySelector('.pairs .heat')!
    expect(heat.textContent).toContain('They <b>rise & fall.')
    expect([...heat.querySelectorAll('span:not(.who)')].map((s) => [s.className, s.textContent])).toEqual([
      ['b1', ' <b>rise'],
      ['a4 peak', ' & '],
      ['b5 peak', 'fall'],
    ])
  })
})
