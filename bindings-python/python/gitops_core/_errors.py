"""The exceptions: one class per kind of problem, raised by the native half too."""

from __future__ import annotations


class GitopsError(Exception):
    """Why a call failed, where, and what to do about it.

    ``str(error)`` is one line: ``path:line:column: message``.
    """

    kind: str = ""
    """The family of the problem, as in JSON: ``yaml``, ``file``, ``kustomize`` and so on."""

    code: str
    """A stable kebab-case identifier for programs, such as ``resource-not-found``."""

    message: str
    """What happened and what to do, for people. Never holds the value of a Secret."""

    path: str | None
    """The file where you must act, relative to the root of the files; ``None`` if there is none."""

    line: int | None
    """The line in ``path`` from 1; ``None`` where the file as a whole is meant."""

    column: int | None
    """The column in ``line`` from 1, in code points; ``None`` as for ``line``."""

    def __init__(
        self,
        message: str,
        code: str = "unknown",
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        # All arguments go to the base: pickle calls the class with them again.
        super().__init__(message, code, path, line, column)
        self.message = message
        self.code = code
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        if self.path is None:
            return self.message
        place = self.path if self.line is None else f"{self.path}:{self.line}:{self.column}"
        return f"{place}: {self.message}"


class YamlError(GitopsError):
    """Text that is not YAML or JSON, or that Kubernetes would not read."""

    kind = "yaml"


class FileError(GitopsError):
    """A file or directory that is missing, unreadable or outside the permitted root."""

    kind = "file"


class KustomizeError(GitopsError):
    """A kustomization that cannot be built."""

    kind = "kustomize"


class UnsupportedError(GitopsError):
    """Valid input that this version does not implement, or that needs a network or a program."""

    kind = "unsupported"


class PolicyError(GitopsError):
    """A policy that Gatekeeper would not accept."""

    kind = "policy"


class GitError(GitopsError):
    """A Git repository, revision or object that cannot be read."""

    kind = "git"


class LimitError(GitopsError):
    """A configured limit (size, depth, aliases, steps) that was exceeded."""

    kind = "limit"


class ArgumentError(GitopsError, ValueError):
    """An argument of yours that makes no sense, or has the wrong type."""

    kind = "argument"


# Tracebacks and pickles name the public package.
for _class in (GitopsError, *GitopsError.__subclasses__()):
    _class.__module__ = "gitops_core"
