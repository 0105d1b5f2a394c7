'use strict'

// What a call gives: held by Rust, written out as JSON when first asked for, and kept.

const { unwrap } = require('./failure.cjs')
const handles = require('./handles.cjs')

class Result {
  #json
  #data

  constructor(handle) {
    handles.set(this, unwrap(handle))
  }

  get json() {
    return (this.#json ??= handles.get(this).json())
  }

  get data() {
    return (this.#data ??= JSON.parse(this.json))
  }

  /** For `JSON.stringify`. */
  toJSON() {
    return this.data
  }
}

module.exports = { Result }
