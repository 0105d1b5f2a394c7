#!/usr/bin/env python3
"""Tells how a cluster differs from what Git says, field by field: who changed it, when, and which line of Git
it departs from. Exit status 0: in sync; 1: something drifted, is missing or could not be judged; 2: something
could not be read.

    pip install ./bindings-python
    python examples/python/drift.py --desired examples/cluster/git --live examples/cluster/live.json
    kubectl get all,cm,secret -n shop -o json --show-managed-fields | python examples/python/drift.py --desired DIR --live -
    pip install kubernetes; python examples/python/drift.py --desired DIR --cluster

With `--cluster`, the objects that Git names are read from the cluster of the current context, with the
`kubernetes` client.
"""

import argparse
import json
import sys
from typing import Any

import gitops_core


def of_cluster(desired: gitops_core.Manifests) -> list[dict[str, Any]]:
    """The live objects of the desired ones, as the client's JSON."""
    from kubernetes import client, config, dynamic
    from kubernetes.dynamic.exceptions import NotFoundError, ResourceNotFoundError

    api = config.new_client_from_config()
    cluster = dynamic.DynamicClient(api)
    live = []
    for wanted in desired.objects:
        metadata = wanted["metadata"]
        try:
            # The dynamic client keeps `apiVersion` and `kind` of each object; a typed list drops them.
            kind = cluster.resources.get(api_version=wanted["apiVersion"], kind=wanted["kind"])
            namespace = metadata.get("namespace", "default") if kind.namespaced else None
            found = kind.get(name=metadata["name"], namespace=namespace)
        except (NotFoundError, ResourceNotFoundError):
            continue
        live.append(client.ApiClient().sanitize_for_serialization(found.to_dict()))
    return live


def main() -> int:
    parser = argparse.ArgumentParser(description="Tell how a cluster differs from what Git says.")
    parser.add_argument("--desired", action="append", required=True, help="a file or directory of manifests")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--live", help="JSON of `kubectl get -o json` or of a client; `-` for standard input")
    source.add_argument("--cluster", action="store_true", help="read the cluster of the current context")
    parser.add_argument("--format", default="text", choices=["text", "json", "yaml", "patch"])
    parser.add_argument("--profile", default="serverSideApply", choices=["serverSideApply", "flux", "argoCd"])
    parser.add_argument("--kubernetes", help="the release of the cluster, such as 1.34")
    arguments = parser.parse_args()

    try:
        desired = gitops_core.Manifests.read(*arguments.desired)
        if arguments.cluster:
            live: gitops_core.Manifests | list[dict[str, Any]] = of_cluster(desired)
        elif arguments.live == "-":
            live = gitops_core.Manifests.parse(sys.stdin.read(), path="standard input")
        else:
            live = gitops_core.Manifests.read(arguments.live)
        report = gitops_core.compare(desired, live, profile=arguments.profile, kubernetes=arguments.kubernetes)
    except gitops_core.GitopsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.format == "json":
        print(report.to_json())
    elif arguments.format == "yaml":
        print(report.unified_yaml(), end="")
    elif arguments.format == "patch":
        # Real values, those of Secrets too.
        patches = {str(drift.id): report.patch(at) for at, drift in enumerate(report.objects)}
        print(json.dumps({name: patch for name, patch in patches.items() if patch}, indent=2))
    else:
        print(report.text(), end="")
    return 0 if report.is_in_sync else 1


if __name__ == "__main__":
    sys.exit(main())
