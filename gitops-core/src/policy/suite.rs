//! Suites of tests for policies (`test.gatekeeper.sh`), run as `gator verify` runs them.
//!
//! A suite names files beside it: a template, a constraint, perhaps an ExpansionTemplate, and for each
//! case an object, perhaps an inventory, and what must be found. Nothing else is read.

use std::collections::BTreeMap;

use super::expansion::EXPANSION_GROUP;
use super::{EvaluateOptions, LoadOptions, PolicySet, Profile};
use crate::files::{FileKind, Files, join, parent};
use crate::node::{Node, SourceMap};
use crate::object::Object;
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Error, ErrorKind, Result};

/// How suites are run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Which tests and cases are run, as `gator verify --run`: a regular expression on the names of
    /// tests and cases, or `test//case` with one for each. Default all.
    pub run: Filter,
    /// How templates are read.
    pub load: LoadOptions,
    /// How long one evaluation may take. Default 5 seconds.
    pub time_limit: std::time::Duration,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            run: Filter::default(),
            load: LoadOptions::default(),
            time_limit: std::time::Duration::from_secs(5),
        }
    }
}

impl VerifyOptions {
    /// The same with a filter.
    #[must_use]
    pub fn running(mut self, run: Filter) -> Self {
        self.run = run;
        self
    }

    /// The same with other options of templates.
    #[must_use]
    pub fn loading(mut self, load: LoadOptions) -> Self {
        self.load = load;
        self
    }
}

/// Selects tests and cases by their names.
#[derive(Clone, Debug, Default)]
pub struct Filter(Selection);

#[derive(Clone, Debug, Default)]
enum Selection {
    #[default]
    All,
    Either(regex::Regex),
    Both(regex::Regex, regex::Regex),
}

impl Filter {
    /// Reads a filter; the empty text selects everything.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `bad-filter`: more than one `//`, or no regular expression.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |message: String| Error::new(ErrorKind::Argument, "bad-filter", message);
        let regex = |text: &str| pattern(text).map_err(bad);
        let parts: Vec<&str> = text.split("//").collect();
        Ok(Self(match parts.as_slice() {
            [""] => Selection::All,
            [either] => Selection::Either(regex(either)?),
            [test, case] => Selection::Both(regex(test)?, regex(case)?),
            _ => return Err(bad("a filter has at most one `//`".into())),
        }))
    }

    fn takes_test(&self, test: &str, cases: &[&str]) -> bool {
        match &self.0 {
            Selection::All => true,
            Selection::Either(regex) => regex.is_match(test) || cases.iter().any(|case| regex.is_match(case)),
            Selection::Both(regex, _) => regex.is_match(test),
        }
    }

    fn takes_case(&self, test: &str, case: &str) -> bool {
        match &self.0 {
            Selection::All => true,
            Selection::Either(regex) => regex.is_match(case) || regex.is_match(test),
            Selection::Both(of_test, of_case) => of_test.is_match(test) && of_case.is_match(case),
        }
    }
}

fn pattern(text: &str) -> std::result::Result<regex::Regex, String> {
    let regex = regex::RegexBuilder::new(text).size_limit(1 << 20).build();
    regex.map_err(|_| format!("`{text}` is no regular expression, or too large a one"))
}

/// What a suite came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SuiteReport {
    /// The suite's file.
    pub path: String,
    /// Whether the suite says that it be skipped.
    pub skipped: bool,
    /// Its tests, in its order.
    pub tests: Vec<TestReport>,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// Whether it was not run: it says so, or the filter leaves it out.
    pub skipped: bool,
    /// Why its cases could not be run, or, of a test that expects an invalid constraint, that it is
    /// valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its cases, in its order.
    pub cases: Vec<CaseReport>,
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Whether it was not run.
    pub skipped: bool,
    /// Why it fails: what could not be read, or the assertion that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl SuiteReport {
    /// Whether a test or a case fails.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.tests.iter().any(TestReport::failed)
    }
}

impl TestReport {
    /// Whether it or one of its cases fails.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.error.is_some() || self.cases.iter().any(|case| case.error.is_some())
    }
}

/// Most levels of directories looked into.
const MAX_DEPTH: usize = 100;

/// Runs the suites at `path`: a file, or all YAML files of a directory and of those below it that hold a
/// Suite, by path.
///
/// # Errors
/// [`ErrorKind::File`] for what is not there or not readable, [`ErrorKind::Yaml`] for a file that is no
/// YAML, [`ErrorKind::Policy`] with code `not-a-suite` for a file that was named and holds none, or
/// `bad-suite` for one of another shape.
pub fn verify(files: &dyn Files, path: &str, options: &VerifyOptions) -> Result<Vec<SuiteReport>> {
    let mut paths = Vec::new();
    let named = match files.kind(path)? {
        Some(FileKind::File) => {
            paths.push(path.to_owned());
            true
        }
        Some(FileKind::Directory) => {
            collect(files, path, 0, &mut paths)?;
            false
        }
        None => {
            let message = format!("`{}` does not exist", files.display(path));
            return Err(Error::new(ErrorKind::File, "file-not-found", message));
        }
    };
    paths.sort();
    let mut reports = Vec::new();
    for path in paths {
        match read_suite(files, &path)? {
            Some(suite) => reports.push(suite.run(files, &path, options)),
            None if named => {
                let message = "the file holds no `kind: Suite` of test.gatekeeper.sh";
                return Err(
                    Error::new(ErrorKind::Policy, "not-a-suite", message).in_file(&files.display(&path))
                );
            }
            None => {}
        }
    }
    Ok(reports)
}

fn collect(files: &dyn Files, dir: &str, depth: usize, out: &mut Vec<String>) -> Result<()> {
    for entry in files.list(dir)? {
        let path = if dir.is_empty() { entry.name.clone() } else { format!("{dir}/{}", entry.name) };
        match entry.kind {
            FileKind::Directory if !entry.link && depth < MAX_DEPTH => collect(files, &path, depth + 1, out)?,
            FileKind::File if [".yaml", ".yml"].iter().any(|end| entry.name.ends_with(end)) => out.push(path),
            _ => {}
        }
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Suite {
    #[serde(default)]
    tests: Vec<Test>,
    #[serde(default)]
    skip: bool,
}

#[derive(serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Test {
    name: String,
    template: String,
    constraint: String,
    expansion: String,
    cases: Vec<Case>,
    invalid: bool,
    skip: bool,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Case {
    name: String,
    object: String,
    inventory: Vec<String>,
    assertions: Vec<Assertion>,
    skip: bool,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Assertion {
    violations: Option<Violations>,
    message: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Violations {
    Count(i64),
    Word(String),
}

fn read_options() -> ReadOptions {
    // gator reads with go-yaml v3.
    ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() }
}

/// The documents of a file, without the empty ones.
fn documents(files: &dyn Files, path: &str, sources: &SourceMap) -> Result<Vec<Node>> {
    let content = files.read(path)?;
    let shown = files.display(path);
    let text = yaml::decode(&shown, &content.bytes)?;
    let file = sources.add(shown.as_str(), text);
    let stream = yaml::read(sources, file, &read_options())?;
    Ok(stream.documents.into_iter().filter(|node| !node.is_null()).collect())
}

fn read_suite(files: &dyn Files, path: &str) -> Result<Option<Suite>> {
    let sources = SourceMap::new();
    let documents = documents(files, path, &sources)?;
    let Some(node) = documents.into_iter().next() else { return Ok(None) };
    let object = Object::new(node);
    if object.kind() != "Suite" || object.group() != "test.gatekeeper.sh" {
        return Ok(None);
    }
    let json = serde_json::to_value(&object.node).unwrap_or_default();
    // Go leaves out what is null.
    serde_json::from_value(without_nulls(json)).map(Some).map_err(|error| {
        Error::new(ErrorKind::Policy, "bad-suite", format!("the Suite is of another shape: {error}"))
            .at(sources.locate(object.node.span))
    })
}

fn without_nulls(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

impl Suite {
    fn run(&self, files: &dyn Files, path: &str, options: &VerifyOptions) -> SuiteReport {
        let tests = self.tests.iter().filter(|_| !self.skip).map(|test| {
            let names: Vec<&str> = test.cases.iter().map(|case| case.name.as_str()).collect();
            let skipped = test.skip || !options.run.takes_test(&test.name, &names);
            let (error, cases) =
                if skipped { (None, Vec::new()) } else { test.run(files, parent(path), options) };
            TestReport { name: test.name.clone(), skipped, error, cases }
        });
        SuiteReport { path: files.display(path), skipped: self.skip, tests: tests.collect() }
    }
}

/// A test's files, read and compiled.
struct Prepared {
    policies: PolicySet,
}

impl Test {
    fn run(
        &self,
        files: &dyn Files,
        dir: &str,
        options: &VerifyOptions,
    ) -> (Option<String>, Vec<CaseReport>) {
        let prepared = match (self.prepare(files, dir, options), self.invalid) {
            (Err((_, true)), true) => return (None, Vec::new()),
            (Ok(_), true) => {
                return (Some("the constraint should not fit its schema, but does".into()), Vec::new());
            }
            (Err((message, _)), true) => {
                return (
                    Some(format!("the constraint should not fit its schema, but: {message}")),
                    Vec::new(),
                );
            }
            (Err((message, _)), false) => return (Some(message), Vec::new()),
            (Ok(prepared), false) => prepared,
        };
        let mut read = BTreeMap::new();
        let cases = self.cases.iter().map(|case| {
            let skipped = case.skip || !options.run.takes_case(&self.name, &case.name);
            let error =
                if skipped { None } else { case.run(files, dir, &prepared, options, &mut read).err() };
            CaseReport { name: case.name.clone(), skipped, error }
        });
        (None, cases.collect())
    }

    /// The policies of the test, or why there are none, and whether that is the constraint's schema.
    fn prepare(
        &self,
        files: &dyn Files,
        dir: &str,
        options: &VerifyOptions,
    ) -> std::result::Result<Prepared, (String, bool)> {
        let sources = SourceMap::new();
        let plain = |message: String| (message, false);
        let one = |path: &str, what: &str| -> std::result::Result<Object, String> {
            if path.is_empty() {
                return Err(format!("the test names no {what}"));
            }
            let nodes = objects(files, dir, path, &sources)?;
            nodes.into_iter().next().ok_or_else(|| format!("`{path}` holds no object"))
        };
        let template = one(&self.template, "template").map_err(plain)?;
        if template.kind() != "ConstraintTemplate" || template.group() != super::template::TEMPLATE_GROUP {
            return Err(plain(format!("`{}` holds no ConstraintTemplate", self.template)));
        }
        let constraint = one(&self.constraint, "constraint").map_err(plain)?;
        if constraint.group() != super::constraint::CONSTRAINT_GROUP {
            return Err(plain(format!("`{}` holds no constraint", self.constraint)));
        }
        let mut all = vec![template, constraint];
        if !self.expansion.is_empty() {
            let expansions = objects(files, dir, &self.expansion, &sources).map_err(plain)?;
            if expansions.is_empty()
                || expansions.iter().any(|o| o.kind() != "ExpansionTemplate" || o.group() != EXPANSION_GROUP)
            {
                return Err(plain(format!(
                    "`{}` holds something else than ExpansionTemplates",
                    self.expansion
                )));
            }
            all.extend(expansions);
        }
        let (policies, errors) = PolicySet::load(&all, &sources, &options.load);
        match errors.first() {
            Some(error) => Err((error.to_string(), error.code() == super::constraint::SCHEMA_CODE)),
            None => Ok(Prepared { policies }),
        }
    }
}

/// The objects of a file that a suite names.
fn objects(
    files: &dyn Files,
    dir: &str,
    path: &str,
    sources: &SourceMap,
) -> std::result::Result<Vec<Object>, String> {
    let full = join(dir, path).map_err(|error| error.to_string())?;
    let nodes = documents(files, &full, sources).map_err(|error| error.to_string())?;
    let objects: Vec<Object> = nodes.into_iter().map(Object::new).collect();
    match objects.iter().find(|object| object.kind().is_empty()) {
        Some(_) => Err(format!("`{path}` holds something without a kind")),
        None => Ok(objects),
    }
}

impl Case {
    fn run(
        &self,
        files: &dyn Files,
        dir: &str,
        prepared: &Prepared,
        options: &VerifyOptions,
        read: &mut BTreeMap<String, Vec<Object>>,
    ) -> std::result::Result<(), String> {
        if self.object.is_empty() {
            return Err("the case names no object".into());
        }
        if self.assertions.is_empty() {
            return Err("the case has no assertions".into());
        }
        let sources = SourceMap::new();
        let reviewed = objects(files, dir, &self.object, &sources)?;
        let [object] = reviewed.as_slice() else {
            return Err(format!("`{}` must hold exactly one object, not {}", self.object, reviewed.len()));
        };
        let mut inventory = Vec::new();
        for path in &self.inventory {
            if !read.contains_key(path) {
                let found = objects(files, dir, path, &sources)?;
                if found.is_empty() {
                    return Err(format!("`{path}` holds no object"));
                }
                read.insert(path.clone(), found);
            }
            inventory.extend(read.get(path).into_iter().flatten().cloned());
        }
        let options = EvaluateOptions::new()
            .as_gator(Profile::GatorVerify)
            .with_namespaces(&inventory)
            .with_inventory(&inventory)
            .locating(false)
            .with_time_limit(options.time_limit);
        let is_request = object.kind() == "AdmissionReview" && object.group() == "admission.k8s.io";
        let report = if is_request {
            let known = ["apiVersion", "kind", "request", "response"];
            let map = object.node.as_map();
            if let Some(key) =
                map.into_iter().flat_map(|map| map.keys()).find(|key| !known.contains(&key.as_str()))
            {
                return Err(format!("an AdmissionReview has no field `{key}`"));
            }
            let request = object.node.get("request").filter(|node| !node.is_null());
            let request = request.ok_or("the AdmissionReview has no request")?;
            prepared.policies.evaluate_request(request, &options).map_err(|error| error.to_string())?
        } else {
            prepared.policies.evaluate(reviewed.as_slice(), &options)
        };
        if let Some(unchecked) = report.not_checked.first() {
            return Err(format!("not checked: {}", unchecked.message));
        }
        let messages: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
        self.assertions.iter().try_for_each(|assertion| assertion.check(&messages))
    }
}

impl Assertion {
    fn check(&self, messages: &[&str]) -> std::result::Result<(), String> {
        let regex = self.message.as_deref().map(pattern).transpose()?;
        let matching = messages
            .iter()
            .filter(|message| regex.as_ref().is_none_or(|regex| regex.is_match(message)))
            .count();
        let bad = || "`violations` is a number from 0, \"yes\" or \"no\"".to_owned();
        let (holds, wanted) = match &self.violations {
            None => (matching > 0, "at least 1".to_owned()),
            Some(Violations::Word(word)) if word == "yes" => (matching > 0, "at least 1".to_owned()),
            Some(Violations::Word(word)) if word == "no" => (matching == 0, "none".to_owned()),
            Some(Violations::Word(_)) => return Err(bad()),
            Some(Violations::Count(count)) => {
                let count = usize::try_from(*count).map_err(|_| bad())?;
                (matching == count, format!("exactly {count}"))
            }
        };
        if holds {
            return Ok(());
        }
        let like = self.message.as_ref().map_or_else(String::new, |message| format!(" like {message:?}"));
        Err(format!("{matching} violations{like}, but {wanted} expected; the messages are {messages:?}"))
    }
}
