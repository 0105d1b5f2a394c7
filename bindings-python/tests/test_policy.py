"""`PolicySet`, bundles and suites."""

from __future__ import annotations

import datetime
import json
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

import gitops_core
from gitops_core import Location, Manifests, PolicySet

TEMPLATE = """\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: team}
spec:
  crd: {spec: {names: {kind: Team}, validation: {openAPIV3Schema: {type: object, properties: {key: {type: string, default: team}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package team
      violation[{"msg": msg, "details": {"who": object.get(input.review.userInfo, "username", "")}}] {
        not input.review.object.metadata.labels[input.parameters.key]
        msg := sprintf("%v has no label <%v>", [input.review.object.metadata.name, input.parameters.key])
      }
      violation[{"msg": "latest"}] { endswith(input.review.object.spec.containers[_].image, ":latest") }
"""
CONSTRAINT = """\
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Team
metadata: {name: all}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}, parameters: {}}
"""
POLICIES = f"{TEMPLATE}---\n{CONSTRAINT}"
PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a}
spec:
  containers:
  - name: main
    image: nginx:latest
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: a}
"""
ACCEPTANCE = """\
apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: r}
spec:
  policies: [{template: Team}]
  objects: [{kind: Pod, namespace: a, name: web}]
  reason: The vendor ships no other image.
  ticket: RISK-1
  owner: Jane Doe
  approvers: [John Roe]
  created: 2026-11-01
  expires: 2026-11-30
"""


def test_evaluate() -> None:
    policies = PolicySet.load(POLICIES)
    assert policies.constraints == [("Team", "all")]
    assert policies.templates == ["Team"]
    report = policies.evaluate(Manifests.parse(PODS, path="pods.yaml"), user_info={"username": "jane"})
    assert not report.is_clean
    label, latest = sorted(report.findings, key=lambda finding: finding.message, reverse=True)
    assert label.message == "web has no label <team>"
    assert label.details == {"who": "jane"}
    assert (label.kind, label.enforcement_action, label.is_denied) == ("violation", "deny", True)
    assert str(label.id) == "Pod a/web"
    assert latest.path == "spec.containers[0].image"
    assert latest.container == "main"
    assert latest.location == Location("pods.yaml", 7, 12)
    assert len(latest.fingerprint) == 32
    assert (report.evaluations, report.not_checked, report.acceptance_findings) == (1, (), ())
    assert json.loads(report.to_json()) == report.to_dict()
    assert json.loads(report.sarif())["version"] == "2.1.0"


def test_objects_may_come_from_everywhere() -> None:
    policies = PolicySet.load(POLICIES.encode())
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    files = {"kustomization.yaml": "resources: [pods.yaml]\n", "pods.yaml": PODS}
    build = gitops_core.build_files(files)
    for objects, count in ((pod, 1), ([pod, pod], 2), (PODS, 2), (build, 2)):
        assert len(policies.evaluate(objects).findings) == count
    places = {finding.location for finding in policies.evaluate(build).findings}
    assert Location("pods.yaml", 7, 12) in places
    for wrong in (1, None):
        with pytest.raises(gitops_core.ArgumentError):
            policies.evaluate(wrong)  # type: ignore[arg-type]


def test_acceptances() -> None:
    policies = PolicySet.load(POLICIES)
    at = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
    report = policies.evaluate(PODS, acceptances=ACCEPTANCE, now=at)
    assert report.is_clean
    assert len(report.findings) == 2
    accepted = report.findings[0].accepted
    assert accepted is not None
    assert (accepted.id, accepted.ticket, accepted.approvers) == ("r", "RISK-1", ("John Roe",))
    assert policies.evaluate(f"{PODS}---\n{ACCEPTANCE}", now="2026-11-21T12:00:00Z").is_clean
    late = policies.evaluate(PODS, acceptances=ACCEPTANCE, now="2026-12-02T00:00:00Z")
    assert not late.is_clean
    assert [finding.code for finding in late.acceptance_findings] == ["acceptance-expired"]
    never = policies.evaluate(PODS, acceptances=ACCEPTANCE)
    assert not never.is_clean
    assert [entry.code for entry in never.not_checked] == ["acceptance-not-applied"]
    with pytest.raises(gitops_core.ArgumentError):
        policies.evaluate(PODS, now="yesterday")


def test_bad_policies_have_a_place() -> None:
    with pytest.raises(gitops_core.PolicyError) as raised:
        PolicySet.load(Manifests.parse(CONSTRAINT, path="c.yaml"))
    assert (raised.value.code, raised.value.path) == ("constraint-without-template", "c.yaml")


@pytest.mark.parametrize(
    "options",
    [{"profile": "x"}, {"operation": "create"}, {"unknown_namespace": "x"}, {"time_limit": -1}, {"threads": -1}],
)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(gitops_core.ArgumentError):
        PolicySet.load(POLICIES).evaluate(PODS, **options)


def test_bundles() -> None:
    assert "pod-security-baseline" in gitops_core.bundle_names()
    privileged = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "a"},
        "spec": {"containers": [{"name": "c", "image": "x", "securityContext": {"privileged": True}}]},
    }
    for options, denied in (({}, True), ({"enforcement_action": "warn"}, False), ({"excluded_namespaces": "a"}, False)):
        policies = PolicySet.load(bundles="pod-security-baseline@1.31", **options)  # type: ignore[arg-type]
        assert policies.evaluate(privileged).is_clean is not denied
    finding = PolicySet.load(bundles=["pod-security-baseline"]).evaluate(privileged).findings[0]
    (policy,) = (policy for policy in gitops_core.policies() if policy.kind == finding.template)
    assert policy.severity in ("high", "critical")
    assert any(control.bundle == "pod-security-baseline" for control in policy.controls)
    bundle = gitops_core.bundle("pod-security-baseline")
    assert any(policy.id in control.policies for control in bundle.controls)
    exported = gitops_core.bundle_yaml("pod-security-baseline", enforcement_action="dryrun")
    assert PolicySet.load(exported).evaluate(privileged).findings[0].enforcement_action == "dryrun"
    with pytest.raises(gitops_core.ArgumentError) as raised:
        gitops_core.bundle("none")
    assert raised.value.code == "unknown-bundle"


def test_expand() -> None:
    template = """\
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: pods}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: "", version: v1, kind: Pod}
"""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "a"},
        "spec": {"template": {"spec": {}}},
    }
    (pod,) = PolicySet.load(template).expand(deployment)
    assert (pod["kind"], pod["metadata"]["name"]) == ("Pod", "web-pod")


def test_verify(tmp_path: Path) -> None:
    suite = """\
kind: Suite
apiVersion: test.gatekeeper.sh/v1alpha1
tests:
- name: team
  template: template.yaml
  constraint: constraint.yaml
  cases:
  - {name: good, object: pod.yaml, assertions: [{violations: yes}]}
  - {name: bad, object: pod.yaml, assertions: [{violations: no}]}
"""
    files = {"suite.yaml": suite, "template.yaml": TEMPLATE, "constraint.yaml": CONSTRAINT}
    for name, text in {**files, "pod.yaml": PODS.split("---")[0]}.items():
        (tmp_path / name).write_text(text)
    (report,) = gitops_core.verify(tmp_path, root=tmp_path)
    assert report.failed
    assert [(case.name, case.error is None) for case in report.tests[0].cases] == [("good", True), ("bad", False)]
    (report,) = gitops_core.verify(tmp_path, run="team//good")
    assert not report.failed


def test_threads_share_a_set() -> None:
    policies = PolicySet.load(POLICIES)
    expected = policies.evaluate(PODS, threads=1).to_json()
    seen: list[str] = []
    workers = [threading.Thread(target=lambda: seen.append(policies.evaluate(PODS).to_json())) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == [expected] * 8


def test_a_report_can_be_pickled() -> None:
    report = PolicySet.load(POLICIES).evaluate(PODS)
    copy = pickle.loads(pickle.dumps(report))
    assert (copy.to_json(), copy.sarif(), copy.is_clean) == (report.to_json(), report.sarif(), False)
