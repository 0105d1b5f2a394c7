// `PolicySet`, bundles and suites.

import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { Manifests, PolicySet, buildFiles, bundle, bundleNames, bundleYaml, policies, verify } from 'gitops-core'

const TEMPLATE = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: team}
spec:
  crd: {spec: {names: {kind: Team}, validation: {openAPIV3Schema: {type: object, properties: {key: {type: string, default: team}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package team
      violation[{"msg": msg, "details": {"who": object.get(input.review.userInfo, "username", "")}}] {
        not input.review.object.metadata.labels[input.parameters.key]
        msg := sprintf("%v has no label <%v>", [input.review.object.metadata.name, input.parameters.key])
      }
      violation[{"msg": "latest"}] { endswith(input.review.object.spec.containers[_].image, ":latest") }
`
const CONSTRAINT = `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Team
metadata: {name: all}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}, parameters: {}}
`
const POLICIES = `${TEMPLATE}---\n${CONSTRAINT}`
const POD = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a}
spec:
  containers:
  - name: main
    image: nginx:latest
`
const ACCEPTANCE = `apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: r}
spec:
  policies: [{template: Team}]
  objects: [{kind: Pod, namespace: a, name: web}]
  reason: The vendor ships no other image.
  ticket: RISK-1
  owner: Jane Doe
  approvers: [John Roe]
  created: 2026-11-01
  expires: 2026-11-30
`

test('findings have a message and a place', async () => {
  const set = PolicySet.load(POLICIES)
  assert.deepEqual(set.constraints, [['Team', 'all']])
  assert.deepEqual(set.templates, ['Team'])
  const options = { userInfo: { username: 'jane' } }
  const report = set.evaluate(Manifests.parse(POD, { path: 'pod.yaml' }), options)
  assert.equal(report.isClean, false)
  const label = report.findings.find((finding) => finding.message === 'web has no label <team>')
  assert.deepEqual(label.details, { who: 'jane' })
  const latest = report.findings.find((finding) => finding.message === 'latest')
  assert.equal(latest.path, 'spec.containers[0].image')
  assert.deepEqual(latest.location, { path: 'pod.yaml', line: 7, column: 12 })
  assert.equal(latest.fingerprint.length, 32)
  assert.equal(JSON.parse(report.sarif()).version, '2.1.0')
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report.data)
  const again = await set.evaluateAsync(Manifests.parse(POD, { path: 'pod.yaml' }), options)
  assert.equal(again.json, report.json)
})

test('objects may come from everywhere', () => {
  const set = PolicySet.load(Buffer.from(POLICIES))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }
  const build = buildFiles({ 'kustomization.yaml': 'resources: [pod.yaml]\n', 'pod.yaml': POD })
  for (const [objects, count] of [
    [pod, 1],
    [[pod, pod], 2],
    [POD, 2],
    [build, 2],
  ]) {
    assert.equal(set.evaluate(objects).findings.length, count)
  }
  const places = set.evaluate(build).findings.map((finding) => `${finding.location.path}:${finding.location.line}`)
  assert.ok(places.includes('pod.yaml:7'))
  for (const wrong of [1, null, undefined]) {
    assert.throws(() => set.evaluate(wrong), { name: 'ArgumentError' })
  }
})

test('acceptances are judged by a time', () => {
  const set = PolicySet.load(POLICIES)
  const accepted = set.evaluate(POD, { acceptances: ACCEPTANCE, now: new Date('2026-11-21') })
  assert.equal(accepted.isClean, true)
  assert.equal(accepted.findings[0].accepted.ticket, 'RISK-1')
  const late = set.evaluate(`${POD}---\n${ACCEPTANCE}`, { now: '2026-12-02T00:00:00Z' })
  assert.equal(late.isClean, false)
  assert.deepEqual(
    late.acceptanceFindings.map((finding) => finding.code),
    ['acceptance-expired'],
  )
  const never = set.evaluate(POD, { acceptances: ACCEPTANCE })
  assert.deepEqual(
    never.notChecked.map((entry) => entry.code),
    ['acceptance-not-applied'],
  )
  assert.throws(() => set.evaluate(POD, { now: 'yesterday' }), { name: 'ArgumentError' })
})

test('bad policies and options are errors', () => {
  assert.throws(() => PolicySet.load(Manifests.parse(CONSTRAINT, { path: 'c.yaml' })), {
    name: 'PolicyError',
    code: 'constraint-without-template',
    path: 'c.yaml',
  })
  const set = PolicySet.load(POLICIES)
  for (const options of [{ profile: 'x' }, { operation: 'create' }, { timeLimit: -1 }, { threads: -1 }, { nwo: 1 }]) {
    assert.throws(() => set.evaluate(POD, options), { name: 'ArgumentError' })
  }
})

test('bundles', () => {
  assert.ok(bundleNames().includes('pod-security-baseline'))
  const privileged = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'a' },
    spec: { containers: [{ name: 'c', image: 'x', securityContext: { privileged: true } }] },
  }
  for (const [options, denied] of [
    [{}, true],
    [{ enforcementAction: 'warn' }, false],
    [{ excludedNamespaces: 'a' }, false],
  ]) {
    const set = PolicySet.load([], { bundles: 'pod-security-baseline@1.31', ...options })
    assert.equal(set.evaluate(privileged).isClean, !denied)
  }
  const [finding] = PolicySet.load([], { bundles: ['pod-security-baseline'] }).evaluate(privileged).findings
  const policy = policies().find((known) => known.kind === finding.template)
  assert.ok(policy.controls.some((control) => control.bundle === 'pod-security-baseline'))
  assert.ok(bundle('pod-security-baseline').controls.some((control) => control.policies?.includes(policy.id)))
  const exported = bundleYaml('pod-security-baseline', { enforcementAction: 'dryrun' })
  assert.equal(PolicySet.load(exported).evaluate(privileged).findings[0].enforcementAction, 'dryrun')
  assert.throws(() => bundle('none'), { name: 'ArgumentError', code: 'unknown-bundle' })
})

test('expand', () => {
  const template = {
    apiVersion: 'expansion.gatekeeper.sh/v1beta1',
    kind: 'ExpansionTemplate',
    metadata: { name: 'pods' },
    spec: {
      applyTo: [{ groups: ['apps'], versions: ['v1'], kinds: ['Deployment'] }],
      templateSource: 'spec.template',
      generatedGVK: { group: '', version: 'v1', kind: 'Pod' },
    },
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'a' },
    spec: { template: { spec: {} } },
  }
  const [pod] = PolicySet.load(template).expand(deployment)
  assert.equal(pod.metadata.name, 'web-pod')
})

test('suites', () => {
  const folder = mkdtempSync(join(tmpdir(), 'suite-'))
  const suite = `kind: Suite
apiVersion: test.gatekeeper.sh/v1alpha1
tests:
- name: team
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - {name: good, object: pod.yaml, assertions: [{violations: yes}]}
  - {name: bad, object: pod.yaml, assertions: [{violations: no}]}
`
  const files = { 'suite.yaml': suite, 'template.yaml': TEMPLATE, 'constraint.yaml': CONSTRAINT, 'pod.yaml': POD }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const [report] = verify(folder, { root: folder })
  assert.deepEqual(
    report.tests[0].cases.map((result) => [result.name, result.error === undefined]),
    [
      ['good', true],
      ['bad', false],
    ],
  )
})
