'use strict'

// `build`: a directory with a kustomization to the objects it stands for.

const native = require('../native.cjs')
const { wrongType, asPath, asOptions, asIndex } = require('./arguments.cjs')
const { GitopsError } = require('./errors.cjs')
const { asError, unwrap } = require('./failure.cjs')
const handles = require('./handles.cjs')
const { asCache, asSettings } = require('./settings.cjs')

/** What a build gives. Each part is written out by Rust when it is first asked for, and kept. */
class Build {
  #handle
  #parts = new Map()

  constructor(handle) {
    this.#handle = unwrap(handle)
    handles.set(this, this.#handle)
  }

  #part(name, make) {
    if (!this.#parts.has(name)) this.#parts.set(name, make())
    return this.#parts.get(name)
  }

  get yaml() {
    return this.#part('yaml', () => unwrap(this.#handle.yaml()))
  }

  get objects() {
    return this.#part('objects', () => JSON.parse(this.#handle.objectsJson()))
  }

  get warnings() {
    return this.#part('warnings', () => JSON.parse(this.#handle.warningsJson()))
  }

  get filesRead() {
    return this.#part('filesRead', () => this.#handle.filesRead())
  }

  location(index, path = []) {
    return this.#handle.location(...asNode(index, path)) ?? undefined
  }

  history(index, path = []) {
    return JSON.parse(unwrap(this.#handle.historyJson(...asNode(index, path))))
  }

  fieldHistories(index) {
    asIndex('index', index)
    return JSON.parse(unwrap(this.#handle.fieldHistoriesJson(index)))
  }

  annotatedYaml() {
    return unwrap(this.#handle.annotatedYaml())
  }
}

/** A checked way to a value. */
function asNode(index, path) {
  asIndex('index', index)
  if (!Array.isArray(path)) throw wrongType('path', 'an array of keys and positions', path)
  for (const step of path) if (typeof step !== 'string') asIndex('each step of path but a key', step)
  return [index, path]
}

const COMMON = ['profile', 'loadRestrictor', 'remoteBases', 'vendorDir', 'strict', 'history', 'limits', 'cache']

function asRoot(root) {
  return root === undefined ? undefined : asPath('root', root)
}

function fromDisk(path, options) {
  const checked = asOptions(options, [...COMMON, 'root'])
  return [asPath('path', path), asRoot(checked.root), asSettings(checked), asCache(checked.cache)]
}

function manyFromDisk(paths, options) {
  const checked = asOptions(options, [...COMMON, 'root', 'threads'])
  if (!Array.isArray(paths)) throw wrongType('paths', 'an array of paths', paths)
  return [
    paths.map((path) => asPath('each of paths', path)),
    asRoot(checked.root),
    asSettings(checked),
    asIndex('threads', checked.threads ?? 0),
    asCache(checked.cache),
  ]
}

function fromMemory(files, path, options) {
  const checked = asOptions(options, COMMON)
  if (files === null || typeof files !== 'object' || Array.isArray(files)) {
    throw wrongType('files', 'an object or Map from path to content', files)
  }
  const entries = files instanceof Map ? [...files] : Object.entries(files)
  const contents = Object.create(null)
  for (const [name, content] of entries) {
    if (typeof name !== 'string') throw wrongType('each path in files', 'a string', name)
    if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
      throw wrongType(`files["${name}"]`, 'a string or Uint8Array', content)
    }
    contents[name] = content
  }
  return [contents, asPath('path', path), asSettings(checked), asCache(checked.cache)]
}

function build(path, options) {
  return new Build(native.build(...fromDisk(path, options)))
}

async function buildAsync(path, options) {
  return new Build(await native.buildAsync(...fromDisk(path, options)))
}

/** A build, or an exception, for each outcome. */
function each(outcomes) {
  return unwrap(outcomes).map((outcome) => {
    const result = asError(outcome)
    return result instanceof GitopsError ? result : new Build(result)
  })
}

function buildMany(paths, options) {
  return each(native.buildMany(...manyFromDisk(paths, options)))
}

async function buildManyAsync(paths, options) {
  return each(await native.buildManyAsync(...manyFromDisk(paths, options)))
}

function buildFiles(files, path = '', options = undefined) {
  return new Build(native.buildFiles(...fromMemory(files, path, options)))
}

async function buildFilesAsync(files, path = '', options = undefined) {
  return new Build(await native.buildFilesAsync(...fromMemory(files, path, options)))
}

module.exports = {
  Build,
  build,
  buildAsync,
  buildMany,
  buildManyAsync,
  buildFiles,
  buildFilesAsync,
  asNode,
  asRoot,
}
