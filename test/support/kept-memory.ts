/**
 * Panels of weights in a mapped file, kept in a process of its own: packs 134 MB of them and prints as JSON by how many
 * bytes anonymous memory grew meanwhile and for good, how the panels are mapped, what is left in the folder for temporary
 * files and open, and whether a step gives the bits that it gave before. `full` leaves no place on the disk after 20 MB.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import koffi from '../../src/core/ffi.ts'
import { mapFile } from '../../src/formats/mapped-file.ts'
import { Backend, Graph, GraphAllocator, TensorStore } from '../../src/ggml/index.ts'
import { keepPanels } from '../../src/ggml/panels.ts'

const [path, disk] = process.argv.slice(2) as [string, 'free' | 'full']
const [K, N] = [4096, 8192]
const fd = openSync(path, 'w')
ftruncateSync(fd, 2 * K * N)
// Numbers near one in the first rows and in the last: bf16 of 0x3f80 and what follows.
const some = Uint16Array.from({ length: 16 * K }, (_, i) => 0x3f80 + ((i * 37) % 64))
for (const at of [0, 2 * K * N - some.byteLength]) writeSync(fd, some, 0, some.byteLength, at)
closeSync(fd)

const anonymous = (): number =>
  Number(/^Anonymous:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))![1]) * 1024

using backend = new Backend({ device: 'cpu', threads: 2 })
using file = mapFile(path)
using store = new TensorStore(backend, 1)
using allocator = new GraphAllocator(backend)
const w = store.fromRegion('BF16', [K, N], file, file.address)
const x = Float32Array.from({ length: K * 9 }, (_, i) => (i % 11) - 5)
async function step(): Promise<Float32Array> {
  using graph = new Graph(backend, 8)
  const y = graph.output(graph.linear(w, graph.input('F32', [K, 9], x), { precision: 'f32', step: true }))
  await backend.exclusive(() => graph.compute(allocator))
  return graph.read(y)
}
const before = await step()
const start = anonymous()
let most = start
const watch = setInterval(() => {
  most = Math.max(most, anonymous())
}, 5)
if (disk === 'full') {
  const libc = koffi.load('libc.so.6')
  const setrlimit = libc.func('int setrlimit(int resource, void * limit)') as (
    r: number,
    l: unknown,
  ) => number
  const RLIMIT_FSIZE = 1
  setrlimit(RLIMIT_FSIZE, BigUint64Array.of(20_000_000n, 20_000_000n))
}
await backend.exclusive(() => keepPanels(backend, [w], { precision: 'f32', most: 1e9 }))
clearInterval(watch)
const after = await step()
const panels = readFileSync('/proc/self/maps', 'utf8')
  .split('\n')
  .filter((line) => line.includes('palimpsest-panels-'))
  .map((line) => line.split(/\s+/))
/** The folder of descriptors has one more while it is read, which is gone then. */
function isPanels(fd: string): boolean {
  const link = `/proc/self/fd/${fd}`
  return existsSync(link) && readlinkSync(link).includes('palimpsest-panels-')
}
console.log(
  JSON.stringify({
    grown: anonymous() - start,
    meanwhile: most - start,
    mapped: panels.map(([range, rights]) => {
      const [from, to] = range!.split('-').map((address) => Number.parseInt(address, 16)) as [number, number]
      return { rights, bytes: to - from }
    }),
    open: readdirSync('/proc/self/fd').filter(isPanels),
    left: readdirSync(tmpdir(), { withFileTypes: true }).map((entry) => entry.name),
    same: Buffer.compare(Buffer.from(before.buffer), Buffer.from(after.buffer)) === 0,
  }),
)
