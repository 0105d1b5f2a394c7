#!/usr/bin/env python3
"""Asks a real API server which fields it refuses to change, and `drift` which it would; see README.md."""

import argparse
import json
import os
import subprocess
import sys

from server import Server

# One change per line: an object, the same changed, and whether the server refuses that.
ROWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "immutable.jsonl")


def ask(server, rows):
    """Applies each object, then the changed one as a dry run: (name, live, changed, whether it is refused)."""
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}})
    server.call("POST", "/api/v1/namespaces/n/serviceaccounts", {"metadata": {"name": "default"}})
    for at, row in enumerate(rows):
        name, before, after = row["name"], row["before"], row["after"]
        base, plural, namespaced = server.resource(before["apiVersion"], before["kind"])
        path = f"{base}/namespaces/n/{plural}/o{at}" if namespaced else f"{base}/{plural}/o{at}"
        for one in (before, after):
            one.setdefault("metadata", {}).update({"name": f"o{at}"} | ({"namespace": "n"} if namespaced else {}))

        def apply(one, query=""):
            query = "?fieldManager=kustomize-controller&force=true" + query
            return server.call("PATCH", path + query, json.dumps(one), "application/apply-patch+yaml")

        status, answer = apply(before)
        if status >= 300:
            raise SystemExit(f"{name}: the object itself is refused: {answer.get('message')}")
        live = server.call("GET", path)[1]
        yield name, live, after, apply(after, "&dryRun=All")[0] in (400, 403, 422)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apiserver", required=True)
    parser.add_argument("--etcd", default="/usr/bin/etcd")
    parser.add_argument("--drift", required=True, help="the example `drift`")
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    with open(ROWS) as file:
        rows = [json.loads(line) for line in file]
    with Server(args.apiserver, args.etcd, args.work) as server:
        asked = list(ask(server, rows))
    files = {"desired": [row[2] for row in asked], "live": [row[1] for row in asked]}
    for name, items in files.items():
        with open(os.path.join(args.work, name + ".json"), "w") as file:
            json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file)
    paths = [word for name in files for word in (f"--{name}", os.path.join(args.work, name + ".json"))]
    ran = subprocess.run([args.drift, *paths, "--format", "json"], capture_output=True, text=True)
    told = {
        one["id"]["name"]: any(diagnostic["code"] == "immutable-field" for diagnostic in one["diagnostics"])
        for one in json.loads(ran.stdout)["objects"]
    }
    wrong = 0
    for (name, _, after, refused), row in zip(asked, rows):
        expected, said = row["refused"], told[after["metadata"]["name"]]
        if not refused == expected == said:
            wrong += 1
            print(f"{name}: expected {expected}, the server {refused}, drift {said}")
    print(f"{len(asked)} changes, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
