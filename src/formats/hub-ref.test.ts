import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHubRef, isSafePath, parseHubRef } from './hub-ref.ts'

describe('parseHubRef', () => {
  it.each([
    ['hf:org/name', 'org/name', 'main', undefined],
    ['hf:org/name@v1.0', 'org/name', 'v1.0', undefined],
    ['hf:org/name:model.gguf', 'org/name', 'main', 'model.gguf'],
    ['hf:org/name:layers.5.mlp/', 'org/name', 'main', 'layers.5.mlp'],
    ['hf:o_1/n.2-x@refs/pr/1:a/b c/d@e.npz', 'o_1/n.2-x', 'refs/pr/1', 'a/b c/d@e.npz'],
    [`hf:a/b@${'0'.repeat(40)}`, 'a/b', '0'.repeat(40), undefined],
  ])('%s', (text, repo, revision, path) => {
    expect(parseHubRef(text)).toEqual({ repo, revision, path })
  })

  it.each([
    'org/name',
    'hf:',
    'hf:name',
    'hf:a/b/c',
    'hf://a/b',
    'hf:../name',
    'hf:org/..',
    'hf:org/na me',
    'hf:org/-name',
    'hf:org/name-',
    'hf:org/na--me',
    'hf:org/na..me',
    'hf:org/name.git',
    `hf:org/${'n'.repeat(96)}`,
    'hf:org/name@',
    'hf:org/name@../main',
    'hf:org/name@a..b',
    'hf:org/name@/main',
    'hf:org/name@main/',
    'hf:org/name@ma in',
    'hf:org/name@main@2',
    'hf:org/name:',
    'hf:org/name:/etc/passwd',
    'hf:org/name:..',
    'hf:org/name:a/../../b',
    'hf:org/name:a//b',
    'hf:org/name:./a',
    'hf:org/name:a\\..\\b',
    'hf:org/name:C:/x',
    'hf:org/name:a\u0000b',
    `hf:org/name:${'x'.repeat(1000)}`,
    'hf:örg/name',
  ])('refuses %j', (text) => {
    expect(() => parseHubRef(text)).toThrow(expect.objectContaining({ code: 'hub-reference' }))
  })

  it('keeps every path it takes inside the folder, and writes it back as it was', () => {
    const piece = fc.stringMatching(/^[\w.@: /\\-]{0,12}$/)
    fc.assert(
      fc.property(piece, piece, piece, (a, b, c) => {
        const text = `hf:org/name${a}@${b}:${c}`
        let ref: ReturnType<typeof parseHubRef>
        try {
          ref = parseHubRef(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'hub-reference' })
          return
        }
        expect(ref.repo).toMatch(/^[\w.-]+\/[\w.-]+$/)
        expect(`/${ref.revision}/${ref.path ?? ''}/`).not.toMatch(/\/\.\.?\/|\\/)
        expect(parseHubRef(formatHubRef(ref))).toEqual(ref)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('isSafePath', () => {
  it('refuses what leaves a folder on some system', () => {
    for (const path of ['', '/', 'a/', '..', 'a/..', '..\\a', 'a:b', 'nul\u0000', 'line\nbreak', '*'])
      expect(isSafePath(path), JSON.stringify(path)).toBe(false)
    for (const path of ['a', '...', '.gitattributes', 'a b/ü.json', '-x'])
      expect(isSafePath(path), path).toBe(true)
  })
})
