// `Manifests`: objects from files, text, builds and other programs.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { Manifests } from 'gitops-core'

const PODS = 'kind: List\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n'

const names = (manifests) => manifests.objects.map((object) => object.metadata.name)

test('files and folders are read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manifests-'))
  mkdirSync(join(folder, 'more'))
  writeFileSync(join(folder, 'more', 'pods.yaml'), PODS)
  writeFileSync(join(folder, 'c.json'), '{"metadata": {"name": "c"}}')
  writeFileSync(join(folder, 'README.md'), 'no manifest')
  const read = Manifests.read(folder, { root: folder })
  assert.deepEqual(names(read), ['c', 'a', 'b'])
  assert.equal(read.length, 3)
  assert.deepEqual(read.location(2, ['metadata', 'name']), { path: 'more/pods.yaml', line: 4, column: 20 })
  const both = await Manifests.readAsync([join(folder, 'more'), join(folder, 'c.json')])
  assert.deepEqual(names(both), ['a', 'b', 'c'])
  const missing = { name: 'FileError', code: 'file-not-found' }
  assert.throws(() => Manifests.read(join(folder, 'none')), missing)
  await assert.rejects(Manifests.readAsync(join(folder, 'none')), missing)
  assert.throws(() => Manifests.read(folder, { limits: { maxBytes: 10 } }), { name: 'LimitError' })
})

test('text, bytes and objects are parsed', () => {
  assert.deepEqual(names(Manifests.parse(PODS)), ['a', 'b'])
  assert.deepEqual(names(Manifests.parse(Buffer.from(PODS))), ['a', 'b'])
  assert.deepEqual(Manifests.parse(PODS, { path: 'pods.yaml' }).location(1), { path: 'pods.yaml', line: 4, column: 3 })
  const given = [{ metadata: { name: 'ä' } }, { metadata: { name: 'd' } }]
  assert.deepEqual(Manifests.parse(given).objects, given)
  assert.equal(Manifests.parse(given).location(0), undefined)
  assert.deepEqual(names(Manifests.parse(given[0])), ['ä'])
  assert.deepEqual(Manifests.parse('').objects, [])
  assert.throws(() => Manifests.parse('a: b\n---\n- c\n', { path: 'list.yaml' }), {
    name: 'YamlError',
    code: 'not-an-object',
    path: 'list.yaml',
    line: 3,
  })
  for (const wrong of [1, null, [1], ['a: b']]) {
    assert.throws(() => Manifests.parse(wrong), { name: 'ArgumentError' })
  }
})
