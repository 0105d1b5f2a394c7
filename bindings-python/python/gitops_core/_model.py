"""The parts of a review, as in its JSON but with Python's names.

``gitops-core/schemas/review.schema.json`` is the source; a test holds the two together. What JSON
leaves out is ``None`` (or empty) here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ._places import Diagnostic, Location


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision and the commit it stands for."""

    revision: str
    """As you named it."""
    commit: str
    """The full id of the commit that was read."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over the whole review."""

    environments: int
    """Environments found at either revision."""
    affected: int
    """Environments that the change can reach; only these are rendered and listed."""
    changed: int
    """Affected environments that differ or could not be rendered."""
    objects_added: int
    objects_removed: int
    objects_changed: int
    images_changed: int
    """Containers whose image differs, comes or goes."""
    new_findings: int
    """Findings that base does not have, without accepted ones."""
    still_there: int
    """Findings that both revisions have, without accepted ones."""
    accepted: int
    """Findings at head that are accepted, new or not."""
    resolved: int
    """Findings that head no longer has."""
    errors: int
    warnings: int
    not_checked: int
    """The sum of the counts of ``Review.not_checked``."""
    live: LiveSummary | None = None
    """What happens to live objects, if they were given."""


@dataclass(frozen=True, slots=True)
class ObjectId:
    """What names a Kubernetes object. ``str()`` gives ``Deployment team-a/web``."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    """The namespace as written; empty for none."""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs. Values of Secrets are masked."""

    path: str
    """For people, list items by name: ``spec.template.spec.containers[web].image``."""
    pointer: str
    """RFC 6901, into the object at head, or at base if the field was removed."""
    action: Literal["added", "removed", "changed", "reordered"]
    before: Any = None
    """The value at base."""
    after: Any = None
    """The value at head."""
    lines: tuple[str, ...] = ()
    """For a text of several lines, what differs as in a unified diff, in place of the values."""
    follows: ObjectId | None = None
    """The renamed object whose new name this field took over."""
    location: Location | None = None
    """The text that sets the value at head."""
    previous_location: Location | None = None
    """The text that set it at base, where that is elsewhere or head has no such field."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object that differs."""

    action: Literal["added", "removed", "changed", "renamed"]
    """``renamed``: only the hash of a generated name differs."""
    id: ObjectId
    """As head names it unless it was removed."""
    fields: tuple[FieldChange, ...]
    """What differs, by path."""
    previous_id: ObjectId | None = None
    """As base names it, where that differs."""
    location: Location | None = None
    """The text that names it."""


@dataclass(frozen=True, slots=True)
class ImageChange:
    """A container whose image differs, comes or goes."""

    object: ObjectId
    container: str
    """The container's name; empty if it has none."""
    path: str
    """The way to the image for people, list items by name."""
    rule: Literal["podSpec", "containerList", "containerField", "podSpecImage"]
    """What found it."""
    before: str | None = None
    """The image at base."""
    after: str | None = None
    """The image at head."""
    location: Location | None = None
    """The text that sets it at head, or set it at base if head has none."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a finding, why and until when."""

    id: str
    """The name of the RiskAcceptance, ``namespace/name`` if it has a namespace; or the key of the annotation."""
    source: Literal["document", "annotation"]
    """Whether a document or an annotation accepts it."""
    reason: str
    """Why the risk is borne."""
    ticket: str | None = None
    """The ticket in which that was decided."""
    owner: str | None = None
    """Who bears the risk."""
    approvers: tuple[str, ...] = ()
    """Who approved it."""
    created: str | None = None
    """When it was made, as RFC 3339 in UTC."""
    expires: str | None = None
    """The moment from which it no longer holds, as RFC 3339 in UTC; ``None`` for never."""
    compensating_control: str | None = None
    """What is done instead to lessen the risk."""
    location: Location | None = None
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class AcceptanceChange:
    """An acceptance of a risk that the change adds, alters or removes."""

    action: Literal["added", "removed", "changed"]
    acceptance: Acceptance
    """As head has it, or base if it was removed."""


@dataclass(frozen=True, slots=True)
class AcceptanceFinding:
    """What is wrong with an acceptance of a risk."""

    code: str
    """A stable identifier, such as ``acceptance-expired``."""
    severity: Literal["low", "medium", "high", "critical"]
    acceptance: str
    """Which acceptance: its id."""
    message: str
    """What is wrong and what to do."""
    object: ObjectId | None = None
    """The object that an annotation stands on."""
    location: Location | None = None
    """Where the acceptance stands."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A policy's verdict on an object."""

    status: Literal["new", "stillThere", "resolved"]
    template: str
    """The constraint's kind."""
    constraint: str
    """The constraint's name."""
    enforcement_action: str
    """``deny``, ``warn``, ``dryrun`` or what else the constraint says."""
    kind: Literal["violation", "error"]
    """``error``: the policy failed while it ran; Gatekeeper denies the object then."""
    object: ObjectId
    message: str
    """What the policy says."""
    location_of: Literal["value", "object"]
    """What ``location`` points at: the offending value, or the object as a whole."""
    fingerprint: str
    """Names the same finding in every review."""
    container: str | None = None
    path: str | None = None
    """The way to the offending value for people, where it is known."""
    location: Location | None = None
    """The text to edit: at head, or at base for a resolved finding."""
    previous_location: Location | None = None
    """Where the same value was set at base, where that is elsewhere."""
    accepted: Acceptance | None = None
    """Who accepted it, at head or, of a resolved one, at base."""


@dataclass(frozen=True, slots=True)
class Manager:
    """A manager of ``metadata.managedFields``."""

    manager: str
    """Its name, such as ``kubectl-edit``."""
    operation: str
    """``Apply`` or ``Update``."""
    subresource: str = ""
    time: str = ""
    """When it last changed the object (RFC 3339); empty if the object does not say."""


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """A field that differs. Values of Secrets are masked."""

    path: str
    """For people, list items by name: ``spec.template.spec.containers[web].image``."""
    pointer: str
    """RFC 6901, into the live object with defaults filled in, or into the desired one if it lacks the field."""
    status: Literal["missing", "extra", "changed", "reordered"]
    cause: Literal["editedByHand", "otherController", "notYetApplied", "default", "removedFromGit", "unknown"]
    desired: Any = None
    live: Any = None
    changed_by: Manager | None = None
    """Who owns the live value, if somebody but us does."""
    location: Location | None = None
    """The text in Git that sets the desired value."""


@dataclass(frozen=True, slots=True)
class LiveObject:
    """A live object to which a merge does something that the change in Git does not show."""

    effect: Literal["refused", "replaced", "overwritten", "broughtBack", "takenOver", "pruned", "leftBehind"]
    """What happens: the API server would refuse what head says, or so the tool deletes the object and makes it
    anew; fields that were changed in the cluster are overwritten; it was deleted in the cluster and comes back; it exists already and Git takes it over; head does
    not have it any more, and it is deleted or stays."""
    id: ObjectId
    """As head names it, or base where head does not have it."""
    touched: bool
    """Whether the change touches it. Of others, drift is put back when they are applied again."""
    fields: tuple[FieldDrift, ...]
    """The fields that were changed in the cluster and that head's apply sets."""
    reasons: tuple[Diagnostic, ...] = ()
    """Why it is refused, replaced or left behind, and whose an object is that is taken over."""
    location: Location | None = None
    """The text that names it."""


@dataclass(frozen=True, slots=True)
class LiveReview:
    """What a merge does to the live objects of an environment."""

    compared: int
    """Live objects that base or head has too."""
    objects: tuple[LiveObject, ...]
    """Those to which something happens that the change in Git does not show; those that it touches first."""
    not_yet_applied: int
    """Fields of touched objects that base sets and the cluster does not have yet."""


@dataclass(frozen=True, slots=True)
class LiveSummary:
    """Counts over live objects that the change touches, but for ``untouched``."""

    environments: int
    """Environments that were compared with live objects."""
    refused: int
    replaced: int
    """Objects that are deleted and made anew."""
    overwritten: int
    """Objects with fields that are overwritten."""
    fields: int
    """The fields that are overwritten."""
    brought_back: int
    taken_over: int
    pruned: int
    left_behind: int
    untouched: int
    """Objects that the change does not touch and that are put back to what Git says, or brought back."""


@dataclass(frozen=True, slots=True)
class EnvironmentReview:
    """What the change does to one environment."""

    name: str
    """Unique in the review."""
    path: str
    """The directory that is rendered."""
    origin: str
    """What made it an environment: ``flux``, ``argo``, ``securityTower`` or ``kustomization``"""
    status: Literal["changed", "unchanged", "added", "removed", "failed"]
    objects: tuple[ObjectChange, ...]
    """Objects that differ."""
    images: tuple[ImageChange, ...]
    findings: tuple[Finding, ...]
    """New findings first, then those still there, then the resolved ones."""
    errors: tuple[Diagnostic, ...]
    """Why it could not be rendered or judged."""
    warnings: tuple[Diagnostic, ...]
    """Likely mistakes at head."""
    cluster: str | None = None
    """The cluster it belongs to, where the repository says."""
    failed_before: bool = False
    """For a failed environment: base could not be rendered either."""
    live: LiveReview | None = None
    """What the merge does to live objects, if they were given and the environment could be rendered."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that the review could not judge."""

    code: str
    """A stable kebab-case identifier."""
    message: str
    """What was not judged and why, for people."""
    count: int
    """How many things this entry stands for; at least 1."""
    location: Location | None = None
    """The text concerned."""


T = TypeVar("T")


def decode(kind: Callable[..., T], data: dict[str, Any]) -> T:
    """An instance of one of the classes above from its JSON."""
    known = _known(kind)
    # A field of a later version of the shape is left to `to_dict`.
    return kind(**{known[name][0]: _value(known[name][1], item) for name, item in data.items() if name in known})


def _value(hint: Any, data: Any) -> Any:
    if data is None or hint is Any:
        return data
    if get_origin(hint) in (Union, UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in data)
    return decode(hint, data) if is_dataclass(hint) and isinstance(hint, type) else data


@cache
def _known(kind: Hashable) -> dict[str, tuple[str, Any]]:
    """Python's name and the type of each field, by its name in JSON."""
    hints = get_type_hints(kind)
    return {json_name(name): (name, hint) for name, hint in hints.items()}


def json_name(name: str) -> str:
    """``location_of`` as in JSON: ``locationOf``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
