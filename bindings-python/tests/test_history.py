"""`Build.history`: which overlay set a field, and what it was before."""

from __future__ import annotations

import pytest

import gitops_core
from gitops_core import FieldHistory, Location, Step

FILES = {
    "base/kustomization.yaml": "resources: [deployment.yaml]\n",
    "base/deployment.yaml": (
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata:\n"
        "  name: web\n"
        "spec:\n"
        "  replicas: 1\n"
        "  template:\n"
        "    spec:\n"
        "      containers:\n"
        "      - name: web\n"
        "        image: nginx:1.27\n"
    ),
    "prod/kustomization.yaml": (
        "namespace: prod\n"
        "resources: [../base]\n"
        "patches:\n"
        "- path: patch.yaml\n"
    ),
    "prod/patch.yaml": (
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata:\n"
        "  name: web\n"
        "spec:\n"
        "  replicas: 3\n"
    ),
}

SECRET = {
    "kustomization.yaml": "secretGenerator:\n- name: s\n  literals: [password=correct-horse]\n",
}


def test_the_steps_of_a_field() -> None:
    build = gitops_core.build_files(FILES, "prod", history=True)
    assert build.yaml == gitops_core.build_files(FILES, "prod").yaml
    assert build.history(0, ("spec", "replicas")) == (
        Step("resource", 1, Location("base/deployment.yaml", 6, 13), Location("base/kustomization.yaml", 1, 13)),
        Step("patch", 3, Location("prod/patch.yaml", 6, 13), Location("prod/kustomization.yaml", 4, 3)),
    )
    assert build.history(0, ("spec", "none")) == build.history(7) == ()
    assert [step.kind for step in build.history(0)] == ["resource", "patch", "namespace"]


def test_every_field_at_once() -> None:
    build = gitops_core.build_files(FILES, "prod", history=True)
    histories = build.field_histories(0)
    assert {history.path: history.steps[-1].kind for history in histories} == {
        "apiVersion": "patch",
        "kind": "resource",
        "metadata.name": "resource",
        "metadata.namespace": "namespace",
        "spec.replicas": "patch",
        "spec.template.spec.containers[0].name": "resource",
        "spec.template.spec.containers[0].image": "resource",
    }
    replicas = build.history(0, ["spec", "replicas"])
    assert FieldHistory("spec.replicas", "/spec/replicas", replicas) in histories
    assert build.field_histories(7) == ()


def test_the_annotated_manifest() -> None:
    build = gitops_core.build_files(FILES, "prod", history=True)
    line = next(line for line in build.annotated_yaml().splitlines() if "replicas" in line)
    comment = "# prod/patch.yaml:6:13 (patch; was 1 at base/deployment.yaml:6:13)"
    assert line.split("  #")[0].rstrip() == "  replicas: 3"
    assert line.endswith(comment)


def test_secrets_are_masked() -> None:
    build = gitops_core.build_files(SECRET, history=True)
    value = build.objects[0]["data"]["password"]
    shown = build.annotated_yaml() + str(build.history(0)) + str(build.field_histories(0))
    assert value not in shown
    assert "(secret value)" in shown


def test_only_if_recorded() -> None:
    build = gitops_core.build_files(FILES, "prod")
    for ask in (lambda: build.history(0), lambda: build.field_histories(0), build.annotated_yaml):
        with pytest.raises(gitops_core.ArgumentError) as caught:
            ask()
        assert caught.value.code == "no-history"
    with pytest.raises(gitops_core.ArgumentError):
        gitops_core.build_files(FILES, "prod", history=1)  # type: ignore[arg-type]
