'use strict'

// The exceptions: one class per kind of problem.

class GitopsError extends Error {
  /** The family of the problem, as in JSON. */
  static kind = ''

  constructor(message, { kind = new.target.kind, code = 'unknown', path, line, column, cause } = {}) {
    const place = line === undefined ? path : `${path}:${line}:${column}`
    super(place === undefined ? message : `${place}: ${message}`, cause === undefined ? undefined : { cause })
    // The stack, which is what people see of an uncaught error, names the place: it is written when
    // first asked for ...
    void this.stack
    // ... but the message is the same in all languages.
    Object.defineProperty(this, 'message', { value: message, configurable: true, writable: true })
    this.kind = kind
    this.code = code
    // Absent rather than undefined, so that logs show only what is known.
    if (path !== undefined) this.path = path
    if (line !== undefined) this.line = line
    if (column !== undefined) this.column = column
  }

  get name() {
    return this.constructor.name
  }

  toString() {
    const place = this.line === undefined ? this.path : `${this.path}:${this.line}:${this.column}`
    return place === undefined ? `${this.name}: ${this.message}` : `${this.name}: ${place}: ${this.message}`
  }
}

class YamlError extends GitopsError {
  static kind = 'yaml'
}

class FileError extends GitopsError {
  static kind = 'file'
}

class KustomizeError extends GitopsError {
  static kind = 'kustomize'
}

class UnsupportedError extends GitopsError {
  static kind = 'unsupported'
}

class PolicyError extends GitopsError {
  static kind = 'policy'
}

class GitError extends GitopsError {
  static kind = 'git'
}

class LimitError extends GitopsError {
  static kind = 'limit'
}

class ArgumentError extends GitopsError {
  static kind = 'argument'
}

module.exports = {
  GitopsError,
  YamlError,
  FileError,
  KustomizeError,
  UnsupportedError,
  PolicyError,
  GitError,
  LimitError,
  ArgumentError,
}
