"""Exceptions: their classes and attributes, across pickle and processes."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import gitops_core
from gitops_core import GitopsError

CLASSES = {
    "yaml": gitops_core.YamlError,
    "file": gitops_core.FileError,
    "kustomize": gitops_core.KustomizeError,
    "unsupported": gitops_core.UnsupportedError,
    "policy": gitops_core.PolicyError,
    "git": gitops_core.GitError,
    "limit": gitops_core.LimitError,
    "argument": gitops_core.ArgumentError,
}

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n"

# Files of which the root is built; class; code, path, line and column of the error.
BAD: dict[str, tuple[dict[str, str | bytes], type[GitopsError], str, str, int | None, int | None]] = {
    "broken YAML": (
        {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "kind: Service\nmetadata: [\n"},
        *(gitops_core.YamlError, "syntax", "a.yaml", 2, 11),
    ),
    "a duplicate key": (
        {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": SERVICE + "kind: Service\n"},
        *(gitops_core.YamlError, "duplicate-key", "a.yaml", 5, 1),
    ),
    "text that is not UTF-8": (
        {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": b"a: \xff"},
        *(gitops_core.YamlError, "not-utf8", "a.yaml", 1, 4),
    ),
    "a missing base": (
        {"kustomization.yaml": "resources:\n- missing\n"},
        *(gitops_core.FileError, "file-not-found", "kustomization.yaml", 2, 3),
    ),
    "a base outside the root": (
        {"kustomization.yaml": "resources:\n- ../base\n"},
        *(gitops_core.FileError, "outside-root", "kustomization.yaml", 2, 3),
    ),
    "a cycle": (
        {"kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "resources: [..]\n"},
        *(gitops_core.KustomizeError, "cycle", "a/kustomization.yaml", 1, 13),
    ),
    "a remote base": (
        {"kustomization.yaml": "resources:\n- https://example.com/acme/base\n"},
        *(gitops_core.UnsupportedError, "remote-base", "kustomization.yaml", 2, 3),
    ),
    "no kustomization": (
        {"a.yaml": SERVICE},
        *(gitops_core.KustomizeError, "no-kustomization", ".", None, None),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_an_error_with_its_place(name: str) -> None:
    files, kind, code, path, line, column = BAD[name]
    with pytest.raises(kind) as caught:
        gitops_core.build_files(files)
    error = caught.value
    assert (error.code, error.path, error.line, error.column) == (code, path, line, column)
    assert type(error) is kind
    assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__


def test_nesting_without_end_is_an_error() -> None:
    files = {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: " + "[" * 10_000}
    with pytest.raises(gitops_core.LimitError) as caught:
        gitops_core.build_files(files)
    assert (caught.value.code, caught.value.path, caught.value.line) == ("too-deep", "a.yaml", 1)


@pytest.mark.parametrize("kind", CLASSES)
def test_exceptions_survive_pickle(kind: str) -> None:
    error = CLASSES[kind]("what to do", "some-code", "a.yaml", 3, 7)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is CLASSES[kind]
    assert (copy.kind, copy.code, copy.message) == (kind, "some-code", "what to do")
    assert (copy.path, copy.line, copy.column) == ("a.yaml", 3, 7)
    assert str(copy) == "a.yaml:3:7: what to do"
    assert type(copy).__module__ == "gitops_core"
    assert issubclass(CLASSES[kind], GitopsError)


def test_places_in_words() -> None:
    assert str(GitopsError("message")) == "message"
    assert str(GitopsError("message", "code", "a.yaml")) == "a.yaml: message"


def test_exceptions_cross_processes(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(gitops_core.FileError) as caught:
            pool.submit(gitops_core.build, tmp_path / "missing").result()
    assert caught.value.code == "file-not-found"
    assert "missing" in caught.value.message


WRONG: list[tuple[str, Any]] = [
    ("path must be", lambda: gitops_core.build(3)),  # type: ignore[arg-type]
    ("path must be", lambda: gitops_core.build(b"bytes")),  # type: ignore[arg-type]
    ("path must be", lambda: gitops_core.build_files({}, None)),  # type: ignore[arg-type]
    ("root must be", lambda: gitops_core.build(".", root=3)),  # type: ignore[arg-type]
    ('"all"; it must be "root" or "none"', lambda: gitops_core.build(".", load_restrictor="all")),  # type: ignore[arg-type]
    ("remote_bases must be", lambda: gitops_core.build(".", remote_bases=["x"])),  # type: ignore[arg-type]
    ('"helm"; it must be "kubectl" or "argocd" or "flux"', lambda: gitops_core.build(".", profile="helm")),  # type: ignore[arg-type]
    ("strict must be", lambda: gitops_core.build(".", strict=5)),  # type: ignore[arg-type]
    ("load_restrictor must be", lambda: gitops_core.build(".", load_restrictor=5)),  # type: ignore[arg-type]
    ("files must be", lambda: gitops_core.build_files([])),  # type: ignore[arg-type]
    ("each path in files", lambda: gitops_core.build_files({1: ""})),  # type: ignore[dict-item]
    ('files["a"] must be', lambda: gitops_core.build_files({"a": 1})),  # type: ignore[dict-item]
]


@pytest.mark.parametrize("at", range(len(WRONG)))
def test_wrong_arguments_are_argument_errors(at: int) -> None:
    message, call = WRONG[at]
    with pytest.raises(gitops_core.ArgumentError) as caught:
        call()
    assert message in caught.value.message
    assert isinstance(caught.value, ValueError)
