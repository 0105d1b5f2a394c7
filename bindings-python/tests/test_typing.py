"""The type hints: the package and these tests pass ``mypy --strict``, and the stub fits the module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


@pytest.mark.parametrize(
    "command",
    [
        ["mypy", "--strict", "--package", "gitops_core"],
        ["mypy", "--strict", *(str(path) for path in sorted(FOLDER.glob("*.py")))],
        ["mypy.stubtest", "gitops_core._gitops_core"],
    ],
    ids=["package", "tests", "stub"],
)
def test_types(command: list[str], tmp_path: Path) -> None:
    # From an empty folder, so that the installed package is what is checked.
    ran = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
