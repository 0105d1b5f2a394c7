// `compare`, `plan` and `health`.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { Manifests, compare, compareAsync, compareMany, environmentHealth, health, plan } from 'gitops-core'

const GIT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1"}
`

/** As the API server has it, with some of its defaults. */
const live = (replicas) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'a', uid: '1', generation: 3, resourceVersion: '7' },
  spec: {
    replicas,
    revisionHistoryLimit: 10,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        restartPolicy: 'Always',
        containers: [{ name: 'web', image: 'nginx:1', imagePullPolicy: 'IfNotPresent', resources: {} }],
      },
    },
  },
  status: { observedGeneration: 3 },
})

test('what drifted has a place in Git', async () => {
  const desired = Manifests.parse(GIT, { path: 'web.yaml' })
  assert.equal(compare(desired, live(2)).isInSync, true)
  const report = compare(desired, live(5))
  assert.equal(report.isInSync, false)
  assert.equal(report.summary.drifted, 1)
  const [field] = report.objects[0].fields
  assert.deepEqual([field.path, field.desired, field.live, field.status], ['spec.replicas', 2, 5, 'changed'])
  assert.deepEqual(field.location, { path: 'web.yaml', line: 5, column: 13 })
  assert.deepEqual(report.patch(0), [{ op: 'replace', path: '/spec/replicas', value: 2 }])
  assert.match(report.text(), /spec\.replicas/)
  assert.match(report.unifiedYaml(), /replicas: 5/)
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report.data)
  assert.equal((await compareAsync(desired, live(5))).json, report.json)
  const many = await compareMany([
    [GIT, live(2)],
    [GIT, []],
  ])
  assert.deepEqual(
    many.map((each) => each.isInSync),
    [true, false],
  )
  for (const options of [{ profile: 'x' }, { kubernetes: 'x' }, { manager: 1 }, { nobody: 1 }]) {
    assert.throws(() => compare(GIT, [], options), { name: 'ArgumentError' })
  }
})

test('rules say what is not compared', () => {
  const application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web' },
    spec: { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }] },
  }
  assert.equal(compare(GIT, live(5), { ignore: application }).isInSync, true)
})

test('plans', () => {
  const made = plan(GIT, [], { order: 'flux' })
  assert.equal(made.summary.create, 1)
  assert.equal(made.steps[0].action, 'create')
  assert.match(made.text(), /Deployment a\/web/)
  const pruned = plan([], live(2), { order: 'flux', inventory: ['a_web_apps_Deployment'] })
  assert.equal(pruned.summary.prune, 1)
  for (const options of [{ order: 'x' }, { owner: { kind: 'x', name: 'y' } }, { inventory: ['x'] }, { prune: 1 }]) {
    assert.throws(() => plan(GIT, [], options), /./)
  }
})

test('health', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, status: { startTime: 'x', active: 1 } }
  const word = (flavour) => health(job, { flavour })[0].status
  assert.deepEqual(['kstatus', 'argoCd', 'flux'].map(word), ['Current', 'Progressing', 'InProgress'])
  const environment = environmentHealth(GIT, [], { flavour: 'argoCd' })
  assert.deepEqual([environment.status, environment.counts], ['Missing', { Missing: 1 }])
  assert.throws(() => health(job, { flavour: 'x' }), { name: 'ArgumentError' })
})

test('the example tells what a recorded cluster has', () => {
  const path = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const run = (live) =>
    spawnSync(process.execPath, [path('node/drift.mjs'), '--desired', path('cluster/git'), '--live', live])
  const { status, stdout } = run(path('cluster/live.json'))
  assert.match(String(stdout), /10 in sync, 3 drifted, 1 missing, 1 extra/)
  assert.equal(status, 1)
  assert.equal(run(path('cluster/git')).status, 0)
  assert.equal(run(path('none.json')).status, 2)
})
