//! Words that random values are made of: few names, so that things meet, and odd spellings.

use serde_json::{Value, json};

use super::rng::Rng;
use super::text::raw;

/// Names of objects.
pub const NAMES: &[&str] = &["app", "web", "db", "app-config", "cache", "web-1", "x"];
/// Namespaces; the empty one is left out.
pub const NAMESPACES: &[&str] = &["", "", "", "default", "prod", "team-a"];
/// Names of containers.
pub const CONTAINERS: &[&str] = &["main", "sidecar", "init", "app"];
/// Keys of labels and annotations.
pub const KEYS: &[&str] =
    &["app", "tier", "app.kubernetes.io/name", "team", "example.com/note", "a", "version", "b2", "B10"];
/// Keys of config maps.
pub const DATA_KEYS: &[&str] =
    &["key", "config.yaml", "app.properties", "LEVEL", "a.json", "x10", "x9", "_z"];
/// References to images.
pub const IMAGES: &[&str] = &[
    "nginx",
    "nginx:1.25",
    "nginx:1.25@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3",
    "nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3",
    "docker.io/library/nginx:latest",
    "reg.example.com:5000/team/app:v1.0.0",
    "reg.example.com:5000/team/app",
    "postgres:{{ tag }}",
    "postgres",
    "ghcr.io/org/app:main-abc_1.2",
    "nginxx:1",
    "",
];
/// Names of vars, and of values that hold them.
pub const VARS: &[&str] = &["HOST", "PORT", "SECRET_NAME", "X"];

/// Scalars in spellings on which YAML readers differ.
const ODD: &[&str] = &[
    "1.0",
    "010",
    "0x1F",
    "1_000",
    "1e3",
    ".inf",
    "-.inf",
    ".nan",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "~",
    "null",
    "Null",
    "2001-01-01",
    "!!str 5",
    "!!int \"7\"",
    "'007'",
    "1:20",
    "0o7",
    "0b11",
    "+1",
    "-0",
    "12345678901234567890",
    "123456789012345678901234567890",
    ".5",
    "5.",
    "=",
    "\"\"",
    "''",
    "true",
    "True",
    "FALSE",
    "1.50",
    "-1e-7",
    "100000000000000000000.5",
    "08",
    "0.1e1",
    "1e400",
    "\"\\x41\"",
    "\"a\\\n  b\"",
    "!!float 3",
    "! x",
    "0x",
    "1__0",
    "_1",
    "1.5e+20",
    "3.0e-10",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "+.inf",
    "0.30000000000000004",
    "1e21",
    "1e20",
    "123456.789e3",
    "0001",
    "-010",
    "-0x10",
    "0B1",
    "0O17",
    "2020-1-1",
];

/// Texts that are hard to write.
const TEXTS: &[&str] = &[
    "a b",
    "two\nlines",
    "two\nlines\n",
    "lines\n\n\n",
    "\nblank first",
    "  indented\nmore",
    " leading",
    "trailing ",
    "trailing \nblank",
    "tab\there",
    "colon: inside",
    "colon:",
    "# hash",
    "a # b",
    "it's",
    "say \"hi\"",
    "- dash",
    "-",
    "? q",
    "*star",
    "&and",
    "!bang",
    "%percent",
    "@at",
    "`tick`",
    "{brace",
    "[list",
    "a, b",
    "é and ü",
    "日本語 の テキスト",
    "emoji 😀 here",
    "\u{feff}bom",
    "nbsp\u{a0}here",
    "line\u{2028}sep",
    "bell\u{7}",
    "cr\r\nlf",
    "$(HOST)",
    "http://$(HOST):$(PORT)/",
    "$$(HOST)",
    "$(UNKNOWN)",
    "a very long text that goes on and on past the eightieth column so that the writer has to fold it somewhere in here",
    "https://example.com/a/very/long/address/without/any/space/that/cannot/be/folded/at/all/so/it/stays/one/line?x=1",
    "key: 'quoted' and a very long text after it so that folding meets quoting in a single place, somewhere here",
    "long text with double  spaces  in it which the folding must not lose when it   breaks lines  at column eighty ok",
    "{\"json\": {\"a\": [1, 2, \"x\"]}, \"n\": null}",
    "server:\n  port: 8080\n  hosts:\n  - a\n  - b\n",
    "KEY=value\nOTHER=\"quoted\"\n",
    "#!/bin/sh\nset -e\n\nif true; then\n\techo \"$HOME\"\nfi\n",
    "true",
    "null",
    "123",
    "1e3",
    "0x10",
    "yes",
    "2001-01-01",
    "1:20",
    "",
    "~",
    "...",
    "---",
    "--- x\ny",
    "<<",
    "=",
    ".",
    "<a&b>",
];

/// A string, mostly harmless.
pub fn text(rng: &mut Rng) -> String {
    if rng.chance(45) {
        rng.word(&["value", "info", "debug", "a", "example.com", "8080", "app", "/data"])
    } else {
        rng.word(TEXTS)
    }
}

/// A scalar of any type and spelling.
pub fn scalar(rng: &mut Rng) -> Value {
    match rng.below(12) {
        0 => json!(rng.below(2000)),
        1 => json!(rng.chance(50)),
        2 => Value::Null,
        3 => json!(-(rng.below(50) as i64)),
        4 | 5 => raw(&rng.word(ODD)),
        _ => json!(text(rng)),
    }
}

/// Any small tree.
pub fn tree(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 4 } else { 8 }) {
        4 | 5 => {
            let keys = rng.some(&["a", "b", "name", "x10", "x9", "Z", "list", "spec", "env", "1"], 30);
            keys.into_iter().map(|key| (key.to_owned(), tree(rng, depth - 1))).collect()
        }
        6 | 7 => (0..rng.below(4)).map(|_| tree(rng, depth - 1)).collect(),
        _ => scalar(rng),
    }
}

/// Labels or annotations.
pub fn pairs(rng: &mut Rng, values: fn(&mut Rng) -> Value) -> Value {
    let keys = rng.some(KEYS, 25);
    keys.into_iter().map(|key| (key.to_owned(), values(rng))).collect()
}

/// A label's value.
pub fn label(rng: &mut Rng) -> Value {
    json!(rng.word(&["app", "web", "db", "v1", "1", "true", "on", "y", "v2", "1.0", "a-b_c"]))
}

/// An annotation's value.
pub fn annotation(rng: &mut Rng) -> Value {
    if rng.chance(10) { scalar(rng) } else { json!(text(rng)) }
}
