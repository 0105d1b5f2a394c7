"""What set a field: the steps of a build that was told to record them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._places import Location


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a field's history: who set the value, and to what."""

    kind: str
    """``resource``, ``configMapGenerator``, ``secretGenerator``, ``patch``, ``namespace``, ``namePrefix``,
    ``nameSuffix``, ``labels``, ``annotations``, ``images``, ``replicas``, ``replacement``,
    ``transformer``, ``hash``, ``nameReference``, ``var``, ``buildMetadata``, ``commonMetadata`` or
    ``finish``; later versions may add others."""
    value: Any
    """The value after the step. Values of Secrets are masked."""
    location: Location | None = None
    """The text that gave the value; of a mapping or list, the text that made it. ``None`` where none
    did."""
    requested_at: Location | None = None
    """The entry that asked for the step, mostly in a ``kustomization.yaml``. ``None`` for steps that
    nobody asks for, such as references that follow a name."""


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """The history of one field."""

    path: str
    """The way to the field: ``spec.containers[0].image``."""
    pointer: str
    """The same way as an RFC 6901 JSON pointer."""
    steps: tuple[Step, ...]
    """What set it, the first step first; at least one."""
