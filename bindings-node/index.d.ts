import type { ReviewData } from './review.js'

export type * from './review.js'

/** A place in a file. */
export interface Location {
  /** The path relative to the root of the files, with `/` between its parts. */
  path: string
  /** The line from 1; 0 for the file as a whole. */
  line: number
  /** The column from 1, in code points; 0 for the file as a whole. */
  column: number
}

/** A problem that does not stop the work. */
export interface Diagnostic {
  /** A stable kebab-case identifier. */
  code: string
  /** What happened and what to do, for people. */
  message: string
  /** The text concerned. */
  location?: Location
}

/** A Kubernetes object as JSON. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata?: { name?: string; namespace?: string; [key: string]: unknown }
  [key: string]: unknown
}

/**
 * Where a kustomization may read files: `root`, in and below its own directory (kustomize's default),
 * or `none`, anywhere below the root of the files (as Flux builds).
 */
export type LoadRestrictor = 'root' | 'none'

/**
 * How the tools of the field call kustomize: `kubectl` as `kustomize build` and `kubectl kustomize` run
 * without flags; `argocd` the same, as Argo CD calls it; `flux` with files from anywhere below the root,
 * in the order of accumulation, and with a kustomization generated where a directory has none.
 */
export type Profile = 'kubectl' | 'argocd' | 'flux'

/**
 * Parsed files that calls share: a base that many overlays use is parsed once.
 *
 * Pass one to calls that read the same files, one after the other or at once. What a call gives does
 * not depend on what the cache holds. It keeps all that was read with it: drop it, and make a new one,
 * to free the memory.
 */
export declare class Cache {
  constructor()
}

/** Bounds on what a file may ask for; all are inclusive. Beyond one, a call throws `LimitError`. */
export interface Limits {
  /** Size of one file in bytes. Default 64 MiB. */
  maxBytes?: number
  /** Nesting of lists and mappings. Default 200; values above 1,000 count as 1,000. */
  maxDepth?: number
  /** Nodes that aliases and merge keys may add to one file when written out. Default 1,000,000. */
  maxAliasNodes?: number
}

/** How a build in memory runs. */
export interface BuildFilesOptions {
  /** Whose call of kustomize to follow. Default `kubectl`. */
  profile?: Profile
  /** By default what the profile has: `none` for `flux`, else `root`. */
  loadRestrictor?: LoadRestrictor
  /**
   * What to read in place of bases and files on the network: by address (an entry as it is written, or
   * a repository with or without `?ref=`) a path relative to the root of the files, of a checkout or a
   * file. Nothing is fetched; without it, a remote entry is an error.
   */
  remoteBases?: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  /**
   * A folder relative to the root of the files with checkouts at `host/repository@ref` and files at
   * `host/path`, for what `remoteBases` does not name.
   */
  vendorDir?: string
  /** Record what each step does to each object, for {@link Build.history}; it costs memory. Default false. */
  history?: boolean
  /**
   * Codes of warnings that are errors, or `all`. The error has the code, place and message of the first
   * of them, and says how many there are. Default none.
   */
  strict?: string | readonly string[]
  /** Bounds on the files. */
  limits?: Limits
  /** Parsed files to share with other calls; none by default. */
  cache?: Cache
}

/** How a build of a directory of the disk runs. */
export interface BuildOptions extends BuildFilesOptions {
  /**
   * Nothing outside this directory is read, whatever links or paths say. By default the top of the
   * Git work tree around the built directory or, without one, `/`.
   */
  root?: string | URL
}

/** What kind of step set a field; later versions may add others. */
export type StepKind =
  | 'resource'
  | 'configMapGenerator'
  | 'secretGenerator'
  | 'patch'
  | 'namespace'
  | 'namePrefix'
  | 'nameSuffix'
  | 'labels'
  | 'annotations'
  | 'images'
  | 'replicas'
  | 'replacement'
  | 'transformer'
  | 'hash'
  | 'nameReference'
  | 'var'
  | 'buildMetadata'
  | 'commonMetadata'
  | 'finish'
  | (string & {})

/** One step of a field's history: who set the value, and to what. */
export interface Step {
  /** What kind of step it was. */
  kind: StepKind
  /** The text that gave the value; of a mapping or list, the text that made it. Absent where none did. */
  location?: Location
  /**
   * The entry that asked for the step, mostly in a `kustomization.yaml`. Absent for steps that nobody
   * asks for, such as references that follow a name.
   */
  requestedAt?: Location
  /** The value after the step. Values of Secrets are masked. */
  value: unknown
}

/** The history of one field. */
export interface FieldHistory {
  /** The way to the field: `spec.containers[0].image`. */
  path: string
  /** The same way as an RFC 6901 JSON pointer. */
  pointer: string
  /** What set it, the first step first; at least one. */
  steps: Step[]
}

/** How many builds run. */
export interface BuildManyOptions extends BuildOptions {
  /** The most threads to use; 0, the default, stands for as many as the process may run at once. */
  threads?: number
}

/** What a build gives. Each part is written out by Rust when it is first asked for, and kept. */
export declare class Build {
  private constructor()
  /** The stream, byte for byte as `kustomize build` prints it. */
  readonly yaml: string
  /** The objects in kustomize's output order. Integers beyond 2^53 lose digits, as in any `JSON.parse`. */
  readonly objects: KubernetesObject[]
  /** What kustomize swallows, and what looks like a mistake. */
  readonly warnings: Diagnostic[]
  /** The paths of all files read, relative to the root of the files, sorted. */
  readonly filesRead: string[]
  /**
   * The place of the text that set a value: where to edit it.
   *
   * @param index the object, by its position in `objects`
   * @param path the keys and list positions that lead to the value, such as `['spec', 'replicas']`;
   * the object as a whole by default. Where no text stands behind the value (it was computed), the
   * nearest value above it that has one answers.
   * @returns `undefined` where there is no such object, or no text behind it
   */
  location(index: number, path?: readonly (string | number)[]): Location | undefined
  /**
   * What set a value, the first step first: which base, patch, generator or transformer. The last step
   * gave the value that stands there now. For a mapping or a list, every step that changed anything in it.
   *
   * @param index the object, by its position in `objects`
   * @param path as for `location`
   * @returns nothing where there is no such object or value
   * @throws {ArgumentError} `no-history`, unless the build was told `history: true`
   */
  history(index: number, path?: readonly (string | number)[]): Step[]
  /**
   * The history of every scalar, empty mapping and empty list of an object, in the order of its text.
   *
   * @throws {ArgumentError} as for `history`
   */
  fieldHistories(index: number): FieldHistory[]
  /**
   * `yaml` with a comment behind every value: the text that set it and what it was before. It is for
   * reading, not for applying: the values of Secrets are masked.
   *
   * @throws {ArgumentError} as for `history`
   */
  annotatedYaml(): string
}

/**
 * Builds the kustomization in the directory `path` of the disk, as `kustomize build` does.
 *
 * @throws {GitopsError} one of its subclasses, with the file and line where you must act
 */
export declare function build(path: string | URL, options?: BuildOptions): Build

/** {@link build} on the libuv pool: the event loop stays free. */
export declare function buildAsync(path: string | URL, options?: BuildOptions): Promise<Build>

/**
 * Builds many directories of the disk, each as {@link build} does, on all cores. The builds share one
 * cache.
 *
 * @returns a build for each path, in their order, or the exception that stopped it, not thrown: one
 * that fails stops no other
 */
export declare function buildMany(
  paths: readonly (string | URL)[],
  options?: BuildManyOptions,
): (Build | GitopsError)[]

/** {@link buildMany} on the libuv pool: the event loop stays free. */
export declare function buildManyAsync(
  paths: readonly (string | URL)[],
  options?: BuildManyOptions,
): Promise<(Build | GitopsError)[]>

/** Content by path, the parts of paths separated by `/`. */
export type FileContents =
  | Readonly<Record<string, string | Uint8Array>>
  | ReadonlyMap<string, string | Uint8Array>

/**
 * Builds the kustomization in the directory `path` of `files` (by default their root); nothing else
 * is read.
 *
 * @throws {GitopsError} one of its subclasses, with the file and line where you must act
 */
export declare function buildFiles(files: FileContents, path?: string, options?: BuildFilesOptions): Build

/** {@link buildFiles} on the libuv pool: the event loop stays free. */
export declare function buildFilesAsync(
  files: FileContents,
  path?: string,
  options?: BuildFilesOptions,
): Promise<Build>

/**
 * Kubernetes objects that you hand in, and where their texts stand.
 *
 * A `List` stands for its items, as `kubectl get` prints several objects. Of equal keys in a mapping the
 * last wins, as for kubectl.
 */
export declare class Manifests {
  private constructor()
  /**
   * The objects of files, and of all `.yaml`, `.yml` and `.json` files below directories.
   *
   * @param options `root`: nothing outside this directory is read, and places are relative to it; by
   * default, for each path, the top of the Git work tree around it or, without one, `/`. `limits`: bounds
   * on each file.
   * @throws {FileError | YamlError} with the file and line
   */
  static read(
    paths: string | URL | readonly (string | URL)[],
    options?: { root?: string | URL; limits?: Limits },
  ): Manifests
  /** {@link Manifests.read} on the libuv pool: the event loop stays free. */
  static readAsync(
    paths: string | URL | readonly (string | URL)[],
    options?: { root?: string | URL; limits?: Limits },
  ): Promise<Manifests>
  /**
   * The objects of a stream of YAML or JSON, or of an object or several as `JSON.parse` gives them.
   *
   * @param options `path`: what places call the text; behind objects that are no text, there is no place
   * @throws {YamlError} with the line, for what is no manifest
   */
  static parse(
    content: string | Uint8Array | object | readonly object[],
    options?: { path?: string; limits?: Limits },
  ): Manifests
  /** The objects in the order they were read. Integers beyond 2^53 lose digits, as in any `JSON.parse`. */
  readonly objects: KubernetesObject[]
  /** How many objects there are. */
  readonly length: number
  /** The place of the text behind a value, as {@link Build.location}. */
  location(index: number, path?: readonly (string | number)[]): Location | undefined
}

/**
 * What calls take for Kubernetes objects: `Manifests`, a `Build`, a stream of YAML or JSON, or an object or
 * several. A string is never a path: {@link Manifests.read} reads files.
 */
export type Objects = Manifests | Build | string | Uint8Array | object | readonly object[]

/** How a review runs. */
export interface ReviewOptions {
  /** Compare with the merge base of the two revisions, as pull requests show it. Default false. */
  useMergeBase?: boolean
  /** Only these environments, by name; a `*` at the end stands for any rest. By default all. */
  environments?: readonly string[]
  /** Bounds on the files. */
  limits?: Limits
  /** Parsed files to share with other calls: keep one to make the next review of the same repository faster. */
  cache?: Cache
  /**
   * The most threads that render environments; 0, the default, stands for as many as the process may
   * run at once. The review is the same for any number.
   */
  threads?: number
  /**
   * The time by which acceptances of risks are judged: RFC 3339, or a Date. Without it nothing is accepted,
   * and the acceptances are told as not checked.
   */
  now?: string | Date
}

/**
 * What a change does to every environment that it reaches. Its properties are those of its JSON, read
 * when first asked for. Nothing in a review, in any form, holds the value of a Secret.
 */
export declare class Review implements ReviewData {
  private constructor()
  readonly schemaVersion: ReviewData['schemaVersion']
  readonly base: ReviewData['base']
  readonly head: ReviewData['head']
  readonly summary: ReviewData['summary']
  readonly environments: ReviewData['environments']
  readonly errors: ReviewData['errors']
  readonly warnings: ReviewData['warnings']
  readonly acceptances: ReviewData['acceptances']
  readonly acceptanceFindings: ReviewData['acceptanceFindings']
  readonly notChecked: ReviewData['notChecked']
  /** The review as JSON text, byte for byte the same in every language. */
  readonly json: string
  /** The review as plain data, as `JSON.parse` gives it. */
  readonly data: ReviewData
  /**
   * The review as the comment of a pull request: summary first, details folded.
   *
   * @param options `budget`: the most bytes (UTF-8) that the text may have; what is left out is
   * counted. By default 65,536, which GitHub accepts.
   */
  markdown(options?: { budget?: number }): string
  /** The review as SARIF 2.1.0 for GitHub code scanning, as JSON text. */
  sarif(): string
  /** For `JSON.stringify`. */
  toJSON(): ReviewData
}

/**
 * Reviews what changes between two revisions of a Git repository, in every environment it deploys.
 *
 * Only environments that the change can reach are rendered, at both revisions; the policies of the
 * repository judge both. Nothing is checked out and nothing is written. What could not be rendered or
 * judged is part of the result.
 *
 * @param repo a repository, or a folder in its work tree
 * @param base the revision compared with, in the notation of `git rev-parse`
 * @param head the revision under review, likewise
 * @throws {GitError} for what is no repository, or an unknown revision
 * @throws {ArgumentError} for `environments` that name none
 */
export declare function review(repo: string | URL, base: string, head: string, options?: ReviewOptions): Review

/** {@link review} on the libuv pool: the event loop stays free. */
export declare function reviewAsync(
  repo: string | URL,
  base: string,
  head: string,
  options?: ReviewOptions,
): Promise<Review>

/** What an error is made of, beside its message. */
export interface ErrorDetails {
  kind?: string
  code?: string
  path?: string
  line?: number
  column?: number
  cause?: unknown
}

/**
 * Why a call failed, where, and what to do about it. `message` never holds the value of a Secret;
 * `String(error)` puts the place before it.
 */
export declare class GitopsError extends Error {
  constructor(message: string, details?: ErrorDetails)
  /** The family of the problem: `yaml`, `file`, `kustomize` and so on. */
  readonly kind: string
  /** A stable kebab-case identifier for programs, such as `resource-not-found`. */
  readonly code: string
  /** The file where you must act, relative to the root of the files. */
  readonly path?: string
  /** The line in `path` from 1; absent where the file as a whole is meant. */
  readonly line?: number
  /** The column in `line` from 1, in code points; absent as for `line`. */
  readonly column?: number
}

/** Text that is not YAML or JSON, or that Kubernetes would not read. */
export declare class YamlError extends GitopsError {}
/** A file or directory that is missing, unreadable or outside the permitted root. */
export declare class FileError extends GitopsError {}
/** A kustomization that cannot be built. */
export declare class KustomizeError extends GitopsError {}
/** Valid input that this version does not implement, or that needs a network or a program. */
export declare class UnsupportedError extends GitopsError {}
/** A policy that Gatekeeper would not accept. */
export declare class PolicyError extends GitopsError {}
/** A Git repository, revision or object that cannot be read. */
export declare class GitError extends GitopsError {}
/** A configured limit (size, depth, aliases, steps) that was exceeded. */
export declare class LimitError extends GitopsError {}
/** An argument of yours that makes no sense, or has the wrong type. */
export declare class ArgumentError extends GitopsError {}
