'use strict'

// What most calls can be told: load restrictions, limits, the cache they share, threads.

const native = require('../native.cjs')
const { wrongType, asChoice, asFlag, asIndex, asOptions, asTexts } = require('./arguments.cjs')

const LIMITS = ['maxBytes', 'maxDepth', 'maxAliasNodes']

/** The native form of what a caller passed. */
function asSettings({
  profile = 'kubectl',
  loadRestrictor,
  remoteBases,
  vendorDir,
  strict = [],
  history = false,
  limits,
}) {
  const bounds = asOptions(limits, LIMITS, 'limit')
  for (const [name, value] of Object.entries(bounds)) {
    if (value !== undefined) asIndex(`limits.${name}`, value)
  }
  return {
    ...bounds,
    profile: asChoice('profile', profile, ['kubectl', 'argocd', 'flux']),
    unrestricted:
      loadRestrictor === undefined
        ? undefined
        : asChoice('loadRestrictor', loadRestrictor, ['root', 'none']) === 'none',
    remoteBases: asPathsByAddress(remoteBases),
    vendorDir: vendorDir === undefined ? undefined : asText('vendorDir', vendorDir),
    strict: asTexts('strict', strict),
    history: asFlag('history', history),
  }
}

function asText(name, value) {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value)
  return value
}

function asPathsByAddress(value = {}) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrongType('remoteBases', 'an object or Map from address to path', value)
  }
  const paths = Object.create(null)
  for (const [address, path] of value instanceof Map ? value : Object.entries(value)) {
    paths[asText('each address in remoteBases', address)] = asText(`remoteBases["${address}"]`, path)
  }
  return paths
}

/** A cache, if there is one. */
function asCache(value) {
  if (value === undefined || value instanceof native.Cache) return value
  throw wrongType('cache', 'a Cache', value)
}

module.exports = { Cache: native.Cache, asSettings, asCache }
