#!/usr/bin/env node
// Reviews a change to a GitOps repository; without --repo, the pull request of the demo.
//
//     node examples/node/review.mjs --repo . --base main --head HEAD --format sarif
//
// In your own project: `npm install gitops-core`.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// In your own project: from 'gitops-core'.
import { GitopsError, Manifests, review } from '../../bindings-node/index.mjs'

const DEMO = fileURLToPath(new URL('../demo/', import.meta.url))
const REPORTS = {
  markdown: (reviewed) => reviewed.markdown(),
  json: (reviewed) => reviewed.json,
  sarif: (reviewed) => reviewed.sarif(),
}

function main() {
  const { values } = parseArgs({
    options: {
      repo: { type: 'string' },
      base: { type: 'string', default: 'main~1' },
      head: { type: 'string', default: 'main' },
      live: { type: 'string', multiple: true, default: [] },
      format: { type: 'string', default: 'markdown' },
    },
  })
  const report = REPORTS[values.format]
  if (!report) throw new Error(`--format takes ${Object.keys(REPORTS).join(', ')}`)

  const folder = mkdtempSync(join(tmpdir(), 'gitops-core-'))
  try {
    // What lives in a cluster: NAME=PATH.
    const pairs = values.live.map((pair) => pair.split(/=(.*)/s))
    const live = Object.fromEntries(pairs.map(([name, path]) => [name, Manifests.read(path)]))
    const reviewed = review(values.repo ?? demoRepository(folder), values.base, values.head, { live })
    process.stdout.write(report(reviewed).replace(/\n+$/, '') + '\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A Git repository with the demo's two states as commits of `main`. */
function demoRepository(folder) {
  git(folder, ['init', '--quiet', '--initial-branch=main'])
  let parent = []
  for (const [hour, [message, files]] of [['base', 'repository'], ['change', 'change']].entries()) {
    cpSync(join(DEMO, files), folder, { recursive: true })
    git(folder, ['add', '--all', '--force'])
    const tree = git(folder, ['write-tree'])
    const date = `2026-01-01T0${hour}:00:00Z`
    const commit = git(folder, ['commit-tree', tree, ...parent], { message, date })
    git(folder, ['update-ref', 'refs/heads/main', commit])
    parent = ['-p', commit]
  }
  return folder
}

function git(folder, args, { message = '', date = '' } = {}) {
  // The same commit ids everywhere, whatever the user's Git is set to.
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' }
  for (const role of ['AUTHOR', 'COMMITTER']) {
    Object.assign(env, { [`GIT_${role}_NAME`]: 'Demo', [`GIT_${role}_EMAIL`]: 'demo@example.com' })
    env[`GIT_${role}_DATE`] = date
  }
  return execFileSync('git', ['-C', folder, ...args], { input: message, env, encoding: 'utf8' }).trim()
}

try {
  main()
} catch (error) {
  console.error(`error: ${error instanceof GitopsError ? String(error) : error.message}`)
  process.exitCode = 1
}
