"""`build`: what it gives, what it reads, and what it refuses."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pytest

import gitops_core
from gitops_core import Location

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

RENDERED = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: prod
spec:
  replicas: 3
  template:
    spec:
      containers:
      - image: nginx:1.27
        name: web
"""


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n"


def on_disk(folder: Path, files: dict[str, str] = FILES) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_memory_and_disk_give_the_same(tmp_path: Path) -> None:
    on_disk(tmp_path)
    for build in (
        gitops_core.build_files(FILES, "prod"),
        gitops_core.build_files({name: text.encode() for name, text in FILES.items()}, "./prod/"),
        gitops_core.build(tmp_path / "prod", root=tmp_path),
        gitops_core.build(str(tmp_path / "prod"), root=str(tmp_path)),
    ):
        assert build.yaml == RENDERED
        assert [(item["kind"], item["spec"]["replicas"]) for item in build.objects] == [("Deployment", 3)]
        assert build.files_read == tuple(sorted(FILES))
        assert build.warnings == ()
        assert repr(build) == "<gitops_core.Build of 1 objects>"


def test_every_value_knows_the_text_that_set_it() -> None:
    build = gitops_core.build_files(FILES, "prod")
    image = ("spec", "template", "spec", "containers", 0, "image")
    assert build.location(0, ("spec", "replicas")) == Location("prod/patch.yaml", 6, 13)
    assert str(build.location(0, image)) == "base/deployment.yaml:11:16"
    assert build.location(0, ["metadata", "namespace"]) == Location("prod/kustomization.yaml", 1, 12)
    assert build.location(1) is None


def test_the_root_is_the_git_work_tree(tmp_path: Path) -> None:
    repository = on_disk(tmp_path / "repository")
    (repository / ".git").mkdir()
    assert gitops_core.build(repository / "prod").files_read == tuple(sorted(FILES))
    (repository / ".git").rmdir()
    (repository / "prod" / ".git").mkdir()
    with pytest.raises(gitops_core.FileError) as caught:
        gitops_core.build(repository / "prod")
    assert caught.value.code == "outside-root"


def test_the_load_restrictor(tmp_path: Path) -> None:
    files = {
        "app/kustomization.yaml": "resources: [../namespace.yaml]\n",
        "namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
    }
    on_disk(tmp_path, files)
    with pytest.raises(gitops_core.GitopsError) as caught:
        gitops_core.build(tmp_path / "app", root=tmp_path)
    assert (caught.value.path, caught.value.line) == ("app/kustomization.yaml", 1)
    for build in (
        gitops_core.build(tmp_path / "app", root=tmp_path, load_restrictor="none"),
        gitops_core.build_files(files, "app", load_restrictor="none"),
    ):
        assert build.objects[0]["metadata"]["name"] == "web"


def test_profiles_build_as_their_tool_does() -> None:
    files = {"app/b.yaml": NAMESPACE.format("b"), "app/c/a.yaml": NAMESPACE.format("a")}
    with pytest.raises(gitops_core.KustomizeError):
        gitops_core.build_files(files, "app", profile="kubectl")
    with pytest.raises(gitops_core.KustomizeError):
        gitops_core.build_files(files, "app", profile="argocd")
    build = gitops_core.build_files(files, "app", profile="flux")
    assert [object["metadata"]["name"] for object in build.objects] == ["b", "a"]
    files |= {"app/kustomization.yaml": "resources: [../d.yaml]\n", "d.yaml": NAMESPACE.format("d")}
    assert len(gitops_core.build_files(files, "app", profile="flux").objects) == 1
    with pytest.raises(gitops_core.GitopsError):
        gitops_core.build_files(files, "app", profile="flux", load_restrictor="root")


def test_remote_bases_come_from_the_caller() -> None:
    address = "https://github.com/acme/bases//web?ref=v1"
    checkout = {"web/kustomization.yaml": "resources: [web.yaml]\n", "web/web.yaml": NAMESPACE.format("web")}
    root = {"kustomization.yaml": f"resources: ['{address}']\n"}
    with pytest.raises(gitops_core.UnsupportedError) as caught:
        gitops_core.build_files(root)
    assert (caught.value.code, caught.value.path, caught.value.line) == ("remote-base", "kustomization.yaml", 1)
    named = root | {f"acme/{path}": text for path, text in checkout.items()}
    vendored = root | {f"vendor/github.com/acme/bases@v1/{path}": text for path, text in checkout.items()}
    for build in (
        gitops_core.build_files(named, remote_bases={"https://github.com/acme/bases": "acme"}),
        gitops_core.build_files(named, remote_bases={address: "acme/web"}),
        gitops_core.build_files(vendored, vendor_dir="vendor"),
    ):
        assert build.objects[0]["metadata"]["name"] == "web"


def test_strict_makes_errors_of_chosen_warnings(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "resources: [namespace.yaml]\nimages: [{name: web, newTag: v2}]\n",
        "namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
    }
    on_disk(tmp_path, files)
    code = "image-matches-nothing"
    assert gitops_core.build_files(files).warnings[0].code == code
    for strict in ("all", code, ["unused-var", code]):
        for on_the_disk in (True, False):
            with pytest.raises(gitops_core.KustomizeError) as caught:
                if on_the_disk:
                    gitops_core.build(tmp_path, root=tmp_path, strict=strict)
                else:
                    gitops_core.build_files(files, strict=strict)
            assert (caught.value.code, caught.value.path, caught.value.line) == (code, "kustomization.yaml", 2)
    assert len(gitops_core.build_files(files, strict={"unused-var"}).warnings) == 1
    with pytest.raises(gitops_core.ArgumentError) as argument:
        gitops_core.build_files(files, strict=["unused-bar"])
    assert argument.value.code == "unknown-warning"


def test_a_build_crosses_processes_without_its_texts() -> None:
    build = pickle.loads(pickle.dumps(gitops_core.build_files(FILES, "prod")))
    assert build.yaml == RENDERED
    assert build.objects[0]["spec"]["replicas"] == 3
    assert build.files_read == tuple(sorted(FILES))
    with pytest.raises(gitops_core.ArgumentError) as caught:
        build.location(0)
    assert caught.value.code == "no-sources"


def test_other_threads_run_during_a_build() -> None:
    count = 2000
    files = {f"{at}.yaml": FILES["base/deployment.yaml"].replace("web", f"web-{at}") for at in range(count)}
    files["kustomization.yaml"] = "resources:\n" + "".join(f"- {name}\n" for name in files)
    turns, ready, done = 0, threading.Event(), threading.Event()

    def spin() -> None:
        nonlocal turns
        ready.set()
        while not done.is_set():
            turns += 1

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    ready.wait()
    before = turns
    try:
        build = gitops_core.build_files(files)
        during = turns - before
    finally:
        done.set()
        thread.join()
    assert len(build.objects) == count
    # With the lock held, the other thread gets at most a turn or two of the switch interval.
    assert during > 1000


def overlays(folder: Path, count: int) -> list[Path]:
    on_disk(folder)
    for at in range(count):
        path = folder / f"env-{at}"
        path.mkdir()
        (path / "kustomization.yaml").write_text(f"namePrefix: env-{at}-\nresources: [../base]\n")
    return [folder / f"env-{at}" for at in range(count)]


def test_many_builds_stand_in_order_each_for_itself(tmp_path: Path) -> None:
    paths = overlays(tmp_path, 20)
    paths[7:7] = [tmp_path / "missing", tmp_path / "base" / "deployment.yaml"]
    (tmp_path / "env-9" / "kustomization.yaml").write_text("resources: [../base, none.yaml]\n")
    cache = gitops_core.Cache()
    for threads in (0, 1, 8):
        built = gitops_core.build_many(paths, root=tmp_path, threads=threads, cache=cache)
        assert len(built) == len(paths)
        for path, result in zip(paths, built):
            if isinstance(result, gitops_core.GitopsError):
                with pytest.raises(type(result)) as caught:
                    gitops_core.build(path, root=tmp_path)
                assert (str(caught.value), caught.value.code) == (str(result), result.code)
            else:
                assert result.yaml == gitops_core.build(path, root=tmp_path).yaml
        failed = [at for at, result in enumerate(built) if isinstance(result, gitops_core.GitopsError)]
        assert failed == [7, 8, 11]
    assert gitops_core.build_many([]) == []


def test_a_cache_serves_many_threads(tmp_path: Path) -> None:
    paths = overlays(tmp_path, 10)
    alone = [gitops_core.build(path, root=tmp_path).yaml for path in paths]
    cache = gitops_core.Cache()
    wrong: list[Path] = []

    def work() -> None:
        for path, yaml in zip(paths, alone):
            if gitops_core.build(path, root=tmp_path, cache=cache).yaml != yaml:
                wrong.append(path)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_limits(tmp_path: Path) -> None:
    on_disk(tmp_path)
    assert gitops_core.build_files(FILES, "prod", limits={}).yaml == RENDERED
    for limits, code in (
        (gitops_core.Limits(max_depth=3), "too-deep"),
        (gitops_core.Limits(max_bytes=20), "too-large"),
    ):
        with pytest.raises(gitops_core.LimitError) as caught:
            gitops_core.build_files(FILES, "prod", limits=limits)
        assert caught.value.code == code
        with pytest.raises(gitops_core.LimitError) as caught:
            gitops_core.build(tmp_path / "prod", root=tmp_path, limits=limits)
        assert caught.value.code == code
    for wrong in ({"depth": 1}, {"max_depth": -1}, {"max_depth": True}, ["max_depth"]):
        with pytest.raises(gitops_core.ArgumentError):
            gitops_core.build_files(FILES, "prod", limits=wrong)  # type: ignore[arg-type]
    with pytest.raises(gitops_core.ArgumentError):
        gitops_core.build_files(FILES, "prod", cache={})  # type: ignore[arg-type]
    with pytest.raises(gitops_core.ArgumentError):
        gitops_core.build_many("prod")
