//! The real kustomize: the program on PATH, or one that answers many cases without a new start.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;

use super::Case;

/// What kustomize answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The objects as it prints them.
    Built(String),
    /// Why it did not.
    Refused(String),
}

/// The real kustomize.
#[derive(Debug)]
pub enum Oracle {
    /// `kustomize build`, started for each case.
    Program(PathBuf),
    /// A program that reads a JSON object `{Files, Dirs, Target, None}` per line, contents in base64, and
    /// writes `{ok, out, err}` per line: kustomize's `krusty` in a loop. Far faster for many cases.
    Stream(Box<(Child, ChildStdin, BufReader<ChildStdout>)>),
}

#[derive(serde::Deserialize)]
struct Line {
    ok: bool,
    out: String,
    err: String,
}

impl Oracle {
    /// The program named by `GITOPS_RANDOM_ORACLE`, else `kustomize` 5.8 on PATH. `None`, said on
    /// stdout, if there is neither.
    pub fn find() -> Option<Self> {
        if let Some(program) = std::env::var_os("GITOPS_RANDOM_ORACLE") {
            let mut child = Command::new(&program)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("GITOPS_RANDOM_ORACLE starts");
            let input = child.stdin.take().expect("its input is a pipe");
            let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
            return Some(Self::Stream(Box::new((child, input, output))));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = std::env::split_paths(&path).map(|dir| dir.join("kustomize"));
        let program = programs.into_iter().find(|program| program.is_file());
        let version = program.as_ref().and_then(|program| Command::new(program).arg("version").output().ok());
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        match (program, version) {
            (Some(program), Some(version)) if version.contains("5.8.") => Some(Self::Program(program)),
            (_, Some(version)) => {
                println!(
                    "random: NOT COMPARED, kustomize on PATH is {version}, not 5.8; only laws are checked"
                );
                None
            }
            _ => {
                println!("random: NOT COMPARED, no kustomize on PATH; put 5.8 there; only laws are checked");
                None
            }
        }
    }

    /// What it makes of the case.
    pub fn build(&mut self, case: &Case) -> Answer {
        match self {
            Self::Program(program) => run(program, case),
            Self::Stream(stream) => {
                let (_, input, output) = &mut **stream;
                let files: std::collections::BTreeMap<&str, String> = case
                    .files
                    .iter()
                    .map(|(path, text)| {
                        (path.as_str(), base64::engine::general_purpose::STANDARD.encode(text))
                    })
                    .collect();
                let request = serde_json::json!({
                    "Files": files, "Dirs": case.dirs, "Target": case.target, "None": case.unrestricted,
                });
                writeln!(input, "{request}").expect("the oracle listens");
                let mut line = String::new();
                output.read_line(&mut line).expect("the oracle answers");
                let line: Line = serde_json::from_str(&line).expect("the oracle answers in JSON");
                if line.ok { Answer::Built(line.out) } else { Answer::Refused(line.err) }
            }
        }
    }
}

fn run(program: &Path, case: &Case) -> Answer {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for name in &case.dirs {
        std::fs::create_dir_all(dir.path().join(name)).expect("a folder");
    }
    for (path, text) in &case.files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let mut command = Command::new(program);
    command.arg("build").arg(dir.path().join(&case.target));
    if case.unrestricted {
        command.args(["--load-restrictor", "LoadRestrictionsNone"]);
    }
    let output = command.output().expect("kustomize runs");
    if output.status.success() {
        Answer::Built(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let root = dir.path().display().to_string();
        Answer::Refused(String::from_utf8_lossy(&output.stderr).replace(&root, ""))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        if let Self::Stream(stream) = self {
            let _ = stream.0.kill();
            let _ = stream.0.wait();
        }
    }
}
