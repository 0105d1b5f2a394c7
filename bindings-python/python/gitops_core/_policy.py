"""``PolicySet``: Gatekeeper policies, compiled once and evaluated many times; bundles; suites."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

from . import _gitops_core as native
from ._arguments import as_choice, as_flag, as_path, as_text, as_texts, as_time, wrong_type
from ._manifests import Objects, as_manifests
from ._model import Acceptance, AcceptanceFinding, NotChecked, ObjectId, decode
from ._places import Location
from ._settings import Limits, as_count, settings

EnforcementAction = Literal["deny", "warn", "dryrun"]
"""What a cluster does with a violation: refuses the object, warns its author, or only notes it."""

Severity = Literal["low", "medium", "high", "critical"]
"""How bad a violation is."""


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """One violation of one constraint by one object, or the failure to decide."""

    template: str
    """The kind of the constraint, which names the template."""
    constraint: str
    """The name of the constraint; empty, as ``template``, where an object could not be mutated or expanded."""
    enforcement_action: str
    """``deny``, ``warn``, ``dryrun`` or what else the constraint says; the strictest of several."""
    enforcement_actions: tuple[str, ...]
    """All actions at the enforcement point, the strictest first."""
    object: int
    """Position of the object among those evaluated."""
    id: ObjectId
    """What names the object."""
    message: str
    """The policy's message, as Gatekeeper shows it."""
    kind: Literal["violation", "error"]
    """``error``: the policy failed while it ran; Gatekeeper denies the object then."""
    details: Any = None
    """The policy's details, if it gave any."""
    path: str | None = None
    """The way to the offending value in the object, where it is known."""
    container: str | None = None
    """The name of the container that the path leads into."""
    location: Location | None = None
    """The text that set the value at ``path``, or the object: where to edit."""
    fingerprint: str = ""
    """Names the same violation in every run."""
    accepted: Acceptance | None = None
    """Who accepted it, if somebody did."""

    @property
    def is_denied(self) -> bool:
        """Whether the object would be denied for it: it denies, and nobody accepted it."""
        return self.enforcement_action == "deny" and self.accepted is None


class PolicyReport:
    """What an evaluation found. Made by :meth:`PolicySet.evaluate`."""

    def __init__(self, handle: native.NativePolicyReport) -> None:
        self._json = handle.json()
        self._clean = handle.is_clean()
        self._handle: native.NativePolicyReport | None = handle

    @cached_property
    def _data(self) -> dict[str, Any]:
        return self.to_dict()

    @cached_property
    def _sarif(self) -> str:
        assert self._handle is not None
        return self._handle.sarif()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is denied: all that the policies deny is accepted."""
        return self._clean

    @cached_property
    def findings(self) -> tuple[PolicyFinding, ...]:
        """The findings, by object, template, constraint and message; accepted ones among them."""
        return tuple(decode(PolicyFinding, item) for item in self._data["findings"])

    @cached_property
    def acceptance_findings(self) -> tuple[AcceptanceFinding, ...]:
        """What is wrong with acceptances of risks, the worst first."""
        return tuple(decode(AcceptanceFinding, item) for item in self._data.get("acceptanceFindings", ()))

    @cached_property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What was not checked, and why."""
        return tuple(decode(NotChecked, item) for item in self._data["notChecked"])

    @property
    def evaluations(self) -> int:
        """How many times a policy was evaluated."""
        evaluations: int = self._data["evaluations"]
        return evaluations

    def to_json(self) -> str:
        """The report as JSON, byte for byte the same in every language."""
        return self._json

    def to_dict(self) -> dict[str, Any]:
        """The report as ``json.loads`` gives it, names as in JSON; a fresh copy on each call."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def sarif(self) -> str:
        """The report as SARIF 2.1.0 for GitHub code scanning, as JSON text."""
        return self._sarif

    def __repr__(self) -> str:
        return f"<gitops_core.PolicyReport of {len(self.findings)} findings>"

    def __getstate__(self) -> dict[str, Any]:
        return {"_handle": None, "_json": self._json, "_clean": self._clean, "_sarif": self._sarif}


class PolicySet:
    """Gatekeeper templates and constraints, compiled. Made by :meth:`load`; usable from many threads at
    once. It does not cross process borders: load it in each process."""

    def __init__(self, handle: native.NativePolicySet) -> None:
        self._native = handle

    @classmethod
    def load(
        cls,
        policies: Objects = (),
        *,
        bundles: str | Collection[str] = (),
        enforcement_action: EnforcementAction = "deny",
        excluded_namespaces: str | Collection[str] = (),
        exempt_images: str | Collection[str] = (),
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        native_validation: bool = True,
    ) -> PolicySet:
        """Compiles what Gatekeeper reads among ``policies``, and the policies of bundles.

        :param policies: ConstraintTemplates, Constraints, Configs, ExpansionTemplates and mutators; other
            objects are left alone.
        :param bundles: names as :func:`bundle_names` gives them, ``NAME`` or ``NAME@1.31`` for the rules of
            a release of Kubernetes (by default the newest that the bundle knows).
        :param enforcement_action: what the bundles' constraints lead to.
        :param excluded_namespaces: namespaces that the bundles leave alone; ``*`` at an end stands for any
            text.
        :param exempt_images: images that the bundles leave alone, exact or with a ``*`` at the end.
        :param parameters: parameters that replace a bundle's, by identifier of the policy.
        :param native_validation: whether templates in CEL are evaluated; one that has Rego too is then
            evaluated in CEL alone, as Gatekeeper does by default.
        :raises PolicyError: for the first policy that Gatekeeper would not accept, with its place.
        :raises ArgumentError: for an unknown bundle.
        """
        chosen = _bundle_settings(enforcement_action, excluded_namespaces, exempt_images, parameters)
        names = as_texts("bundles", bundles)
        handle = as_manifests("policies", policies)
        flag = as_flag("native_validation", native_validation)
        return cls(native.load_policies(handle, names, chosen, flag))

    @property
    def constraints(self) -> list[tuple[str, str]]:
        """The constraints as kind and name, in the order of findings."""
        return self._native.constraints()

    @property
    def templates(self) -> list[str]:
        """The kinds of the templates."""
        return self._native.templates()

    def evaluate(
        self,
        objects: Objects,
        *,
        namespaces: Objects | None = None,
        inventory: Objects | None = None,
        old_objects: Objects | None = None,
        default_namespace: str | None = None,
        enforcement_point: str = "validation.gatekeeper.sh",
        profile: Literal["cluster", "gatorTest", "gatorVerify"] = "cluster",
        unknown_namespace: Literal["reject", "notChecked"] = "reject",
        operation: Literal["CREATE", "UPDATE", "DELETE", "CONNECT"] | None = None,
        user_info: Mapping[str, Any] | None = None,
        acceptances: Objects | None = None,
        now: str | datetime.datetime | None = None,
        locate: bool = True,
        time_limit: float = 5.0,
        threads: int = 0,
    ) -> PolicyReport:
        """Evaluates every constraint on every object that it matches.

        Give a :class:`Build` or :class:`Manifests`, and findings know the text to edit.

        :param namespaces: Namespaces known beside those among ``objects``.
        :param inventory: what ``data.inventory`` shows; by default ``objects``.
        :param old_objects: the objects as they were before an ``UPDATE``, found by their identity.
        :param default_namespace: the namespace of objects of a namespaced kind that name none.
        :param enforcement_point: whose actions count where a constraint has scoped ones.
        :param profile: whose knowledge of namespaces decides: the cluster's, ``gator test``'s or
            ``gator verify``'s.
        :param unknown_namespace: what a ``namespaceSelector`` makes of a Namespace that is not known: a
            finding of kind ``error``, as in Gatekeeper, or something not checked.
        :param operation: ``input.review.operation``; by default empty, as for Gatekeeper's audit.
        :param user_info: ``input.review.userInfo``.
        :param acceptances: RiskAcceptance documents; by default those among ``objects``.
        :param now: the time by which acceptances are judged; without it none is applied.
        :param locate: whether to find where in the object the offending value is.
        :param time_limit: seconds that one evaluation may take before it is a finding of kind ``error``.
        :param threads: the most threads to use; 0 stands for as many as the process may run at once.
            The report is the same for any number.
        """
        if user_info is not None and not isinstance(user_info, Mapping):
            raise wrong_type("user_info", "a mapping", user_info)
        if isinstance(time_limit, bool) or not isinstance(time_limit, (int, float)):
            raise wrong_type("time_limit", "a number of seconds", time_limit)
        chosen: native.EvaluateSettings = {
            "namespaces": _objects("namespaces", namespaces),
            "inventory": _objects("inventory", inventory),
            "old_objects": _objects("old_objects", old_objects),
            "acceptances": _objects("acceptances", acceptances),
            "default_namespace": _text("default_namespace", default_namespace),
            "enforcement_point": as_text("enforcement_point", enforcement_point),
            "profile": as_text("profile", profile),
            "unknown_namespace": as_text("unknown_namespace", unknown_namespace),
            "operation": _text("operation", operation),
            "user_info": None if user_info is None else json.dumps(user_info),
            "now": as_time("now", now),
            "locate": as_flag("locate", locate),
            "time_limit": float(time_limit),
            "threads": as_count("threads", threads),
        }
        return PolicyReport(self._native.evaluate(as_manifests("objects", objects), chosen))

    def expand(self, objects: Objects) -> list[dict[str, Any]]:
        """What ExpansionTemplates make of objects, as ``gator expand`` prints it: of a Deployment its Pod.

        :raises PolicyError: where an object lacks what a template needs.
        """
        made: list[dict[str, Any]] = json.loads(self._native.expand_json(as_manifests("objects", objects)))
        return made

    def __repr__(self) -> str:
        return f"<gitops_core.PolicySet of {len(self.constraints)} constraints>"


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a case of a suite came to."""

    name: str
    skipped: bool
    error: str | None = None
    """Why it fails."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a test of a suite came to."""

    __test__ = False  # no test of pytest's

    name: str
    skipped: bool
    cases: tuple[CaseReport, ...]
    error: str | None = None
    """Why its cases could not be run, or that a constraint expected to be invalid is valid."""


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What a suite came to."""

    path: str
    skipped: bool
    tests: tuple[TestReport, ...]

    @property
    def failed(self) -> bool:
        """Whether a test or a case fails."""
        return any(test.error or any(case.error for case in test.cases) for test in self.tests)


def verify(
    path: str | os.PathLike[str],
    *,
    run: str = "",
    native_validation: bool = True,
    time_limit: float = 5.0,
    root: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
) -> tuple[SuiteReport, ...]:
    """Runs suites of policy tests as ``gator verify`` does.

    :param path: a Suite, or a directory that is searched with all below it.
    :param run: which tests and cases are run: a regular expression on their names, or ``test//case``.
    :param root: nothing outside this directory is read; by default as for :meth:`Manifests.read`.
    :raises GitopsError: for what cannot be read.
    """
    top = None if root is None else as_path("root", root)
    flag = as_flag("native_validation", native_validation)
    name = as_path("path", path)
    chosen = settings(limits=limits)
    text = native.verify_json(name, top, as_text("run", run), flag, float(time_limit), chosen)
    return tuple(decode(SuiteReport, item) for item in json.loads(text))


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a bundle's standard."""

    id: str
    title: str
    other_versions: Mapping[str, str] = field(default_factory=dict)
    """Its identifiers in other versions of the standard."""
    policies: tuple[str, ...] = ()
    """Identifiers of the policies that check it."""
    not_checked: str | None = None
    """Why no manifest can show whether it is met."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Policies that check the controls of a standard."""

    name: str
    title: str
    standard: str
    version: str
    source: str
    """Where the standard is published."""
    summary: str
    kubernetes: str
    """The newest release of Kubernetes whose rules it knows."""
    controls: tuple[Control, ...]


def bundle_names() -> list[str]:
    """The names of all bundles."""
    return native.bundle_names()


def bundle(name: str) -> Bundle:
    """A bundle and the controls of its standard.

    :raises ArgumentError: ``unknown-bundle``; the message lists the names.
    """
    return decode(Bundle, json.loads(native.bundle_json(as_text("name", name))))


@dataclass(frozen=True, slots=True)
class ControlRef:
    """A control that a policy checks."""

    bundle: str
    standard: str
    version: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of the bundles: what it asks for, why, and how to comply."""

    id: str
    kind: str
    """The kind of its template, which :attr:`PolicyFinding.template` gives."""
    title: str
    severity: Severity
    summary: str
    rationale: str
    remediation: str
    controls: tuple[ControlRef, ...] = ()
    """The controls of all standards that it checks."""


@cache
def policies() -> tuple[Policy, ...]:
    """The policies of all bundles, with the controls that they check."""
    return tuple(decode(Policy, item) for item in json.loads(native.policies_json()))


def bundle_yaml(
    name: str,
    *,
    enforcement_action: EnforcementAction = "deny",
    excluded_namespaces: str | Collection[str] = (),
    exempt_images: str | Collection[str] = (),
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """The templates and constraints of a bundle as YAML, to be applied to a cluster with Gatekeeper.

    :param name: ``NAME`` or ``NAME@1.31``, as for :meth:`PolicySet.load`, and so are the others.
    """
    chosen = _bundle_settings(enforcement_action, excluded_namespaces, exempt_images, parameters)
    return native.bundle_yaml(as_text("name", name), chosen)


def _bundle_settings(
    enforcement_action: object, excluded_namespaces: object, exempt_images: object, parameters: object
) -> native.BundleSettings:
    if parameters is not None and not isinstance(parameters, Mapping):
        raise wrong_type("parameters", "a mapping by policy", parameters)
    texts: dict[str, str] = {}
    for policy, values in (parameters or {}).items():
        if not isinstance(values, Mapping):
            raise wrong_type(f'parameters["{policy}"]', "a mapping", values)
        texts[as_text("each policy in parameters", policy)] = json.dumps(values)
    return {
        "enforcement_action": as_choice("enforcement_action", enforcement_action, ("deny", "warn", "dryrun")),
        "excluded_namespaces": as_texts("excluded_namespaces", excluded_namespaces),
        "exempt_images": as_texts("exempt_images", exempt_images),
        "parameters": texts,
    }


def _objects(name: str, value: Objects | None) -> native.NativeManifests | None:
    return None if value is None else as_manifests(name, value)


def _text(name: str, value: object) -> str | None:
    return None if value is None else as_text(name, value)
