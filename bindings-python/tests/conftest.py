"""Git repositories for the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Repository = Callable[..., Path]

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo"


def files_of(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.fixture
def make_repository(tmp_path: Path) -> Repository:
    """Makes a repository with a commit on ``main`` for each set of files, every one over the last."""

    def git(*arguments: str) -> None:
        fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            fixed |= {f"GIT_{role}_NAME": "Demo", f"GIT_{role}_EMAIL": "demo@example.com"}
        subprocess.run(["git", "-C", str(tmp_path), *arguments], env=os.environ | fixed, check=True)

    def make(*commits: dict[str, str]) -> Path:
        git("init", "--quiet", "--initial-branch=main")
        for files in commits:
            for name, text in files.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            git("add", "--all", "--force")
            git("commit", "--quiet", "--message=test")
        return tmp_path

    return make


@pytest.fixture
def demo(make_repository: Repository) -> Path:
    """The demo: its state before, and its change."""
    return make_repository(files_of(DEMO / "repository"), files_of(DEMO / "change"))
