/** `doctor`: what there is to compute with, and whether it computes rightly. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import { promisify } from 'node:util'
import { PalimpsestError } from '../../core/errors.ts'
import { memoryLimit } from '../../core/memory.ts'
import { packageVersion } from '../../core/version.ts'
import { hubSettings, hubToken } from '../../formats/hub-settings.ts'
import {
  Backend,
  chooseThreads,
  cpuFeatures,
  cpuVariant,
  type DeviceKind,
  ENGINE_PACKAGE_VERSION,
  type Engine,
  enginePackage,
  type KernelReport,
  kernelsOf,
  loadEngine,
  measureAttention,
  measurePeak,
  measureProducts,
  type Peak,
  type ProductSpeed,
  packageFolder,
  type SelfTestResult,
  selfTest,
} from '../../ggml/index.ts'
import type { Command } from '../command.ts'
import { deviceOption } from '../options.ts'
import { bytes, columns } from '../style.ts'

export const doctor: Command<{ device: DeviceKind }> = {
  name: 'doctor',
  summary: 'Checks the engine, devices, memory and caches; paste its output into a bug report.',
  configure(command) {
    command.addOption(deviceOption()).addHelpText(
      'after',
      `
Exit code 1 when something is wrong: the engine is missing or computes wrongly, a setting makes no sense.

Examples:
  palimpsest doctor
  palimpsest doctor --device cuda --json`,
    )
  },
  async run(context, _, options) {
    const findings = await examine(options.device)
    context.answer(findings, describe(findings))
    return findings.problems.length === 0 ? 0 : 1
  },
}

/** A product that takes a few milliseconds, and is large enough to be told from its overhead. */
const MEASURED = { inputs: 1024, outputs: 1024, rows: 128 }

/** Attention of a pack of short texts, in tokens. */
const ATTENDED = new Array<number>(8).fill(64)

type Findings = Awaited<ReturnType<typeof examine>>

async function examine(device: DeviceKind) {
  const system = {
    palimpsest: packageVersion(),
    node: process.version,
    npm: await npmVersion(),
    os: `${os.type()} ${os.release()} ${process.arch}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memory: { total: os.totalmem(), free: os.freemem(), limit: memoryLimit() },
    engineFrom: process.env.PALIMPSEST_GGML_DIR ? 'PALIMPSEST_GGML_DIR' : 'npm package',
  }
  let engine: Engine | undefined
  let self: (SelfTestResult & { device: string }) | undefined
  let threads: number | undefined
  let products:
    | (KernelReport & {
        peak: Peak | undefined
        speeds: ProductSpeed[]
        attention: { kernel: number | undefined; ggml: number }
      })
    | undefined
  const problems: PalimpsestError[] = []
  /** Runs an examination; what it refuses is a finding. */
  const attempt = async <T>(look: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof PalimpsestError)) throw error
      problems.push(error)
      return undefined
    }
  }
  const hub = await attempt(examineHub)
  await attempt(async () => {
    engine = loadEngine(device)
    threads = await chooseThreads()
    using backend = new Backend({ device, threads })
    self = { ...(await selfTest(backend)), device: backend.device.name }
    if (!backend.isCpu) return
    const speeds = await measureProducts(backend, MEASURED)
    const attention = await measureAttention(backend, ATTENDED)
    const peak = await measurePeak(backend)
    const kernels = kernelsOf(engine)
    kernels.testAll()
    products = { ...kernels.report(), peak, speeds, attention }
  })
  return {
    ...system,
    hub,
    engine:
      engine === undefined
        ? undefined
        : {
            ggml: engine.version,
            commit: engine.commit,
            folder: engine.folder,
            cpuLibrary: cpuVariant(),
            cpuFeatures: cpuFeatures(engine),
            devices: engine.devices.map(({ name, description, kind, memory }) => ({
              name,
              description,
              kind,
              memory,
            })),
          },
    threads,
    selfTest: self,
    kernels: products,
    gpuPackages: gpuPackages(),
    problems: problems.map(({ code, message }) => ({ code, message })),
  }
}

/** Where the Hub and its cache are; whether there is a token, never the token itself. */
async function examineHub() {
  const settings = hubSettings()
  return {
    folder: settings.cacheFolder,
    exists: existsSync(settings.cacheFolder),
    endpoint: settings.endpoint,
    offline: settings.offline,
    token: (await hubToken(settings)) !== undefined,
  }
}

/** The packages that add a GPU, and the command that installs each. */
function gpuPackages(): { kind: DeviceKind; package: string; installed: boolean; install: string }[] {
  if (process.platform === 'darwin') return []
  return (['cuda', 'vulkan'] as const).map((kind) => {
    const name = enginePackage(kind)
    return {
      kind,
      package: name,
      installed: packageFolder(name) !== undefined,
      install: `npm install ${name}@${ENGINE_PACKAGE_VERSION}`,
    }
  })
}

async function npmVersion(): Promise<string | undefined> {
  try {
    const windows = process.platform === 'win32'
    const options = { timeout: 10_000, shell: windows }
    return (await promisify(execFile)(windows ? 'npm.cmd' : 'npm', ['--version'], options)).stdout.trim()
  } catch {
    return undefined
  }
}

function describe(f: Findings): string {
  const { engine } = f
  const worst = f.selfTest === undefined ? undefined : Math.max(...Object.values(f.selfTest.errors))
  return columns([
    ['palimpsest', f.palimpsest],
    ['node', `${f.node}, npm ${f.npm ?? 'not found'}`],
    ['system', `${f.os}, ${f.cpu}`],
    ['memory', `${bytes(f.memory.free)} free of ${bytes(f.memory.limit ?? f.memory.total)}`],
    ['engine', engine === undefined ? 'not loaded' : `ggml ${engine.ggml} (${engine.commit})`],
    ['from', engine === undefined ? f.engineFrom : `${f.engineFrom}, ${engine.folder}`],
    ['cpu library', engine?.cpuLibrary],
    ['cpu features', engine?.cpuFeatures.join(' ')],
    [
      'devices',
      engine?.devices.map((d) => `${d.name}: ${d.description} (${bytes(d.memory.total)})`).join('\n'),
    ],
    ...f.gpuPackages.map(
      (p) =>
        [
          p.kind,
          p.installed ? `installed (${p.package})` : `not installed; to add it: ${p.install}`,
        ] as const,
    ),
    ['threads', f.threads === undefined ? undefined : `${f.threads} chosen of ${f.processors}`],
    [
      'self-test',
      worst === undefined
        ? 'not run'
        : `passed on ${f.selfTest!.device}: largest relative error ${worst.toExponential(1)}, limit ${f.selfTest!.limit}`,
    ],
    ['kernels', f.kernels && kernelText(f.kernels)],
    ...(f.kernels?.failed.map((reason) => ['kernel failed', reason] as const) ?? []),
    ['peak', f.kernels?.peak && peakText(f.kernels.peak)],
    ['products', f.kernels?.speeds.map(speedText).join('\n')],
    ['attention', f.kernels && rates(f.kernels.attention)],
    ['hub cache', f.hub && `${f.hub.folder}${f.hub.exists ? '' : ' (not there yet)'}`],
    [
      'hub',
      f.hub &&
        `${f.hub.endpoint}${f.hub.offline ? ', offline' : ''}, ${f.hub.token ? 'with' : 'without'} a token`,
    ],
    ...f.problems.map((p) => ['problem', `[${p.code}] ${p.message}`] as const),
  ])
}

/** Whose products of weights serve, or why not the kernels. */
function kernelText(k: KernelReport): string {
  if (k.off !== undefined) return `off, the engine's own products serve: ${k.off}`
  const way = k.mapping === 'memfd' ? ', through an anonymous file' : ''
  return `${k.instructions}${k.bf16 ? ' with bf16' : ''}${k.vnni ? `${k.bf16 ? ' and' : ' with'} 8 bits` : ''}${way}; ${k.passed} passed their tests`
}

function speedText(s: ProductSpeed): string {
  return `${s.type.toLowerCase()} weights at ${s.precision}: ${rates(s)}`
}

function rates({ kernel, ggml }: { readonly kernel: number | undefined; readonly ggml: number }): string {
  return kernel === undefined
    ? `${rate(ggml)} GFLOP/s`
    : `${rate(kernel)} GFLOP/s (the engine's own: ${rate(ggml)})`
}

/** What the processor could do at most, beside which the others are to be read. */
function peakText({ f32, bf16 }: Peak): string {
  return `${rate(f32)} GFLOP/s in f32${bf16 === undefined ? '' : `, ${rate(bf16)} in bf16`}`
}

const rate = (speed: number): string => speed.toFixed(speed < 10 ? 1 : 0)
