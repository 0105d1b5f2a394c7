"""``Manifests``: Kubernetes objects that a caller hands in, and where their texts stand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Union

from . import _gitops_core as native
from ._arguments import as_path, as_text, wrong_type
from ._build import Build, as_node
from ._places import Location
from ._settings import Limits, settings


class Manifests:
    """Kubernetes objects, and where their texts stand. Made by :meth:`read` and :meth:`parse`.

    A ``List`` stands for its items, as ``kubectl get`` prints several objects. Of equal keys in a mapping
    the last wins, as for kubectl.
    """

    def __init__(self, handle: native.NativeManifests) -> None:
        self._native = handle

    @classmethod
    def read(
        cls,
        *paths: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        limits: Limits | None = None,
    ) -> Manifests:
        """The objects of files, and of all ``.yaml``, ``.yml`` and ``.json`` files below directories.

        :param root: nothing outside this directory is read, and places are relative to it. By default,
            for each path, the top of the Git work tree around it or, without one, ``/``.
        :param limits: bounds on each file.
        :raises GitopsError: :class:`FileError` or :class:`YamlError`, with the file and line.
        """
        names = [as_path("each of paths", path) for path in paths]
        top = None if root is None else as_path("root", root)
        return cls(native.read_manifests(names, top, settings(limits=limits)))

    @classmethod
    def parse(
        cls,
        content: str | bytes | Mapping[str, Any] | Iterable[Mapping[str, Any]],
        *,
        path: str = "<text>",
        limits: Limits | None = None,
    ) -> Manifests:
        """The objects of a stream of YAML or JSON, or of an object or several as ``json.loads`` gives them.

        :param path: what places call the text. Behind objects that are no text, there is no place.
        :raises YamlError: with the line, for what is no manifest.
        """
        chosen = settings(limits=limits)
        if isinstance(content, str):
            content = content.encode()
        if isinstance(content, bytes):
            return cls(native.parse_manifests(content, as_text("path", path), chosen))
        items = [content] if isinstance(content, Mapping) else content
        if not isinstance(items, Iterable):
            raise wrong_type("content", "a str, bytes, a mapping or an iterable of mappings", content)
        texts = []
        for item in items:
            if not isinstance(item, Mapping):
                raise wrong_type("each object", "a mapping", item)
            texts.append(json.dumps(item, ensure_ascii=False))
        return cls(native.json_manifests("\n---\n".join(texts), chosen))

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The objects in the order they were read, as ``json.loads`` gives them."""
        objects: list[dict[str, Any]] = json.loads(self._native.objects_json())
        return objects

    def location(self, index: int, path: Sequence[str | int] = ()) -> Location | None:
        """The place of the text behind a value, as :meth:`Build.location`."""
        place = self._native.location(*as_node(index, path))
        return None if place is None else Location(*place)

    def __len__(self) -> int:
        return self._native.count()

    def __repr__(self) -> str:
        return f"<gitops_core.Manifests of {len(self)} objects>"

    def __reduce__(self) -> tuple[Any, ...]:
        # The texts stay behind, and the places with them.
        return Manifests.parse, (self.objects,)


Objects = Union[Manifests, Build, str, bytes, Mapping[str, Any], Iterable[Mapping[str, Any]]]
"""What calls take for Kubernetes objects: :class:`Manifests`, a :class:`Build`, a stream of YAML or JSON
as ``str`` or ``bytes``, or an object or several as ``json.loads`` gives them. A ``str`` is never a path:
:meth:`Manifests.read` reads files."""


def as_manifests(name: str, value: object) -> native.NativeManifests:
    """The handle behind what a caller gave."""
    if isinstance(value, Manifests):
        return value._native
    if isinstance(value, Build):
        return native.built_manifests(value._native)
    if isinstance(value, (str, bytes, Mapping, Iterable)):
        return Manifests.parse(value)._native
    raise wrong_type(name, "Manifests, a Build, a str, bytes or objects", value)
