#!/usr/bin/env python3
"""Which overlay set this field? Prints what `kustomize build DIR` would print, with a comment behind every
value: the text that set it, the kind of step, and what it was before. Without DIR, the demo's production apps.

    pip install ./bindings-python
    python examples/python/annotate.py DIR
"""

import argparse
import sys
from pathlib import Path

import gitops_core

DEMO = Path(__file__).resolve().parents[1] / "demo" / "repository"


def main() -> int:
    parser = argparse.ArgumentParser(description="Print a rendered manifest with the text behind every value.")
    parser.add_argument("dir", nargs="?", help="the directory of a kustomization; the demo's by default")
    parser.add_argument("--load-restrictor", default="root", choices=["root", "none"])
    arguments = parser.parse_args()

    # Places are shown relative to the root: of the demo, or of the Git work tree around the directory.
    path, root = (arguments.dir, None) if arguments.dir else (DEMO / "apps/prod", DEMO)
    try:
        build = gitops_core.build(path, root=root, load_restrictor=arguments.load_restrictor, history=True)
    except gitops_core.GitopsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for warning in build.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    sys.stdout.buffer.write(build.annotated_yaml().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
