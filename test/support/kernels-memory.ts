/**
 * Private memory that products of zero-copy weights take: maps a sparse file of 256 MB as bf16 and as Q8_0
 * weights, multiplies by both, and prints by how many bytes the process's anonymous memory grew.
 */
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { mapFile } from '../../src/formats/mapped-file.ts'
import { Backend, Graph, GraphAllocator, TensorStore } from '../../src/ggml/index.ts'

const MB = 1 << 20
const path = process.argv[2]!
const fd = openSync(path, 'w')
ftruncateSync(fd, 272 * MB)
closeSync(fd)

const anonymous = (): number =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024

using backend = new Backend({ device: 'cpu', threads: 2 })
using file = mapFile(path)
using store = new TensorStore(backend, 2)
using allocator = new GraphAllocator(backend)
const half = store.fromRegion('BF16', [4096, 32_768], file, file.address)
const blocks = store.fromRegion('Q8_0', [4096, 65_536], file, file.address)
const x = new Float32Array(4096 * 8).fill(1)
const before = anonymous()
let kernels = 0
for (const [w, precision] of [
  [half, 'f32'],
  [half, 'native'],
  [blocks, 'f32'],
] as const) {
  using graph = new Graph(backend, 8)
  const input = graph.input('F32', [4096, 8], x)
  if (backend.kernels?.choose(w, input, { precision }) !== undefined) kernels++
  graph.output(graph.linear(w, input, { precision }))
  await backend.exclusive(() => graph.compute(allocator))
}
console.log(JSON.stringify({ grown: anonymous() - before, kernels }))
