"""Writes the tables of how the built-in kinds merge, for several Kubernetes versions.

Usage: generate.py DIR... > table.txt                     # structured merge: server-side apply
       generate.py --strategic DIR... > strategic.txt     # strategic merge patch: kubectl apply

Each DIR is an unpacked release of the Go module `k8s.io/kubernetes`, which carries the OpenAPI v3 that
the API server serves and builds its merge schema from:

    go mod download -json k8s.io/kubernetes@v1.37.1    # prints the Dir

The rules are those of `k8s.io/kube-openapi/pkg/schemaconv` (what is a map, a struct, a list with keys).
Only what merging needs is kept: scalars, atomic lists and types below which nothing but these stands
need no line. See mod.rs for the format.
"""

import json
import pathlib
import re
import sys

SHORT = [
    ("io.k8s.api.", ""),
    ("io.k8s.apimachinery.pkg.apis.", ""),
    ("io.k8s.apiextensions-apiserver.pkg.apis.", ""),
    ("io.k8s.kube-aggregator.pkg.apis.", ""),
]
ATOMIC, DEDUCED, LEAVES = "!", "*", "{}"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
RAW_EXTENSION = "io.k8s.apimachinery.pkg.runtime.RawExtension"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def short(name):
    for prefix, by in SHORT:
        if name.startswith(prefix):
            return by + name[len(prefix):]
    return name


class Release:
    def __init__(self, directory, strategic):
        self.strategic = strategic
        self.minor = int(re.search(r"v1\.(\d+)", directory).group(1))
        self.schemas = {}
        for file in sorted(pathlib.Path(directory, "api/openapi-spec/v3").glob("*.json")):
            self.schemas.update(json.loads(file.read_text()).get("components", {}).get("schemas", {}))
        self.types = {}
        self.kinds = {}
        for name, schema in sorted(self.schemas.items()):
            metadata = schema.get("properties", {}).get("metadata", {})
            if reference(metadata) != OBJECT_META:
                continue
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                version = "/".join(part for part in (gvk["group"], gvk["version"]) if part)
                self.kinds[f"@{version} {gvk['kind']}"] = self.of(name)

    def of(self, name):
        """What is written for a value of the named type."""
        if name == RAW_EXTENSION:
            return ATOMIC
        if name == QUANTITY:
            return None
        schema = self.schemas[name]
        if self.is_atomic(schema):
            return ATOMIC
        if "properties" not in schema:
            return self.inline(schema)
        if short(name) not in self.types:
            self.types[short(name)] = None  # while its fields are looked at: types may contain themselves
            fields = {key: self.inline(value) for key, value in schema["properties"].items()}
            fields = {key: value for key, value in sorted(fields.items()) if value}
            self.types[short(name)] = " ".join(f"{key}={value}" for key, value in fields.items())
        if self.types[short(name)] == "":
            return None if self.strategic else LEAVES
        return short(name)

    def is_atomic(self, schema):
        # A strategic merge patch knows no mappings that are replaced whole.
        return not self.strategic and schema.get("x-kubernetes-map-type") == "atomic"

    def inline(self, schema):
        """What is written for a value of a schema; None for a scalar or an atomic list."""
        if name := reference(schema):
            found = ATOMIC if self.is_atomic(schema) else self.of(name)
            # Of a union, the fields that are not set go.
            retain = self.strategic and "retainKeys" in schema.get("x-kubernetes-patch-strategy", "")
            return "~" + (found or LEAVES) if retain else found
        if self.is_atomic(schema):
            return ATOMIC
        match schema.get("type"):
            case "array":
                return self.list(schema)
            case "object" | None if "properties" not in schema:
                inner = schema.get("additionalProperties")
                inner = self.inline(inner) if isinstance(inner, dict) else DEDUCED
                if schema.get("type") is None and "oneOf" in schema:
                    return None  # int-or-string and quantities
                if inner in (None, DEDUCED):
                    return None if self.strategic else DEDUCED
                return f"<{inner}>"
            case "object":
                raise ValueError("a struct without a name")
            case _:
                return None

    def list(self, schema):
        kind, strategy = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-patch-strategy", "")
        keys = schema.get("x-kubernetes-list-map-keys", [])
        if self.strategic:
            kind = None
        if kind is None and strategy in ("merge", "merge,retainKeys"):
            key = schema.get("x-kubernetes-patch-merge-key")
            kind, keys = ("map", [key]) if key else ("set", [])
        if kind == "set":
            return "[]"
        if kind != "map":
            return None
        item = reference(schema["items"])
        properties = self.schemas[item]["properties"]
        keys = [key + default(properties.get(key, {})) for key in keys]
        retain = "~" if self.strategic and "retainKeys" in strategy else ""
        return f"[{','.join(keys)}]{retain}{self.of(item) or LEAVES}"


def default(schema):
    return ":" + json.dumps(schema["default"]) if "default" in schema else ""


def reference(schema):
    """The type that a schema refers to, plainly or, to stand beside a default, in an `allOf` of one."""
    schema = schema["allOf"][0] if len(schema.get("allOf", [])) == 1 else schema
    return schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None


def ranges(minors, every):
    """The versions that a line is for: none if all, `32-34` if these, several if it came and went."""
    out, start = [], None
    for at, minor in enumerate(every):
        start = minor if minor in minors and start is None else start
        if start is not None and (minor not in minors or at + 1 == len(every)):
            out.append((start, minor if minor in minors else every[at - 1]))
            start = None
    return ["" if pair == (every[0], every[-1]) else f"{pair[0]}-{pair[1]} " for pair in out]


def main():
    strategic = "--strategic" in sys.argv
    directories = [argument for argument in sys.argv[1:] if argument != "--strategic"]
    releases = sorted((Release(directory, strategic) for directory in directories), key=lambda r: r.minor)
    every = [release.minor for release in releases]
    lines = {}
    for release in releases:
        types = {name: text for name, text in release.types.items() if text}
        for name, text in {**release.kinds, **types}.items():
            if text is None:
                continue
            lines.setdefault(f"{name} {text}", set()).add(release.minor)
    print(f"# Written by generate.py from the OpenAPI of Kubernetes 1.{every[0]} to 1.{every[-1]}. Not to be edited.")
    for text in sorted(lines):
        for prefix in ranges(lines[text], every):
            print(prefix + text)


main()
