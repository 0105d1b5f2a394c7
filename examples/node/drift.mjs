#!/usr/bin/env node
// Tells how a cluster differs from what Git says, field by field. Exit status 0: in sync; 1: something drifted,
// is missing or could not be judged; 2: something could not be read.
//
//     node examples/node/drift.mjs --desired examples/cluster/git --live examples/cluster/live.json
//     kubectl get all,cm -n shop -o json --show-managed-fields | node examples/node/drift.mjs --desired DIR --live -
//
// In your own project: `npm install gitops-core`.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

// In your own project: from 'gitops-core'.
import { GitopsError, Manifests, compare } from '../../bindings-node/index.mjs'

const FORMATS = ['text', 'json', 'yaml', 'patch']

function main() {
  const { values } = parseArgs({
    options: {
      desired: { type: 'string', multiple: true, default: [] },
      live: { type: 'string' },
      format: { type: 'string', default: 'text' },
      profile: { type: 'string', default: 'serverSideApply' },
    },
  })
  if (!FORMATS.includes(values.format)) throw new Error(`--format takes ${FORMATS.join(', ')}`)
  if (values.desired.length === 0 || values.live === undefined) throw new Error('give --desired and --live')

  const live = values.live === '-' ? Manifests.parse(readFileSync(0)) : Manifests.read(values.live)
  const report = compare(Manifests.read(values.desired), live, { profile: values.profile })
  if (values.format === 'json') console.log(report.json)
  else if (values.format === 'yaml') process.stdout.write(report.unifiedYaml())
  else if (values.format === 'patch') {
    // Real values, those of Secrets too.
    const patches = report.objects.map(({ id }, at) => ({ id, patch: report.patch(at) }))
    console.log(JSON.stringify(patches.filter(({ patch }) => patch.length > 0), null, 2))
  } else process.stdout.write(report.text())
  return report.isInSync ? 0 : 1
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(`error: ${error instanceof GitopsError ? String(error) : error.message}`)
  process.exitCode = 2
}
