"""`Manifests`: objects from files, text, builds and other programs."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import gitops_core
from gitops_core import Location, Manifests

PODS = "kind: List\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n"


def names(manifests: Manifests) -> list[str]:
    return [item["metadata"]["name"] for item in manifests.objects]


def test_read(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "pods.yaml").write_text(PODS)
    (tmp_path / "c.json").write_text('{"metadata": {"name": "c"}}')
    (tmp_path / "README.md").write_text("no manifest")
    read = Manifests.read(tmp_path, root=tmp_path)
    assert names(read) == ["c", "a", "b"]
    assert len(read) == 3
    assert read.location(2, ("metadata", "name")) == Location("more/pods.yaml", 4, 20)
    assert names(Manifests.read(tmp_path / "more", tmp_path / "c.json")) == ["a", "b", "c"]
    with pytest.raises(gitops_core.FileError) as raised:
        Manifests.read(tmp_path / "none")
    assert raised.value.code == "file-not-found"
    with pytest.raises(gitops_core.LimitError):
        Manifests.read(tmp_path, limits={"max_bytes": 10})


def test_parse() -> None:
    assert names(Manifests.parse(PODS)) == names(Manifests.parse(PODS.encode())) == ["a", "b"]
    assert Manifests.parse(PODS, path="pods.yaml").location(1) == Location("pods.yaml", 4, 3)
    given = [{"metadata": {"name": "ä"}}, {"metadata": {"name": "d"}}]
    parsed = Manifests.parse(given)
    assert parsed.objects == given
    assert parsed.location(0) is None
    assert names(Manifests.parse(given[0])) == ["ä"]
    assert Manifests.parse("").objects == []
    with pytest.raises(gitops_core.YamlError) as raised:
        Manifests.parse("a: b\n---\n- c\n", path="list.yaml")
    assert (raised.value.code, raised.value.path, raised.value.line) == ("not-an-object", "list.yaml", 3)
    for wrong in (1, None, [1], ["a: b"]):
        with pytest.raises(gitops_core.ArgumentError):
            Manifests.parse(wrong)  # type: ignore[arg-type]


def test_pickled_manifests_lose_their_places() -> None:
    copy = pickle.loads(pickle.dumps(Manifests.parse(PODS)))
    assert names(copy) == ["a", "b"]
    assert copy.location(0) is None
