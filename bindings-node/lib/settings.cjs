'use strict'

// What most calls can be told: load restrictions, limits, the cache they share, threads.

const native = require('../native.cjs')
const { wrongType, asChoice, asFlag, asIndex, asOptions, asTexts } = require('./arguments.cjs')

const LIMITS = ['maxBytes', 'maxDepth', 'maxAliasNodes']

/** The native form of what a caller passed. */
function asSettings({ loadRestrictor = 'root', strict = [], history = false, limits }) {
  const bounds = asOptions(limits, LIMITS, 'limit')
  for (const [name, value] of Object.entries(bounds)) {
    if (value !== undefined) asIndex(`limits.${name}`, value)
  }
  return {
    ...bounds,
    unrestricted: asChoice('loadRestrictor', loadRestrictor, ['root', 'none']) === 'none',
    strict: asTexts('strict', strict),
    history: asFlag('history', history),
  }
}

/** A cache, if there is one. */
function asCache(value) {
  if (value === undefined || value instanceof native.Cache) return value
  throw wrongType('cache', 'a Cache', value)
}

module.exports = { Cache: native.Cache, asSettings, asCache }
