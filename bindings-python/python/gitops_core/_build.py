"""``build``: a directory with a kustomization to the objects it stands for."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from . import _gitops_core as native
from ._arguments import as_path, wrong_type
from ._errors import ArgumentError, GitopsError
from ._history import FieldHistory, Step
from ._model import decode
from ._places import Diagnostic, Location
from ._settings import Limits, LoadRestrictor, Profile, as_count, settings


class Build:
    """What a build gives. Made by :func:`build` and :func:`build_files`.

    Each part is written out by Rust when it is first asked for, and kept.
    """

    def __init__(self, handle: native.NativeBuild) -> None:
        self._handle: native.NativeBuild | None = handle

    @property
    def _native(self) -> native.NativeBuild:
        if self._handle is None:
            raise ArgumentError(
                "a build that was pickled no longer knows its source texts; ask before you send it",
                "no-sources",
            )
        return self._handle

    @cached_property
    def yaml(self) -> str:
        """The stream, byte for byte as ``kustomize build`` prints it."""
        return self._native.yaml()

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The objects in kustomize's output order, as ``json.loads`` gives them."""
        objects: list[dict[str, Any]] = json.loads(self._native.objects_json())
        return objects

    @cached_property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What kustomize swallows, and what looks like a mistake."""
        return tuple(decode(Diagnostic, item) for item in json.loads(self._native.warnings_json()))

    @cached_property
    def files_read(self) -> tuple[str, ...]:
        """The paths of all files read, relative to the root of the files, sorted."""
        return tuple(self._native.files_read())

    def location(self, index: int, path: Sequence[str | int] = ()) -> Location | None:
        """The place of the text that set a value: where to edit it.

        :param index: the object, by its position in :attr:`objects`.
        :param path: the keys and list positions that lead to the value, such as
            ``("spec", "replicas")``; the object as a whole by default. Where no text stands behind
            the value (it was computed), the nearest value above it that has one answers.
        :return: ``None`` where there is no such object, or no text behind it.
        """
        place = self._native.location(*as_node(index, path))
        return None if place is None else Location(*place)

    def history(self, index: int, path: Sequence[str | int] = ()) -> tuple[Step, ...]:
        """What set a value, the first step first: which base, patch, generator or transformer.

        The last step gave the value that stands there now. For a mapping or a list, every step that
        changed anything in it.

        :param index: the object, by its position in :attr:`objects`.
        :param path: as for :meth:`location`.
        :return: nothing where there is no such object or value.
        :raises ArgumentError: ``no-history``, unless the build was told ``history=True``.
        """
        return tuple(decode(Step, item) for item in json.loads(self._native.history_json(*as_node(index, path))))

    def field_histories(self, index: int) -> tuple[FieldHistory, ...]:
        """The history of every scalar, empty mapping and empty list of an object, in the order of its text.

        :param index: the object, by its position in :attr:`objects`.
        :raises ArgumentError: as for :meth:`history`.
        """
        histories = json.loads(self._native.field_histories_json(as_node(index, ())[0]))
        return tuple(decode(FieldHistory, item) for item in histories)

    def annotated_yaml(self) -> str:
        """:attr:`yaml` with a comment behind every value: the text that set it and what it was before.

        It is for reading, not for applying: the values of Secrets are masked.

        :raises ArgumentError: as for :meth:`history`.
        """
        return self._native.annotated_yaml()

    def __repr__(self) -> str:
        return f"<gitops_core.Build of {len(self.objects)} objects>"

    def __getstate__(self) -> dict[str, Any]:
        # The source texts stay behind: everything but places and histories travels.
        parts = ("yaml", "objects", "warnings", "files_read")
        return {"_handle": None, **{part: getattr(self, part) for part in parts}}


def as_node(index: int, path: Sequence[str | int]) -> tuple[int, list[str | int]]:
    """A checked way to a value."""
    if isinstance(index, bool) or not isinstance(index, int):
        raise wrong_type("index", "an int", index)
    if isinstance(path, str) or not isinstance(path, Sequence):
        raise wrong_type("path", "a sequence of keys and positions", path)
    for step in path:
        if isinstance(step, bool) or not isinstance(step, (str, int)):
            raise wrong_type("each step of path", "a str or int", step)
    if index < 0 or any(isinstance(step, int) and step < 0 for step in path):
        raise ArgumentError("index and the positions in path count from 0", "bad-argument")
    return index, list(path)


def build(
    path: str | os.PathLike[str],
    *,
    profile: Profile = "kubectl",
    load_restrictor: LoadRestrictor | None = None,
    remote_bases: Mapping[str, str] | None = None,
    vendor_dir: str | None = None,
    strict: str | Collection[str] = (),
    root: str | os.PathLike[str] | None = None,
    history: bool = False,
    limits: Limits | None = None,
    cache: native.Cache | None = None,
) -> Build:
    """Builds the kustomization in the directory ``path`` of the disk, as ``kustomize build`` does.

    :param profile: whose call of kustomize to follow: ``"kubectl"``, ``"argocd"`` or ``"flux"``.
    :param load_restrictor: ``"root"``: files only in and below their kustomization's directory, as
        kustomize does by default; ``"none"``: anywhere below ``root``, as Flux does. By default what
        the profile has.
    :param remote_bases: what to read in place of bases and files on the network: by address (an entry
        as it is written, or a repository with or without ``?ref=``) a path relative to ``root``, of a
        checkout or a file. Nothing is fetched; without it, a remote entry is an error.
    :param vendor_dir: a folder relative to ``root`` with checkouts at ``host/repository@ref`` and files
        at ``host/path``, for what ``remote_bases`` does not name.
    :param strict: codes of warnings that are errors, or ``"all"``. The error has the code, place and
        message of the first of them, and says how many there are.
    :param root: nothing outside this directory is read, whatever links or paths say. By default the
        top of the Git work tree around ``path`` or, without one, ``/``.
    :param history: record what each step does to each object, for :meth:`Build.history`; it costs
        memory.
    :param limits: bounds on the files, such as ``{"max_depth": 50}``.
    :param cache: parsed files to share with other calls; none by default.
    :raises GitopsError: one of its subclasses, with the file and line where you must act.
    """
    chosen = settings(
        profile=profile,
        load_restrictor=load_restrictor,
        remote_bases=remote_bases,
        vendor_dir=vendor_dir,
        strict=strict,
        history=history,
        limits=limits,
        cache=cache,
    )
    top = None if root is None else as_path("root", root)
    return Build(native.build(as_path("path", path), top, chosen))


def build_many(
    paths: Iterable[str | os.PathLike[str]],
    *,
    profile: Profile = "kubectl",
    load_restrictor: LoadRestrictor | None = None,
    remote_bases: Mapping[str, str] | None = None,
    vendor_dir: str | None = None,
    strict: str | Collection[str] = (),
    root: str | os.PathLike[str] | None = None,
    history: bool = False,
    limits: Limits | None = None,
    cache: native.Cache | None = None,
    threads: int = 0,
) -> list[Build | GitopsError]:
    """Builds many directories of the disk, each as :func:`build` does, on all cores.

    One that fails stops no other: its exception stands in its place, and is not raised.

    :param paths: the directories, such as the overlays of all environments.
    :param profile: as for :func:`build`, and so are ``load_restrictor``, ``remote_bases``,
        ``vendor_dir``, ``strict``, ``root``, ``history`` and ``limits``.
    :param cache: parsed files to share with other calls. The builds of this call share one anyway.
    :param threads: the most threads to use; 0 stands for as many as the process may run at once.
    :return: a build or an exception for each path, in the order of the paths.
    :raises ArgumentError: for arguments of the wrong type.
    """
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Iterable):
        raise wrong_type("paths", "an iterable of paths", paths)
    names = [as_path("each of paths", path) for path in paths]
    chosen = settings(
        profile=profile,
        load_restrictor=load_restrictor,
        remote_bases=remote_bases,
        vendor_dir=vendor_dir,
        strict=strict,
        history=history,
        limits=limits,
        cache=cache,
    )
    top = None if root is None else as_path("root", root)
    built = native.build_many(names, top, chosen, as_count("threads", threads))
    return [Build(item) if isinstance(item, native.NativeBuild) else item for item in built]


def build_files(
    files: Mapping[str, str | bytes],
    path: str = "",
    *,
    profile: Profile = "kubectl",
    load_restrictor: LoadRestrictor | None = None,
    remote_bases: Mapping[str, str] | None = None,
    vendor_dir: str | None = None,
    strict: str | Collection[str] = (),
    history: bool = False,
    limits: Limits | None = None,
    cache: native.Cache | None = None,
) -> Build:
    """Builds the kustomization in the directory ``path`` of ``files``; nothing else is read.

    :param files: content by path, the parts of paths separated by ``/``.
    :param path: the directory to build; the root of ``files`` by default.
    :param profile: as for :func:`build`, and so are ``load_restrictor``, ``strict``, ``history``,
        ``limits`` and ``cache``.
    :param remote_bases: as for :func:`build`, but paths, and that of ``vendor_dir``, are those of ``files``.
    :raises GitopsError: one of its subclasses, with the file and line where you must act.
    """
    chosen = settings(
        profile=profile,
        load_restrictor=load_restrictor,
        remote_bases=remote_bases,
        vendor_dir=vendor_dir,
        strict=strict,
        history=history,
        limits=limits,
        cache=cache,
    )
    if not isinstance(files, Mapping):
        raise wrong_type("files", "a mapping from path to content", files)
    contents: dict[str, bytes] = {}
    for name, content in files.items():
        if not isinstance(name, str):
            raise wrong_type("each path in files", "a str", name)
        if isinstance(content, str):
            contents[name] = content.encode(errors="surrogatepass")
        elif isinstance(content, (bytes, bytearray, memoryview)):
            contents[name] = bytes(content)
        else:
            raise wrong_type(f'files["{name}"]', "str or bytes", content)
    return Build(native.build_files(contents, as_path("path", path), chosen))
