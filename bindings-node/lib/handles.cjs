'use strict'

// The native half of each object of a public class, for calls that take such an object.

module.exports = new WeakMap()
