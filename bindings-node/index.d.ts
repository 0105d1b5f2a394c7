import type { Danger, DriftData, DriftSummary, ObjectDrift, PlanData, PlanStep, PlanSummary } from './drift.js'
import type {
  Acceptance,
  AcceptanceFinding,
  NotChecked,
  ObjectId,
  ReviewData,
} from './review.js'

export type * from './drift.js'
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
  /**
   * The objects that live in the clusters, by the name of a cluster or environment; a `*` at the end stands for
   * any rest. With them the review says what the merge does to what was changed there. Give all objects that
   * the environments deploy, with their `metadata.managedFields`: what is not among them counts as deleted.
   */
  live?: Readonly<Record<string, Objects>>
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
 * @throws {ArgumentError} for `environments` and `live` that name none
 */
export declare function review(repo: string | URL, base: string, head: string, options?: ReviewOptions): Review

/** {@link review} on the libuv pool: the event loop stays free. */
export declare function reviewAsync(
  repo: string | URL,
  base: string,
  head: string,
  options?: ReviewOptions,
): Promise<Review>

/** What a cluster does with a violation: refuses the object, warns its author, or only notes it. */
export type EnforcementAction = 'deny' | 'warn' | 'dryrun'

/** How bad a violation is. */
export type Severity = 'low' | 'medium' | 'high' | 'critical'

/** How the constraints of a bundle are made. */
export interface BundleOptions {
  /** What they lead to. Default `deny`. */
  enforcementAction?: EnforcementAction
  /** Namespaces that they leave alone; `*` at an end stands for any text. */
  excludedNamespaces?: string | readonly string[]
  /** Images that they leave alone, exact or with a `*` at the end. */
  exemptImages?: string | readonly string[]
  /** Parameters that replace the bundle's, by identifier of the policy. */
  parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** How policies are loaded. */
export interface LoadOptions extends BundleOptions {
  /**
   * Bundles by name, `NAME` or `NAME@1.31` for the rules of a release of Kubernetes; by default the newest
   * that the bundle knows.
   */
  bundles?: string | readonly string[]
  /**
   * Whether templates in CEL are evaluated; one that has Rego too is then evaluated in CEL alone, as
   * Gatekeeper does by default. Default true.
   */
  nativeValidation?: boolean
}

/** How objects are evaluated. */
export interface EvaluateOptions {
  /** Namespaces known beside those among the objects. */
  namespaces?: Objects
  /** What `data.inventory` shows; by default the objects. */
  inventory?: Objects
  /** The objects as they were before an `UPDATE`, found by their identity. */
  oldObjects?: Objects
  /** RiskAcceptance documents; by default those among the objects. */
  acceptances?: Objects
  /** The time by which acceptances are judged; without it none is applied. */
  now?: string | Date
  /** The namespace of objects of a namespaced kind that name none. */
  defaultNamespace?: string
  /** Whose actions count where a constraint has scoped ones. Default `validation.gatekeeper.sh`. */
  enforcementPoint?: string
  /** Whose knowledge of namespaces decides. Default the cluster's. */
  profile?: 'cluster' | 'gatorTest' | 'gatorVerify'
  /**
   * What a `namespaceSelector` makes of a Namespace that is not known: a finding of kind `error`, as in
   * Gatekeeper, or something not checked. Default `reject`.
   */
  unknownNamespace?: 'reject' | 'notChecked'
  /** `input.review.operation`; by default empty, as for Gatekeeper's audit. */
  operation?: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  /** `input.review.userInfo`. */
  userInfo?: object
  /** Whether to find where in the object the offending value is. Default true. */
  locate?: boolean
  /** Seconds that one evaluation may take before it is a finding of kind `error`. Default 5. */
  timeLimit?: number
  /** The most threads to use; 0, the default, stands for as many as the process may run at once. */
  threads?: number
}

/** One violation of one constraint by one object, or the failure to decide. */
export interface PolicyFinding {
  /** The kind of the constraint, which names the template. */
  template: string
  /** The name of the constraint; empty, as `template`, where an object could not be mutated or expanded. */
  constraint: string
  /** `deny`, `warn`, `dryrun` or what else the constraint says; the strictest of several. */
  enforcementAction: string
  /** All actions at the enforcement point, the strictest first. */
  enforcementActions: string[]
  /** Position of the object among those evaluated. */
  object: number
  /** What names the object. */
  id: ObjectId
  /** The policy's message, as Gatekeeper shows it. */
  message: string
  /** The policy's details, if it gave any. */
  details?: unknown
  /** `error`: the policy failed while it ran; Gatekeeper denies the object then. */
  kind: 'violation' | 'error'
  /** The way to the offending value in the object, where it is known. */
  path?: string
  /** The name of the container that the path leads into. */
  container?: string
  /** The text that set the value at `path`, or the object: where to edit. */
  location?: Location
  /** Names the same violation in every run. */
  fingerprint?: string
  /** Who accepted it, if somebody did. */
  accepted?: Acceptance
}

/** What an evaluation found. Its properties are those of its JSON, read when first asked for. */
export declare class PolicyReport {
  private constructor()
  /** Whether nothing is denied: all that the policies deny is accepted. */
  readonly isClean: boolean
  /** The findings, by object, template, constraint and message; accepted ones among them. */
  readonly findings: PolicyFinding[]
  /** What is wrong with acceptances of risks, the worst first. */
  readonly acceptanceFindings: AcceptanceFinding[]
  /** What was not checked, and why. */
  readonly notChecked: NotChecked[]
  /** How many times a policy was evaluated. */
  readonly evaluations: number
  /** The report as JSON text, byte for byte the same in every language. */
  readonly json: string
  /** The report as plain data, as `JSON.parse` gives it. */
  readonly data: unknown
  /** The report as SARIF 2.1.0 for GitHub code scanning, as JSON text. */
  sarif(): string
  /** For `JSON.stringify`. */
  toJSON(): unknown
}

/** Gatekeeper templates and constraints, compiled: evaluate them as often as you like. */
export declare class PolicySet {
  private constructor()
  /**
   * Compiles what Gatekeeper reads among `policies` (ConstraintTemplates, Constraints, Configs,
   * ExpansionTemplates, mutators; other objects are left alone), and the policies of bundles.
   *
   * @throws {PolicyError} for the first policy that Gatekeeper would not accept, with its place
   * @throws {ArgumentError} for an unknown bundle
   */
  static load(policies?: Objects, options?: LoadOptions): PolicySet
  /** The constraints as kind and name, in the order of findings. */
  readonly constraints: [kind: string, name: string][]
  /** The kinds of the templates. */
  readonly templates: string[]
  /**
   * Evaluates every constraint on every object that it matches. Give a {@link Build} or {@link Manifests},
   * and findings know the text to edit.
   */
  evaluate(objects: Objects, options?: EvaluateOptions): PolicyReport
  /** {@link PolicySet.evaluate} on the libuv pool: the event loop stays free. */
  evaluateAsync(objects: Objects, options?: EvaluateOptions): Promise<PolicyReport>
  /**
   * What ExpansionTemplates make of objects, as `gator expand` prints it: of a Deployment its Pod.
   *
   * @throws {PolicyError} where an object lacks what a template needs
   */
  expand(objects: Objects): KubernetesObject[]
}

/** What a suite of policy tests came to. */
export interface SuiteReport {
  path: string
  skipped: boolean
  tests: {
    name: string
    skipped: boolean
    /** Why its cases could not be run, or that a constraint expected to be invalid is valid. */
    error?: string
    /** `error`: why a case fails. */
    cases: { name: string; skipped: boolean; error?: string }[]
  }[]
}

/**
 * Runs suites of policy tests as `gator verify` does.
 *
 * @param path a Suite, or a directory that is searched with all below it
 * @param options `run`: which tests and cases are run, a regular expression on their names or `test//case`;
 * `root`: nothing outside this directory is read, by default as for {@link Manifests.read}
 * @throws {GitopsError} for what cannot be read
 */
export declare function verify(
  path: string | URL,
  options?: {
    run?: string
    nativeValidation?: boolean
    timeLimit?: number
    root?: string | URL
    limits?: Limits
  },
): SuiteReport[]

/** Policies that check the controls of a standard. */
export interface Bundle {
  name: string
  title: string
  standard: string
  version: string
  /** Where the standard is published. */
  source: string
  summary: string
  /** The newest release of Kubernetes whose rules it knows. */
  kubernetes: string
  controls: {
    id: string
    title: string
    /** Its identifiers in other versions of the standard. */
    otherVersions?: Record<string, string>
    /** Identifiers of the policies that check it. */
    policies?: string[]
    /** Why no manifest can show whether it is met. */
    notChecked?: string
  }[]
}

/** A policy of the bundles: what it asks for, why, and how to comply. */
export interface Policy {
  id: string
  /** The kind of its template, which `template` of a finding gives. */
  kind: string
  title: string
  severity: Severity
  summary: string
  rationale: string
  remediation: string
  /** The controls of all standards that it checks. */
  controls?: { bundle: string; standard: string; version: string; id: string; title: string }[]
}

/** The names of all bundles. */
export declare function bundleNames(): string[]

/**
 * A bundle and the controls of its standard.
 *
 * @throws {ArgumentError} `unknown-bundle`; the message lists the names
 */
export declare function bundle(name: string): Bundle

/**
 * The templates and constraints of a bundle as YAML, to be applied to a cluster with Gatekeeper.
 *
 * @param name `NAME` or `NAME@1.31`, as for {@link PolicySet.load}
 */
export declare function bundleYaml(name: string, options?: BundleOptions): string

/** The policies of all bundles, with the controls that they check. */
export declare function policies(): Policy[]

/** How objects are compared. */
export interface DriftOptions {
  /**
   * Whose idea of drift counts: the API server's (the default), as Flux applies, or Argo CD's own diff where
   * its server-side diff is off.
   */
  profile?: 'serverSideApply' | 'flux' | 'argoCd'
  /** The release of Kubernetes, such as `1.34`, which decides on defaults; by default the newest known. */
  kubernetes?: string
  /**
   * The field manager that applies what Git says, such as `kustomize-controller`; by default found among
   * the managers of each object.
   */
  manager?: string
  /** The namespace of objects that name none. Default `default`. */
  defaultNamespace?: string
  /** CustomResourceDefinitions; those among the compared objects are found without. */
  definitions?: Objects
  /** Argo CD Applications, Flux Kustomizations and HelmReleases whose rules say what is not compared. */
  ignore?: Objects
}

/**
 * How live objects differ from what Git says. Its properties are those of its JSON, read when first asked
 * for. Nothing in it holds the value of a Secret but `patch`.
 */
export declare class DriftReport {
  private constructor()
  /** Whether the cluster has what Git says: nothing drifted, is missing or could not be judged. */
  readonly isInSync: boolean
  /** How many objects there are of each status, and how many fields differ. */
  readonly summary: DriftSummary
  /** Every object, by kind, namespace and name. */
  readonly objects: ObjectDrift[]
  /** The report as JSON text, byte for byte the same in every language. */
  readonly json: string
  /** The report as plain data, as `JSON.parse` gives it. */
  readonly data: DriftData
  /** The report for people: only what differs, list items by name. */
  text(): string
  /** The report as a unified diff of YAML, from live to desired. */
  unifiedYaml(): string
  /**
   * The JSON Patch (RFC 6902) that makes an object what Git says; empty unless it drifted. It holds real
   * values, those of Secrets too: apply it, do not show it.
   *
   * @param index the object, by its position in `objects`
   */
  patch(index: number): { op: string; path: string; value?: unknown }[]
  /** For `JSON.stringify`. */
  toJSON(): DriftData
}

/**
 * Compares what Git says with what a cluster has, as a forced server-side apply would change it.
 *
 * @param desired what Git says; of a {@link Build} or {@link Manifests}, fields know their text
 * @param live what the cluster has, with `metadata.managedFields` if you have them. Objects are paired by
 * group, kind, namespace and name.
 */
export declare function compare(desired: Objects, live: Objects, options?: DriftOptions): DriftReport

/** {@link compare} on the libuv pool: the event loop stays free. */
export declare function compareAsync(desired: Objects, live: Objects, options?: DriftOptions): Promise<DriftReport>

/** {@link compare} of many pairs of desired and live objects, such as environments, on the libuv pool. */
export declare function compareMany(
  pairs: readonly (readonly [desired: Objects, live: Objects])[],
  options?: DriftOptions,
): Promise<DriftReport[]>

/** How a plan is made. */
export interface PlanOptions extends DriftOptions {
  /** Whose order, and whose annotations count. Default `argoCd`. */
  order?: 'argoCd' | 'flux' | 'cliUtils'
  /** Who applies. Live objects with its mark are ours. */
  owner?: {
    kind: 'application' | 'applicationByLabel' | 'kustomization' | 'helmRelease'
    name: string
    namespace?: string
  }
  /** What was applied before, as Flux writes it: `NAMESPACE_NAME_GROUP_KIND`. */
  inventory?: readonly string[]
  /** Whether objects that Git no longer has are deleted. Default true. */
  prune?: boolean
  /** Whether Argo CD prunes after everything else. Default false. */
  pruneLast?: boolean
  /** Kinds that may be deleted though that is blocked otherwise, such as `Namespace`. */
  allowDeletion?: string | readonly string[]
  /** Whether somebody has confirmed deletions that ask for it (`Prune=confirm`). Default false. */
  confirmed?: boolean
  /** What becomes of objects that are no longer wanted. Default `delete`. */
  deletionPolicy?: 'delete' | 'orphan'
  /** Whether an object whose immutable field changes is deleted and made anew. Default false. */
  force?: boolean
  /** Whether objects that belong to somebody else are blocked. Default false. */
  failOnShared?: boolean
}

/** What a reconciliation would do. Its properties are those of its JSON, read when first asked for. */
export declare class Plan {
  private constructor()
  /** How many steps there are of each action. */
  readonly summary: PlanSummary
  /** What is dangerous, the worst first. */
  readonly dangers: Danger[]
  /** The steps, in the order of applying. */
  readonly steps: PlanStep[]
  /** The plan as JSON text, byte for byte the same in every language. */
  readonly json: string
  /** The plan as plain data, as `JSON.parse` gives it. */
  readonly data: PlanData
  /** The plan for people: dangers first, then what is done with each object and why. */
  text(): string
  /** For `JSON.stringify`. */
  toJSON(): PlanData
}

/** Plans what a reconciliation would do, in the order of Argo CD, Flux or cli-utils. */
export declare function plan(desired: Objects, live: Objects, options?: PlanOptions): Plan

/** How health is judged. */
export interface HealthOptions {
  /**
   * Whose judgement: kstatus and Flux say Current, InProgress, Failed and so on; Argo CD says Healthy,
   * Progressing, Degraded, Suspended, Missing. Default `kstatus`.
   */
  flavour?: 'kstatus' | 'argoCd' | 'flux'
  /** The moment of judging: a Pod that cannot be scheduled has failed after 15 seconds. Without it, it has. */
  now?: string | Date
}

/** The health of an object. */
export interface Health {
  /** The flavour's word; `NotAssessed` where it says nothing about the kind. */
  status: string
  /** Why, as one word; kstatus's and Flux's. */
  reason?: string
  /** Why, for people. */
  message?: string
}

/** The health of each live object. */
export declare function health(objects: Objects, options?: HealthOptions): Health[]

/** The health of an environment: of each desired object, its live one; the worst of them, and counts. */
export declare function environmentHealth(
  desired: Objects,
  live: Objects,
  options?: HealthOptions,
): { status: string; counts: Record<string, number>; objects: (Health & { id: ObjectId; ignored?: boolean })[] }

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
