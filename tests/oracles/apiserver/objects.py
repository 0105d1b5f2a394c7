"""The rendered objects of the conformance set, one of each identity."""

import glob
import os
import re
import tarfile

import yaml

# Only names are read from the parsed form, so that every scalar may be a text.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# What others depend on comes first; what routes requests of the server elsewhere comes last.
FIRST = ("CustomResourceDefinition", "Namespace")
LAST = ("APIService",)


class Rendered:
    """One object: its text as it was rendered, and how the API names it."""

    def __init__(self, text, data):
        self.text, self.data = text, data
        self.kind, self.api_version = data["kind"], data["apiVersion"]
        self.name = data["metadata"]["name"]
        self.namespace = data["metadata"].get("namespace") or "default"

    def identity(self):
        group = self.api_version.rpartition("/")[0]
        return group, self.kind, self.namespace, self.name

    def __str__(self):
        return f"{self.api_version} {self.kind} {self.namespace}/{self.name}"


def rendered(conformance):
    """The objects in the order in which they are to be applied."""
    found, heads = {}, set()
    for archive in sorted(glob.glob(os.path.join(conformance, "realworld", "*.tar.xz"))):
        with tarfile.open(archive) as tar:
            for member in tar:
                if "/golden/" not in member.name or not member.isfile():
                    continue
                for text in re.split(r"(?m)^---\s*$\n?", tar.extractfile(member).read().decode()):
                    if text in heads:
                        continue
                    heads.add(text)
                    data = yaml.load(text, LOADER)
                    if not isinstance(data, dict) or not isinstance(data.get("kind"), str):
                        continue
                    name = (data.get("metadata") or {}).get("name")
                    if not isinstance(name, str) or not isinstance(data.get("apiVersion"), str):
                        continue
                    object_ = Rendered(text, data)
                    found.setdefault(object_.identity(), object_)
    rank = {kind: 0 for kind in FIRST} | {kind: 2 for kind in LAST}
    return sorted(found.values(), key=lambda o: rank.get(o.kind, 1))
