"""GitOps for Kubernetes as a library: rendering, policies, drift, plans and pull-request review.

Everything is a plain, synchronous, re-entrant function: no cluster, no network, no subprocess. The
global interpreter lock is released while Rust works, so threads run side by side, and every function,
result and exception crosses process borders (``pickle``, ``ProcessPoolExecutor``).

>>> import gitops_core
>>> files = {
...     "kustomization.yaml": "namePrefix: demo-\\nresources: [namespace.yaml]\\n",
...     "namespace.yaml": "apiVersion: v1\\nkind: Namespace\\nmetadata:\\n  name: web\\n",
... }
>>> print(gitops_core.build_files(files).yaml, end="")
apiVersion: v1
kind: Namespace
metadata:
  name: demo-web
"""

from ._build import Build, build, build_files, build_many
from ._drift import (
    Danger,
    DriftReport,
    EnvironmentHealth,
    FieldConflict,
    Health,
    ObjectDrift,
    ObjectHealth,
    Plan,
    PlanStep,
    compare,
    compare_many,
    environment_health,
    health,
    plan,
)
from ._errors import (
    ArgumentError,
    FileError,
    GitError,
    GitopsError,
    KustomizeError,
    LimitError,
    PolicyError,
    UnsupportedError,
    YamlError,
)
from ._gitops_core import Cache
from ._history import FieldHistory, Step
from ._manifests import Manifests, Objects
from ._model import (
    Acceptance,
    AcceptanceChange,
    AcceptanceFinding,
    EnvironmentReview,
    FieldChange,
    FieldDrift,
    Finding,
    ImageChange,
    LiveObject,
    LiveReview,
    LiveSummary,
    Manager,
    NotChecked,
    ObjectChange,
    ObjectId,
    Revision,
    Summary,
)
from ._places import Diagnostic, Location
from ._policy import (
    Bundle,
    CaseReport,
    Control,
    ControlRef,
    Policy,
    PolicyFinding,
    PolicyReport,
    PolicySet,
    SuiteReport,
    TestReport,
    bundle,
    bundle_names,
    bundle_yaml,
    policies,
    verify,
)
from ._review import Review, review
from ._settings import Limits

__all__ = [
    "Acceptance",
    "AcceptanceChange",
    "AcceptanceFinding",
    "ArgumentError",
    "Build",
    "Bundle",
    "Cache",
    "CaseReport",
    "Control",
    "ControlRef",
    "Danger",
    "Diagnostic",
    "DriftReport",
    "EnvironmentHealth",
    "EnvironmentReview",
    "FieldChange",
    "FieldConflict",
    "FieldDrift",
    "FieldHistory",
    "FileError",
    "Finding",
    "GitError",
    "GitopsError",
    "Health",
    "ImageChange",
    "KustomizeError",
    "LimitError",
    "Limits",
    "LiveObject",
    "LiveReview",
    "LiveSummary",
    "Location",
    "Manager",
    "Manifests",
    "NotChecked",
    "ObjectChange",
    "ObjectDrift",
    "ObjectHealth",
    "ObjectId",
    "Objects",
    "Plan",
    "PlanStep",
    "Policy",
    "PolicyError",
    "PolicyFinding",
    "PolicyReport",
    "PolicySet",
    "Review",
    "Revision",
    "Step",
    "SuiteReport",
    "Summary",
    "TestReport",
    "UnsupportedError",
    "YamlError",
    "build",
    "build_files",
    "build_many",
    "bundle",
    "bundle_names",
    "bundle_yaml",
    "compare",
    "compare_many",
    "environment_health",
    "health",
    "plan",
    "policies",
    "review",
    "verify",
]
