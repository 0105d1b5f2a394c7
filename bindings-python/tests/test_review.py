"""`review`: the demo's change, its reports, its types, and what it refuses."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gitops_core
from gitops_core import _model

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((REPOSITORY / "gitops-core/schemas/review.schema.json").read_text())
CLASSES: dict[str, type[Any]] = {
    "acceptance": gitops_core.Acceptance,
    "acceptanceChange": gitops_core.AcceptanceChange,
    "acceptanceFinding": gitops_core.AcceptanceFinding,
    "diagnostic": gitops_core.Diagnostic,
    "environment": gitops_core.EnvironmentReview,
    "fieldChange": gitops_core.FieldChange,
    "fieldDrift": gitops_core.FieldDrift,
    "finding": gitops_core.Finding,
    "imageChange": gitops_core.ImageChange,
    "liveObject": gitops_core.LiveObject,
    "liveReview": gitops_core.LiveReview,
    "liveSummary": gitops_core.LiveSummary,
    "location": gitops_core.Location,
    "manager": gitops_core.Manager,
    "notChecked": gitops_core.NotChecked,
    "objectChange": gitops_core.ObjectChange,
    "objectId": gitops_core.ObjectId,
    "revision": gitops_core.Revision,
    "summary": gitops_core.Summary,
}
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n"


def test_the_demo_names_the_line_to_edit(demo: Path) -> None:
    review = gitops_core.review(demo, "main~1", "main")
    new = [
        finding
        for environment in review.environments
        for finding in environment.findings
        if finding.status == "new"
    ]
    assert [(finding.constraint, str(finding.object)) for finding in new] == [
        ("live-images-only", "Deployment team-a/web")
    ]
    place = new[0].location
    assert place is not None and place.path == "apps/prod/patch-image.yaml"
    text = (demo / place.path).read_text().splitlines()[place.line - 1]
    assert text[place.column - 1 :].strip('"') in new[0].message
    assert new[0].location_of == "value"
    assert review.summary.new_findings == 1
    assert (review.base.revision, review.head.revision) == ("main~1", "main")


def test_attributes_are_those_of_the_json(demo: Path) -> None:
    review = gitops_core.review(demo, "main~1", "main")
    data = json.loads(review.to_json())
    assert review.to_dict() == data
    assert {name: encode(getattr(review, python_name(name))) for name in data} == data
    assert review.environments is review.environments


def encode(value: Any) -> Any:
    """Back to JSON: what is `None` or an empty default is absent there."""
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {
        _model.json_name(field.name): encode(item)
        for field, item in fields
        if field.default is dataclasses.MISSING or item != field.default
    }


def python_name(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@pytest.mark.parametrize("name", SCHEMA["$defs"])
def test_classes_have_the_fields_of_the_schema(name: str) -> None:
    schema, fields = SCHEMA["$defs"][name], dataclasses.fields(CLASSES[name])
    assert {_model.json_name(field.name) for field in fields} == set(schema["properties"])
    required = {_model.json_name(field.name) for field in fields if field.default is dataclasses.MISSING}
    assert required == set(schema["required"])


def test_the_review_has_the_attributes_of_the_schema() -> None:
    for name in SCHEMA["properties"]:
        assert hasattr(gitops_core.Review, python_name(name))


LIVE = gitops_core.Manifests.read(REPOSITORY / "examples/demo/live")


@pytest.mark.parametrize("name", ["prod", "prod/apps", "pro*"])
def test_live_objects_tell_what_the_merge_overwrites(demo: Path, name: str) -> None:
    review = gitops_core.review(demo, "main~1", "main", live={name: LIVE.objects})
    data = json.loads(review.to_json())
    assert {name: encode(getattr(review, python_name(name))) for name in data} == data
    (apps,) = [environment for environment in review.environments if environment.name == "prod/apps"]
    assert apps.live is not None and review.summary.live is not None
    (replicas,) = apps.live.objects[0].fields
    assert (apps.live.objects[0].effect, replicas.live, replicas.desired) == ("overwritten", 8, 5)
    assert replicas.changed_by is not None and replicas.changed_by.manager == "kubectl"
    assert str(replicas.location).startswith("apps/prod/kustomization.yaml:")
    assert "brings back" in review.markdown() or review.summary.live.untouched > 0
    assert review.to_json() == gitops_core.review(demo, "main~1", "main", live={name: LIVE}).to_json()


def test_live_objects_need_a_name_that_there_is(demo: Path) -> None:
    plain = gitops_core.review(demo, "main~1", "main")
    assert plain.to_json() == gitops_core.review(demo, "main~1", "main", live={}).to_json()
    assert all(environment.live is None for environment in plain.environments)
    with pytest.raises(gitops_core.ArgumentError) as caught:
        gitops_core.review(demo, "main~1", "main", live={"prd": LIVE})
    assert caught.value.code == "unknown-environment"


def test_reports(demo: Path) -> None:
    review = gitops_core.review(str(demo), "main~1", "main")
    full = review.markdown()
    assert "apps/prod/patch-image.yaml" in full
    assert len(review.markdown(1500).encode()) <= 1500 < len(full.encode())
    assert json.loads(review.sarif())["version"] == "2.1.0"
    assert "not-a-real-password" not in full + review.to_json() + review.sarif()


def test_a_review_crosses_processes(demo: Path) -> None:
    review = gitops_core.review(demo, "main~1", "main")
    copy = pickle.loads(pickle.dumps(review))
    for report in ("to_json", "sarif", "markdown"):
        assert getattr(copy, report)() == getattr(review, report)()
    assert copy.environments == review.environments
    with pytest.raises(gitops_core.ArgumentError):
        copy.markdown(99)


def test_options(demo: Path) -> None:
    review = gitops_core.review(demo, "main~1", "main", environments=["prod*"], use_merge_base=True)
    assert {environment.name.split("/")[0] for environment in review.environments} == {"prod"}
    with pytest.raises(gitops_core.ArgumentError) as caught:
        gitops_core.review(demo, "main~1", "main", environments=["none"])
    assert caught.value.code == "unknown-environment"


ACCEPTANCE = """
apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: a}
spec:
  policies: [{template: K8sPrivileged}]
  objects: [{kind: Pod, name: web}]
  reason: The vendor's image needs it.
  ticket: RISK-1
  owner: Jane Doe
  approvers: [John Roe]
  created: 2026-11-01
  expires: 2026-11-30
"""


def test_acceptances_are_judged_by_a_time(make_repository: Callable[..., Path]) -> None:
    repository = make_repository(
        {"app/kustomization.yaml": "resources: [namespace.yaml]\n", "app/namespace.yaml": NAMESPACE},
        {"risks/a.yaml": ACCEPTANCE},
    )
    codes: dict[str | datetime.datetime, list[str]] = {
        "2026-11-21T12:00:00Z": ["acceptance-unused"],
        datetime.datetime(2026, 12, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))): ["acceptance-unused"],
        datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc): ["acceptance-expired"],
    }
    for now, expected in codes.items():
        review = gitops_core.review(repository, "main~1", "main", now=now)
        assert [finding.code for finding in review.acceptance_findings] == expected
        assert [(change.action, change.acceptance.ticket) for change in review.acceptances] == [("added", "RISK-1")]
        assert not review.not_checked
    review = gitops_core.review(repository, "main~1", "main")
    assert [entry.code for entry in review.not_checked] == ["acceptance-not-applied"]
    refused: dict[str | datetime.datetime, str] = {
        "tomorrow": "bad-time",
        datetime.datetime(2026, 12, 1): "bad-argument",
    }
    for wrong, code in refused.items():
        with pytest.raises(gitops_core.ArgumentError) as caught:
            gitops_core.review(repository, "main~1", "main", now=wrong)
        assert caught.value.code == code


def test_what_cannot_be_read(make_repository: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(gitops_core.GitError) as caught:
        gitops_core.review(tmp_path, "main~1", "main")
    assert caught.value.code == "not-a-repository"
    repository = make_repository()
    with pytest.raises(gitops_core.GitError) as caught:
        gitops_core.review(repository, "HEAD", "HEAD")
    assert caught.value.code == "no-commits"
    repository = make_repository({"namespace.yaml": NAMESPACE})
    with pytest.raises(gitops_core.GitError) as caught:
        gitops_core.review(repository, "nowhere", "main")
    assert caught.value.code == "unknown-revision"
    assert "nowhere" in caught.value.message


def test_what_cannot_be_rendered_is_in_the_result(make_repository: Callable[..., Path]) -> None:
    repository = make_repository(
        {"app/kustomization.yaml": "resources: [namespace.yaml]\n", "app/namespace.yaml": NAMESPACE},
        {"app/namespace.yaml": "kind: Namespace\nmetadata: [\n"},
    )
    review = gitops_core.review(repository, "main~1", "main")
    (environment,) = review.environments
    assert environment.status == "failed"
    assert [(error.code, str(error.location)) for error in environment.errors] == [
        ("syntax", "app/namespace.yaml:2:11")
    ]


WRONG: list[Callable[[], object]] = [
    lambda: gitops_core.review(3, "a", "b"),  # type: ignore[arg-type]
    lambda: gitops_core.review(".", 3, "b"),  # type: ignore[arg-type]
    lambda: gitops_core.review(".", "a", None),  # type: ignore[arg-type]
    lambda: gitops_core.review(".", "a", "b", environments="prod"),
    lambda: gitops_core.review(".", "a", "b", environments=[3]),  # type: ignore[list-item]
    lambda: gitops_core.review(".", "a", "b", use_merge_base=1),  # type: ignore[arg-type]
    lambda: gitops_core.review(".", "a", "b", live=LIVE),  # type: ignore[arg-type]
    lambda: gitops_core.review(".", "a", "b", live={3: LIVE}),  # type: ignore[dict-item]
    lambda: gitops_core.review(".", "a", "b", live={"prod": 3}),  # type: ignore[dict-item]
]


@pytest.mark.parametrize("at", range(len(WRONG)))
def test_wrong_arguments_are_argument_errors(at: int) -> None:
    with pytest.raises(gitops_core.ArgumentError) as caught:
        WRONG[at]()
    assert caught.value.code == "bad-argument"
