/**
 * One product in a process of its own, after the system has been told what to refuse: `mdwe` refuses to make
 * memory executable that was writable, `all` refuses anonymous files besides. Prints what served as JSON.
 */
import { readFileSync } from 'node:fs'
import koffi from '../../src/core/ffi.ts'
import { Backend, Graph, GraphAllocator, loadEngine } from '../../src/ggml/index.ts'
import { kernelsOf } from '../../src/ggml/kernels/kernels.ts'

const [refused, op] = process.argv.slice(2) as ['nothing' | 'mdwe' | 'all', 'linear' | 'mulMat']
const libc = koffi.load('libc.so.6')
const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)') as (...a: number[]) => number
const setrlimit = libc.func('int setrlimit(int resource, void * limit)') as (r: number, l: unknown) => number
const PR_SET_MDWE = 65
const RLIMIT_NOFILE = 7

loadEngine('cpu')
let supported = true
if (refused !== 'nothing') supported = prctl(PR_SET_MDWE, 1, 0, 0, 0) === 0
const maps = (): string => readFileSync('/proc/self/maps', 'utf8')
maps()
if (refused === 'all') setrlimit(RLIMIT_NOFILE, BigUint64Array.of(3n, 1024n))

using backend = new Backend({ device: 'cpu', threads: 1 })
using allocator = new GraphAllocator(backend)
using graph = new Graph(backend, 8)
const [k, m, n] = [70, 50, 9]
const w = graph.input(
  'F32',
  [k, m],
  Float32Array.from({ length: k * m }, (_, i) => (i % 7) - 3),
)
const x = graph.input(
  'F32',
  [k, n],
  Float32Array.from({ length: k * n }, (_, i) => (i % 5) - 2),
)
const y = graph.output(op === 'linear' ? graph.linear(w, x, { precision: 'f32' }) : graph.mulMat(w, x))
await backend.exclusive(() => graph.compute(allocator))
const found = graph.read(y)
let right = true
for (let j = 0; j < n; j++)
  for (let i = 0; i < m; i++) {
    let sum = 0
    for (let a = 0; a < k; a++) sum += (((i * k + a) % 7) - 3) * (((j * k + a) % 5) - 2)
    right &&= found[j * m + i] === sum
  }
const report = op === 'linear' ? kernelsOf(backend.engine).report() : undefined
if (refused === 'all') setrlimit(RLIMIT_NOFILE, BigUint64Array.of(1024n, 1024n))
const mapped = maps()
  .split('\n')
  .filter((line) => line.includes('memfd:palimpsest-kernels'))
  .map((line) => line.split(' ')[1])
console.log(JSON.stringify({ supported, right, mapped, ...report }))
