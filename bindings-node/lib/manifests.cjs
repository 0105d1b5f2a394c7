'use strict'

// `Manifests`: Kubernetes objects that a caller hands in, and where their texts stand.

const native = require('../native.cjs')
const { wrongType, asOptions, asPath, asText } = require('./arguments.cjs')
const { Build, asNode, asRoot } = require('./build.cjs')
const { unwrap } = require('./failure.cjs')
const handles = require('./handles.cjs')
const { asSettings } = require('./settings.cjs')

/** Kubernetes objects, and where their texts stand. */
class Manifests {
  #handle
  #objects

  constructor(handle) {
    this.#handle = unwrap(handle)
    handles.set(this, this.#handle)
  }

  static read(paths, options) {
    return new Manifests(native.readManifests(...fromDisk(paths, options)))
  }

  static async readAsync(paths, options) {
    return new Manifests(await native.readManifestsAsync(...fromDisk(paths, options)))
  }

  static parse(content, options) {
    const { path = '<text>', limits } = asOptions(options, ['path', 'limits'])
    const settings = asSettings({ limits })
    if (typeof content === 'string' || content instanceof Uint8Array) {
      return new Manifests(native.parseManifests(content, asText('path', path), settings))
    }
    const items = Array.isArray(content) ? content : [content]
    for (const item of items) {
      if (item === null || typeof item !== 'object' || Array.isArray(item)) {
        throw wrongType('content', 'a string, Uint8Array, an object or an array of objects', content)
      }
    }
    const text = items.map((item) => JSON.stringify(item)).join('\n---\n')
    return new Manifests(native.parseManifests(text, undefined, settings))
  }

  get objects() {
    return (this.#objects ??= JSON.parse(this.#handle.objectsJson()))
  }

  get length() {
    return this.#handle.count()
  }

  location(index, path = []) {
    return this.#handle.location(...asNode(index, path)) ?? undefined
  }
}

function fromDisk(paths, options) {
  const { root, limits } = asOptions(options, ['root', 'limits'])
  const names = Array.isArray(paths) ? paths : [paths]
  return [names.map((path) => asPath('each of paths', path)), asRoot(root), asSettings({ limits })]
}

/** The native handle behind what a caller gave for objects. */
function asManifests(name, value) {
  if (value instanceof Manifests) return handles.get(value)
  if (value instanceof Build) return native.builtManifests(handles.get(value))
  if (typeof value === 'string' || (value !== null && typeof value === 'object')) {
    return handles.get(Manifests.parse(value))
  }
  throw wrongType(name, 'Manifests, a Build, a string, Uint8Array or objects', value)
}

module.exports = { Manifests, asManifests }
