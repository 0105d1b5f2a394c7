'use strict'

// What the native half calls a failure, thrown as an exception of its class.

const errors = require('./errors.cjs')

const classes = new Map(Object.values(errors).map((type) => [type.kind, type]))

/** A failure as an exception of its class; anything else, a text or a handle, as it is. */
function asError(outcome) {
  // Handles are of classes of the native half; a failure is a plain object.
  if (typeof outcome !== 'object' || Object.getPrototypeOf(outcome) !== Object.prototype) return outcome
  const { message, cause, ...rest } = outcome
  const type = classes.get(rest.kind) ?? errors.GitopsError
  return new type(message, { ...rest, ...(cause !== undefined && { cause: new Error(cause) }) })
}

/** Throws a failure; hands anything else through. */
function unwrap(outcome) {
  const result = asError(outcome)
  if (result instanceof errors.GitopsError) throw result
  return result
}

module.exports = { asError, unwrap }
