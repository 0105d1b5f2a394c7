//! Changes to kustomizations that exist: real repositories and kustomize's own cases with a field added,
//! changed or dropped, or nested in a random overlay. They look most like what users write.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::kustomizations::Making;
use super::rng::Rng;
use super::text::Style;
use super::{Case, words};

/// The case with a few changes, or `None` if it cannot be changed.
pub fn mutate(seed: u64, case: &Case) -> Option<Case> {
    let mut rng = Rng::new(seed ^ 0x5eed);
    let mut case = Case { name: format!("{} seed {seed}", case.name), ..case.clone() };
    // What it builds tells which objects patches and selectors may be for.
    let objects = objects(&case.ours().ok()?);
    if objects.is_empty() {
        return None;
    }
    match rng.below(4) {
        0 => within(&mut rng, &mut case, &objects)?,
        1 => lines(&mut rng, &mut case),
        _ => around(&mut rng, &mut case, &objects),
    }
    Some(case)
}

fn objects(output: &str) -> Vec<Value> {
    let options = gitops_core::yaml::ReadOptions::default();
    let Ok((stream, _)) = gitops_core::yaml::read_str("output", output, &options) else { return Vec::new() };
    let values = stream.documents.iter().filter_map(|document| serde_json::to_value(document).ok());
    values.filter(Value::is_object).take(40).collect()
}

/// A directory's path with `..` for each of its parts.
fn up(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".").count();
    vec![".."; parts].join("/")
}

/// A new kustomization with random fields over the old one.
fn around(rng: &mut Rng, case: &mut Case, objects: &[Value]) {
    let dir = "gitops-random";
    let mut making = Making::over(rng.clone(), std::mem::take(&mut case.files));
    let base = case.target.trim_matches('/').to_owned();
    let fields = making.fields(dir, objects);
    let mut map = Map::new();
    let component = base_is_component(&making.files, &base);
    let field = if component { "components" } else { "resources" };
    map.insert(field.into(), json!([format!("{}/{base}", up(dir)).trim_end_matches('/')]));
    for (key, value) in fields {
        map.insert(key.into(), value);
    }
    making.write(dir, "kustomization.yaml", &[Value::Object(map)]);
    case.files = making.files;
    case.target = dir.into();
}

fn base_is_component(files: &BTreeMap<String, String>, base: &str) -> bool {
    kustomization_of(files, base).is_some_and(|path| files[&path].contains("kind: Component"))
}

fn kustomization_of(files: &BTreeMap<String, String>, dir: &str) -> Option<String> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    names
        .iter()
        .map(|name| if dir.is_empty() { (*name).to_owned() } else { format!("{dir}/{name}") })
        .find(|path| files.contains_key(path))
}

/// Random fields added to the kustomization itself, as text at its end.
fn within(rng: &mut Rng, case: &mut Case, objects: &[Value]) -> Option<()> {
    let dir = case.target.trim_matches('/').to_owned();
    let path = kustomization_of(&case.files, &dir)?;
    let mut making = Making::over(rng.clone(), std::mem::take(&mut case.files));
    let fields = making.fields(if dir.is_empty() { "." } else { &dir }, objects);
    case.files = making
        .files
        .into_iter()
        .map(|(path, text)| (path.trim_start_matches("./").to_owned(), text))
        .collect();
    let old = case.files.get(&path)?.clone();
    let mut text = old.trim_end_matches("...\n").to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for (key, value) in fields {
        let has = text.lines().any(|line| line.starts_with(&format!("{key}:")));
        if has && !rng.chance(5) {
            continue;
        }
        text.push_str(&Style::plain().stream(rng, &[json!({ key: value })]));
    }
    case.files.insert(path, text);
    Some(())
}

/// Lines dropped, doubled, or with another value.
fn lines(rng: &mut Rng, case: &mut Case) {
    for _ in 0..1 + rng.below(2) {
        let below: Vec<String> = case
            .files
            .keys()
            .filter(|path| path.ends_with("yaml") || path.ends_with("yml") || path.ends_with("Kustomization"))
            .cloned()
            .collect();
        if below.is_empty() {
            return;
        }
        let path = rng.pick(&below).clone();
        let mut lines: Vec<String> = case.files[&path].split_inclusive('\n').map(str::to_owned).collect();
        if lines.is_empty() {
            return;
        }
        let at = rng.below(lines.len());
        let line = lines[at].clone();
        match rng.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, line),
            _ => {
                if let Some((key, rest)) = line.split_once(": ")
                    && !rest.trim().is_empty()
                {
                    let value = match rng.below(3) {
                        0 => words::scalar(rng),
                        1 => json!(words::text(rng)),
                        _ => json!(rng.word(words::NAMES)),
                    };
                    let text = Style::random(rng).scalar(rng, &value);
                    lines[at] = format!("{key}: {text}\n");
                }
            }
        }
        case.files.insert(path, lines.concat());
    }
}
