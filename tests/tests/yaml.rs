//! The fast YAML reader beside the library parser, on every YAML and JSON file of the real-world
//! repositories: same values, spellings, places, repeated keys and errors. What the library has to
//! read is counted, with the first reason to be found.

use std::path::{Path, PathBuf};

use gitops_core::node::{Node, SourceMap, Value};
use gitops_core::yaml::{self, Dialect, ReadOptions, Stream};
use gitops_core_tests::{conformance, unpack};

#[derive(Default)]
struct Counts {
    files: usize,
    refused: usize,
    whole: usize,
    documents: usize,
    left: usize,
    bytes: usize,
}

#[test]
fn real_files_read_the_same_both_ways() {
    let Some(data) = conformance() else { return };
    let mut counts = Counts::default();
    let show = std::env::var_os("GITOPS_SHOW_LEFT").is_some();
    let mut archives: Vec<PathBuf> = std::fs::read_dir(data.join("realworld"))
        .expect("the folder of archives")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xz"))
        .collect();
    archives.sort();
    for archive in archives {
        let dir = unpack(&archive);
        walk(dir.path(), &mut |path| {
            let Ok(bytes) = std::fs::read(path) else { return };
            if let Ok(text) = std::str::from_utf8(&bytes) {
                compare(path, text, &mut counts, show);
            }
        });
    }
    let Counts { files, refused, whole, documents, left, bytes } = counts;
    println!(
        "{files} files, {bytes} bytes; {refused} that both refuse; {whole} files and {left} documents of \
         {documents} were left to the library"
    );
    assert!(files > 1000, "the archives hold YAML");
    assert!((left + whole) * 50 < documents, "the library reads at most 2 documents of 100");
}

fn walk(dir: &Path, visit: &mut impl FnMut(&Path)) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(&path, visit);
        } else if path
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
        {
            visit(&path);
        }
    }
}

fn compare(path: &Path, text: &str, counts: &mut Counts, show: bool) {
    let sources = SourceMap::new();
    let file = sources.add("f", text);
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        // Each dialect with the rule for equal keys that goes with it.
        let last_key_wins = dialect == Dialect::Kyaml;
        {
            let mut options = ReadOptions::default();
            (options.dialect, options.last_key_wins) = (dialect, last_key_wins);
            let ours = yaml::read(&sources, file, &options);
            let theirs = yaml::read_by_library(&sources, file, &options);
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => same_stream(ours, theirs, path),
                (Err(ours), Err(theirs)) => {
                    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{}", path.display())
                }
                _ => panic!("{}: ours {:?}, theirs {:?}", path.display(), ours.err(), theirs.err()),
            }
            if dialect == Dialect::Kyaml {
                counts.files += 1;
                counts.bytes += text.len();
                let Ok(theirs) = theirs else {
                    counts.refused += 1;
                    continue;
                };
                counts.documents += theirs.documents.len();
                match yaml::read_fast(&sources, file, &options) {
                    Some((_, 0)) => {}
                    Some((_, left)) => {
                        counts.left += left;
                        if show {
                            println!("left {left}: {}", path.display());
                        }
                    }
                    None => {
                        counts.whole += 1;
                        if show {
                            println!("left whole: {}", path.display());
                        }
                    }
                }
            }
        }
    }
}

fn same_stream(ours: &Stream, theirs: &Stream, path: &Path) {
    assert_eq!(ours.documents.len(), theirs.documents.len(), "{}", path.display());
    assert_eq!(ours.duplicate_keys, theirs.duplicate_keys, "{}", path.display());
    for (ours, theirs) in ours.documents.iter().zip(&theirs.documents) {
        same(ours, theirs, path);
    }
}

fn same(ours: &Node, theirs: &Node, path: &Path) {
    let here = || format!("{} at {:?}\n{ours:?}\n{theirs:?}", path.display(), theirs.span);
    assert_eq!(ours.span, theirs.span, "{}", here());
    match (&ours.value, &theirs.value) {
        (Value::Map(a), Value::Map(b)) => {
            assert_eq!(a.len(), b.len(), "{}", here());
            for (a, b) in a.entries().iter().zip(b.entries()) {
                assert_eq!((&a.key, a.key_span), (&b.key, b.key_span), "{}", here());
                same(&a.value, &b.value, path);
            }
        }
        (Value::Seq(a), Value::Seq(b)) => {
            assert_eq!(a.len(), b.len(), "{}", here());
            for (a, b) in a.iter().zip(b.iter()) {
                same(a, b, path);
            }
        }
        (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => panic!("{}", here()),
        (a, b) => assert_eq!(format!("{a:?}"), format!("{b:?}"), "{}", here()),
    }
}
