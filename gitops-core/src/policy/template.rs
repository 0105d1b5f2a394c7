//! ConstraintTemplates: read, checked as Gatekeeper checks them, and compiled once.

use regorus::{Engine, PolicyLengthConfig};
use std::num::{NonZeroU32, NonZeroUsize};

use super::evaluate::{SyncKind, required_data};
use super::{builtins, rego};
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
    /// The schema of `spec.parameters`.
    pub(crate) schema: Option<Node>,
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
    /// Rego, ready to be cloned per evaluation.
    Rego {
        engine: Box<Engine>,
        /// `data.<package>.violation`.
        rule: String,
        uses_inventory: bool,
    },
    /// Valid in a cluster, but not evaluated here: a code and the reason, for people.
    NotEvaluated { code: &'static str, reason: String },
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
pub(crate) fn compile(object: &Object, sources: &SourceMap) -> Result<Template> {
    let name = object.name();
    let place = sources.locate(object.node.span);
    let result = compile_inner(object, sources, name);
    result.map_err(|error| error.context(format!("ConstraintTemplate {name}")).at(place))
}

fn compile_inner(object: &Object, sources: &SourceMap, name: &str) -> Result<Template> {
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
    let schema = node.at(&["spec", "crd", "spec", "validation", "openAPIV3Schema"]).cloned();
    let program = program(target, name, sources)?;
    let operations = target.get("operations").and_then(Node::as_seq).unwrap_or(&[]);
    let operations = operations.iter().filter_map(|node| node.as_str().map(str::to_owned)).collect();
    let requires = required_data(object);
    Ok(Template { kind: kind.to_owned(), node: node.clone(), schema, program, operations, requires })
}

fn program(target: &Node, name: &str, sources: &SourceMap) -> Result<Program> {
    let mut modules = Vec::new();
    let mut v1 = false;
    let mut cel = false;
    let code = target.get("code").and_then(Node::as_seq).unwrap_or(&[]);
    // A non-empty legacy `rego` replaces the Rego of `code`, and is always v0.
    let legacy = target.get("rego").filter(|node| node.as_str().is_some_and(|text| !text.trim().is_empty()));
    let mut source = legacy.map(|rego| (rego, target.get("libs")));
    for entry in code {
        match entry.get("engine").and_then(Node::as_str) {
            Some("Rego") if source.is_none() => {
                if let Some(rego) = entry.at(&["source", "rego"]) {
                    v1 = entry.at(&["source", "version"]).and_then(Node::as_str) == Some("v1");
                    source = Some((rego, entry.at(&["source", "libs"])));
                }
            }
            Some("K8sNativeValidation") => cel = true,
            _ => {}
        }
    }
    let Some((rego, libs)) = source else {
        if cel {
            return Ok(Program::NotEvaluated {
                code: "cel-template",
                reason: "its only code is CEL (K8sNativeValidation), which is not evaluated yet".into(),
            });
        }
        return Err(error("bad-template", "the target has neither `rego` nor `code` with an engine Rego"));
    };
    let text = rego.as_str().ok_or_else(|| error("bad-template", "`rego` must be text"))?;
    modules.push(Module { name: format!("{name}.rego"), node: rego, text, library: false });
    for (at, lib) in libs.and_then(Node::as_seq).unwrap_or(&[]).iter().enumerate() {
        let text = lib.as_str().ok_or_else(|| error("bad-template", "an entry of `libs` must be text"))?;
        modules.push(Module { name: format!("{name}.libs[{at}].rego"), node: lib, text, library: true });
    }
    build(&modules, v1, sources)
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
    let mut engine = new_engine(v1).map_err(|message| error("template-does-not-compile", message))?;
    let mut rule = String::new();
    for (module, parsed) in modules.iter().zip(&parsed) {
        let text = rego::normalise(module.text, parsed);
        let package = engine.add_policy(module.name.clone(), text).map_err(|failure| {
            let (line, column, message) = engine_message(&failure.to_string());
            error("template-does-not-compile", format!("{}:{line}:{column}: {message}", module.name))
                .at(place_in(module.node, sources, line, column))
        })?;
        if !module.library {
            rule = format!("{package}.violation");
        }
    }
    for function in facts.builtins {
        if builtins::is_known(&function) {
            continue;
        }
        if builtins::is_opas(&function) {
            return Ok(Program::NotEvaluated {
                code: "function-not-supported",
                reason: format!("it calls `{function}`, which is not available here"),
            });
        }
        return Err(error("template-does-not-compile", format!("the function `{function}` is not defined")));
    }
    // Compiles now, so that the first evaluation does not, and unsafe variables are refused here.
    engine.compile_with_entrypoint(&rule.as_str().into()).map_err(|failure| {
        let (line, column, message) = engine_message(&failure.to_string());
        let first = modules.first();
        error("template-does-not-compile", format!("line {line}: {message}"))
            .at(first.and_then(|module| place_in(module.node, sources, line, column)))
    })?;
    Ok(Program::Rego { engine: Box::new(engine), rule, uses_inventory: facts.uses_inventory })
}

/// An engine set up as Gatekeeper sets up OPA.
pub(crate) fn new_engine(v1: bool) -> std::result::Result<Engine, String> {
    let mut engine = Engine::new();
    engine.set_rego_v0(!v1);
    engine.set_strict_builtin_errors(false);
    // Moving arguments lengthens lines, but regorus' drawing of an error panics beyond column 65,535.
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::new(60_000).unwrap_or(NonZeroU32::MAX),
        max_file_bytes: NonZeroUsize::new(16 << 20).unwrap_or(NonZeroUsize::MAX),
        max_lines: NonZeroUsize::new(1 << 20).unwrap_or(NonZeroUsize::MAX),
    });
    builtins::add_to(&mut engine)?;
    Ok(engine)
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

/// Sets what a schema's `default`s give to a value: missing keys of mappings, in every depth, and nulls
/// that the schema does not allow.
pub(crate) fn apply_defaults(node: &mut Node, schema: &Node) {
    if let (Some(properties), true) = (schema.get("properties").and_then(Node::as_map), node.is_map()) {
        for (key, property) in properties.iter() {
            let nullable = property.get("nullable").and_then(Node::as_bool) == Some(true);
            let missing = node.get(key).is_none_or(|value| value.is_null() && !nullable);
            if let (true, Some(default), Some(map)) = (missing, property.get("default"), node.as_map_mut()) {
                map.insert(key, default.clone());
            }
            let deeper =
                property.is_map() && node.get(key).is_some_and(|value| value.is_map() || value.is_seq());
            if let (true, Some(value)) = (deeper, node.get_mut(key)) {
                apply_defaults(value, property);
            }
        }
    }
    if let (Some(items), true) = (schema.get("items"), node.is_seq()) {
        for item in node.as_seq_mut().into_iter().flatten() {
            apply_defaults(item, items);
        }
    }
    if let (Some(additional), true) =
        (schema.get("additionalProperties").filter(|node| node.is_map()), node.is_map())
    {
        let known = schema.get("properties").and_then(Node::as_map);
        for (key, value) in node.as_map_mut().into_iter().flat_map(|map| map.values_mut()) {
            if !known.is_some_and(|known| known.contains_key(key)) {
                apply_defaults(value, additional);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_fill_every_depth() {
        let schema = Node::from(&json!({
            "properties": {
                "a": {"default": 1},
                "b": {"properties": {"c": {"default": "x"}}},
                "d": {"default": {}, "properties": {"e": {"default": true}}},
                "l": {"items": {"properties": {"f": {"default": 0}}}},
                "m": {"additionalProperties": {"properties": {"g": {"default": 2}}}},
            }
        }));
        let mut node = Node::from(&json!({"a": null, "b": {}, "l": [{}, {"f": 5}], "m": {"k": {}}}));
        apply_defaults(&mut node, &schema);
        assert_eq!(
            node,
            Node::from(
                &json!({"a": 1, "b": {"c": "x"}, "l": [{"f": 0}, {"f": 5}], "m": {"k": {"g": 2}}, "d": {"e": true}})
            )
        );
        let mut absent = Node::from(&json!({}));
        apply_defaults(&mut absent, &schema);
        assert_eq!(absent, Node::from(&json!({"a": 1, "d": {"e": true}})));
    }
}
