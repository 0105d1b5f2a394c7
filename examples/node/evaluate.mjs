#!/usr/bin/env node
// Evaluates Gatekeeper policies on objects, as `gator test` does, and the bundles by standard. Exit status 0:
// nothing is denied; 1: something is; 2: something could not be read or checked.
//
//     node examples/node/evaluate.mjs --bundle pod-security-baseline --now 2026-11-21T12:00:00Z PATH...
//
// In your own project: `npm install gitops-core`.

import { parseArgs } from 'node:util'

// In your own project: from 'gitops-core'.
import { GitopsError, Manifests, PolicySet } from '../../bindings-node/index.mjs'

const FORMATS = ['text', 'json', 'sarif']

const at = (location) => (location ? `${location.path}:${location.line}:${location.column}: ` : '')

function main() {
  const { values, positionals } = parseArgs({
    options: {
      bundle: { type: 'string', multiple: true, default: [] },
      now: { type: 'string' },
      format: { type: 'string', default: 'text' },
    },
    allowPositionals: true,
  })
  if (!FORMATS.includes(values.format)) throw new Error(`--format takes ${FORMATS.join(', ')}`)
  if (positionals.length === 0) throw new Error('give files or directories')

  const manifests = Manifests.read(positionals)
  const policies = PolicySet.load(manifests, { bundles: values.bundle })
  const report = policies.evaluate(manifests, {
    profile: 'gatorTest',
    enforcementPoint: 'gator.gatekeeper.sh',
    ...(values.now !== undefined && { now: values.now }),
  })
  if (values.format === 'json') console.log(report.json)
  else if (values.format === 'sarif') console.log(report.sarif())
  else {
    for (const { location, id, enforcementAction, message, accepted } of report.findings) {
      const name = `${id.kind} ${id.namespace ? `${id.namespace}/` : ''}${id.name}`
      const by = accepted ? ` (accepted: ${accepted.reason})` : ''
      console.log(`${at(location)}${name}: ${enforcementAction} ${message}${by}`)
    }
    for (const { location, code, message } of report.acceptanceFindings) {
      console.log(`${at(location)}${code} ${message}`)
    }
  }
  for (const { count, message } of report.notChecked) console.error(`not checked (${count}): ${message}`)
  return report.isClean ? (report.notChecked.length > 0 ? 2 : 0) : 1
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(`error: ${error instanceof GitopsError ? String(error) : error.message}`)
  process.exitCode = 2
}
