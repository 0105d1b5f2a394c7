// `build`: what it gives, what it reads, and what it refuses.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

import * as gitops from 'gitops-core'
import { build, buildAsync, buildFiles, buildFilesAsync, GitopsError } from 'gitops-core'

import { FILES, RENDERED, onDisk } from './files.mjs'

test('require and import give the same', () => {
  const required = createRequire(import.meta.url)('gitops-core')
  assert.deepEqual(Object.keys(gitops).sort(), Object.keys(required).sort())
  for (const [name, value] of Object.entries(required)) assert.equal(gitops[name], value)
})

test('memory and disk, now and later, give the same', async (t) => {
  const root = onDisk(t)
  const prod = join(root, 'prod')
  const bytes = Object.entries(FILES).map(([name, text]) => [name, Buffer.from(text)])
  const builds = [
    build(prod, { root }),
    build(pathToFileURL(prod), { root: pathToFileURL(root) }),
    await buildAsync(prod, { root }),
    buildFiles(FILES, 'prod'),
    buildFiles(new Map(bytes), './prod/'),
    await buildFilesAsync(FILES, 'prod'),
  ]
  for (const result of builds) {
    assert.equal(result.yaml, RENDERED)
    assert.deepEqual(result.objects.map((item) => [item.kind, item.spec.replicas]), [['Deployment', 3]])
    assert.deepEqual(result.filesRead, Object.keys(FILES).sort())
    assert.deepEqual(result.warnings, [])
    assert.ok(result instanceof gitops.Build)
  }
})

test('every value knows the text that set it', () => {
  const result = buildFiles(FILES, 'prod')
  const image = ['spec', 'template', 'spec', 'containers', 0, 'image']
  assert.deepEqual(result.location(0, ['spec', 'replicas']), { path: 'prod/patch.yaml', line: 6, column: 13 })
  assert.deepEqual(result.location(0, image), { path: 'base/deployment.yaml', line: 11, column: 16 })
  assert.deepEqual(result.location(0, ['metadata', 'namespace']), {
    path: 'prod/kustomization.yaml',
    line: 1,
    column: 12,
  })
  assert.equal(result.location(1), undefined)
})

test('the root is the Git work tree', (t) => {
  const folder = onDisk(t)
  const prod = join(folder, 'prod')
  mkdirSync(join(folder, '.git'))
  assert.deepEqual(build(prod).filesRead, Object.keys(FILES).sort())
  mkdirSync(join(prod, '.git'))
  assert.throws(() => build(prod), { name: 'FileError', code: 'outside-root' })
})

test('the load restrictor', (t) => {
  const files = {
    'app/kustomization.yaml': 'resources: [../namespace.yaml]\n',
    'namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n',
  }
  const root = onDisk(t, files)
  const app = join(root, 'app')
  assert.throws(() => build(app, { root }), { path: 'app/kustomization.yaml', line: 1 })
  for (const result of [
    build(app, { root, loadRestrictor: 'none' }),
    buildFiles(files, 'app', { loadRestrictor: 'none' }),
  ]) {
    assert.equal(result.objects[0].metadata.name, 'web')
  }
})

const namespace = (name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`
const names = (result) => result.objects.map(({ metadata }) => metadata.name)

test('profiles build as their tool does', () => {
  const files = { 'app/b.yaml': namespace('b'), 'app/c/a.yaml': namespace('a') }
  for (const profile of ['kubectl', 'argocd']) {
    assert.throws(() => buildFiles(files, 'app', { profile }), { name: 'KustomizeError' })
  }
  assert.deepEqual(names(buildFiles(files, 'app', { profile: 'flux' })), ['b', 'a'])
  Object.assign(files, { 'app/kustomization.yaml': 'resources: [../d.yaml]\n', 'd.yaml': namespace('d') })
  assert.deepEqual(names(buildFiles(files, 'app', { profile: 'flux' })), ['d'])
  assert.throws(() => buildFiles(files, 'app', { profile: 'flux', loadRestrictor: 'root' }), GitopsError)
})

test('remote bases come from the caller', () => {
  const address = 'https://github.com/acme/bases//web?ref=v1'
  const root = { 'kustomization.yaml': `resources: ['${address}']\n` }
  const at = (dir) => ({
    ...root,
    [`${dir}/web/kustomization.yaml`]: 'resources: [web.yaml]\n',
    [`${dir}/web/web.yaml`]: namespace('web'),
  })
  const place = { name: 'UnsupportedError', code: 'remote-base', path: 'kustomization.yaml', line: 1 }
  assert.throws(() => buildFiles(root), place)
  for (const [files, options] of [
    [at('acme'), { remoteBases: { 'https://github.com/acme/bases': 'acme' } }],
    [at('acme'), { remoteBases: new Map([[address, 'acme/web']]) }],
    [at('vendor/github.com/acme/bases@v1'), { vendorDir: 'vendor' }],
  ]) {
    assert.deepEqual(names(buildFiles(files, '', options)), ['web'])
  }
})

test('strict makes errors of chosen warnings', (t) => {
  const files = {
    'kustomization.yaml': 'resources: [namespace.yaml]\nimages: [{name: web, newTag: v2}]\n',
    'namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n',
  }
  const root = onDisk(t, files)
  const code = 'image-matches-nothing'
  assert.equal(build(root, { root }).warnings[0].code, code)
  const place = { name: 'KustomizeError', code, path: 'kustomization.yaml', line: 2 }
  for (const strict of ['all', code, ['unused-var', code]]) {
    assert.throws(() => build(root, { root, strict }), place)
    assert.throws(() => buildFiles(files, '', { strict }), place)
  }
  assert.equal(buildFiles(files, '', { strict: ['unused-var'] }).warnings.length, 1)
  assert.throws(() => buildFiles(files, '', { strict: ['unused-bar'] }), { name: 'ArgumentError', code: 'unknown-warning' })
})

test('the event loop turns during buildAsync', async () => {
  const files = { 'kustomization.yaml': 'resources:\n' }
  for (let at = 0; at < 2000; at++) {
    files[`${at}.yaml`] = FILES['base/deployment.yaml'].replaceAll('web', `web-${at}`)
    files['kustomization.yaml'] += `- ${at}.yaml\n`
  }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const result = await buildFilesAsync(files)
  clearInterval(timer)
  assert.equal(result.objects.length, 2000)
  assert.ok(turns > 5, `${turns} turns`)
})

test('many builds stand in order, each for itself', async (t) => {
  const root = onDisk(t)
  const paths = ['prod', 'missing', 'base', 'base/deployment.yaml', 'prod'].map((path) => join(root, path))
  const cache = new gitops.Cache()
  const runs = [
    gitops.buildMany(paths, { root }),
    gitops.buildMany(paths, { root, threads: 1, cache }),
    gitops.buildMany(paths, { root, threads: 8, cache }),
    ...(await Promise.all([1, 2, 3].map((threads) => gitops.buildManyAsync(paths, { root, threads, cache })))),
  ]
  const said = (work) => {
    try {
      return work().yaml
    } catch (error) {
      return `${error.constructor.name} ${error.code} ${error.message}`
    }
  }
  const wanted = paths.map((path) => said(() => build(path, { root })))
  assert.match(wanted[1], /^FileError /)
  for (const built of runs) {
    const got = built.map((result) =>
      said(() => {
        if (result instanceof gitops.GitopsError) throw result
        return result
      }),
    )
    assert.deepEqual(got, wanted)
  }
  assert.deepEqual(gitops.buildMany([]), [])
})

test('limits and caches', (t) => {
  const root = onDisk(t)
  assert.equal(buildFiles(FILES, 'prod', { limits: {}, cache: new gitops.Cache() }).yaml, RENDERED)
  for (const [limits, code] of [
    [{ maxDepth: 3 }, 'too-deep'],
    [{ maxBytes: 20 }, 'too-large'],
  ]) {
    assert.throws(() => buildFiles(FILES, 'prod', { limits }), { name: 'LimitError', code })
    assert.throws(() => build(join(root, 'prod'), { root, limits }), { name: 'LimitError', code })
  }
  for (const options of [{ limits: { depth: 1 } }, { limits: { maxDepth: -1 } }, { limits: [] }, { cache: {} }]) {
    assert.throws(() => buildFiles(FILES, 'prod', options), gitops.ArgumentError)
  }
  assert.throws(() => gitops.buildMany('prod'), gitops.ArgumentError)
})
