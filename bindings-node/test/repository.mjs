// Git repositories for the tests.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { onDisk } from './files.mjs'

const DEMO = fileURLToPath(new URL('../../examples/demo/', import.meta.url))

/** A repository with a commit on `main` for each step, a function that changes its folder. */
export function makeRepository(test, ...steps) {
  const folder = onDisk(test, {})
  const env = { ...process.env, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' }
  for (const role of ['AUTHOR', 'COMMITTER']) {
    Object.assign(env, { [`GIT_${role}_NAME`]: 'Demo', [`GIT_${role}_EMAIL`]: 'demo@example.com' })
  }
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], { env })
  git('init', '--quiet', '--initial-branch=main')
  for (const step of steps) {
    step(folder)
    git('add', '--all', '--force')
    git('commit', '--quiet', '--message=test')
  }
  return folder
}

/** A step that writes files. */
export const write = (files) => (folder) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

const copy = (from) => (folder) => cpSync(join(DEMO, from), folder, { recursive: true })

/** The demo: its state before, and its change. */
export const demo = (test) => makeRepository(test, copy('repository'), copy('change'))
