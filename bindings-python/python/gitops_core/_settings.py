"""What most calls can be told: load restrictions, limits, the cache they share, threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from . import _gitops_core as native
from ._arguments import as_choice, as_flag, as_path, as_texts, wrong_type
from ._errors import ArgumentError

LoadRestrictor = Literal["root", "none"]
"""Where a kustomization may read files: ``root``, in and below its own directory (kustomize's
default), or ``none``, anywhere below the root of the files (as Flux builds)."""

_RESTRICTORS = ("root", "none")

Profile = Literal["kubectl", "argocd", "flux"]
"""How the tools of the field call kustomize: ``kubectl`` as ``kustomize build`` and ``kubectl kustomize``
run without flags; ``argocd`` the same, as Argo CD calls it; ``flux`` with files from anywhere below the
root, in the order of accumulation, and with a kustomization generated where a directory has none."""

_PROFILES = ("kubectl", "argocd", "flux")


class Limits(TypedDict, total=False):
    """Bounds on what a file may ask for; all are inclusive. Beyond one, a call raises ``LimitError``."""

    max_bytes: int
    """Size of one file in bytes. Default 64 MiB."""
    max_depth: int
    """Nesting of lists and mappings. Default 200; values above 1,000 count as 1,000."""
    max_alias_nodes: int
    """Nodes that aliases and merge keys may add to one file when written out. Default 1,000,000."""


def settings(
    *,
    profile: object = "kubectl",
    load_restrictor: object = None,
    limits: object = None,
    cache: object = None,
    strict: object = (),
    history: object = False,
    remote_bases: object = None,
    vendor_dir: object = None,
) -> native.Settings:
    """The checked form of what a caller passed."""
    if cache is not None and not isinstance(cache, native.Cache):
        raise wrong_type("cache", "a gitops_core.Cache", cache)
    bounds: dict[str, int] = {}
    if limits is not None:
        if not isinstance(limits, Mapping):
            raise wrong_type("limits", "a mapping", limits)
        for name, value in limits.items():
            if name not in Limits.__annotations__:
                known = ", ".join(Limits.__annotations__)
                raise ArgumentError(f'there is no limit "{name}"; known limits: {known}', "bad-argument")
            bounds[name] = as_count(f'limits["{name}"]', value)
    unrestricted = None
    if load_restrictor is not None:
        unrestricted = as_choice("load_restrictor", load_restrictor, _RESTRICTORS) == "none"
    return {
        "profile": as_choice("profile", profile, _PROFILES),
        "unrestricted": unrestricted,
        "remote_bases": _paths_by_address(remote_bases),
        "vendor_dir": None if vendor_dir is None else as_path("vendor_dir", vendor_dir),
        "strict": as_texts("strict", strict),
        "history": as_flag("history", history),
        "max_bytes": bounds.get("max_bytes"),
        "max_depth": bounds.get("max_depth"),
        "max_alias_nodes": bounds.get("max_alias_nodes"),
        "cache": cache,
    }


def _paths_by_address(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong_type("remote_bases", "a mapping from address to path", value)
    paths: dict[str, str] = {}
    for address, path in value.items():
        if not isinstance(address, str):
            raise wrong_type("each address in remote_bases", "a str", address)
        paths[address] = as_path(f'remote_bases["{address}"]', path)
    return paths


def as_count(name: str, value: object) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise wrong_type(name, "a whole number from 0", value)
    return value
