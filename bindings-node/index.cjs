'use strict'

// The package for `require`; `index.mjs` gives the same to `import`.

const { Build, build, buildAsync, buildMany, buildManyAsync, buildFiles, buildFilesAsync } = require('./lib/build.cjs')
const { Manifests } = require('./lib/manifests.cjs')
const { Cache } = require('./lib/settings.cjs')

module.exports = {
  Build,
  Cache,
  Manifests,
  build,
  buildAsync,
  buildFiles,
  buildFilesAsync,
  buildMany,
  buildManyAsync,
  ...require('./lib/drift.cjs'),
  ...require('./lib/errors.cjs'),
  ...require('./lib/policy.cjs'),
  ...require('./lib/review.cjs'),
}
