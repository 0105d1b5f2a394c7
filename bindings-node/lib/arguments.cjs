'use strict'

// Checks of what callers pass, so that a wrong type is an ArgumentError that names the argument.

const { fileURLToPath } = require('node:url')

const { ArgumentError } = require('./errors.cjs')

function wrongType(name, wanted, value) {
  const given = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value
  return new ArgumentError(`${name} must be ${wanted}, not ${given}`, { code: 'bad-argument' })
}

/** The text of a path given as string or `file:` URL. */
function asPath(name, value) {
  if (typeof value === 'string') return value
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value)
  throw wrongType(name, 'a string or file: URL', value)
}

/** An object of options with no names but the known ones: a misspelt option is never ignored. */
function asOptions(value, known, called = 'option') {
  if (value === undefined) return {}
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrongType(`${called}s`, 'an object', value)
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      const message = `there is no ${called} "${name}"; known ${called}s: ${known.join(', ')}`
      throw new ArgumentError(message, { code: 'bad-argument' })
    }
  }
  return value
}

/** A text. */
function asText(name, value) {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value)
  return value
}

/** A truth value, and nothing that only reads like one. */
function asFlag(name, value) {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value)
  return value
}

/** A text, or several. */
function asTexts(name, value) {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) throw wrongType(name, 'a string or an array of strings', value)
  return value.map((item) => asText(`each item of ${name}`, item))
}

/** A time as RFC 3339, if there is one. Whether a text is one is for the core to say. */
function asTime(name, value) {
  if (value === undefined || typeof value === 'string') return value
  if (value instanceof Date && !Number.isNaN(value.valueOf())) return value.toISOString()
  throw wrongType(name, 'a string of RFC 3339 or a Date', value)
}

/** One of a few words. */
function asChoice(name, value, choices) {
  if (!choices.includes(asText(name, value))) {
    const wanted = choices.map((choice) => `"${choice}"`).join(' or ')
    throw new ArgumentError(`${name} is "${value}"; it must be ${wanted}`, { code: 'bad-argument' })
  }
  return value
}

/** A whole number from 0 that fits in 32 bits. */
function asIndex(name, value) {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw wrongType(name, 'a whole number from 0', value)
  }
  return value
}

module.exports = { wrongType, asPath, asText, asTexts, asOptions, asTime, asChoice, asFlag, asIndex }
