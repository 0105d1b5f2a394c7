#!/usr/bin/env python3
"""Reviews a change to a GitOps repository; without --repo, the pull request of the demo.

    pip install ./bindings-python
    python examples/python/review.py --repo . --base main --head HEAD --format sarif
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import gitops_core

DEMO = Path(__file__).resolve().parents[1] / "demo"


def main() -> int:
    parser = argparse.ArgumentParser(description="Review a change to a GitOps repository.")
    parser.add_argument("--repo", help="a Git repository; the demo by default")
    parser.add_argument("--base", default="main~1", help="the revision compared with")
    parser.add_argument("--head", default="main", help="the revision under review")
    parser.add_argument("--live", action="append", default=[], metavar="NAME=PATH", help="what lives in a cluster")
    parser.add_argument("--format", default="markdown", choices=["markdown", "json", "sarif"])
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        repo = arguments.repo or demo_repository(folder)
        try:
            pairs = (pair.partition("=") for pair in arguments.live)
            live = {name: gitops_core.Manifests.read(path) for name, _, path in pairs}
            review = gitops_core.review(repo, arguments.base, arguments.head, live=live)
        except gitops_core.GitopsError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1

    report = {"markdown": review.markdown, "json": review.to_json, "sarif": review.sarif}[arguments.format]()
    sys.stdout.buffer.write(report.rstrip("\n").encode() + b"\n")
    return 0


def demo_repository(folder: str) -> str:
    """A Git repository with the demo's two states as commits of `main`."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    parent: list[str] = []
    for hour, (message, files) in enumerate([("base", DEMO / "repository"), ("change", DEMO / "change")]):
        shutil.copytree(files, folder, dirs_exist_ok=True)
        git(folder, "add", "--all", "--force")
        tree = git(folder, "write-tree")
        date = f"2026-01-01T0{hour}:00:00Z"
        commit = git(folder, "commit-tree", tree, *parent, message=message, date=date)
        git(folder, "update-ref", "refs/heads/main", commit)
        parent = ["-p", commit]
    return folder


def git(folder: str, *arguments: str, message: str = "", date: str = "") -> str:
    # The same commit ids everywhere, whatever the user's Git is set to.
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        fixed |= {f"GIT_{role}_NAME": "Demo", f"GIT_{role}_EMAIL": "demo@example.com", f"GIT_{role}_DATE": date}
    command = ["git", "-C", folder, *arguments]
    ran = subprocess.run(command, input=message, env=os.environ | fixed, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
