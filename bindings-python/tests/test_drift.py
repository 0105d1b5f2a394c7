"""`compare`, `plan` and `health`."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gitops_core
from gitops_core import Location, Manifests

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

GIT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1"}
"""


def live(replicas: int = 2) -> dict[str, Any]:
    """As the API server has it, with defaults."""
    pod = {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        "containers": [
            {
                "name": "web",
                "image": "nginx:1",
                "imagePullPolicy": "IfNotPresent",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a", "uid": "1", "generation": 3, "resourceVersion": "7"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
        "status": {"observedGeneration": 3},
    }


def test_compare() -> None:
    desired = Manifests.parse(GIT, path="web.yaml")
    assert gitops_core.compare(desired, live()).is_in_sync
    report = gitops_core.compare(desired, live(5))
    assert not report.is_in_sync
    (drift,) = report.objects
    assert (drift.status, str(drift.id)) == ("drifted", "Deployment a/web")
    (field,) = drift.fields
    assert (field.path, field.desired, field.live, field.status) == ("spec.replicas", 2, 5, "changed")
    assert field.location == Location("web.yaml", 5, 13)
    assert report.patch(0) == [{"op": "replace", "path": "/spec/replicas", "value": 2}]
    assert "spec.replicas" in report.text()
    assert "replicas: 5" in report.unified_yaml()
    assert json.loads(report.to_json()) == report.to_dict()
    copy = pickle.loads(pickle.dumps(report))
    assert (copy.text(), copy.objects) == (report.text(), report.objects)
    statuses = [drift.status for drift in gitops_core.compare(GIT, []).objects]
    assert statuses == ["missing"]
    for wrong in ({"profile": "x"}, {"kubernetes": "x"}, {"manager": 1}):
        with pytest.raises(gitops_core.ArgumentError):
            gitops_core.compare(GIT, [], **wrong)


def test_secrets_are_masked() -> None:
    secret: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    report = gitops_core.compare({**secret, "data": {"k": "bmV3"}}, {**secret, "data": {"k": "b2xk"}})
    shown = report.to_json() + report.text() + report.unified_yaml()
    for value in ("bmV3", "b2xk", "new", "old"):
        assert f'"{value}"' not in shown
        assert f" {value}" not in shown
    assert report.patch(0)[0]["value"] == "bmV3"


def test_ignore() -> None:
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web"},
        "spec": {"ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]},
    }
    assert gitops_core.compare(GIT, live(5), ignore=application).is_in_sync


def test_compare_many() -> None:
    reports = gitops_core.compare_many([(GIT, live()), (GIT, live(5)), (GIT, [])], threads=2)
    assert [report.is_in_sync for report in reports] == [True, False, False]


def test_plan() -> None:
    plan = gitops_core.plan(GIT, [], order="flux")
    assert plan.summary["create"] == 1
    (step,) = plan.steps
    assert (step.action, str(step.id)) == ("create", "Deployment a/web")
    assert "Deployment a/web" in plan.text()
    pruned = gitops_core.plan([], live(), order="flux", inventory=["a_web_apps_Deployment"])
    assert pruned.summary["prune"] == 1
    for wrong in ({"order": "x"}, {"owner": {"kind": "x"}}, {"inventory": ["x"]}, {"prune": 1}):
        with pytest.raises(gitops_core.GitopsError):
            gitops_core.plan(GIT, [], **wrong)


def test_health() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "status": {"startTime": "x", "active": 1}}
    statuses = {
        flavour: gitops_core.health(job, flavour=flavour)[0].status
        for flavour in ("kstatus", "argoCd", "flux")
    }
    assert statuses == {"kstatus": "Current", "argoCd": "Progressing", "flux": "InProgress"}
    environment = gitops_core.environment_health(GIT, [], flavour="argoCd")
    assert (environment.status, environment.counts) == ("Missing", {"Missing": 1})
    with pytest.raises(gitops_core.ArgumentError):
        gitops_core.health(job, flavour="x")  # type: ignore[arg-type]


def test_a_recorded_cluster() -> None:
    """The objects of a real API server, as its clients give them."""
    desired = Manifests.read(EXAMPLES / "cluster/git", root=EXAMPLES)
    text = (EXAMPLES / "cluster/live.json").read_text()
    items: list[dict[str, Any]] = json.loads(text)["items"]
    report = gitops_core.compare(desired, items)
    drifted = {str(drift.id): drift for drift in report.objects if drift.status == "drifted"}
    assert {name: [field.path for field in drift.fields] for name, drift in drifted.items()} == {
        "Backup shop/nightly": ["spec.targets[offsite].keep"],
        "Deployment shop/web": ["spec.replicas", "spec.template.spec.containers[web].image"],
        "Secret shop/database": ["data.password"],
    }
    causes = {field.cause: field.changed_by for drift in drifted.values() for field in drift.fields}
    assert {cause: owner.manager for cause, owner in causes.items() if owner} == {
        "otherController": "backup-operator",
        "editedByHand": "kubectl-edit",
    }
    (replicas, _) = drifted["Deployment shop/web"].fields
    assert replicas.location == Location("cluster/git/app.yaml", 31, 13)
    others = {str(drift.id): drift.status for drift in report.objects if drift.status not in ("drifted", "inSync")}
    assert others == {"ConfigMap shop/debug": "extra", "PodDisruptionBudget shop/web": "missing"}
    # As text, as a typed list without types of its items, and as a client writes moments.
    assert gitops_core.compare(desired, text).to_dict() == report.to_dict()
    kept = {key: value for key, value in items[0].items() if key not in ("apiVersion", "kind")}
    kind = {"apiVersion": items[0]["apiVersion"], "kind": f"{items[0]['kind']}List", "items": [kept]}
    same = gitops_core.compare(desired, [kind, *items[1:]])
    assert same.to_dict() == report.to_dict()
    moments = json.loads(text.replace('Z"', '+00:00"'))["items"]
    statuses = [(drift.status, len(drift.fields)) for drift in gitops_core.compare(desired, moments).objects]
    assert statuses == [(drift.status, len(drift.fields)) for drift in report.objects]


def test_the_example() -> None:
    cluster = EXAMPLES / "cluster"

    def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, EXAMPLES / "python/drift.py", "--desired", cluster / "git", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True)

    live = (cluster / "live.json").read_text()
    told = run("--live", cluster / "live.json")
    assert (told.returncode, told.stderr) == (1, "")
    assert "10 in sync, 3 drifted, 1 missing, 1 extra" in told.stdout
    assert run("--live", "-", stdin=live).stdout == told.stdout
    patches = json.loads(run("--live", cluster / "live.json", "--format", "patch").stdout)
    assert patches["Deployment shop/web"][0] == {"op": "replace", "path": "/spec/replicas", "value": 2}
    assert run("--live", cluster / "none.json").returncode == 2
    assert run("--live", cluster / "git", "--profile", "argoCd").returncode == 0
