"""Where text stands, and problems that do not stop the work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file. ``str()`` gives ``path:line:column``."""

    path: str
    """The path relative to the root of the files, with ``/`` between its parts."""

    line: int
    """The line from 1; 0 for the file as a whole."""

    column: int
    """The column from 1, in code points; 0 for the file as a whole."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem that does not stop the work. ``str()`` gives ``path:line:column: message``."""

    code: str
    """A stable kebab-case identifier."""

    message: str
    """What happened and what to do, for people."""

    location: Location | None = None
    """The text concerned."""

    def __str__(self) -> str:
        return self.message if self.location is None else f"{self.location}: {self.message}"
