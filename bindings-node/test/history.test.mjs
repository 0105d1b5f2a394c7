// `Build.history`: which overlay set a field, and what it was before.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ArgumentError, buildFiles } from 'gitops-core'

import { FILES, RENDERED } from './files.mjs'

const recorded = () => buildFiles(FILES, 'prod', { history: true })

test('the steps of a field', () => {
  const built = recorded()
  assert.equal(built.yaml, RENDERED)
  assert.deepEqual(built.history(0, ['spec', 'replicas']), [
    {
      kind: 'resource',
      location: { path: 'base/deployment.yaml', line: 6, column: 13 },
      requestedAt: { path: 'base/kustomization.yaml', line: 1, column: 13 },
      value: 1,
    },
    {
      kind: 'patch',
      location: { path: 'prod/patch.yaml', line: 6, column: 13 },
      requestedAt: { path: 'prod/kustomization.yaml', line: 4, column: 3 },
      value: 3,
    },
  ])
  assert.deepEqual(built.history(0, ['spec', 'none']), [])
  assert.deepEqual(built.history(7), [])
  assert.deepEqual(built.history(0).map(({ kind }) => kind), ['resource', 'patch', 'namespace'])
})

test('every field at once', () => {
  const built = recorded()
  const histories = built.fieldHistories(0)
  const image = histories.find(({ pointer }) => pointer === '/spec/template/spec/containers/0/image')
  assert.equal(image.path, 'spec.template.spec.containers[0].image')
  for (const { steps } of histories) assert.notEqual(steps.length, 0)
  const replicas = histories.find(({ path }) => path === 'spec.replicas')
  assert.deepEqual(replicas.steps, built.history(0, ['spec', 'replicas']))
})

test('the annotated manifest', () => {
  const line = recorded().annotatedYaml().split('\n').find((text) => text.includes('replicas'))
  assert.match(line, /^ {2}replicas: 3 +# prod\/patch\.yaml:6:13 \(patch; was 1 at base\/deployment\.yaml:6:13\)$/)
})

test('secrets are masked', () => {
  const files = { 'kustomization.yaml': 'secretGenerator:\n- name: s\n  literals: [password=correct-horse]\n' }
  const built = buildFiles(files, '', { history: true })
  const shown = built.annotatedYaml() + JSON.stringify([built.history(0), built.fieldHistories(0)])
  assert.ok(!shown.includes(built.objects[0].data.password))
  assert.ok(shown.includes('(secret value)'))
})

test('only if recorded', () => {
  const built = buildFiles(FILES, 'prod')
  for (const ask of [() => built.history(0), () => built.fieldHistories(0), () => built.annotatedYaml()]) {
    assert.throws(ask, (error) => error instanceof ArgumentError && error.code === 'no-history')
  }
  assert.throws(() => buildFiles(FILES, 'prod', { history: 1 }), ArgumentError)
  assert.throws(() => recorded().history('0'), ArgumentError)
})
