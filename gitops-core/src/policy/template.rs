//! ConstraintTemplates: read, checked as Gatekeeper checks them, and compiled once.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use regorus::{Engine, PolicyLengthConfig};

use super::bounded::Patterns;
use super::inventory::{SyncKind, required_data};
use super::{LoadOptions, builtins, cel, rego, schema};
use crate::node::{Location, Node, SourceMap};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// The group of templates.
pub(crate) const TEMPLATE_GROUP: &str = "templates.gatekeeper.sh";

/// A compiled template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The kind of its constraints.
    pub(crate) kind: String,
    /// The template's own tree, to tell a repetition from a conflict.
    pub(crate) node: Node,
    /// The schema of its constraints.
    pub(crate) schema: Node,
    pub(crate) program: Program,
    /// The operations that the webhook asks about; none means all.
    pub(crate) operations: Vec<String>,
    /// The kinds that must be in the inventory.
    pub(crate) requires: Vec<Vec<SyncKind>>,
}

impl Template {
    /// Whether the policy looks at other objects.
    pub(crate) fn uses_inventory(&self) -> bool {
        matches!(self.program, Program::Rego { uses_inventory: true, .. })
    }
}

/// What is evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    /// Rego.
    Rego {
        code: Code,
        /// The patterns it has compiled, for all threads.
        patterns: Patterns,
        uses_inventory: bool,
    },
    /// CEL.
    Cel(Arc<cel::Program>),
    /// Valid in a cluster, but not evaluated here: a code and the reason, for people.
    NotEvaluated { code: &'static str, reason: String },
}

/// What runs Rego.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// The machine, for nearly all templates.
    Machine(Arc<rego::Machine>),
    /// regorus, ready to be cloned per thread.
    Engine {
        engine: Box<Engine>,
        /// `data.<package>.violation`.
        rule: String,
        /// The functions it calls that no module defines.
        functions: BTreeSet<String>,
    },
}

/// The only target that Gatekeeper has.
const TARGET: &str = "admission.k8s.gatekeeper.sh";

/// Whether a text is a DNS label that begins with a letter.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 63
        && text.bytes().all(|byte| inner(byte) || byte == b'-')
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().next_back().is_some_and(inner)
}

fn error(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, code, message)
}

/// One module of a template.
struct Module<'a> {
    name: String,
    node: &'a Node,
    text: &'a str,
    library: bool,
}

/// Reads and compiles a template.
pub(crate) fn compile(object: &Object, sources: &SourceMap, options: &LoadOptions) -> Result<Template> {
    let name = object.name();
    let place = sources.locate(object.node.span);
    let result = compile_inner(object, sources, name, options);
    result.map_err(|error| error.context(format!("ConstraintTemplate {name}")).at(place))
}

fn compile_inner(
    object: &Object,
    sources: &SourceMap,
    name: &str,
    options: &LoadOptions,
) -> Result<Template> {
    let node = &object.node;
    let kind_node = node.at(&["spec", "crd", "spec", "names", "kind"]);
    let kind = kind_node.and_then(Node::as_str).unwrap_or("");
    if kind.is_empty() {
        return Err(error(
            "bad-template",
            "`spec.crd.spec.names.kind` is missing; it names the constraints' kind",
        ));
    }
    if kind.to_lowercase() != name {
        let place = node.at(&["metadata", "name"]).and_then(|node| sources.locate(node.span));
        return Err(error(
            "template-name-mismatch",
            format!(
                "`metadata.name` must be `{}`, the kind `{kind}` in lower case, not `{name}`",
                kind.to_lowercase()
            ),
        )
        .at(place));
    }
    let targets = node.at(&["spec", "targets"]).and_then(Node::as_seq).unwrap_or(&[]);
    let [target] = targets else {
        return Err(error(
            "bad-template",
            format!("`spec.targets` must have exactly one entry, not {}", targets.len()),
        ));
    };
    if !is_label(&kind.to_lowercase()) {
        return Err(error(
            "bad-template",
            format!("the kind `{kind}` must be a letter, then letters and digits"),
        ));
    }
    let target_name = target.get("target").and_then(Node::as_str).unwrap_or("");
    if target_name != TARGET {
        return Err(error("bad-template", format!("the target must be `{TARGET}`, not `{target_name}`")));
    }
    let schema = schema::parameters_schema(node, object.api_version());
    if let Some(problem) = schema.as_ref().and_then(|schema| schema::problem(schema, "spec.parameters", 0)) {
        return Err(error(
            "bad-template",
            format!("the schema of the parameters is not structural: {problem}"),
        ));
    }
    let schema = schema::of_constraint(schema.as_ref());
    let program = program(target, name, sources, options)?;
    let operations = target.get("operations").and_then(Node::as_seq).unwrap_or(&[]);
    let operations = operations.iter().filter_map(|node| node.as_str().map(str::to_owned)).collect();
    let requires = required_data(object);
    Ok(Template { kind: kind.to_owned(), node: node.clone(), schema, program, operations, requires })
}

fn program(target: &Node, name: &str, sources: &SourceMap, options: &LoadOptions) -> Result<Program> {
    let size = text_size(target);
    if size > options.max_code {
        return Err(Error::new(
            ErrorKind::Limit,
            "template-too-large",
            format!("its code has {size} bytes; the limit is {}", options.max_code),
        ));
    }
    let mut modules = Vec::new();
    let code = target.get("code").and_then(Node::as_seq).unwrap_or(&[]);
    let engine =
        |name: &str| code.iter().find(|entry| entry.get("engine").and_then(Node::as_str) == Some(name));
    // Where a template has both, Gatekeeper asks CEL alone.
    if let Some(entry) = engine("K8sNativeValidation").filter(|_| options.native_validation) {
        let source = entry.get("source").cloned().unwrap_or_else(Node::null);
        let program = cel::Program::read(&source)
            .map_err(|message| error("template-does-not-compile", message).at(sources.locate(source.span)))?;
        return Ok(Program::Cel(Arc::new(program)));
    }
    // A non-empty legacy `rego` replaces the Rego of `code`, and is always v0.
    let legacy = target.get("rego").filter(|node| node.as_str() != Some("") && !node.is_null());
    let coded = engine("Rego").and_then(|entry| entry.get("source"));
    let v1 = legacy.is_none()
        && coded.and_then(|source| source.get("version")).and_then(Node::as_str) == Some("v1");
    let source = match (legacy, coded) {
        (Some(rego), _) => Some((rego, target.get("libs"))),
        (None, Some(source)) => source.get("rego").map(|rego| (rego, source.get("libs"))),
        (None, None) => None,
    };
    let Some((rego, libs)) = source else {
        if engine("K8sNativeValidation").is_some() {
            return Ok(Program::NotEvaluated {
                code: "cel-template",
                reason: "its only code is CEL (K8sNativeValidation), which was not asked for".into(),
            });
        }
        return Err(error(
            "bad-template",
            "the target has neither `rego` nor `code` with an engine that Gatekeeper knows",
        ));
    };
    let text = rego.as_str().ok_or_else(|| error("bad-template", "`rego` must be text"))?;
    modules.push(Module { name: format!("{name}.rego"), node: rego, text, library: false });
    for (at, lib) in libs.and_then(Node::as_seq).unwrap_or(&[]).iter().enumerate() {
        let text = lib.as_str().ok_or_else(|| error("bad-template", "an entry of `libs` must be text"))?;
        modules.push(Module { name: format!("{name}.libs[{at}].rego"), node: lib, text, library: true });
    }
    build(&modules, v1, sources)
}

/// How long all texts of a tree are together.
fn text_size(node: &Node) -> usize {
    let parts = node.as_seq().unwrap_or(&[]).iter();
    let values = node.as_map().into_iter().flat_map(|map| map.iter().map(|(_, value)| value));
    node.as_str().map_or(0, str::len) + parts.chain(values).map(text_size).sum::<usize>()
}

fn build(modules: &[Module<'_>], v1: bool, sources: &SourceMap) -> Result<Program> {
    let refuse = |module: &Module<'_>, failure: &rego::RegoError| {
        let (line, column) = line_column(module.text, failure.offset);
        let code = if failure.message.starts_with("a rule is recursive") {
            "recursive-policy"
        } else {
            "template-does-not-compile"
        };
        error(code, format!("{}:{line}:{column}: {}", module.name, failure.message)).at(place_in(
            module.node,
            sources,
            line,
            column,
        ))
    };
    let mut parsed = Vec::new();
    for module in modules {
        parsed.push(rego::parse(module.text, v1).map_err(|failure| refuse(module, &failure))?);
    }
    let checked: Vec<rego::Source<'_>> = parsed
        .iter()
        .zip(modules)
        .map(|(parsed, module)| rego::Source { module: parsed, library: module.library })
        .collect();
    let facts = rego::check(&checked).map_err(|(at, failure)| match modules.get(at) {
        Some(module) => refuse(module, &failure),
        None => error("template-does-not-compile", failure.message),
    })?;
    if let Some(function) = facts.builtins.iter().find(|function| !builtins::is_known(function)) {
        if builtins::is_opas(function) {
            return Ok(Program::NotEvaluated {
                code: "function-not-supported",
                reason: format!("it calls `{function}`, which is not available here"),
            });
        }
        return Err(error("template-does-not-compile", format!("the function `{function}` is not defined")));
    }
    let code = match machine(modules, &parsed, v1) {
        Some(machine) => Code::Machine(Arc::new(machine)),
        None => engine(modules, &parsed, v1, facts.builtins, sources)?,
    };
    Ok(Program::Rego { code, patterns: Patterns::default(), uses_inventory: facts.uses_inventory })
}

/// The machine for modules, the template's own first; `None` if something in them is left to the engine.
fn machine(modules: &[Module<'_>], parsed: &[rego::Module], v1: bool) -> Option<rego::Machine> {
    let texts = modules.iter().zip(parsed).map(|(module, parsed)| rego::normalise(module.text, parsed, None));
    let texts: Vec<String> = texts.collect();
    let parsed = texts.iter().map(|text| rego::parse(text, v1)).collect::<std::result::Result<Vec<_>, _>>();
    let parsed = parsed.ok()?;
    let modules: Vec<_> = texts.iter().map(String::as_str).zip(&parsed).collect();
    rego::Machine::compile(&modules, "violation")
}

/// The engine for modules; what it cannot read or finds unsafe is refused.
fn engine(
    modules: &[Module<'_>],
    parsed: &[rego::Module],
    v1: bool,
    mut functions: BTreeSet<String>,
    sources: &SourceMap,
) -> Result<Code> {
    let mut engine = new_engine(v1);
    let mut rule = String::new();
    let definitions = rego::Definitions::of(parsed);
    for (module, parsed) in modules.iter().zip(parsed) {
        let text = rego::normalise(module.text, parsed, Some(&definitions));
        let helpers = rego::HELPERS.into_iter().filter(|name| text.contains(name));
        functions.extend(helpers.map(str::to_owned));
        let package = engine.add_policy(module.name.clone(), text).map_err(|failure| {
            let (line, column, message) = engine_message(&failure.to_string());
            error("template-does-not-compile", format!("{}:{line}:{column}: {message}", module.name))
                .at(place_in(module.node, sources, line, column))
        })?;
        if !module.library {
            rule = format!("{package}.violation");
        }
    }
    // Compiles now, so that the first evaluation does not.
    engine.compile_with_entrypoint(&rule.as_str().into()).map_err(|failure| {
        let (line, column, message) = engine_message(&failure.to_string());
        let first = modules.first();
        error("template-does-not-compile", format!("line {line}: {message}"))
            .at(first.and_then(|module| place_in(module.node, sources, line, column)))
    })?;
    Ok(Code::Engine { engine: Box::new(engine), rule, functions })
}

/// An engine set up as Gatekeeper sets up OPA, without the functions that regorus has not.
pub(crate) fn new_engine(v1: bool) -> Engine {
    let mut engine = Engine::new();
    engine.set_rego_v0(!v1);
    engine.set_strict_builtin_errors(false);
    // Moving arguments lengthens lines, but regorus' drawing of an error panics beyond column 65,535.
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::new(60_000).unwrap_or(NonZeroU32::MAX),
        max_file_bytes: NonZeroUsize::new(16 << 20).unwrap_or(NonZeroUsize::MAX),
        max_lines: NonZeroUsize::new(1 << 20).unwrap_or(NonZeroUsize::MAX),
    });
    engine
}

/// The line, column and one-line text of an engine's error, which is a drawing over several lines.
pub(crate) fn engine_message(text: &str) -> (usize, usize, String) {
    let mut place = (0, 0);
    let mut message = None;
    for line in text.lines() {
        if let Some(at) = line.strip_prefix("--> ") {
            let mut parts = at.rsplit(':');
            let mut number = || parts.next().and_then(|part| part.trim().parse().ok()).unwrap_or(0);
            let column = number();
            place = (number(), column);
        } else if let Some(said) = line.strip_prefix("error: ") {
            message = Some(said);
        }
    }
    let first = || text.lines().find(|line| !line.trim().is_empty()).unwrap_or("unknown error");
    (place.0, place.1, message.unwrap_or_else(first).trim().to_owned())
}

/// Line and column, from 1, of a byte offset.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// Where a line of a module stands in its file: below the `|` of a block scalar, else its text's start.
fn place_in(node: &Node, sources: &SourceMap, line: usize, column: usize) -> Option<Location> {
    let start = sources.locate(node.span)?;
    let file = sources.file(node.span.file()?)?;
    let text = file.text().get(node.span.offset() as usize..).unwrap_or("");
    if !text.starts_with('|') || line == 0 {
        return Some(start);
    }
    // Leading blank lines belong to the block; its indentation is that of its first text.
    let content = text.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or("");
    let indent = content.len() - content.trim_start().len();
    Some(Location::new(start.path, start.line + line as u32, (indent + column.max(1)) as u32))
}
