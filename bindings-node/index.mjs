// The package for `import`: the same classes as `require` gives, so `instanceof` holds across both.

import gitops from './index.cjs'

export const {
  ArgumentError,
  Build,
  Cache,
  FileError,
  GitError,
  GitopsError,
  KustomizeError,
  LimitError,
  Manifests,
  PolicyError,
  Review,
  UnsupportedError,
  YamlError,
  build,
  buildAsync,
  buildFiles,
  buildFilesAsync,
  buildMany,
  buildManyAsync,
  review,
  reviewAsync,
} = gitops
