/**
 * The C functions of ggml that we call. Each binding is the C prototype as it stands in ggml's headers;
 * `scripts/check-prototypes.ts` holds these strings against a release's headers. Only symbols that exist in
 * every supported release are bound, so that moving to another one is a change of the allow-list alone.
 *
 * Pointers are BigInt addresses, NULL is null. Nothing here checks anything: `graph.ts` does, because ggml
 * ends the process where an assertion fails.
 */

/** An address, as koffi passes it. */
export type Pointer = bigint

/** Turns a C prototype into a callable function; the type parameter is its TypeScript form. */
export type Bind = <F>(prototype: string) => F

/** ggml_init's argument. */
export interface InitParams {
  mem_size: number
  mem_buffer: null
  no_alloc: boolean
}

type P = Pointer
type Unary = (ctx: P, a: P) => P
type Binary = (ctx: P, a: P, b: P) => P

/** Everything that lives in libggml-base: contexts, tensors, operations, graphs, allocators, buffers. */
export function bindBase(c: Bind) {
  return {
    version: c<() => string>('const char * ggml_version(void)'),
    commit: c<() => string>('const char * ggml_commit(void)'),
    logSet: c<(callback: P, data: null) => void>(
      'void ggml_log_set(ggml_log_callback log_callback, void * user_data)',
    ),
    init: c<(params: InitParams) => P | null>(
      'struct ggml_context * ggml_init(struct ggml_init_params params)',
    ),
    free: c<(ctx: P) => void>('void ggml_free(struct ggml_context * ctx)'),
    tensorOverhead: c<() => number>('size_t ggml_tensor_overhead(void)'),
    graphOverhead: c<(size: number, grads: boolean) => number>(
      'size_t ggml_graph_overhead_custom(size_t size, bool grads)',
    ),
    blockSize: c<(type: number) => number>('int64_t ggml_blck_size(enum ggml_type type)'),
    typeSize: c<(type: number) => number>('size_t ggml_type_size(enum ggml_type type)'),
    typeName: c<(type: number) => string>('const char * ggml_type_name(enum ggml_type type)'),
    typeTraits: c<(type: number) => P>(
      'const struct ggml_type_traits * ggml_get_type_traits(enum ggml_type type)',
    ),

    newTensor4d: c<(ctx: P, type: number, n0: number, n1: number, n2: number, n3: number) => P>(
      'struct ggml_tensor * ggml_new_tensor_4d(struct ggml_context * ctx, enum ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3)',
    ),
    setInput: c<(t: P) => void>('void ggml_set_input(struct ggml_tensor * tensor)'),
    setOutput: c<(t: P) => void>('void ggml_set_output(struct ggml_tensor * tensor)'),
    setParam: c<(t: P) => void>('void ggml_set_param(struct ggml_tensor * tensor)'),
    setLoss: c<(t: P) => void>('void ggml_set_loss(struct ggml_tensor * tensor)'),
    getData: c<(t: P) => P | null>('void * ggml_get_data(const struct ggml_tensor * tensor)'),
    nbytes: c<(t: P) => number>('size_t ggml_nbytes(const struct ggml_tensor * tensor)'),

    reshape4d: c<(ctx: P, a: P, n0: number, n1: number, n2: number, n3: number) => P>(
      'struct ggml_tensor * ggml_reshape_4d(struct ggml_context * ctx, struct ggml_tensor * a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3)',
    ),
    view4d: c<
      (
        ctx: P,
        a: P,
        n0: number,
        n1: number,
        n2: number,
        n3: number,
        nb1: number,
        nb2: number,
        nb3: number,
        offset: number,
      ) => P
    >(
      'struct ggml_tensor * ggml_view_4d(struct ggml_context * ctx, struct ggml_tensor * a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3, size_t nb1, size_t nb2, size_t nb3, size_t offset)',
    ),
    permute: c<(ctx: P, a: P, a0: number, a1: number, a2: number, a3: number) => P>(
      'struct ggml_tensor * ggml_permute(struct ggml_context * ctx, struct ggml_tensor * a, int axis0, int axis1, int axis2, int axis3)',
    ),
    cont: c<Unary>('struct ggml_tensor * ggml_cont(struct ggml_context * ctx, struct ggml_tensor * a)'),
    cast: c<(ctx: P, a: P, type: number) => P>(
      'struct ggml_tensor * ggml_cast(struct ggml_context * ctx, struct ggml_tensor * a, enum ggml_type type)',
    ),
    getRows: c<Binary>(
      'struct ggml_tensor * ggml_get_rows(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    setRows: c<(ctx: P, a: P, b: P, c: P) => P>(
      'struct ggml_tensor * ggml_set_rows(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b, struct ggml_tensor * c)',
    ),
    add: c<Binary>(
      'struct ggml_tensor * ggml_add(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    sub: c<Binary>(
      'struct ggml_tensor * ggml_sub(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    mul: c<Binary>(
      'struct ggml_tensor * ggml_mul(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    scaleBias: c<(ctx: P, a: P, s: number, b: number) => P>(
      'struct ggml_tensor * ggml_scale_bias(struct ggml_context * ctx, struct ggml_tensor * a, float s, float b)',
    ),
    sqr: c<Unary>('struct ggml_tensor * ggml_sqr(struct ggml_context * ctx, struct ggml_tensor * a)'),
    sumRows: c<Unary>(
      'struct ggml_tensor * ggml_sum_rows(struct ggml_context * ctx, struct ggml_tensor * a)',
    ),
    sum: c<Unary>('struct ggml_tensor * ggml_sum(struct ggml_context * ctx, struct ggml_tensor * a)'),
    sigmoid: c<Unary>('struct ggml_tensor * ggml_sigmoid(struct ggml_context * ctx, struct ggml_tensor * a)'),
    tanh: c<Unary>('struct ggml_tensor * ggml_tanh(struct ggml_context * ctx, struct ggml_tensor * a)'),
    swigluSplit: c<Binary>(
      'struct ggml_tensor * ggml_swiglu_split(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    sqrt: c<Unary>('struct ggml_tensor * ggml_sqrt(struct ggml_context * ctx, struct ggml_tensor * a)'),
    relu: c<Unary>('struct ggml_tensor * ggml_relu(struct ggml_context * ctx, struct ggml_tensor * a)'),
    step: c<Unary>('struct ggml_tensor * ggml_step(struct ggml_context * ctx, struct ggml_tensor * a)'),
    div: c<Binary>(
      'struct ggml_tensor * ggml_div(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    concat: c<(ctx: P, a: P, b: P, axis: number) => P>(
      'struct ggml_tensor * ggml_concat(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b, int dim)',
    ),
    topK: c<(ctx: P, a: P, k: number) => P>(
      'struct ggml_tensor * ggml_top_k(struct ggml_context * ctx, struct ggml_tensor * a, int k)',
    ),
    rmsNorm: c<(ctx: P, a: P, eps: number) => P>(
      'struct ggml_tensor * ggml_rms_norm(struct ggml_context * ctx, struct ggml_tensor * a, float eps)',
    ),
    mulMat: c<Binary>(
      'struct ggml_tensor * ggml_mul_mat(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b)',
    ),
    mulMatSetPrecision: c<(a: P, precision: number) => void>(
      'void ggml_mul_mat_set_prec(struct ggml_tensor * a, enum ggml_prec prec)',
    ),
    /** `fun` is the address of `void f(struct ggml_tensor * dst, int ith, int nth, void * userdata)`. */
    custom4d: c<
      (
        ctx: P,
        type: number,
        n0: number,
        n1: number,
        n2: number,
        n3: number,
        args: BigUint64Array,
        count: number,
        fun: P,
        tasks: number,
        userdata: P,
      ) => P
    >(
      'struct ggml_tensor * ggml_custom_4d(struct ggml_context * ctx, enum ggml_type type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3, struct ggml_tensor ** args, int n_args, ggml_custom_op_t fun, int n_tasks, void * userdata)',
    ),
    softMaxExt: c<(ctx: P, a: P, mask: P | null, scale: number, maxBias: number) => P>(
      'struct ggml_tensor * ggml_soft_max_ext(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * mask, float scale, float max_bias)',
    ),
    ropeExt: c<
      (
        ctx: P,
        a: P,
        b: P,
        c: P | null,
        dims: number,
        mode: number,
        original: number,
        base: number,
        scale: number,
        ext: number,
        attn: number,
        fast: number,
        slow: number,
      ) => P
    >(
      'struct ggml_tensor * ggml_rope_ext(struct ggml_context * ctx, struct ggml_tensor * a, struct ggml_tensor * b, struct ggml_tensor * c, int n_dims, int mode, int n_ctx_orig, float freq_base, float freq_scale, float ext_factor, float attn_factor, float beta_fast, float beta_slow)',
    ),
    flashAttnExt: c<
      (ctx: P, q: P, k: P, v: P, mask: P | null, scale: number, maxBias: number, softcap: number) => P
    >(
      'struct ggml_tensor * ggml_flash_attn_ext(struct ggml_context * ctx, struct ggml_tensor * q, struct ggml_tensor * k, struct ggml_tensor * v, struct ggml_tensor * mask, float scale, float max_bias, float logit_softcap)',
    ),
    flashAttnSetPrecision: c<(a: P, precision: number) => void>(
      'void ggml_flash_attn_ext_set_prec(struct ggml_tensor * a, enum ggml_prec prec)',
    ),

    newGraph: c<(ctx: P, size: number, grads: boolean) => P>(
      'struct ggml_cgraph * ggml_new_graph_custom(struct ggml_context * ctx, size_t size, bool grads)',
    ),
    buildForwardExpand: c<(graph: P, t: P) => void>(
      'void ggml_build_forward_expand(struct ggml_cgraph * cgraph, struct ggml_tensor * tensor)',
    ),
    buildBackwardExpand: c<(ctx: P, graph: P, accumulators: null) => void>(
      'void ggml_build_backward_expand(struct ggml_context * ctx, struct ggml_cgraph * cgraph, struct ggml_tensor ** grad_accs)',
    ),
    opDescription: c<(t: P) => string>('const char * ggml_op_desc(const struct ggml_tensor * t)'),
    graphNodes: c<(graph: P) => number>('int ggml_graph_n_nodes(struct ggml_cgraph * cgraph)'),
    graphNode: c<(graph: P, i: number) => P>(
      'struct ggml_tensor * ggml_graph_node(struct ggml_cgraph * cgraph, int i)',
    ),
    graphAddNode: c<(graph: P, t: P) => void>(
      'void ggml_graph_add_node(struct ggml_cgraph * cgraph, struct ggml_tensor * tensor)',
    ),
    graphGetGrad: c<(graph: P, t: P) => P | null>(
      'struct ggml_tensor * ggml_graph_get_grad(const struct ggml_cgraph * cgraph, const struct ggml_tensor * node)',
    ),
    gallocrNew: c<(bufferType: P) => P>('ggml_gallocr_t ggml_gallocr_new(ggml_backend_buffer_type_t buft)'),
    gallocrFree: c<(galloc: P) => void>('void ggml_gallocr_free(ggml_gallocr_t galloc)'),
    gallocrAllocGraph: c<(galloc: P, graph: P) => boolean>(
      'bool ggml_gallocr_alloc_graph(ggml_gallocr_t galloc, struct ggml_cgraph * graph)',
    ),

    allocContextTensors: c<(ctx: P, backend: P) => P | null>(
      'struct ggml_backend_buffer * ggml_backend_alloc_ctx_tensors(struct ggml_context * ctx, ggml_backend_t backend)',
    ),
    tensorAlloc: c<(buffer: P, t: P, address: P) => number>(
      'enum ggml_status ggml_backend_tensor_alloc(ggml_backend_buffer_t buffer, struct ggml_tensor * tensor, void * addr)',
    ),
    /** `data` may be a typed array or an address. */
    tensorSet: c<(t: P, data: ArrayBufferView | P, offset: number, size: number) => void>(
      'void ggml_backend_tensor_set(struct ggml_tensor * tensor, const void * data, size_t offset, size_t size)',
    ),
    tensorGet: c<(t: P, data: ArrayBufferView, offset: number, size: number) => void>(
      'void ggml_backend_tensor_get(const struct ggml_tensor * tensor, void * data, size_t offset, size_t size)',
    ),
    cpuBufferFromPointer: c<(address: P, size: number) => P | null>(
      'ggml_backend_buffer_t ggml_backend_cpu_buffer_from_ptr(void * ptr, size_t size)',
    ),
    bufferSetUsage: c<(buffer: P, usage: number) => void>(
      'void ggml_backend_buffer_set_usage(ggml_backend_buffer_t buffer, enum ggml_backend_buffer_usage usage)',
    ),
    bufferClear: c<(buffer: P, value: number) => void>(
      'void ggml_backend_buffer_clear(ggml_backend_buffer_t buffer, uint8_t value)',
    ),
    bufferFree: c<(buffer: P) => void>('void ggml_backend_buffer_free(ggml_backend_buffer_t buffer)'),
    defaultBufferType: c<(backend: P) => P>(
      'ggml_backend_buffer_type_t ggml_backend_get_default_buffer_type(ggml_backend_t backend)',
    ),
    graphCompute: c<(backend: P, graph: P) => number>(
      'enum ggml_status ggml_backend_graph_compute(ggml_backend_t backend, struct ggml_cgraph * cgraph)',
    ),
    backendFree: c<(backend: P) => void>('void ggml_backend_free(ggml_backend_t backend)'),

    deviceRegistry: c<(device: P) => P>(
      'ggml_backend_reg_t ggml_backend_dev_backend_reg(ggml_backend_dev_t device)',
    ),
    procAddress: c<(registry: P, name: string) => P | null>(
      'void * ggml_backend_reg_get_proc_address(ggml_backend_reg_t reg, const char * name)',
    ),
    deviceName: c<(device: P) => string>('const char * ggml_backend_dev_name(ggml_backend_dev_t device)'),
    deviceDescription: c<(device: P) => string>(
      'const char * ggml_backend_dev_description(ggml_backend_dev_t device)',
    ),
    deviceMemory: c<(device: P, free: BigUint64Array, total: BigUint64Array) => void>(
      'void ggml_backend_dev_memory(ggml_backend_dev_t device, size_t * free, size_t * total)',
    ),
    deviceType: c<(device: P) => number>(
      'enum ggml_backend_dev_type ggml_backend_dev_type(ggml_backend_dev_t device)',
    ),
    deviceInit: c<(device: P, params: null) => P | null>(
      'ggml_backend_t ggml_backend_dev_init(ggml_backend_dev_t device, const char * params)',
    ),
    deviceSupportsOp: c<(device: P, op: P) => boolean>(
      'bool ggml_backend_dev_supports_op(ggml_backend_dev_t device, const struct ggml_tensor * op)',
    ),
  }
}

/** What lives in libggml: the registry of devices. */
export function bindRegistry(c: Bind) {
  return {
    loadAllFrom: c<(folder: string) => void>('void ggml_backend_load_all_from_path(const char * dir_path)'),
    deviceCount: c<() => number>('size_t ggml_backend_dev_count(void)'),
    device: c<(index: number) => P>('ggml_backend_dev_t ggml_backend_dev_get(size_t index)'),
  }
}

/** Functions of the CPU backend, found by name through its registry. */
export const CPU_PROTOTYPES = {
  setThreads: 'void ggml_backend_cpu_set_n_threads(ggml_backend_t backend_cpu, int n_threads)',
  setAbort:
    'void ggml_backend_cpu_set_abort_callback(ggml_backend_t backend_cpu, ggml_abort_callback abort_callback, void * abort_callback_data)',
  threadpoolNew: 'struct ggml_threadpool * ggml_threadpool_new(struct ggml_threadpool_params * params)',
  threadpoolFree: 'void ggml_threadpool_free(struct ggml_threadpool * threadpool)',
  setThreadpool:
    'void ggml_backend_cpu_set_threadpool(ggml_backend_t backend_cpu, ggml_threadpool_t threadpool)',
} as const
