/** The tensor engine: devices, tensors, graphs. */
export { Backend, type BackendOptions } from './backend.ts'
export { TensorStore } from './buffer.ts'
export { cpuFeatures, cpuVariant } from './features.ts'
export { matmulNT } from './gemm.ts'
export { Graph, GraphAllocator, type RopePairs } from './graph.ts'
export { type KernelReport, kernelsOf } from './kernels/kernels.ts'
export {
  measureAttention,
  measurePeak,
  measureProducts,
  type Peak,
  type ProductShape,
  type ProductSpeed,
} from './kernels/measure.ts'
export { type Device, type Engine, loadEngine } from './library.ts'
export { type DeviceKind, ENGINE_PACKAGE_VERSION, enginePackage, packageFolder } from './locate.ts'
export { type SelfTestResult, selfTest } from './selftest.ts'
export { elements, type Tensor } from './tensor.ts'
export { availableThreads, chooseThreads } from './threads.ts'
export { type GgmlType, TYPE_IDS } from './types.ts'
