'use strict'

// `compare`, `plan` and `health`: live objects beside what Git says.

const native = require('../native.cjs')
const { wrongType, asFlag, asIndex, asOptions, asText, asTexts, asTime } = require('./arguments.cjs')
const { unwrap } = require('./failure.cjs')
const handles = require('./handles.cjs')
const { asManifests } = require('./manifests.cjs')
const { Result } = require('./result.cjs')

/** How live objects differ from what Git says. Its parts are read from its JSON. */
class DriftReport extends Result {
  get isInSync() {
    return handles.get(this).inSync()
  }

  get summary() {
    return this.data.summary
  }

  get objects() {
    return this.data.objects
  }

  text() {
    return handles.get(this).text()
  }

  unifiedYaml() {
    return handles.get(this).unifiedYaml()
  }

  patch(index) {
    return JSON.parse(handles.get(this).patchJson(asIndex('index', index)))
  }
}

/** What a reconciliation would do. Its parts are read from its JSON. */
class Plan extends Result {
  get summary() {
    return this.data.summary
  }

  get dangers() {
    return this.data.dangers
  }

  get steps() {
    return this.data.steps
  }

  text() {
    return handles.get(this).text()
  }
}

const optional = (check, name, value) => (value === undefined ? undefined : check(name, value))

const DRIFT_OPTIONS = ['profile', 'kubernetes', 'manager', 'defaultNamespace', 'definitions', 'ignore']

function asDriftSettings(checked) {
  return {
    profile: asText('profile', checked.profile ?? 'serverSideApply'),
    kubernetes: optional(asText, 'kubernetes', checked.kubernetes),
    manager: optional(asText, 'manager', checked.manager),
    defaultNamespace: optional(asText, 'defaultNamespace', checked.defaultNamespace),
  }
}

/** The handles of what is compared and of what helps. */
function inputs(desired, live, checked) {
  return [
    asManifests('desired', desired),
    asManifests('live', live),
    optional(asManifests, 'definitions', checked.definitions),
    optional(asManifests, 'ignore', checked.ignore),
  ]
}

function comparison(desired, live, options) {
  const checked = asOptions(options, DRIFT_OPTIONS)
  return [...inputs(desired, live, checked), asDriftSettings(checked)]
}

function compare(desired, live, options) {
  return new DriftReport(native.compare(...comparison(desired, live, options)))
}

async function compareAsync(desired, live, options) {
  return new DriftReport(await native.compareAsync(...comparison(desired, live, options)))
}

async function compareMany(pairs, options) {
  if (!Array.isArray(pairs)) throw wrongType('pairs', 'an array of pairs', pairs)
  return Promise.all(
    pairs.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw wrongType('each pair', 'an array of two', pair)
      return compareAsync(pair[0], pair[1], options)
    }),
  )
}

const PLAN_OPTIONS = [
  'order',
  'owner',
  'inventory',
  'prune',
  'pruneLast',
  'allowDeletion',
  'confirmed',
  'deletionPolicy',
  'force',
  'failOnShared',
  ...DRIFT_OPTIONS,
]

function asOwner(name, value) {
  const { kind, name: owner, namespace = '' } = asOptions(value, ['kind', 'name', 'namespace'], `${name}.field`)
  return {
    kind: asText('owner.kind', kind),
    name: asText('owner.name', owner),
    namespace: asText('owner.namespace', namespace),
  }
}

function plan(desired, live, options) {
  const checked = asOptions(options, PLAN_OPTIONS)
  const settings = {
    order: asText('order', checked.order ?? 'argoCd'),
    owner: optional(asOwner, 'owner', checked.owner),
    inventory: asTexts('inventory', checked.inventory ?? []),
    prune: asFlag('prune', checked.prune ?? true),
    pruneLast: asFlag('pruneLast', checked.pruneLast ?? false),
    allowDeletion: asTexts('allowDeletion', checked.allowDeletion ?? []),
    confirmed: asFlag('confirmed', checked.confirmed ?? false),
    deletionPolicy: asText('deletionPolicy', checked.deletionPolicy ?? 'delete'),
    force: asFlag('force', checked.force ?? false),
    failOnShared: asFlag('failOnShared', checked.failOnShared ?? false),
    drift: asDriftSettings(checked),
  }
  return new Plan(native.plan(...inputs(desired, live, checked), settings))
}

function judging(options) {
  const { flavour = 'kstatus', now } = asOptions(options, ['flavour', 'now'])
  return [asText('flavour', flavour), asTime('now', now)]
}

function health(objects, options) {
  return JSON.parse(unwrap(native.healthJson(asManifests('objects', objects), ...judging(options))))
}

function environmentHealth(desired, live, options) {
  const both = [asManifests('desired', desired), asManifests('live', live)]
  return JSON.parse(unwrap(native.environmentHealthJson(...both, ...judging(options))))
}

module.exports = { DriftReport, Plan, compare, compareAsync, compareMany, environmentHealth, health, plan }
