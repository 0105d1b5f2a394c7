// Exceptions: their classes and attributes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as gitops from 'gitops-core'
import { build, buildAsync, buildFiles, buildFilesAsync } from 'gitops-core'

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n'

// Files of which the root is built, and the error.
const BAD = {
  'broken YAML': [
    { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'kind: Service\nmetadata: [\n' },
    { name: 'YamlError', kind: 'yaml', code: 'syntax', path: 'a.yaml', line: 2 },
  ],
  'a duplicate key': [
    { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': `${SERVICE}kind: Service\n` },
    { name: 'YamlError', kind: 'yaml', code: 'duplicate-key', path: 'a.yaml', line: 5, column: 1 },
  ],
  'text that is not UTF-8': [
    { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xff) },
    { name: 'YamlError', kind: 'yaml', code: 'not-utf8', path: 'a.yaml', line: 1, column: 4 },
  ],
  'a missing base': [
    { 'kustomization.yaml': 'resources:\n- missing\n' },
    { name: 'FileError', kind: 'file', code: 'file-not-found', path: 'kustomization.yaml', line: 2, column: 3 },
  ],
  'a base outside the root': [
    { 'kustomization.yaml': 'resources:\n- ../base\n' },
    { name: 'FileError', kind: 'file', code: 'outside-root', path: 'kustomization.yaml', line: 2, column: 3 },
  ],
  'a cycle': [
    { 'kustomization.yaml': 'resources: [a]\n', 'a/kustomization.yaml': 'resources: [..]\n' },
    { name: 'KustomizeError', kind: 'kustomize', code: 'cycle', path: 'a/kustomization.yaml', line: 1, column: 13 },
  ],
  'a remote base': [
    { 'kustomization.yaml': 'resources:\n- https://example.com/acme/base\n' },
    { name: 'UnsupportedError', kind: 'unsupported', code: 'remote-base', path: 'kustomization.yaml', line: 2 },
  ],
  'nesting without end': [
    { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': `a: ${'['.repeat(10_000)}` },
    { name: 'LimitError', kind: 'limit', code: 'too-deep', path: 'a.yaml', line: 1 },
  ],
  'no kustomization': [
    { 'a.yaml': SERVICE },
    { name: 'KustomizeError', kind: 'kustomize', code: 'no-kustomization', path: '.' },
  ],
}

for (const [what, [files, expected]] of Object.entries(BAD)) {
  test(`${what} is an error with its place`, async () => {
    assert.throws(() => buildFiles(files), expected)
    await assert.rejects(buildFilesAsync(files), expected)
    assert.throws(
      () => buildFiles(files),
      (error) => {
        assert.ok(error instanceof gitops[expected.name])
        assert.ok(error instanceof gitops.GitopsError)
        assert.ok(error instanceof Error)
        const place = error.line === undefined ? error.path : `${error.path}:${error.line}:${error.column}`
        assert.equal(String(error), `${expected.name}: ${place}: ${error.message}`)
        assert.ok(error.stack.startsWith(`${String(error)}\n`), error.stack)
        return true
      },
    )
  })
}

test('a missing directory', async () => {
  assert.throws(() => build('/no/such/directory'), { name: 'FileError', code: 'file-not-found' })
  await assert.rejects(buildAsync('/no/such/directory'), { name: 'FileError', code: 'file-not-found' })
})

test('wrong arguments are argument errors', async () => {
  for (const [message, call] of [
    [/^path must be .* not number$/, () => build(3)],
    [/^path must be .* not undefined$/, () => build()],
    [/^path must be/, () => build(new URL('https://example.com'))],
    [/^root must be .* not null$/, () => build('.', { root: null })],
    [/"all"; it must be "root" or "none"$/, () => build('.', { loadRestrictor: 'all' })],
    [/^loadRestrictor must be a string/, () => build('.', { loadRestrictor: true })],
    [/^remoteBases must be an object or Map/, () => build('.', { remoteBases: ['x'] })],
    [/"helm"; it must be "kubectl" or "argocd" or "flux"$/, () => build('.', { profile: 'helm' })],
    [/^strict must be a string or an array of strings/, () => build('.', { strict: true })],
    [/^there is no option "loadRestricter"/, () => build('.', { loadRestricter: 'none' })],
    [/^options must be an object/, () => build('.', 'none')],
    [/^files must be/, () => buildFiles(['a'])],
    [/^files\["a"\] must be/, () => buildFiles({ a: 1 })],
    [/^each path in files/, () => buildFiles(new Map([[1, '']]))],
  ]) {
    assert.throws(call, { name: 'ArgumentError', code: 'bad-argument', kind: 'argument', message })
  }
  await assert.rejects(buildAsync(3), { name: 'ArgumentError' })
  await assert.rejects(buildFilesAsync(3), { name: 'ArgumentError' })
})

test('an exception of your own making', () => {
  const error = new gitops.PolicyError('what to do', { code: 'some-code', path: 'a.yaml', line: 3, column: 7 })
  assert.equal(String(error), 'PolicyError: a.yaml:3:7: what to do')
  assert.deepEqual({ ...error }, { kind: 'policy', code: 'some-code', path: 'a.yaml', line: 3, column: 7 })
})
