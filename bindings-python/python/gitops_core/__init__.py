"""GitOps for Kubernetes as a library: kustomize rendering and pull-request review.

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
    Finding,
    ImageChange,
    NotChecked,
    ObjectChange,
    ObjectId,
    Revision,
    Summary,
)
from ._places import Diagnostic, Location
from ._review import Review, review
from ._settings import Limits

__all__ = [
    "Acceptance",
    "AcceptanceChange",
    "AcceptanceFinding",
    "ArgumentError",
    "Build",
    "Cache",
    "Diagnostic",
    "EnvironmentReview",
    "FieldChange",
    "FieldHistory",
    "FileError",
    "Finding",
    "GitError",
    "GitopsError",
    "ImageChange",
    "KustomizeError",
    "LimitError",
    "Limits",
    "Location",
    "Manifests",
    "NotChecked",
    "ObjectChange",
    "ObjectId",
    "Objects",
    "PolicyError",
    "Review",
    "Revision",
    "Step",
    "Summary",
    "UnsupportedError",
    "YamlError",
    "build",
    "build_files",
    "build_many",
    "review",
]
