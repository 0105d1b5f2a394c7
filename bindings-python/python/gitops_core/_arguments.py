"""Checks of what callers pass, so that a wrong type is an ``ArgumentError`` that names the argument."""

from __future__ import annotations

import datetime
import os
from collections.abc import Collection

from ._errors import ArgumentError


def as_path(name: str, value: object) -> str:
    """The text of a path given as ``str`` or ``os.PathLike``."""
    try:
        text = os.fspath(value)  # type: ignore[call-overload]
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise wrong_type(name, "a str or os.PathLike[str]", value)
    return text


def as_text(name: str, value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise wrong_type(name, "a str", value)
    return value


def as_flag(name: str, value: object) -> bool:
    """A truth value, and nothing that only reads like one."""
    if not isinstance(value, bool):
        raise wrong_type(name, "a bool", value)
    return value


def as_texts(name: str, value: object) -> list[str]:
    """A text, or several."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Collection):
        raise wrong_type(name, "a str or a collection of str", value)
    return [as_text(f"each item of {name}", item) for item in value]


def as_time(name: str, value: object) -> str | None:
    """A time as RFC 3339; ``None`` for none. Whether a text is one is for the core to say."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        raise wrong_type(name, "a str of RFC 3339 or a datetime with a time zone", value)
    return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def as_choice(name: str, value: object, choices: Collection[str]) -> str:
    """One of a few words."""
    text = as_text(name, value)
    if text not in choices:
        known = " or ".join(f'"{choice}"' for choice in choices)
        raise ArgumentError(f'{name} is "{text}"; it must be {known}', "bad-argument")
    return text


def wrong_type(name: str, wanted: str, value: object) -> ArgumentError:
    """The error for an argument of the wrong type."""
    return ArgumentError(f"{name} must be {wanted}, not {type(value).__name__}", "bad-argument")
