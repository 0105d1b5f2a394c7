// Made by scripts/types.mjs from gitops-core/schemas/drift.schema.json and gitops-core/schemas/plan.schema.json.

import type { Diagnostic, Location } from './index.js'
import type { FieldDrift, Manager, ObjectId } from './review.js'

/** How many objects there are of each status. */
export interface DriftSummary {
  /** Objects that are as Git says. */
  inSync: number
  /** Objects that an apply would change. */
  drifted: number
  /** Objects that Git has and the cluster has not. */
  missing: number
  /** Objects that the cluster has and Git has not. */
  extra: number
  /** Objects that a rule, an annotation or an owner takes out of the comparison, or whose every difference is ignored. */
  ignored: number
  /** Objects that could not be judged. */
  unknown: number
  /** Fields that differ, in all objects. */
  fields: number
}

/** One object of a comparison. */
export interface ObjectDrift {
  /** The object as Git names it; an extra one as the cluster does. */
  id: ObjectId
  /** How it stands: to apply it again would change nothing, or something; only Git has it; only the cluster has it; it is not compared; it could not be judged. */
  status: 'inSync' | 'drifted' | 'missing' | 'extra' | 'ignored' | 'unknown'
  /** Why it is ignored or unknown, or why the tool that applies it does not put it back. */
  reason?: Diagnostic
  /** The text in Git that names it; absent for an object that is in sync. */
  location?: Location
  /** The fields that differ, by path. */
  fields: FieldDrift[]
  /** How many fields differ that a rule ignores. */
  ignoredFields: number
  /** Fields that an apply would take from another manager; refused by the API server unless the apply is forced. */
  conflicts: Conflict[]
  /** What is wrong with the desired object: list items that stand twice (duplicate-list-item), fields that cannot change (immutable-field). */
  diagnostics: Diagnostic[]
}

/** A field that an apply would take from another manager. */
export interface Conflict {
  /** Its name, such as kubectl-edit. */
  manager: string
  /** Apply or Update. */
  operation: string
  /** status, scale and so on; absent for the object itself. */
  subresource?: string
  /** When it last changed the object (RFC 3339). */
  time?: string
  /** The field as the API server names it: .spec.containers[name="web"].image */
  path: string
}

/** How live objects differ from what Git says. */
export interface DriftData {
  schemaVersion: 1
  summary: DriftSummary
  /** Every object, by kind, namespace and name. */
  objects: ObjectDrift[]
}

/** How many steps there are of each action. */
export interface PlanSummary {
  /** Objects to be made. */
  create: number
  /** Objects to be changed. */
  configure: number
  /** Objects to be deleted and made anew. */
  replace: number
  /** Objects to be deleted. */
  prune: number
  /** Objects that are as Git says. */
  unchanged: number
  /** Objects that are left alone on purpose. */
  skip: number
  /** Objects that would have to be touched and may not or cannot be. */
  blocked: number
}

/** Something that a person should look at before it happens. */
export interface Danger {
  /** A stable kebab-case identifier, such as namespace-removed. */
  code: string
  /** Whether data or much else is lost, or the cluster is opened; or a service may fail. */
  severity: 'high' | 'medium'
  /** What happens, for people. */
  message: string
  /** The object; absent for a danger of the whole plan. */
  id?: ObjectId
}

/** What is done with one object, and when. */
export interface PlanStep {
  /** The object; as the cluster names it where it is to be pruned. */
  id: ObjectId
  /** What is done. */
  action: 'create' | 'configure' | 'replace' | 'prune' | 'unchanged' | 'skip' | 'blocked'
  /** Why: a stable code and a text for people. */
  reason: Diagnostic
  /** Whether Git no longer has it; absent if Git has it. */
  pruning?: boolean
  /** Argo CD's phase. */
  phase?: 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail'
  /** Argo CD's wave in the phase. */
  wave?: number
  /** Flux's stage. */
  stage?: 'definitions' | 'classes' | 'custom' | 'resources' | 'prune'
  /** For a hook of Argo CD, when it is deleted. */
  hookDeletePolicies?: ('HookSucceeded' | 'HookFailed' | 'BeforeHookCreation')[]
  /** What cli-utils waits for before this step. */
  after?: ObjectId[]
  /** The fields that change. */
  fields?: FieldDrift[]
  /** What is dangerous about it. */
  dangers?: Danger[]
  /** The text in Git that names the object. */
  location?: Location
}

/** Something that rolling back takes back. */
export interface Undo {
  /** The object. */
  id: ObjectId
  /** What was done to it since: it came, it went, or it was changed. */
  kind: 'addition' | 'removal' | 'change'
  /** The fields that were changed since. */
  paths?: string[]
}

/** What a reconciliation would do. */
export interface PlanData {
  schemaVersion: 1
  /** Whose order the steps stand in. */
  order: 'argoCd' | 'flux' | 'cliUtils'
  summary: PlanSummary
  /** What is dangerous, the worst first; each stands with its step too, except those of the whole plan. */
  dangers: Danger[]
  /** The steps in the order in which they would be taken. */
  steps: PlanStep[]
  /** What the inventory names and neither Git nor the cluster has: NAMESPACE_NAME_GROUP_KIND. */
  gone?: string[]
  /** What keeps the order from being kept: dependencies in a circle, or on objects that are nowhere. */
  problems?: Diagnostic[]
  /** What rolling back takes back. */
  undoes?: Undo[]
}
