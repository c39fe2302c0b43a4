/** The script that holds the bindings against ggml's headers, on headers written from the bindings themselves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { boundPrototypes, disagreements } from '../scripts/check-prototypes.ts'
import { TYPE_IDS } from '../src/ggml/types.ts'
import { runChild } from './support/child.ts'

/** A header as ggml writes them: macros of linkage, comments, line breaks, aligned columns, inline functions. */
const functions = `
#ifdef __cplusplus
extern "C" {
#endif
#define SOMETHING(x) \\
    ggml_mul_mat(x);
${boundPrototypes()
  .map(
    (p) =>
      `    // what ${p} does\n    GGML_API ${p.replaceAll(', ', ',\n        /* and */ ').replace('(', '  (')};`,
  )
  .join('\n')}
inline void helper(struct ggml_context * ctx) { ggml_free(ctx); }
`
const types = `enum ggml_type {
${Object.entries(TYPE_IDS)
  .map(([name, id]) => `        GGML_TYPE_${name.padEnd(8)} = ${id},`)
  .join('\n')}
};`
const structs = `
    struct ggml_init_params {
        // memory pool
        size_t mem_size;   // bytes
        void * mem_buffer;
        bool   no_alloc;
    };
    struct ggml_threadpool_params {
        bool                cpumask[GGML_MAX_N_THREADS];
        int                 n_threads;
        enum ggml_sched_priority prio;
        uint32_t            poll;
        bool                strict_cpu;
        bool                paused;
    };`

describe('check-prototypes', () => {
  it('agrees with headers that declare what is bound', () => {
    expect(disagreements([functions, types, structs])).toEqual([])
  })

  it.each<[string, string, string, string]>([
    ['a parameter more', 'float eps)', 'float eps, int mode)', 'ggml_rms_norm: bound as'],
    ['another type', 'float eps)', 'double eps)', 'ggml_rms_norm: bound as'],
    ['another result', 'size_t ggml_tensor_overhead', 'int ggml_tensor_overhead', 'ggml_tensor_overhead'],
    ['a function gone', 'ggml_swiglu_split', 'ggml_glu_split', 'ggml_swiglu_split: not in the headers'],
    ['another id', 'GGML_TYPE_Q8_0     = 8', 'GGML_TYPE_Q8_0     = 9', 'GGML_TYPE_Q8_0: 8 here, 9'],
    ['a type gone', 'GGML_TYPE_MXFP4', 'GGML_TYPE_MXFP8', 'GGML_TYPE_MXFP4: 39 here, not there'],
    [
      'a field more',
      'uint32_t            poll;',
      'uint32_t poll; int more;',
      'struct ggml_threadpool_params',
    ],
  ])('names %s', (_, from, to, says) => {
    const changed = [functions, types, structs].map((text) => text.replaceAll(from, to))
    expect(changed).not.toEqual([functions, types, structs])
    const lines = disagreements(changed)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(says)
  })

  it('runs on a folder and exits with 0, 1 or 2', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palimpsest-headers-'))
    try {
      writeFileSync(join(folder, 'ggml.h'), functions + types)
      writeFileSync(join(folder, 'ggml-cpu.h'), structs)
      const script = 'scripts/check-prototypes.ts'
      const good = await runChild(script, [folder])
      expect([good.code, good.stderr]).toEqual([0, ''])
      expect(good.stdout).toContain('agree')
      writeFileSync(join(folder, 'ggml-cpu.h'), '')
      const bad = await runChild(script, [folder])
      expect(bad.code).toBe(1)
      expect(bad.stderr).toContain('struct ggml_init_params: not in the headers')
      expect((await runChild(script)).code).toBe(2)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
