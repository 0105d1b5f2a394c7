// Made by scripts/types.mjs from gitops-core/schemas/review.schema.json.

import type { Diagnostic, Location } from './index.js'

/** A revision and the commit it stands for. */
export interface Revision {
  /** As the caller named it. */
  revision: string
  /** The full id of the commit that was read. */
  commit: string
}

/** What names a Kubernetes object. */
export interface ObjectId {
  /** group/version, or version for the core group. */
  apiVersion: string
  /** The kind. */
  kind: string
  /** The namespace as written; absent for none. */
  namespace?: string
  /** The name. */
  name: string
}

/** Counts over the whole review. */
export interface Summary {
  /** Environments found at either revision. */
  environments: number
  /** Environments that the change can reach; only these are rendered and listed. */
  affected: number
  /** Affected environments that differ or could not be rendered. */
  changed: number
  /** Objects that only head has. */
  objectsAdded: number
  /** Objects that only base has. */
  objectsRemoved: number
  /** Objects that differ, renamed ones among them. */
  objectsChanged: number
  /** Containers whose image differs, comes or goes. */
  imagesChanged: number
  /** Findings that base does not have, without accepted ones. */
  newFindings: number
  /** Findings that both revisions have, without accepted ones. */
  stillThere: number
  /** Findings at head that are accepted, new or not. */
  accepted: number
  /** Findings that head no longer has. */
  resolved: number
  /** Errors of all environments and of the review as a whole. */
  errors: number
  /** Warnings of all environments and of the review as a whole. */
  warnings: number
  /** The sum of the counts of notChecked. */
  notChecked: number
  /** What happens to live objects, if they were given. */
  live?: LiveSummary
}

/** What the change does to one environment. */
export interface EnvironmentReview {
  /** Unique in the review. */
  name: string
  /** The directory that is rendered. */
  path: string
  /** The cluster it belongs to, where the repository says. */
  cluster?: string
  /** What made it an environment. */
  origin: string
  /** How it fared; failed means that it could not be rendered, see errors. */
  status: 'changed' | 'unchanged' | 'added' | 'removed' | 'failed'
  /** For a failed environment: base could not be rendered either. */
  failedBefore?: boolean
  /** Objects that differ. */
  objects: ObjectChange[]
  /** Containers whose image differs, comes or goes. */
  images: ImageChange[]
  /** New findings first, then those still there, then the resolved ones. */
  findings: Finding[]
  /** What the merge does to live objects, if they were given and the environment could be rendered. */
  live?: LiveReview
  /** Why it could not be rendered or judged. */
  errors: Diagnostic[]
  /** Likely mistakes at head. */
  warnings: Diagnostic[]
}

/** An object that differs. */
export interface ObjectChange {
  /** renamed: only the hash of a generated name differs. */
  action: 'added' | 'removed' | 'changed' | 'renamed'
  /** As head names it unless it was removed. */
  id: ObjectId
  /** As base names it, where that differs. */
  previousId?: ObjectId
  /** The text that names it. */
  location?: Location
  /** What differs, by path; empty for a removed object and for the objects of an added environment. */
  fields: FieldChange[]
}

/** A field that differs. Values of Secrets are masked. */
export interface FieldChange {
  /** For people, list items by name: spec.template.spec.containers[web].image */
  path: string
  /** RFC 6901, into the object at head, or at base if the field was removed. */
  pointer: string
  /** reordered: a list whose items stand in another order. */
  action: 'added' | 'removed' | 'changed' | 'reordered'
  /** The value at base. */
  before?: unknown
  /** The value at head. */
  after?: unknown
  /** In place of before and after for a text of several lines: what differs, as in a unified diff. */
  lines?: string[]
  /** The renamed object whose new name this field took over. */
  follows?: ObjectId
  /** The text that sets the value at head. */
  location?: Location
  /** The text that set the value at base, where that is elsewhere or head has no such field. */
  previousLocation?: Location
}

/** A container whose image differs, comes or goes. */
export interface ImageChange {
  object: ObjectId
  /** The container's name; empty if it has none. */
  container: string
  /** The way to the image for people. */
  path: string
  /** The image at base. */
  before?: string
  /** The image at head. */
  after?: string
  /** The rule that found it. */
  rule: 'podSpec' | 'containerList' | 'containerField' | 'podSpecImage'
  /** The text that sets it at head, or set it at base if head has none. */
  location?: Location
}

/** A policy's verdict on an object. */
export interface Finding {
  /** new: head has it and base does not, or base had it accepted and head no longer has. */
  status: 'new' | 'stillThere' | 'resolved'
  /** The constraint's kind, which names the template. */
  template: string
  /** The constraint's name. */
  constraint: string
  /** deny, warn, dryrun or what else the constraint says. */
  enforcementAction: string
  /** error: the policy failed while it ran; Gatekeeper denies the object then. */
  kind: 'violation' | 'error'
  object: ObjectId
  /** The container concerned, where it is known. */
  container?: string
  /** The way to the offending value for people, where it is known. */
  path?: string
  /** What the policy says. */
  message: string
  /** The text to edit: at head, or at base for a resolved finding. */
  location?: Location
  /** Whether location is the text that set the offending value, or the object as a whole. */
  locationOf: 'value' | 'object'
  /** Where the same value was set at base, where that is elsewhere. */
  previousLocation?: Location
  /** Names the same finding in every review. */
  fingerprint: string
  /** Who accepted it, at head or, of a resolved one, at base. */
  accepted?: Acceptance
}

/** Who accepted a finding, why and until when. */
export interface Acceptance {
  /** The name of the RiskAcceptance, namespace/name if it has a namespace; or the key of the annotation. */
  id: string
  /** Whether a document or an annotation accepts it. */
  source: 'document' | 'annotation'
  /** Why the risk is borne. */
  reason: string
  /** The ticket in which that was decided. */
  ticket?: string
  /** Who bears the risk. */
  owner?: string
  /** Who approved it; absent for none. */
  approvers?: string[]
  /** When it was made, as RFC 3339 in UTC. */
  created?: string
  /** The moment from which it no longer holds, as RFC 3339 in UTC; absent for never. */
  expires?: string
  /** What is done instead to lessen the risk. */
  compensatingControl?: string
  /** Where it stands. */
  location?: Location
}

/** An acceptance of a risk that the change adds, alters or removes. */
export interface AcceptanceChange {
  action: 'added' | 'removed' | 'changed'
  /** As head has it, or base if it was removed. */
  acceptance: Acceptance
}

/** What is wrong with an acceptance of a risk. */
export interface AcceptanceFinding {
  /** A stable identifier, such as acceptance-expired. */
  code: string
  severity: 'low' | 'medium' | 'high' | 'critical'
  /** Which acceptance: its id. */
  acceptance: string
  /** The object that an annotation stands on. */
  object?: ObjectId
  /** What is wrong and what to do, for people. */
  message: string
  /** Where the acceptance stands. */
  location?: Location
}

/** Something that the review could not judge. */
export interface NotChecked {
  /** A stable kebab-case identifier. */
  code: string
  /** What was not judged and why. */
  message: string
  /** How many things this entry stands for. */
  count: number
  /** The text concerned. */
  location?: Location
}

/** Counts over live objects that the change touches, but for untouched. */
export interface LiveSummary {
  /** Environments that were compared with live objects. */
  environments: number
  /** Objects whose apply the API server would refuse. */
  refused: number
  /** Objects that are deleted and made anew. */
  replaced: number
  /** Objects with fields that are overwritten. */
  overwritten: number
  /** The fields that are overwritten. */
  fields: number
  /** Objects that were deleted in the cluster and come back. */
  broughtBack: number
  /** Objects that exist already and are taken over. */
  takenOver: number
  /** Objects that are deleted. */
  pruned: number
  /** Objects that Git gives up and that stay. */
  leftBehind: number
  /** Objects that the change does not touch and that are put back to what Git says, or brought back. */
  untouched: number
}

/** What the merge does to the live objects of an environment beyond what it changes in Git. */
export interface LiveReview {
  /** Live objects that base or head has too. */
  compared: number
  /** Live objects to which something happens that the change in Git does not show; those that it touches first. */
  objects: LiveObject[]
  /** Fields of touched objects that base sets and the cluster does not have yet. */
  notYetApplied: number
}

/** A live object to which something happens. */
export interface LiveObject {
  /** What happens. */
  effect: 'refused' | 'replaced' | 'overwritten' | 'broughtBack' | 'takenOver' | 'pruned' | 'leftBehind'
  /** As head names it, or base where head does not have it. */
  id: ObjectId
  /** Whether the change touches it. Of others, drift is put back when they are applied again. */
  touched: boolean
  /** The fields that were changed in the cluster and that head's apply sets. */
  fields: FieldDrift[]
  /** Why it is refused, replaced or left behind, and whose an object is that is taken over. */
  reasons?: Diagnostic[]
  /** The text that names it. */
  location?: Location
}

/** A field that differs between Git and the cluster. Values of Secrets are masked. */
export interface FieldDrift {
  /** For people, list items by name: spec.template.spec.containers[web].image */
  path: string
  /** RFC 6901, into the live object with defaults filled in, or into the desired one if it lacks the field. */
  pointer: string
  /** What is the matter with the live object. */
  status: 'missing' | 'extra' | 'changed' | 'reordered'
  /** What Git says. */
  desired?: unknown
  /** What lives. */
  live?: unknown
  /** Why it differs. */
  cause: 'editedByHand' | 'otherController' | 'notYetApplied' | 'default' | 'removedFromGit' | 'unknown'
  /** Who owns the live value, if somebody but Git's tool does. */
  changedBy?: Manager
  /** The text in Git that sets the desired value. */
  location?: Location
}

/** A manager of metadata.managedFields. */
export interface Manager {
  /** Its name, such as kubectl-edit. */
  manager: string
  /** Apply or Update. */
  operation: string
  /** status, scale and so on; absent for the object itself. */
  subresource?: string
  /** When it last changed the object (RFC 3339). */
  time?: string
}

/** What a change does to every environment that it reaches. */
export interface ReviewData {
  schemaVersion: 'gitops-core/review/v1'
  /** The revision compared with. */
  base: Revision
  /** The revision under review. */
  head: Revision
  summary: Summary
  /** The environments that the change reaches, by name. */
  environments: EnvironmentReview[]
  /** Problems that concern no single environment. */
  errors: Diagnostic[]
  /** Likely mistakes that concern no single environment. */
  warnings: Diagnostic[]
  /** Acceptances of risks that the change adds, alters or removes, by id. */
  acceptances: AcceptanceChange[]
  /** What is wrong with the acceptances at head, the worst first. */
  acceptanceFindings: AcceptanceFinding[]
  /** What the review could not judge, and why. */
  notChecked: NotChecked[]
}
