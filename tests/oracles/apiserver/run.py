#!/usr/bin/env python3
"""Compares what `drift` says with what a real API server does; see README.md."""

import argparse
import collections
import copy
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import edits
from objects import rendered
from server import Server

MANAGER, EDITOR = "kustomize-controller", "kubectl-edit"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
# What the server derives from other fields, by the last key.
DERIVED = ("serviceAccount", "deprecated.daemonset.template.generation", "healthCheckNodePort", "nodePort")


class Run:
    def __init__(self, args, server):
        self.args, self.server, self.namespaces, self.paths = args, server, set(), set()
        self.rejected, self.refused, self.failures = collections.Counter(), collections.Counter(), []

    def path(self, object_):
        found = self.server.resource(object_.api_version, object_.kind)
        if found is None:
            return None
        base, plural, namespaced = found
        namespace = f"/namespaces/{object_.namespace}" if namespaced else ""
        return f"{base}{namespace}/{plural}/{quote(object_.name, safe='')}"

    def apply(self, object_, dry=False):
        query = f"?fieldManager={MANAGER}&force=true" + ("&dryRun=All" if dry else "")
        return self.server.call("PATCH", object_.path + query, object_.text, APPLY)

    def patch(self, object_, operations, dry=False):
        query = f"?fieldManager={EDITOR}" + ("&dryRun=All" if dry else "")
        return self.server.call("PATCH", object_.path + query, operations, JSON_PATCH)

    def create(self, object_):
        """Applies an object; whether the server took it."""
        object_.path = self.path(object_)
        if object_.path is None:
            self.rejected["no such kind"] += 1
            return False
        if object_.path in self.paths:
            self.rejected["the same object again"] += 1
            return False
        self.paths.add(object_.path)
        if "/namespaces/" in object_.path and object_.namespace not in self.namespaces:
            self.namespaces.add(object_.namespace)
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": object_.namespace}}
            self.server.call("POST", "/api/v1/namespaces", body)
        status, answer = self.apply(object_)
        if status not in (200, 201):
            message = re.sub(r'"[^"]*"|\d+', "…", answer.get("message", ""))[:100]
            self.rejected[f"{status} {answer.get('reason')}: {message}"] += 1
        return status in (200, 201)

    def read(self, object_):
        status, object_.live = self.server.call("GET", object_.path)
        return status == 200

    def drift(self, objects, name):
        """What the example says of each object, and its patches."""
        folders = [os.path.join(self.args.work, name, side) for side in ("desired", "live")]
        shutil.rmtree(os.path.join(self.args.work, name), ignore_errors=True)
        for folder in folders:
            os.makedirs(folder)
        for number, object_ in enumerate(objects):
            with open(os.path.join(folders[0], f"{number:05}.yaml"), "w") as file:
                file.write(object_.text)
            with open(os.path.join(folders[1], f"{number:05}.json"), "w") as file:
                json.dump(object_.live, file)
        answers = []
        for form in ("json", "patch"):
            done = subprocess.run(
                [self.args.drift, "--desired", folders[0], "--live", folders[1], "--format", form,
                 "--manager", MANAGER, "--namespace", "default", "--kubernetes", self.args.kubernetes],
                capture_output=True, text=True,
            )
            if done.returncode == 2:
                raise SystemExit(done.stderr)
            answers.append(json.loads(done.stdout))
        report, patches = answers

        def key(id_):
            group = id_["apiVersion"].rpartition("/")[0]
            return group, id_["kind"], id_.get("namespace") or "default", id_["name"]

        told = {key(entry["id"]): entry for entry in report["objects"] if entry["status"] != "extra"}
        repairs = {key(entry["id"]): entry["patch"] for entry in patches}
        print(f"{name}: {json.dumps(report['summary'])}", flush=True)
        for object_ in objects:
            group = object_.api_version.rpartition("/")[0]
            # A namespace that a cluster-wide object names is none.
            ids = [(group, object_.kind, namespace, object_.name) for namespace in (object_.namespace, "default")]
            object_.told = next((told[id_] for id_ in ids if id_ in told), None)
            object_.repair = next((repairs[id_] for id_ in ids if id_ in repairs), None)

    def fail(self, what, object_, **more):
        self.failures.append({"what": what, "object": str(object_), **more})

    def judge(self, object_):
        """Compares what was told of an object with what applying it again would do."""
        status, again = self.apply(object_, dry=True)
        if status != 200:
            message = re.sub(r'"[^"]*"|\d+', "…", again.get("message", ""))[:120]
            self.refused[f"{object_.kind}: {message}"] += 1
            return f"apply refused, told {object_.told and object_.told['status']}", []
        wanted = list(edits.differences(content(object_.live), content(again)))
        if object_.told is None or object_.told["status"] not in ("inSync", "drifted"):
            self.fail("not judged", object_, told=object_.told)
            return "not judged", wanted
        drifted = object_.told["status"] == "drifted"
        if drifted != bool(wanted):
            what = "false positive" if drifted else "false negative"
            self.fail(what, object_, server=[edits.text(p) for p in wanted], told=object_.told["fields"],
                      edit=getattr(object_, "edit", None))
            return what, wanted
        if not drifted:
            return "in sync", wanted
        places = [edits.parse(field["pointer"]) for field in object_.told["fields"]]
        server = [edits.loose(p) for p in wanted]
        needed = [p for p in server if p[-1] not in DERIVED]
        for kind, ones, others in (("field too many", places, server), ("field too few", needed, places)):
            for one in ones:
                if not any(edits.related(one, other) for other in others):
                    self.fail(kind, object_, field=one, server=server, told=object_.told["fields"])
        # The repair must bring the object to where the apply would.
        status, repaired = self.patch(object_, object_.repair, dry=True)
        if status != 200:
            self.fail("repair refused", object_, message=repaired.get("message"), repair=object_.repair)
        elif content(repaired) != content(again):
            left = [edits.text(p) for p in edits.differences(content(repaired), content(again))]
            self.fail("repair differs", object_, left=left, repair=object_.repair, told=object_.told["fields"])
        return "drifted", wanted

    def edit(self, object_, seed):
        """Edits an object as another manager; what was done, after the server has taken it."""
        chance = random.Random(f"{seed} {object_}")
        object_.edit = None
        for _ in range(8):
            made = edits.edit(chance, object_.kind, object_.live, MANAGER)
            if made is None:
                continue
            what, place, operations = made
            status, answer = self.patch(object_, operations)
            if status != 200:
                continue
            changed = content(answer) != content(object_.live)
            object_.live = answer
            if changed:
                object_.edit = {"what": what, "patch": operations}
                return what
        return "none"


def content(live):
    """An object without what every write changes, and what the server itself keeps writing."""
    plain = copy.copy(live)
    if live["kind"] in ("CustomResourceDefinition", "APIService"):
        plain.pop("status", None)
    plain["metadata"] = {
        key: value for key, value in live["metadata"].items()
        if key not in ("managedFields", "resourceVersion", "generation")
    }
    return plain


def table(title, counter, limit=None):
    print(f"{title}:")
    for name, count in counter.most_common(limit):
        print(f"  {count:6} {name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--apiserver", required=True, help="the kube-apiserver that build.sh made")
    parser.add_argument("--etcd", default="etcd")
    parser.add_argument("--drift", required=True, help="the example `drift`")
    parser.add_argument("--kubernetes", required=True, help="the server's minor version, such as 1.37")
    parser.add_argument("--conformance", default=os.environ.get("GITOPS_CONFORMANCE", "../shared/conformance"))
    parser.add_argument("--work", required=True, help="a folder for the server's data and logs and the objects")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--threads", type=int, default=6)
    args = parser.parse_args()

    # So that the servers are stopped when this program is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    everything = rendered(args.conformance)[: args.limit]
    print(f"{len(everything)} rendered objects", flush=True)
    folder = os.path.join(args.work, "server")
    shutil.rmtree(folder, ignore_errors=True)
    with Server(args.apiserver, args.etcd, folder) as server, ThreadPoolExecutor(args.threads) as pool:
        run = Run(args, server)
        first = [o for o in everything if o.kind in ("CustomResourceDefinition", "Namespace")]
        rest = everything[len(first):]
        run.namespaces.update(o.name for o in first if o.kind == "Namespace")
        accepted = [o for o, ok in zip(first, pool.map(run.create, first)) if ok]
        settle(run, pool, [o for o in accepted if o.kind == "CustomResourceDefinition"])
        server.resources.clear()
        accepted += [o for o, ok in zip(rest, pool.map(run.create, rest)) if ok]
        table("rejected", run.rejected, 12)
        time.sleep(5)
        accepted = [o for o, ok in zip(accepted, pool.map(run.read, accepted)) if ok]
        kinds = collections.Counter((o.api_version.rpartition("/")[0], o.kind) for o in accepted)
        print(f"accepted: {len(accepted)} objects of {len(kinds)} kinds")
        run.drift(accepted, "unedited")
        table("  after the apply", collections.Counter(v for v, _ in pool.map(run.judge, accepted)))

        for round_ in range(args.rounds):
            done = list(pool.map(lambda o: run.edit(o, f"{args.seed} {round_}"), accepted))
            run.drift(accepted, f"round-{round_ + 1}")
            verdicts = list(pool.map(run.judge, accepted))
            table("  edits and verdicts", collections.Counter(f"{e}: {v}" for e, (v, _) in zip(done, verdicts)))
            list(pool.map(run.apply, accepted))
            accepted = [o for o, ok in zip(accepted, pool.map(run.read, accepted)) if ok]
            for object_ in accepted:
                object_.edit = None
        run.drift(accepted, "applied-again")
        table("  after the last apply", collections.Counter(v for v, _ in pool.map(run.judge, accepted)))
    with open(os.path.join(args.work, "failures.json"), "w") as file:
        json.dump(run.failures, file, indent=1)
    table("applies refused", run.refused, 20)
    table("failures", collections.Counter(failure["what"] for failure in run.failures))
    sys.exit(1 if run.failures else 0)


def settle(run, pool, definitions):
    """Waits until the server serves what custom resource definitions define, at most a minute."""
    for _ in range(60):
        list(pool.map(run.read, definitions))
        waiting = [
            o for o in definitions
            if not any(c["type"] == "Established" and c["status"] == "True"
                       for c in (o.live.get("status") or {}).get("conditions") or [])
        ]
        if not waiting:
            break
        time.sleep(1)
    print(f"{len(definitions)} definitions, {len(waiting)} not served", flush=True)
    time.sleep(5)


if __name__ == "__main__":
    main()
