// `review`: the demo's change, its reports, and what it refuses.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { Manifests, Review, review, reviewAsync } from 'gitops-core'

import { onDisk } from './files.mjs'
import { demo, makeRepository, write } from './repository.mjs'

const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n'
const SCHEMA = JSON.parse(
  readFileSync(new URL('../../gitops-core/schemas/review.schema.json', import.meta.url), 'utf8'),
)

test('the demo names the line to edit', (t) => {
  const repository = demo(t)
  const reviewed = review(repository, 'main~1', 'main')
  const found = reviewed.environments.flatMap((environment) => environment.findings)
  const fresh = found.filter((finding) => finding.status === 'new')
  assert.deepEqual(
    fresh.map(({ constraint, object }) => [constraint, object.kind, object.namespace, object.name]),
    [['live-images-only', 'Deployment', 'team-a', 'web']],
  )
  const [{ location, locationOf, message }] = fresh
  assert.equal(location.path, 'apps/prod/patch-image.yaml')
  const line = readFileSync(join(repository, location.path), 'utf8').split('\n')[location.line - 1]
  assert.ok(message.includes(line.slice(location.column - 1).replaceAll('"', '')), message)
  assert.equal(locationOf, 'value')
  assert.equal(reviewed.summary.newFindings, 1)
  assert.deepEqual([reviewed.base.revision, reviewed.head.revision], ['main~1', 'main'])
})

test('properties are those of the JSON, now and later', async (t) => {
  const repository = demo(t)
  const reviewed = review(repository, 'main~1', 'main')
  const data = JSON.parse(reviewed.json)
  assert.deepEqual(reviewed.data, data)
  assert.equal(JSON.stringify(reviewed), JSON.stringify(data))
  assert.deepEqual(Object.keys(data).sort(), Object.keys(SCHEMA.properties).sort())
  for (const name of Object.keys(SCHEMA.properties)) assert.deepEqual(reviewed[name], data[name])
  const later = await reviewAsync(repository, 'main~1', 'main')
  assert.ok(later instanceof Review)
  assert.equal(later.json, reviewed.json)
})

test('live objects tell what the merge overwrites', async (t) => {
  const repository = demo(t)
  const lives = Manifests.read(fileURLToPath(new URL('../../examples/demo/live', import.meta.url)))
  for (const name of ['prod', 'prod/apps', 'pro*']) {
    const reviewed = review(repository, 'main~1', 'main', { live: { [name]: lives.objects } })
    const { live } = reviewed.environments.find((environment) => environment.name === 'prod/apps')
    const { effect, fields } = live.objects[0]
    assert.deepEqual(
      [effect, fields.length, fields[0].live, fields[0].desired, fields[0].changedBy.manager],
      ['overwritten', 1, 8, 5, 'kubectl'],
    )
    assert.match(reviewed.markdown(), /In the cluster/)
    const later = await reviewAsync(repository, 'main~1', 'main', { live: { [name]: lives } })
    assert.equal(later.json, reviewed.json)
  }
  const plain = review(repository, 'main~1', 'main')
  assert.equal(review(repository, 'main~1', 'main', { live: {} }).json, plain.json)
  assert.doesNotMatch(plain.json, /"live"/)
  assert.throws(() => review(repository, 'main~1', 'main', { live: { prd: lives } }), { code: 'unknown-environment' })
  for (const live of [lives, [lives], null, 3, { prod: 3 }]) {
    assert.throws(() => review(repository, 'main~1', 'main', { live }), { code: 'bad-argument' })
  }
})

test('reports', (t) => {
  const reviewed = review(demo(t), 'main~1', 'main')
  const full = reviewed.markdown()
  assert.match(full, /apps\/prod\/patch-image\.yaml/)
  assert.ok(Buffer.byteLength(reviewed.markdown({ budget: 1500 })) <= 1500)
  assert.ok(Buffer.byteLength(full) > 1500)
  assert.equal(JSON.parse(reviewed.sarif()).version, '2.1.0')
  for (const report of [full, reviewed.json, reviewed.sarif()]) assert.doesNotMatch(report, /not-a-real-password/)
})

test('options', (t) => {
  const repository = demo(t)
  const reviewed = review(repository, 'main~1', 'main', { environments: ['prod*'], useMergeBase: true })
  const clusters = reviewed.environments.map((environment) => environment.name.split('/')[0])
  assert.deepEqual([...new Set(clusters)], ['prod'])
  assert.throws(() => review(repository, 'main~1', 'main', { environments: ['none'] }), {
    name: 'ArgumentError',
    code: 'unknown-environment',
  })
})

const ACCEPTANCE = `
apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: a}
spec:
  policies: [{template: K8sPrivileged}]
  objects: [{kind: Pod, name: web}]
  reason: The vendor's image needs it.
  ticket: RISK-1
  owner: Jane Doe
  approvers: [John Roe]
  created: 2026-11-01
  expires: 2026-11-30
`

test('acceptances are judged by a time', (t) => {
  const repository = makeRepository(
    t,
    write({ 'app/kustomization.yaml': 'resources: [namespace.yaml]\n', 'app/namespace.yaml': NAMESPACE }),
    write({ 'risks/a.yaml': ACCEPTANCE }),
  )
  for (const [now, code] of [
    ['2026-11-21T12:00:00Z', 'acceptance-unused'],
    [new Date('2026-11-30T23:59:59Z'), 'acceptance-unused'],
    [new Date('2026-12-01T00:00:00Z'), 'acceptance-expired'],
  ]) {
    const reviewed = review(repository, 'main~1', 'main', { now })
    assert.deepEqual(reviewed.acceptanceFindings.map((finding) => finding.code), [code])
    assert.deepEqual(
      reviewed.acceptances.map(({ action, acceptance }) => [action, acceptance.ticket]),
      [['added', 'RISK-1']],
    )
    assert.deepEqual(reviewed.notChecked, [])
  }
  const { notChecked } = review(repository, 'main~1', 'main')
  assert.deepEqual(notChecked.map((entry) => entry.code), ['acceptance-not-applied'])
  for (const [now, code] of [['tomorrow', 'bad-time'], [5, 'bad-argument'], [new Date('?'), 'bad-argument']]) {
    assert.throws(() => review(repository, 'main~1', 'main', { now }), { name: 'ArgumentError', code })
  }
})

test('what cannot be read', async (t) => {
  const expected = { name: 'GitError', kind: 'git', code: 'not-a-repository' }
  assert.throws(() => review(onDisk(t, {}), 'main~1', 'main'), expected)
  await assert.rejects(reviewAsync(onDisk(t, {}), 'main~1', 'main'), expected)
  assert.throws(() => review(makeRepository(t), 'HEAD', 'HEAD'), { name: 'GitError', code: 'no-commits' })
  assert.throws(() => review(makeRepository(t, write({ 'a.yaml': NAMESPACE })), 'nowhere', 'main'), {
    name: 'GitError',
    code: 'unknown-revision',
    message: /nowhere/,
  })
})

test('what cannot be rendered is in the result', (t) => {
  const repository = makeRepository(
    t,
    write({ 'app/kustomization.yaml': 'resources: [namespace.yaml]\n', 'app/namespace.yaml': NAMESPACE }),
    write({ 'app/namespace.yaml': 'kind: Namespace\nmetadata: [\n' }),
  )
  const { environments } = review(repository, 'main~1', 'main')
  assert.deepEqual(
    environments.map(({ status, errors }) => [status, errors.map(({ code, location }) => [code, location])]),
    [['failed', [['syntax', { path: 'app/namespace.yaml', line: 2, column: 11 }]]]],
  )
})

test('wrong arguments are argument errors', async () => {
  for (const call of [
    () => review(3, 'a', 'b'),
    () => review('.', 3, 'b'),
    () => review('.', 'a'),
    () => review('.', 'a', 'b', { environments: 'prod' }),
    () => review('.', 'a', 'b', { environments: [3] }),
    () => review('.', 'a', 'b', { useMergeBase: 1 }),
    () => review('.', 'a', 'b', { mergeBase: true }),
  ]) {
    assert.throws(call, { name: 'ArgumentError', code: 'bad-argument' })
  }
  await assert.rejects(reviewAsync('.', 'a', 'b', { environments: 'prod' }), { name: 'ArgumentError' })
})
