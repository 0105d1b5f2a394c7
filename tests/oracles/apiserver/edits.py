"""Edits of live objects by another manager, and pointers (tuples of keys) into objects."""

import json
import re


def at(value, pointer):
    for key in pointer:
        value = value[key]
    return value


def text(pointer):
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in pointer)


def parse(pointer):
    """A JSON pointer without the numbers of list items, which differ between two forms of an object."""
    keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
    return tuple("*" if re.fullmatch(r"\d+|-", key) else key for key in keys)


def loose(pointer):
    return tuple("*" if isinstance(key, int) or re.fullmatch(r"\d+|-", key) else key for key in pointer)


def related(one, other):
    """Whether one pointer leads to the other or they are equal."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def owned(fields, live, here=(), whole=False):
    """The places of the leaves of a `fieldsV1` in the live object; if `whole`, of its maps and items too."""
    for key, below in fields.items():
        if key == ".":
            continue
        kind, _, rest = key.partition(":")
        value = at(live, here)
        if kind == "f" and isinstance(value, dict) and rest in value:
            place = here + (rest,)
        elif kind == "k" and isinstance(value, list):
            keys = json.loads(rest)
            items = [i for i, item in enumerate(value) if isinstance(item, dict) and keys.items() <= item.items()]
            if len(items) != 1:
                continue
            place = here + (items[0],)
        elif kind == "v" and isinstance(value, list):
            items = [i for i, item in enumerate(value) if item == json.loads(rest)]
            if len(items) != 1:
                continue
            place = here + (items[0],)
        else:
            continue
        inner = any(name != "." for name in below)
        if inner:
            yield from owned(below, live, place, whole)
        if not inner or (whole and "." in below):
            yield place


def scalars(value, here=()):
    """The places of all values that hold no others."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from scalars(below, here + (key,))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from scalars(below, here + (index,))
    else:
        yield here


def differences(one, other, here=()):
    """The places where two objects differ; a list of another length differs as a whole."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key in one and key in other:
                yield from differences(one[key], other[key], here + (key,))
            else:
                yield here + (key,)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other)):
            yield from differences(*pair, here + (index,))
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield here


def mutated(random, value):
    """Another value of the same type; of a quantity sometimes the same in other words."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + random.choice([1, -1, 7])
    if not isinstance(value, str):
        return "edited"
    if re.fullmatch(r"\d+", value):
        return random.choice([value + "000m", str(int(value) + 1)])
    if match := re.fullmatch(r"(\d+)(Gi|m)", value):
        number = int(match[1])
        same = f"{number * 1024}Mi" if match[2] == "Gi" else f"{number}000u"
        return random.choice([same, f"{number + 1}{match[2]}"])
    if match := re.fullmatch(r"(\d+)([hms])", value):
        return f"{int(match[1]) + 1}{match[2]}"
    if re.fullmatch(r"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", value):
        return "ZWRpdGVk"
    return random.choice(["edited", value + "-edited", value[:-1]])


def may_edit(kind, pointer):
    """Not the server's own fields, and of what other objects depend on only what does no harm to them."""
    if pointer[:1] == ("status",) or pointer[0] in ("apiVersion", "kind"):
        return False
    if pointer[0] == "metadata":
        return len(pointer) > 2 and pointer[1] in ("labels", "annotations")
    if kind == "CustomResourceDefinition":
        return pointer[-1] == "description"
    return True


def edit(random, kind, live, manager):
    """A random edit as (kind of edit, place, JSON Patch), or None."""
    entry = [e for e in live["metadata"].get("managedFields", []) if e["manager"] == manager and e["operation"] == "Apply"]
    ours = [p for e in entry for p in owned(e["fieldsV1"], live)]
    what = random.choices(["change", "remove", "unowned", "add label", "add item"], [45, 15, 20, 10, 10])[0]
    if what in ("change", "remove"):
        if what == "remove":
            ours = [p for e in entry for p in owned(e["fieldsV1"], live, whole=True)]
        leaves = [p for p in ours if may_edit(kind, p)]
        if not leaves:
            return None
        place = random.choice(leaves)
        if what == "remove":
            return what, place, [{"op": "remove", "path": text(place)}]
        inner = [place + p for p in scalars(at(live, place))]
        if not inner:
            return None
        place = random.choice(inner)
        return what, place, [{"op": "replace", "path": text(place), "value": mutated(random, at(live, place))}]
    if what == "unowned":
        free = [p for p in scalars(live) if may_edit(kind, p) and not any(related(p, o) for o in ours)]
        if not free:
            return None
        place = random.choice(free)
        return what, place, [{"op": "replace", "path": text(place), "value": mutated(random, at(live, place))}]
    if what == "add label":
        field = random.choice(["labels", "annotations"])
        if field in live["metadata"]:
            place = ("metadata", field, "editor.example.com/by")
            return what, place, [{"op": "add", "path": text(place), "value": "somebody"}]
        return what, ("metadata", field), [
            {"op": "add", "path": text(("metadata", field)), "value": {"editor.example.com/by": "somebody"}}
        ]
    lists = [
        p for p in {q[:i] for q in scalars(live) for i in range(1, len(q)) if isinstance(q[i], int)}
        if may_edit(kind, p + (0,))
    ]
    if not lists:
        return None
    place = random.choice(sorted(lists, key=str))
    item = json.loads(json.dumps(at(live, place)[-1]))
    if isinstance(item, dict):
        for key in sorted(item):
            if isinstance(item[key], str):
                item[key] = item[key][:50] + "-edited"
                break
            if isinstance(item[key], int) and not isinstance(item[key], bool):
                item[key] += 1
                break
    else:
        item = mutated(random, item)
    return what, place + (len(at(live, place)),), [{"op": "add", "path": text(place) + "/-", "value": item}]
