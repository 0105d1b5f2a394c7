'use strict'

// `review`: what a change does to every environment of a repository that it can reach.

const native = require('../native.cjs')
const { wrongType, asPath, asOptions, asText, asTime, asIndex } = require('./arguments.cjs')
const handles = require('./handles.cjs')
const { asManifests } = require('./manifests.cjs')
const { Result } = require('./result.cjs')
const { asCache, asSettings } = require('./settings.cjs')

/** The most bytes of a Markdown report unless the caller says otherwise: what GitHub accepts. */
const DEFAULT_BUDGET = 65_536

/** What a change does to every environment that it reaches. Its parts are read from its JSON. */
class Review extends Result {
  get schemaVersion() {
    return this.data.schemaVersion
  }

  get base() {
    return this.data.base
  }

  get head() {
    return this.data.head
  }

  get summary() {
    return this.data.summary
  }

  get environments() {
    return this.data.environments
  }

  get errors() {
    return this.data.errors
  }

  get warnings() {
    return this.data.warnings
  }

  get acceptances() {
    return this.data.acceptances
  }

  get acceptanceFindings() {
    return this.data.acceptanceFindings
  }

  get notChecked() {
    return this.data.notChecked
  }

  markdown(options) {
    const { budget = DEFAULT_BUDGET } = asOptions(options, ['budget'])
    return handles.get(this).markdown(asIndex('budget', budget))
  }

  sarif() {
    return handles.get(this).sarif()
  }
}

/** The names of clusters or environments, and the objects that live there. */
function asLive(live) {
  if (live === null || typeof live !== 'object' || Object.getPrototypeOf(live) !== Object.prototype) {
    throw wrongType('live', 'an object of objects by name', live)
  }
  return [Object.keys(live), Object.values(live).map((objects) => asManifests('each value of live', objects))]
}

function checked(repo, base, head, options) {
  const known = ['useMergeBase', 'environments', 'limits', 'cache', 'threads', 'now', 'live']
  const { useMergeBase = false, environments = [], limits, cache, threads = 0, now, live = {} } = asOptions(options, known)
  if (typeof useMergeBase !== 'boolean') throw wrongType('useMergeBase', 'a boolean', useMergeBase)
  if (!Array.isArray(environments)) throw wrongType('environments', 'an array of names', environments)
  for (const name of environments) asText('each of environments', name)
  return [
    asPath('repo', repo),
    asText('base', base),
    asText('head', head),
    useMergeBase,
    environments,
    asSettings({ limits }),
    asIndex('threads', threads),
    asTime('now', now),
    asCache(cache),
    ...asLive(live),
  ]
}

function review(repo, base, head, options) {
  return new Review(native.review(...checked(repo, base, head, options)))
}

async function reviewAsync(repo, base, head, options) {
  return new Review(await native.reviewAsync(...checked(repo, base, head, options)))
}

module.exports = { Review, review, reviewAsync }
