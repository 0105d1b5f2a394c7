'use strict'

// `PolicySet`: Gatekeeper policies, compiled once and evaluated many times; bundles; suites.

const native = require('../native.cjs')
const {
  wrongType,
  asChoice,
  asFlag,
  asIndex,
  asOptions,
  asPath,
  asText,
  asTexts,
  asTime,
} = require('./arguments.cjs')
const { asRoot } = require('./build.cjs')
const { unwrap } = require('./failure.cjs')
const handles = require('./handles.cjs')
const { asManifests } = require('./manifests.cjs')
const { Result } = require('./result.cjs')
const { asSettings } = require('./settings.cjs')

/** What an evaluation found. Its parts are read from its JSON. */
class PolicyReport extends Result {
  get isClean() {
    return handles.get(this).isClean()
  }

  get findings() {
    return this.data.findings
  }

  get acceptanceFindings() {
    return this.data.acceptanceFindings ?? []
  }

  get notChecked() {
    return this.data.notChecked
  }

  get evaluations() {
    return this.data.evaluations
  }

  sarif() {
    return handles.get(this).sarif()
  }
}

const BUNDLE_OPTIONS = ['enforcementAction', 'excludedNamespaces', 'exemptImages', 'parameters']

function asBundleSettings({
  enforcementAction = 'deny',
  excludedNamespaces = [],
  exemptImages = [],
  parameters = {},
}) {
  const texts = Object.create(null)
  for (const [policy, values] of Object.entries(asObject('parameters', parameters))) {
    texts[policy] = JSON.stringify(asObject(`parameters["${policy}"]`, values))
  }
  return {
    enforcementAction: asChoice('enforcementAction', enforcementAction, ['deny', 'warn', 'dryrun']),
    excludedNamespaces: asTexts('excludedNamespaces', excludedNamespaces),
    exemptImages: asTexts('exemptImages', exemptImages),
    parameters: texts,
  }
}

function asObject(name, value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrongType(name, 'an object', value)
  }
  return value
}

function asSeconds(value) {
  if (typeof value !== 'number') throw wrongType('timeLimit', 'a number of seconds', value)
  return value
}

const optional = (check, name, value) => (value === undefined ? undefined : check(name, value))

const EVALUATE_OPTIONS = [
  'namespaces',
  'inventory',
  'oldObjects',
  'acceptances',
  'defaultNamespace',
  'enforcementPoint',
  'profile',
  'unknownNamespace',
  'operation',
  'userInfo',
  'now',
  'locate',
  'timeLimit',
  'threads',
]

function evaluation(objects, options) {
  const checked = asOptions(options, EVALUATE_OPTIONS)
  const { userInfo } = checked
  return [
    asManifests('objects', objects),
    optional(asManifests, 'namespaces', checked.namespaces),
    optional(asManifests, 'inventory', checked.inventory),
    optional(asManifests, 'oldObjects', checked.oldObjects),
    optional(asManifests, 'acceptances', checked.acceptances),
    {
      defaultNamespace: optional(asText, 'defaultNamespace', checked.defaultNamespace),
      enforcementPoint: asText('enforcementPoint', checked.enforcementPoint ?? 'validation.gatekeeper.sh'),
      profile: asText('profile', checked.profile ?? 'cluster'),
      unknownNamespace: asText('unknownNamespace', checked.unknownNamespace ?? 'reject'),
      operation: optional(asText, 'operation', checked.operation),
      userInfo: userInfo === undefined ? undefined : JSON.stringify(asObject('userInfo', userInfo)),
      now: asTime('now', checked.now),
      locate: asFlag('locate', checked.locate ?? true),
      timeLimit: asSeconds(checked.timeLimit ?? 5),
      threads: asIndex('threads', checked.threads ?? 0),
    },
  ]
}

/** Gatekeeper templates and constraints, compiled. */
class PolicySet {
  #handle

  constructor(handle) {
    this.#handle = unwrap(handle)
  }

  static load(policies = [], options = undefined) {
    const checked = asOptions(options, ['bundles', 'nativeValidation', ...BUNDLE_OPTIONS])
    return new PolicySet(
      native.loadPolicies(
        asManifests('policies', policies),
        asTexts('bundles', checked.bundles ?? []),
        asBundleSettings(checked),
        asFlag('nativeValidation', checked.nativeValidation ?? true),
      ),
    )
  }

  get constraints() {
    return this.#handle.constraints()
  }

  get templates() {
    return this.#handle.templates()
  }

  evaluate(objects, options) {
    return new PolicyReport(this.#handle.evaluate(...evaluation(objects, options)))
  }

  async evaluateAsync(objects, options) {
    return new PolicyReport(await this.#handle.evaluateAsync(...evaluation(objects, options)))
  }

  expand(objects) {
    return JSON.parse(unwrap(this.#handle.expandJson(asManifests('objects', objects))))
  }
}

function verify(path, options) {
  const checked = asOptions(options, ['run', 'nativeValidation', 'timeLimit', 'root', 'limits'])
  const text = native.verifyJson(
    asPath('path', path),
    asRoot(checked.root),
    asText('run', checked.run ?? ''),
    asFlag('nativeValidation', checked.nativeValidation ?? true),
    asSeconds(checked.timeLimit ?? 5),
    asSettings({ limits: checked.limits }),
  )
  return JSON.parse(unwrap(text))
}

function bundle(name) {
  return JSON.parse(unwrap(native.bundleJson(asText('name', name))))
}

function bundleYaml(name, options) {
  return unwrap(native.bundleYaml(asText('name', name), asBundleSettings(asOptions(options, BUNDLE_OPTIONS))))
}

function policies() {
  return JSON.parse(unwrap(native.policiesJson()))
}

module.exports = {
  PolicyReport,
  PolicySet,
  bundle,
  bundleNames: native.bundleNames,
  bundleYaml,
  policies,
  verify,
}
