import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { stream } from '../src/core/random.ts'
import { command, palimpsest } from './support/cli.ts'
import { studyText, writeStudyModel, writeStudyTexts } from './support/study-model.ts'

it('ends with the same results.json to the byte after ten kills at random moments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kill-'))
  await writeStudyTexts(folder)
  await writeStudyModel(join(folder, 'base'))
  await writeStudyModel(join(folder, 'half'), { halve: true })
  const path = join(folder, 'study.yaml')
  await writeFile(path, studyText('{ base: base, aligned: half }'))
  const bin = await command() // compiled before time is taken
  const began = performance.now()
  expect((await palimpsest(['run', path, '-o', join(folder, 'whole')])).code).toBe(0)
  const whole = performance.now() - began
  const rng = stream(1, 'test/kill')
  let killed = 0
  for (let k = 0; k < 10; k++) {
    const child = spawn(process.execPath, [bin, 'run', path, '-o', join(folder, 'killed')], {
      stdio: 'ignore',
    })
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('exit', (_, signal) => resolve(signal)),
    )
    await Promise.race([ended, wait(rng.uniform() * whole)])
    child.kill('SIGKILL')
    if ((await ended) === 'SIGKILL') killed++
  }
  expect(killed).toBeGreaterThan(3)
  const last = await palimpsest(['run', path, '-o', join(folder, 'killed')])
  expect(last.stderr).not.toMatch(/error/)
  expect(last.code).toBe(0)
  expect(await readFile(join(folder, 'killed/results.json'), 'utf8')).toBe(
    await readFile(join(folder, 'whole/results.json'), 'utf8'),
  )
  await rm(folder, { recursive: true })
})
