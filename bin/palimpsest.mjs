#!/usr/bin/env node
// The command. A published package runs its compiled form; a checkout runs the TypeScript sources
// through tsx, so that `npm ci` alone leaves a working `npx palimpsest`.
import { existsSync } from 'node:fs'

const compiled = new URL('../dist/cli/main.js', import.meta.url)
const source = new URL('../src/cli/main.ts', import.meta.url)
if (existsSync(source)) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(source.href)
} else {
  await import(compiled.href)
}
