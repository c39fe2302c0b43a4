/**
 * What is mapped executable in a process of its own (run with --jitless: V8 maps none then), from /proc/self/maps:
 * after importing everything, after opening a model, after a pass through it. With a processor as first argument, the
 * process says that it runs on that. Prints JSON.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
// They look for their libraries by the processor: before another is named.
import '@duckdb/node-api'
import '../../src/core/ffi.ts'

const [arch] = process.argv.slice(2)
if (arch !== undefined) Object.defineProperty(process, 'arch', { value: arch })

/** Executable memory that is no file's, and whatever is both writable and executable. */
function executable(): { anonymous: string[]; writable: string[] } {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n').filter(Boolean)
  const parsed = lines.map((line) => {
    const [range, rights, , , , path = ''] = line.split(/\s+/)
    return { range: range!, rights: rights!, path }
  })
  const isKernels = (path: string): boolean => !path.startsWith('/') && !/^\[v(dso|syscall|var)/.test(path)
  const which = parsed.filter((m) => m.rights[2] === 'x')
  return {
    anonymous: which.filter((m) => isKernels(m.path) || m.path.startsWith('/memfd:')).map((m) => m.rights),
    writable: which.filter((m) => m.rights[1] === 'w').map((m) => `${m.range} ${m.rights} ${m.path}`),
  }
}

for (const name of ['ggml', 'formats', 'model', 'sae', 'domain', 'stats', 'study', 'report'])
  await import(`../../src/${name}/index.ts`)
const imported = executable()
const { loadTiny } = await import('./tiny.ts')
const { MODELS } = await import('./golden-tensors.ts')
using model = await loadTiny(join(MODELS, 'llama3.1'))
const opened = executable()
const out = await model.run([[1, 2, 3, 4, 5, 6, 7, 8, 9]], { logits: 'last' })
const finite = out.logits(0).data.every((v) => Number.isFinite(v))
const { off } = model.backend.kernels!.kernels
console.log(JSON.stringify({ imported, opened, computed: executable(), off, finite }))
