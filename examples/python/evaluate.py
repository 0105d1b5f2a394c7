#!/usr/bin/env python3
"""Evaluates Gatekeeper policies on objects, as `gator test` does, and the bundles by standard. Exit status 0:
nothing is denied; 1: something is; 2: something could not be read or checked.

    pip install ./bindings-python
    python examples/python/evaluate.py --bundle pod-security-baseline --now 2026-11-21T12:00:00Z PATH...
"""

import argparse
import sys

import gitops_core


def main() -> int:
    parser = argparse.ArgumentParser(description="Evaluate Gatekeeper policies on manifests.")
    parser.add_argument("--bundle", action="append", default=[], help="a bundle of policies, as NAME or NAME@1.31")
    parser.add_argument("--now", help="the time by which acceptances of risks are judged, as RFC 3339")
    parser.add_argument("--format", default="text", choices=["text", "json", "sarif"])
    parser.add_argument("paths", nargs="+", help="files or directories with policies and objects")
    arguments = parser.parse_args()

    try:
        manifests = gitops_core.Manifests.read(*arguments.paths)
        policies = gitops_core.PolicySet.load(manifests, bundles=arguments.bundle)
        report = policies.evaluate(
            manifests, profile="gatorTest", enforcement_point="gator.gatekeeper.sh", now=arguments.now
        )
    except gitops_core.GitopsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.format == "json":
        print(report.to_json())
    elif arguments.format == "sarif":
        print(report.sarif())
    else:
        for finding in report.findings:
            accepted = f" (accepted: {finding.accepted.reason})" if finding.accepted else ""
            print(f"{finding.location}: {finding.id}: {finding.enforcement_action} {finding.message}{accepted}")
        for problem in report.acceptance_findings:
            print(f"{problem.location}: {problem.code} {problem.message}")
    for entry in report.not_checked:
        print(f"not checked ({entry.count}): {entry.message}", file=sys.stderr)
    if not report.is_clean:
        return 1
    return 2 if report.not_checked else 0


if __name__ == "__main__":
    sys.exit(main())
