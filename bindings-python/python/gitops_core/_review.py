"""``review``: what a change does to every environment of a repository that it can reach."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from . import _gitops_core as native
from ._arguments import as_path, as_text, as_time, wrong_type
from ._errors import ArgumentError
from ._manifests import Objects, as_manifests
from ._model import AcceptanceChange, AcceptanceFinding, EnvironmentReview, NotChecked, Revision, Summary, decode
from ._places import Diagnostic
from ._settings import Limits, as_count, settings

DEFAULT_BUDGET = 65_536
"""The most bytes of a Markdown report unless you say otherwise: what GitHub accepts in a comment."""


class Review:
    """What a change does to every environment that it reaches. Made by :func:`review`.

    Attributes are read from the review's JSON when first asked for. Nothing in a review, in any form,
    holds the value of a Secret.
    """

    def __init__(self, handle: native.NativeReview) -> None:
        self._handle: native.NativeReview | None = handle
        self._markdown: dict[int, str] = {}

    @property
    def _native(self) -> native.NativeReview:
        if self._handle is None:
            message = f"a review that was pickled has only its Markdown of {DEFAULT_BUDGET} bytes"
            raise ArgumentError(message, "pickled-review")
        return self._handle

    @cached_property
    def _json(self) -> str:
        return self._native.json()

    @cached_property
    def _sarif(self) -> str:
        return self._native.sarif()

    @cached_property
    def _data(self) -> dict[str, Any]:
        return self.to_dict()

    def to_json(self) -> str:
        """The review as JSON, byte for byte the same in every language."""
        return self._json

    def to_dict(self) -> dict[str, Any]:
        """The review as ``json.loads`` gives it, names as in JSON; a fresh copy on each call."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def markdown(self, budget: int = DEFAULT_BUDGET) -> str:
        """The review as the comment of a pull request: summary first, details folded.

        :param budget: the most bytes (UTF-8) that the text may have; what is left out is counted.
        """
        if isinstance(budget, bool) or not isinstance(budget, int) or budget < 0:
            raise wrong_type("budget", "a number of bytes", budget)
        if budget not in self._markdown:
            self._markdown[budget] = self._native.markdown(budget)
        return self._markdown[budget]

    def sarif(self) -> str:
        """The review as SARIF 2.1.0 for GitHub code scanning, as JSON text."""
        return self._sarif

    @property
    def schema_version(self) -> str:
        """The version of the JSON's shape."""
        version: str = self._data["schemaVersion"]
        return version

    @cached_property
    def base(self) -> Revision:
        """The revision compared with."""
        return decode(Revision, self._data["base"])

    @cached_property
    def head(self) -> Revision:
        """The revision under review."""
        return decode(Revision, self._data["head"])

    @cached_property
    def summary(self) -> Summary:
        """Counts over everything below."""
        return decode(Summary, self._data["summary"])

    @cached_property
    def environments(self) -> tuple[EnvironmentReview, ...]:
        """The environments that the change reaches, by name."""
        return tuple(decode(EnvironmentReview, item) for item in self._data["environments"])

    @cached_property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Problems that concern no single environment, such as a policy that does not compile."""
        return tuple(decode(Diagnostic, item) for item in self._data["errors"])

    @cached_property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Likely mistakes that concern no single environment."""
        return tuple(decode(Diagnostic, item) for item in self._data["warnings"])

    @cached_property
    def acceptances(self) -> tuple[AcceptanceChange, ...]:
        """Acceptances of risks that the change adds, alters or removes."""
        return tuple(decode(AcceptanceChange, item) for item in self._data["acceptances"])

    @cached_property
    def acceptance_findings(self) -> tuple[AcceptanceFinding, ...]:
        """What is wrong with the acceptances at head, the worst first."""
        return tuple(decode(AcceptanceFinding, item) for item in self._data["acceptanceFindings"])

    @cached_property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """What the review could not judge, and why."""
        return tuple(decode(NotChecked, item) for item in self._data["notChecked"])

    def __repr__(self) -> str:
        return f"<gitops_core.Review of {self.base.revision}..{self.head.revision}>"

    def __getstate__(self) -> dict[str, Any]:
        state = {"_handle": None, "_json": self._json, "_sarif": self._sarif}
        return {**state, "_markdown": {**self._markdown, DEFAULT_BUDGET: self.markdown()}}


def review(
    repo: str | os.PathLike[str],
    base: str,
    head: str,
    *,
    use_merge_base: bool = False,
    environments: Iterable[str] = (),
    limits: Limits | None = None,
    cache: native.Cache | None = None,
    threads: int = 0,
    now: str | datetime.datetime | None = None,
    live: Mapping[str, Objects] | None = None,
) -> Review:
    """Reviews what changes between two revisions of a Git repository, in every environment it deploys.

    Only environments that the change can reach are rendered, at both revisions; the policies of the
    repository judge both. Nothing is checked out and nothing is written. What could not be rendered
    or judged is part of the result.

    :param repo: a repository, or a folder in its work tree.
    :param base: the revision compared with, in the notation of ``git rev-parse``.
    :param head: the revision under review, likewise.
    :param use_merge_base: compare with the merge base of the two, as pull requests show it.
    :param environments: only these, by name; a ``*`` at the end stands for any rest. By default all.
    :param limits: bounds on the files, as for :func:`build`.
    :param cache: parsed files to share with other calls: keep one to make the next review of the same
        repository faster.
    :param threads: the most threads that render environments; 0 stands for as many as the process may
        run at once. The review is the same for any number.
    :param now: the time by which acceptances of risks are judged: RFC 3339, or a datetime with a time zone.
        Without it nothing is accepted, and the acceptances are told as not checked.
    :param live: the objects that live in the clusters, by the name of a cluster or environment; a ``*`` at the
        end stands for any rest. With them the review says what the merge does to what was changed there. Give
        all objects that the environments deploy, with their ``metadata.managedFields``: what is not among
        them counts as deleted.
    :raises GitError: for what is no repository, or an unknown revision.
    :raises ArgumentError: for ``environments`` and ``live`` that name none, and a ``now`` that is no time.
    """
    if not isinstance(use_merge_base, bool):
        raise wrong_type("use_merge_base", "a bool", use_merge_base)
    if isinstance(environments, str) or not isinstance(environments, Iterable):
        raise wrong_type("environments", "an iterable of names", environments)
    names = [as_text("each of environments", name) for name in environments]
    if live is not None and not isinstance(live, Mapping):
        raise wrong_type("live", "a mapping of names to objects", live)
    lives = [
        (as_text("each name of live", name), as_manifests("each value of live", objects))
        for name, objects in (live or {}).items()
    ]
    revisions = as_text("base", base), as_text("head", head)
    chosen = settings(limits=limits, cache=cache)
    threads = as_count("threads", threads)
    now = as_time("now", now)
    path = as_path("repo", repo)
    return Review(native.review(path, *revisions, use_merge_base, names, chosen, threads, now, lives))
