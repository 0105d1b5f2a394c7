'use strict'

// The package for `require`; `index.mjs` gives the same to `import`.

module.exports = {
  ...require('./lib/build.cjs'),
  Cache: require('./lib/settings.cjs').Cache,
  ...require('./lib/errors.cjs'),
  ...require('./lib/review.cjs'),
}
