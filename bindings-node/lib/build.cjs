'use strict'

// `build`: a directory with a kustomization to the objects it stands for.

const native = require('../native.cjs')
const { wrongType, asPath, asOptions, asChoice, asFlag, asIndex, asTexts } = require('./arguments.cjs')
const { unwrap } = require('./failure.cjs')

/** What a build gives. Each part is written out by Rust when it is first asked for, and kept. */
class Build {
  #handle
  #parts = new Map()

  constructor(handle) {
    this.#handle = unwrap(handle)
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

function isUnrestricted(loadRestrictor) {
  return asChoice('loadRestrictor', loadRestrictor, ['root', 'none']) === 'none'
}

function fromDisk(path, options) {
  const known = ['loadRestrictor', 'strict', 'root', 'history']
  const { loadRestrictor = 'root', strict = [], root, history = false } = asOptions(options, known)
  return [
    asPath('path', path),
    isUnrestricted(loadRestrictor),
    asTexts('strict', strict),
    root === undefined ? undefined : asPath('root', root),
    asFlag('history', history),
  ]
}

function fromMemory(files, path, options) {
  const known = ['loadRestrictor', 'strict', 'history']
  const { loadRestrictor = 'root', strict = [], history = false } = asOptions(options, known)
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
  return [
    contents,
    asPath('path', path),
    isUnrestricted(loadRestrictor),
    asTexts('strict', strict),
    asFlag('history', history),
  ]
}

function build(path, options) {
  return new Build(native.build(...fromDisk(path, options)))
}

async function buildAsync(path, options) {
  return new Build(await native.buildAsync(...fromDisk(path, options)))
}

function buildFiles(files, path = '', options = undefined) {
  return new Build(native.buildFiles(...fromMemory(files, path, options)))
}

async function buildFilesAsync(files, path = '', options = undefined) {
  return new Build(await native.buildFilesAsync(...fromMemory(files, path, options)))
}

module.exports = { Build, build, buildAsync, buildFiles, buildFilesAsync }
