"""``compare``, ``plan`` and ``health``: live objects beside what Git says, judged as the API server would."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from . import _gitops_core as native
from ._arguments import as_flag, as_text, as_texts, as_time, wrong_type
from ._errors import ArgumentError
from ._manifests import Objects, as_manifests
from ._model import FieldDrift, Manager, ObjectId, decode
from ._places import Diagnostic, Location
from ._settings import as_count

DriftStatus = Literal["inSync", "drifted", "missing", "extra", "ignored", "unknown"]
"""How an object stands: to apply it again changes nothing, or something; only Git has it; only the cluster
has it; it is not compared; it could not be judged."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that an apply would take from another manager."""

    manager: str
    operation: str
    path: str
    """The field as the API server names it: ``.spec.containers[name="web"].image``."""
    subresource: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """One object of a comparison."""

    id: ObjectId
    status: DriftStatus
    fields: tuple[FieldDrift, ...] = ()
    """What differs, by path."""
    ignored_fields: int = 0
    """How many fields differ that a rule ignores."""
    conflicts: tuple[FieldConflict, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    """What is wrong with the desired object, such as list items that stand twice."""
    reason: Diagnostic | None = None
    """Why it is ignored or unknown, or why the tool that applies it does not put it back."""
    location: Location | None = None
    """The text in Git that names it."""


class DriftReport:
    """How live objects differ from what Git says. Made by :func:`compare`.

    Nothing in it holds the value of a Secret but :meth:`patch`.
    """

    def __init__(self, handle: native.NativeDriftReport) -> None:
        self._handle: native.NativeDriftReport | None = handle
        self._in_sync = handle.in_sync()

    @property
    def _native(self) -> native.NativeDriftReport:
        if self._handle is None:
            raise ArgumentError("a report that was pickled knows no patches", "pickled-report")
        return self._handle

    @cached_property
    def _json(self) -> str:
        return self._native.json()

    @cached_property
    def _text(self) -> str:
        return self._native.text()

    @cached_property
    def _yaml(self) -> str:
        return self._native.unified_yaml()

    @property
    def is_in_sync(self) -> bool:
        """Whether the cluster has what Git says: nothing drifted, is missing or could not be judged."""
        return self._in_sync

    @cached_property
    def objects(self) -> tuple[ObjectDrift, ...]:
        """Every object, by kind, namespace and name."""
        return tuple(decode(ObjectDrift, item) for item in self.to_dict()["objects"])

    def to_json(self) -> str:
        """The report as JSON, byte for byte the same in every language."""
        return self._json

    def to_dict(self) -> dict[str, Any]:
        """The report as ``json.loads`` gives it, names as in JSON; a fresh copy on each call."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def text(self) -> str:
        """The report for people: only what differs, list items by name."""
        return self._text

    def unified_yaml(self) -> str:
        """The report as a unified diff of YAML, from live to desired."""
        return self._yaml

    def patch(self, index: int) -> list[dict[str, Any]]:
        """The JSON Patch (RFC 6902) that makes an object what Git says; empty unless it drifted.

        It holds real values, those of Secrets too: apply it, do not show it.

        :param index: the object, by its position in :attr:`objects`.
        """
        patch: list[dict[str, Any]] = json.loads(self._native.patch_json(as_count("index", index)))
        return patch

    def __repr__(self) -> str:
        return f"<gitops_core.DriftReport of {len(self.objects)} objects>"

    def __getstate__(self) -> dict[str, Any]:
        return {"_handle": None, "_in_sync": self._in_sync, "_json": self._json, "_text": self._text, "_yaml": self._yaml}


def _drift_settings(
    profile: object,
    kubernetes: object,
    manager: object,
    default_namespace: object,
    definitions: Objects | None,
    ignore: Objects | None,
) -> native.DriftSettings:
    return {
        "profile": as_text("profile", profile),
        "kubernetes": None if kubernetes is None else as_text("kubernetes", kubernetes),
        "manager": None if manager is None else as_text("manager", manager),
        "default_namespace": None if default_namespace is None else as_text("default_namespace", default_namespace),
        "definitions": None if definitions is None else as_manifests("definitions", definitions),
        "ignore": None if ignore is None else as_manifests("ignore", ignore),
    }


def compare(
    desired: Objects,
    live: Objects,
    *,
    profile: str = "serverSideApply",
    kubernetes: str | None = None,
    manager: str | None = None,
    default_namespace: str | None = None,
    definitions: Objects | None = None,
    ignore: Objects | None = None,
) -> DriftReport:
    """Compares what Git says with what a cluster has, as a forced server-side apply would change it.

    :param desired: what Git says; of a :class:`Build` or :class:`Manifests`, fields know their text.
    :param live: what the cluster has, with ``metadata.managedFields`` if you have them
        (``kubectl get -o json --show-managed-fields``, or the JSON of a client). Objects are paired by
        group, kind, namespace and name.
    :param profile: whose idea of drift counts: ``"serverSideApply"``, the API server's, ``"flux"``, or
        ``"argoCd"``, that of Argo CD where its server-side diff is off.
    :param kubernetes: the release, such as ``"1.34"``, which decides on defaults; by default the newest known.
    :param manager: the field manager that applies what Git says, such as ``"kustomize-controller"``; by
        default found among the managers of each object.
    :param default_namespace: the namespace of objects that name none; by default ``default``.
    :param definitions: CustomResourceDefinitions; those among the compared objects are found without.
    :param ignore: Argo CD Applications, Flux Kustomizations and HelmReleases whose rules say what is not
        compared.
    """
    chosen = _drift_settings(profile, kubernetes, manager, default_namespace, definitions, ignore)
    return _compared(desired, live, chosen)


def _compared(desired: Objects, live: Objects, chosen: native.DriftSettings) -> DriftReport:
    return DriftReport(native.compare(as_manifests("desired", desired), as_manifests("live", live), chosen))


def compare_many(
    pairs: Iterable[tuple[Objects, Objects]],
    *,
    profile: str = "serverSideApply",
    kubernetes: str | None = None,
    manager: str | None = None,
    default_namespace: str | None = None,
    definitions: Objects | None = None,
    ignore: Objects | None = None,
    threads: int = 0,
) -> list[DriftReport]:
    """:func:`compare` of many pairs of desired and live objects, such as environments, on all cores.

    :param threads: the most threads to use; 0 stands for as many as Python thinks fit.
    :return: a report for each pair, in their order.
    """
    chosen = _drift_settings(profile, kubernetes, manager, default_namespace, definitions, ignore)
    with ThreadPoolExecutor(as_count("threads", threads) or None) as pool:
        return list(pool.map(lambda pair: _compared(pair[0], pair[1], chosen), pairs))


@dataclass(frozen=True, slots=True)
class Danger:
    """Something dangerous about a step or a plan."""

    code: str
    severity: str
    message: str
    id: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What is done with one object, and when."""

    id: ObjectId
    action: Literal["create", "configure", "replace", "prune", "unchanged", "skip", "blocked"]
    reason: Diagnostic
    pruning: bool = False
    """Whether Git no longer has it."""
    phase: str | None = None
    """Argo CD's phase."""
    wave: int | None = None
    """Argo CD's wave in the phase."""
    stage: str | None = None
    """Flux's stage."""
    hook_delete_policies: tuple[str, ...] = ()
    after: tuple[ObjectId, ...] = ()
    """What cli-utils waits for before this step."""
    fields: tuple[FieldDrift, ...] = ()
    """The fields that change."""
    dangers: tuple[Danger, ...] = ()
    location: Location | None = None
    """The text in Git that names the object."""


class Plan:
    """What a reconciliation would do. Made by :func:`plan`."""

    def __init__(self, handle: native.NativePlan) -> None:
        self._json = handle.json()
        self._text = handle.text()

    @cached_property
    def _data(self) -> dict[str, Any]:
        return self.to_dict()

    @property
    def summary(self) -> dict[str, int]:
        """How many steps there are of each action."""
        summary: dict[str, int] = self._data["summary"]
        return dict(summary)

    @cached_property
    def steps(self) -> tuple[PlanStep, ...]:
        """The steps, in the order of applying."""
        return tuple(decode(PlanStep, item) for item in self._data["steps"])

    @cached_property
    def dangers(self) -> tuple[Danger, ...]:
        """What is dangerous, the worst first."""
        return tuple(decode(Danger, item) for item in self._data["dangers"])

    def to_json(self) -> str:
        """The plan as JSON, byte for byte the same in every language."""
        return self._json

    def to_dict(self) -> dict[str, Any]:
        """The plan as ``json.loads`` gives it, names as in JSON; a fresh copy on each call."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def text(self) -> str:
        """The plan for people: dangers first, then what is done with each object and why."""
        return self._text


def plan(
    desired: Objects,
    live: Objects,
    *,
    order: Literal["argoCd", "flux", "cliUtils"] = "argoCd",
    owner: Mapping[str, str] | None = None,
    inventory: Collection[str] = (),
    prune: bool = True,
    prune_last: bool = False,
    allow_deletion: str | Collection[str] = (),
    confirmed: bool = False,
    deletion_policy: Literal["delete", "orphan"] = "delete",
    force: bool = False,
    fail_on_shared: bool = False,
    profile: str = "serverSideApply",
    kubernetes: str | None = None,
    manager: str | None = None,
    default_namespace: str | None = None,
    definitions: Objects | None = None,
    ignore: Objects | None = None,
) -> Plan:
    """Plans what a reconciliation would do, in the order of Argo CD, Flux or cli-utils.

    :param order: whose order, and whose annotations count.
    :param owner: who applies: ``kind`` (``application``, ``applicationByLabel``, ``kustomization`` or
        ``helmRelease``), ``name`` and, for Flux, ``namespace``. Live objects with its mark are ours.
    :param inventory: what was applied before, as Flux writes it: ``NAMESPACE_NAME_GROUP_KIND``.
    :param prune: whether objects that Git no longer has are deleted.
    :param prune_last: whether Argo CD prunes after everything else.
    :param allow_deletion: kinds that may be deleted though that is blocked otherwise, such as ``Namespace``.
    :param confirmed: whether somebody has confirmed deletions that ask for it (``Prune=confirm``).
    :param deletion_policy: what becomes of objects that are no longer wanted.
    :param force: whether an object whose immutable field changes is deleted and made anew.
    :param fail_on_shared: whether objects that belong to somebody else are blocked.
    :param profile: how objects are compared, as for :func:`compare`; likewise ``kubernetes``, ``manager``,
        ``default_namespace``, ``definitions`` and ``ignore``.
    """
    if owner is not None and not isinstance(owner, Mapping):
        raise wrong_type("owner", "a mapping", owner)
    mark = None
    if owner is not None:
        texts = [as_text(f'owner["{key}"]', owner.get(key, "")) for key in ("kind", "name", "namespace")]
        mark = (texts[0], texts[1], texts[2])
    chosen: native.PlanSettings = {
        "order": as_text("order", order),
        "owner": mark,
        "inventory": as_texts("inventory", inventory),
        "prune": as_flag("prune", prune),
        "prune_last": as_flag("prune_last", prune_last),
        "allow_deletion": as_texts("allow_deletion", allow_deletion),
        "confirmed": as_flag("confirmed", confirmed),
        "deletion_policy": as_text("deletion_policy", deletion_policy),
        "force": as_flag("force", force),
        "fail_on_shared": as_flag("fail_on_shared", fail_on_shared),
        "drift": _drift_settings(profile, kubernetes, manager, default_namespace, definitions, ignore),
    }
    return Plan(native.plan(as_manifests("desired", desired), as_manifests("live", live), chosen))


Flavour = Literal["kstatus", "argoCd", "flux"]
"""Whose judgement of health: kstatus and Flux say Current, InProgress, Failed and so on; Argo CD says
Healthy, Progressing, Degraded, Suspended, Missing."""


@dataclass(frozen=True, slots=True)
class Health:
    """The health of an object."""

    status: str
    """The flavour's word; ``NotAssessed`` where it says nothing about the kind."""
    reason: str = ""
    """Why, as one word; kstatus's and Flux's."""
    message: str = ""
    """Why, for people."""


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """The health of one object of an environment."""

    id: ObjectId
    status: str
    reason: str = ""
    message: str = ""
    ignored: bool = False
    """Whether it is left out of the environment's health."""


@dataclass(frozen=True, slots=True)
class EnvironmentHealth:
    """The health of an environment."""

    status: str
    """The worst of its objects."""
    counts: Mapping[str, int]
    """How many objects are how."""
    objects: tuple[ObjectHealth, ...]
    """The objects, in the order of the desired ones."""


def health(
    objects: Objects,
    *,
    flavour: Flavour = "kstatus",
    now: str | datetime.datetime | None = None,
) -> list[Health]:
    """The health of each live object.

    :param now: the moment of judging: a Pod that cannot be scheduled has failed after 15 seconds. Without
        it, it has failed.
    """
    text = native.health_json(as_manifests("objects", objects), as_text("flavour", flavour), as_time("now", now))
    return [decode(Health, item) for item in json.loads(text)]


def environment_health(
    desired: Objects,
    live: Objects,
    *,
    flavour: Flavour = "kstatus",
    now: str | datetime.datetime | None = None,
) -> EnvironmentHealth:
    """The health of an environment: of each desired object, its live one; the worst of them, and counts."""
    handles = as_manifests("desired", desired), as_manifests("live", live)
    text = native.environment_health_json(*handles, as_text("flavour", flavour), as_time("now", now))
    return decode(EnvironmentHealth, json.loads(text))
