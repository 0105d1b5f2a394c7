"""The native half: checked arguments in, handles to Rust results out. Not a public interface."""

from typing import TypedDict, final, type_check_only

from ._errors import GitopsError

__all__ = [
    "Cache",
    "NativeBuild",
    "NativeManifests",
    "NativeReview",
    "build",
    "build_files",
    "build_many",
    "built_manifests",
    "json_manifests",
    "parse_manifests",
    "read_manifests",
    "review",
]

@final
class NativeBuild:
    def yaml(self) -> str: ...
    def objects_json(self) -> str: ...
    def warnings_json(self) -> str: ...
    def files_read(self) -> list[str]: ...
    def location(self, index: int, path: list[str | int]) -> tuple[str, int, int] | None: ...
    def history_json(self, index: int, path: list[str | int]) -> str: ...
    def field_histories_json(self, index: int) -> str: ...
    def annotated_yaml(self) -> str: ...

@final
class NativeManifests:
    def count(self) -> int: ...
    def objects_json(self) -> str: ...
    def location(self, index: int, path: list[str | int]) -> tuple[str, int, int] | None: ...

@final
class NativeReview:
    def json(self) -> str: ...
    def markdown(self, budget: int) -> str: ...
    def sarif(self) -> str: ...

@final
class Cache:
    def __new__(cls) -> Cache: ...

@type_check_only
class Settings(TypedDict):
    profile: str
    unrestricted: bool | None
    remote_bases: dict[str, str]
    vendor_dir: str | None
    strict: list[str]
    history: bool
    max_bytes: int | None
    max_depth: int | None
    max_alias_nodes: int | None
    cache: Cache | None

def build(path: str, root: str | None, settings: Settings) -> NativeBuild: ...
def build_many(
    paths: list[str], root: str | None, settings: Settings, threads: int
) -> list[NativeBuild | GitopsError]: ...
def build_files(files: dict[str, bytes], path: str, settings: Settings) -> NativeBuild: ...
def read_manifests(paths: list[str], root: str | None, settings: Settings) -> NativeManifests: ...
def parse_manifests(content: bytes, path: str, settings: Settings) -> NativeManifests: ...
def json_manifests(json: str, settings: Settings) -> NativeManifests: ...
def built_manifests(build: NativeBuild) -> NativeManifests: ...
def review(
    repo: str,
    base: str,
    head: str,
    use_merge_base: bool,
    environments: list[str],
    settings: Settings,
    threads: int,
    now: str | None,
) -> NativeReview: ...
