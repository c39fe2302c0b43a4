import { describe, expect, it } from 'vitest'
import { chooseFiles, ggufParts, shardsOf } from './hub-choose.ts'
import { parseHubRef } from './hub-ref.ts'

const choose = (files: string[], inside = '') =>
  chooseFiles(files, parseHubRef(`hf:org/name${inside && `:${inside}`}`))
const code = (name: string) => expect.objectContaining({ code: name })

const TEXTS = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json']
const NOISE = [
  '.gitattributes',
  'README.md',
  'LICENSE',
  'tf_model.h5',
  'onnx/model.onnx',
  'original/consolidated.pth',
]

describe('chooseFiles: models', () => {
  it('takes texts and safetensors, and nothing else', () => {
    const choice = choose([...TEXTS, ...NOISE, 'model.safetensors', 'pytorch_model.bin', 'optimizer.pt'])
    expect(choice).toEqual({
      path: '',
      files: [...TEXTS, 'model.safetensors'],
      index: undefined,
      tokenizer: 'tokenizer.json',
    })
  })

  it('takes the index of a sharded one, and .bin only where there is no safetensors', () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    expect(
      choose(['config.json', 'model.safetensors.index.json', ...shards, 'pytorch_model.bin']),
    ).toMatchObject({
      files: ['config.json', 'model.safetensors.index.json'],
      index: 'model.safetensors.index.json',
    })
    expect(choose(['config.json', 'pytorch_model.bin']).files).toEqual(['config.json', 'pytorch_model.bin'])
    expect(choose(['config.json', 'pytorch_model.bin.index.json']).index).toBe('pytorch_model.bin.index.json')
  })

  it('takes chat templates, also named ones', () => {
    const files = [
      'additional_chat_templates/tool.jinja',
      'chat_template.jinja',
      'config.json',
      'model.safetensors',
    ]
    expect(choose(files).files).toEqual(files)
  })

  it('finds a model in a folder', () => {
    const choice = choose(['config.json', 'step-10/config.json', 'step-10/model.safetensors'], 'step-10')
    expect(choice).toMatchObject({
      path: 'step-10',
      files: ['step-10/config.json', 'step-10/model.safetensors'],
      tokenizer: 'step-10/tokenizer.json',
    })
  })

  it('takes an adapter', () => {
    expect(
      choose(['README.md', 'adapter_config.json', 'adapter_model.bin', 'adapter_model.safetensors']).files,
    ).toEqual(['adapter_config.json', 'adapter_model.safetensors'])
  })

  it('takes the only GGUF file, and asks which of several', () => {
    const files = ['README.md', 'a.Q4_0.gguf', 'mmproj-a.gguf', 'config.json']
    expect(choose(files)).toMatchObject({ path: 'a.Q4_0.gguf', files: ['a.Q4_0.gguf'] })
    expect(() => choose([...files, 'a.Q8_0.gguf'])).toThrow(code('hub-choose'))
    expect(choose([...files, 'a.Q8_0.gguf'], 'a.Q8_0.gguf').files).toEqual(['a.Q8_0.gguf'])
  })

  it('brings all parts of a split GGUF file, whichever is named', () => {
    const parts = ggufParts('q/a-00002-of-00003.gguf')
    expect(parts).toEqual(['q/a-00001-of-00003.gguf', 'q/a-00002-of-00003.gguf', 'q/a-00003-of-00003.gguf'])
    expect(choose(parts, 'q/a-00003-of-00003.gguf')).toMatchObject({ path: parts[0], files: parts })
    expect(choose(parts, 'q')).toMatchObject({ path: parts[0], files: parts })
    expect(() => choose(parts.slice(0, 2), parts[0])).toThrow(code('hub-file-missing'))
  })
})

describe('chooseFiles: dictionaries', () => {
  it('takes a folder of each known form', () => {
    for (const files of [
      ['l/cfg.json', 'l/sae_weights.safetensors'],
      ['l/params.npz'],
      ['l/config.json', 'l/ae.pt'],
      ['l/hyperparams.json', 'l/checkpoints/final.safetensors'],
    ])
      expect(choose([...files, 'other/params.npz', 'l/README.md'], 'l').files.toSorted()).toEqual(
        files.toSorted(),
      )
  })

  it('brings the settings above a named file', () => {
    expect(choose(['config.json', 'layer0.sae.pt', 'layer1.sae.pt'], 'layer1.sae.pt')).toMatchObject({
      path: 'layer1.sae.pt',
      files: ['config.json', 'layer1.sae.pt'],
    })
    expect(choose(['a/hyperparams.json', 'a/checkpoints/final.safetensors'], 'a/checkpoints').files).toEqual([
      'a/hyperparams.json',
      'a/checkpoints/final.safetensors',
    ])
  })

  it('never takes pickled files beside safetensors, nor what training left', () => {
    expect(choose(['l/a.safetensors', 'l/a.pt', 'l/optimizer.pt', 'l/cfg.json'], 'l').files).toEqual([
      'l/cfg.json',
      'l/a.safetensors',
    ])
  })

  it('asks which, where several answer', () => {
    expect(() => choose(['config.json', 'layer0.sae.pt', 'layer1.sae.pt'])).toThrow(code('hub-choose'))
    expect(() => choose(['w/l0_20/params.npz', 'w/l0_70/params.npz'], 'w')).toThrow(/w\/l0_20/)
    expect(choose(['sae.pth', 'README.md']).files).toEqual(['sae.pth'])
  })

  it('says what is missing, and what it may have been', () => {
    expect(() => choose(['a/params.npz'], 'a/param.npz')).toThrow(/Did you mean a\/params.npz/)
    expect(() => choose(['README.md'])).toThrow(code('hub-empty'))
    expect(() => choose(['a/README.md'], 'a')).toThrow(code('hub-empty'))
  })
})

describe('shardsOf', () => {
  it('lists the files beside the index', () => {
    const text = JSON.stringify({
      weight_map: { b: 'm-2.safetensors', a: 'm-1.safetensors', c: 'm-1.safetensors' },
    })
    expect(shardsOf(text, 'sub/model.safetensors.index.json')).toEqual([
      'sub/m-1.safetensors',
      'sub/m-2.safetensors',
    ])
  })

  it.each(['', 'null', '{}', '{"weight_map":[]}', '{"weight_map":{}}', '{"weight_map":{"a":1}}'])(
    'refuses %j',
    (text) => expect(() => shardsOf(text, 'i')).toThrow(code('hub-malformed')),
  )

  it('refuses names that lead elsewhere', () => {
    for (const name of ['../x', '/x', 'a/b', '..', '.x', 'a\\b', ''])
      expect(() => shardsOf(JSON.stringify({ weight_map: { t: name } }), 'i'), name).toThrow(
        code('hub-malformed'),
      )
  })
})
