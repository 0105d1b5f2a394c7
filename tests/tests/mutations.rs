//! Damaged input never panics, hangs or answers without a message: kustomize's own cases with bytes,
//! lines and words changed at random. Seeded, so that a failure can be repeated; `GITOPS_MUTATIONS` sets
//! how many changes each case gets (default 8).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gitops_core::files::Memory;
use gitops_core::kustomize::{BuildOptions, build};
use gitops_core_tests::{conformance, json_lines};

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    files: HashMap<String, String>,
    target: String,
}

/// A small generator (xorshift): the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

const WORDS: &[&str] = &[
    "null",
    "[]",
    "{}",
    "- ",
    "&a ",
    "*a",
    "<<: *a",
    "$patch: delete",
    "\"",
    "'",
    "|",
    ">",
    ": ",
    "#",
    "---\n",
    "metadata:",
    "name: x",
    "..",
    "../",
    "/",
    "999999999999999999999",
    "\t",
    "\u{feff}",
    "!!binary ",
    "é",
    "~",
    "*",
    "(?",
];

fn damage(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 | 3 => {
                let word = WORDS[random.below(WORDS.len())];
                bytes.splice(at..at, word.bytes());
            }
            4 => bytes.truncate(at),
            _ => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                let (from, to) = (random.below(lines.len()), random.below(lines.len()));
                if from < lines.len() && to < lines.len() {
                    lines[to] = lines[from];
                }
                bytes = lines.concat();
            }
        }
    }
    bytes
}

#[test]
fn damaged_input_gives_an_answer_or_an_error() {
    let Some(data) = conformance() else { return };
    let changes = std::env::var("GITOPS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut built, mut refused) = (0, 0);
    for case in json_lines::<Case>(&data.join("kustomize/cases.jsonl")) {
        let mut paths: Vec<&String> = case.files.keys().collect();
        paths.sort();
        for change in 0..changes {
            let victim = paths[random.below(paths.len())];
            let mut files = Memory::new();
            for (path, text) in &case.files {
                let bytes =
                    if path == victim { damage(text, &mut random) } else { text.clone().into_bytes() };
                files.insert(path, bytes);
            }
            let started = Instant::now();
            match build(&files, case.target.trim_matches('/'), &BuildOptions::default()) {
                // What cannot be written is an error too.
                Ok(result) => drop(result.to_yaml().map(|_| built += 1)),
                Err(error) => {
                    assert!(!error.message().is_empty() && !error.code().is_empty(), "{}", case.name);
                    refused += 1;
                }
            }
            let took = started.elapsed();
            assert!(took < Duration::from_secs(5), "{} change {change} of {victim} took {took:?}", case.name);
        }
    }
    println!("{built} built, {refused} refused");
    assert!(built > 0 && refused > 0);
}
