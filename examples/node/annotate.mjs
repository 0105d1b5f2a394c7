#!/usr/bin/env node
// Which overlay set this field? Prints what `kustomize build DIR` would print, with a comment behind every
// value: the text that set it, the kind of step, and what it was before. Without DIR, the demo's production
// apps.
//
//     node examples/node/annotate.mjs --load-restrictor none DIR
//
// In your own project: `npm install gitops-core`.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// In your own project: from 'gitops-core'.
import { GitopsError, build } from '../../bindings-node/index.mjs'

const DEMO = fileURLToPath(new URL('../demo/repository/', import.meta.url))

function main() {
  const { values, positionals } = parseArgs({
    options: { 'load-restrictor': { type: 'string', default: 'root' } },
    allowPositionals: true,
  })
  // Places are shown relative to the root: of the demo, or of the Git work tree around the directory.
  const [path = join(DEMO, 'apps/prod')] = positionals
  const root = positionals.length === 0 ? DEMO : undefined
  const built = build(path, { root, loadRestrictor: values['load-restrictor'], history: true })
  for (const { message, location } of built.warnings) {
    const place = location ? `${location.path}:${location.line}:${location.column}: ` : ''
    console.error(`warning: ${place}${message}`)
  }
  process.stdout.write(built.annotatedYaml())
}

try {
  main()
} catch (error) {
  console.error(`error: ${error instanceof GitopsError ? String(error) : error.message}`)
  process.exitCode = 1
}
