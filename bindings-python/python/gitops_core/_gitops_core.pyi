"""The native half: checked arguments in, handles to Rust results out. Not a public interface."""

from typing import TypedDict, final, type_check_only

from ._errors import GitopsError

__all__ = [
    "Cache",
    "NativeBuild",
    "NativeDriftReport",
    "NativeManifests",
    "NativePlan",
    "NativePolicyReport",
    "NativePolicySet",
    "NativeReview",
    "build",
    "build_files",
    "build_many",
    "built_manifests",
    "bundle_json",
    "bundle_names",
    "bundle_yaml",
    "compare",
    "environment_health_json",
    "health_json",
    "json_manifests",
    "load_policies",
    "parse_manifests",
    "plan",
    "policies_json",
    "read_manifests",
    "review",
    "verify_json",
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
class NativeDriftReport:
    def json(self) -> str: ...
    def text(self) -> str: ...
    def unified_yaml(self) -> str: ...
    def patch_json(self, index: int) -> str: ...
    def in_sync(self) -> bool: ...

@final
class NativePlan:
    def json(self) -> str: ...
    def text(self) -> str: ...

@final
class NativePolicySet:
    def constraints(self) -> list[tuple[str, str]]: ...
    def templates(self) -> list[str]: ...
    def evaluate(self, objects: NativeManifests, settings: EvaluateSettings) -> NativePolicyReport: ...
    def expand_json(self, objects: NativeManifests) -> str: ...

@final
class NativePolicyReport:
    def json(self) -> str: ...
    def sarif(self) -> str: ...
    def is_clean(self) -> bool: ...

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

@type_check_only
class BundleSettings(TypedDict):
    enforcement_action: str
    excluded_namespaces: list[str]
    exempt_images: list[str]
    parameters: dict[str, str]

@type_check_only
class EvaluateSettings(TypedDict):
    namespaces: NativeManifests | None
    inventory: NativeManifests | None
    old_objects: NativeManifests | None
    acceptances: NativeManifests | None
    default_namespace: str | None
    enforcement_point: str
    profile: str
    unknown_namespace: str
    operation: str | None
    user_info: str | None
    now: str | None
    locate: bool
    time_limit: float
    threads: int

@type_check_only
class DriftSettings(TypedDict):
    profile: str
    kubernetes: str | None
    manager: str | None
    default_namespace: str | None
    definitions: NativeManifests | None
    ignore: NativeManifests | None

@type_check_only
class PlanSettings(TypedDict):
    order: str
    owner: tuple[str, str, str] | None
    inventory: list[str]
    prune: bool
    prune_last: bool
    allow_deletion: list[str]
    confirmed: bool
    deletion_policy: str
    force: bool
    fail_on_shared: bool
    drift: DriftSettings

def compare(
    desired: NativeManifests, live: NativeManifests, settings: DriftSettings
) -> NativeDriftReport: ...
def plan(desired: NativeManifests, live: NativeManifests, settings: PlanSettings) -> NativePlan: ...
def health_json(objects: NativeManifests, flavour: str, now: str | None) -> str: ...
def environment_health_json(
    desired: NativeManifests, live: NativeManifests, flavour: str, now: str | None
) -> str: ...
def load_policies(
    policies: NativeManifests,
    bundles: list[str],
    bundle_settings: BundleSettings,
    native_validation: bool,
) -> NativePolicySet: ...
def bundle_names() -> list[str]: ...
def bundle_json(name: str) -> str: ...
def bundle_yaml(name: str, settings: BundleSettings) -> str: ...
def policies_json() -> str: ...
def verify_json(
    path: str,
    root: str | None,
    run: str,
    native_validation: bool,
    time_limit: float,
    settings: Settings,
) -> str: ...
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
    live: list[tuple[str, NativeManifests]],
) -> NativeReview: ...
