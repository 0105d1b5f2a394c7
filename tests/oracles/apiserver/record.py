#!/usr/bin/env python3
"""Records `examples/cluster/live.json`: what a real API server has after Flux applied `examples/cluster/git`
and people edited some of it; see README.md."""

import argparse
import json
import os
import tempfile
import time

import yaml

from server import Server

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
CLUSTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../examples/cluster")

# Manager, object, operations; no operations to delete the object.
EDITS = [
    ("kubectl-edit", "Deployment web", [
        {"op": "replace", "path": "/spec/replicas", "value": 5},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:1.29-debug"},
        {"op": "add", "path": "/metadata/annotations", "value": {"example.com/why": "traffic"}},
    ]),
    ("kubectl-edit", "Secret database", [{"op": "replace", "path": "/data/password", "value": "b3RoZXI="}]),
    ("backup-operator", "Backup nightly", [
        {"op": "replace", "path": "/spec/targets/1/keep", "value": 3},
        {"op": "add", "path": "/spec/targets/-", "value": {"name": "archive"}},
    ]),
    # Nothing that Git says.
    ("mesh", "Service web", [{"op": "add", "path": "/metadata/labels", "value": {"mesh": "on"}}]),
    # Only another spelling of what is there.
    ("kubectl-edit", "StatefulSet database", [
        {"op": "replace", "path": "/spec/template/spec/containers/0/resources", "value": {"limits": {"cpu": "1000m"}}},
    ]),
    ("kubectl-delete", "PodDisruptionBudget web", None),
]
EXTRA = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "debug", "namespace": "shop"}, "data": {"on": "1"}}


def objects():
    for name in ("backups.yaml", "app.yaml", "database.yaml"):
        with open(os.path.join(CLUSTER, "git", name), encoding="utf-8") as file:
            yield from yaml.safe_load_all(file)


def path(server, object_):
    for _ in range(60):
        found = server.resource(object_["apiVersion"], object_["kind"])
        if found:
            break
        # The server takes a moment to serve what a definition says.
        server.resources.clear()
        time.sleep(0.5)
    base, plural, namespaced = found
    namespace = f"/namespaces/{object_['metadata']['namespace']}" if namespaced else ""
    return f"{base}{namespace}/{plural}/{object_['metadata']['name']}"


def call(server, *request):
    status, answer = server.call(*request)
    assert status in (200, 201), answer
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apiserver", required=True)
    parser.add_argument("--etcd", default="etcd")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, Server(arguments.apiserver, arguments.etcd, work) as server:
        paths = {}
        for object_ in objects():
            at = path(server, object_)
            query = "?fieldManager=kustomize-controller&force=true"
            call(server, "PATCH", at + query, json.dumps(object_), APPLY)
            paths[f"{object_['kind']} {object_['metadata']['name']}"] = at
        for manager, name, operations in EDITS:
            at = paths[name]
            if operations is None:
                del paths[name]
                call(server, "DELETE", at)
            else:
                call(server, "PATCH", f"{at}?fieldManager={manager}", operations, JSON_PATCH)
        created = "/api/v1/namespaces/shop/configmaps"
        call(server, "POST", f"{created}?fieldManager=kubectl-create", EXTRA)
        live = [call(server, "GET", at) for at in [*paths.values(), f"{created}/debug"]]
    # As `kubectl get -o json --show-managed-fields` prints it.
    everything = {"apiVersion": "v1", "items": live, "kind": "List", "metadata": {"resourceVersion": ""}}
    with open(os.path.join(CLUSTER, "live.json"), "w", encoding="utf-8") as file:
        json.dump(everything, file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
