"""`compare`, `plan` and `health`."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

import gitops_core
from gitops_core import Location, Manifests

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
