//! Templates in CEL (`engine: K8sNativeValidation`), evaluated as a ValidatingAdmissionPolicy.
//!
//! The interpreter is our own: the crates that exist (`cel` 0.15, `kube-cel` 0.8) bound neither the cost
//! of an evaluation nor the depth of an expression, and a policy must not be able to stop its host.
//! Semantics follow the CEL specification and `k8s.io/apiserver` 0.36. Types are checked when a template is
//! loaded, as far as they are known then; what cel-go refuses to compile is refused whenever it is evaluated.

mod addresses;
mod ast;
mod condition;
mod eval;
mod format;
mod functions;
mod lists;
mod overloads;
mod parse;
mod scalars;
mod semver;
mod texts;
mod time;
mod types;
mod typing;
mod url;
mod value;

pub(crate) use condition::Condition;

use std::collections::BTreeMap;
use std::sync::Arc;

use ast::Expr;
use eval::{Evaluator, Fail, SPACES};
use types::Type;
use value::{Key, Value};

use super::runner::{Verdict, Violation};
use super::value::get;
use crate::node::Node;

/// Names beginning so are Gatekeeper's own.
const RESERVED: &str = "gatekeeper_internal_";

/// Deepest that all expressions of a template may be together, so that no value they build is too deep.
const MAX_DEPTH: usize = 1_000;
/// Longest message that a messageExpression may give, in bytes.
const MAX_MESSAGE: usize = 5 << 10;

/// The names that an expression may use beside its own.
const ROOTS: &[&str] = &["object", "oldObject", "request", "namespaceObject", "variables"];

type Compiled = Result<Expr, String>;

/// A compiled template. An expression that does not compile is an error whenever it is evaluated, as
/// in Gatekeeper.
#[derive(Clone, Debug)]
pub(super) struct Program {
    conditions: Vec<(String, Compiled)>,
    variables: Vec<(String, Compiled)>,
    validations: Vec<Validation>,
    fail_closed: bool,
}

#[derive(Clone, Debug)]
struct Validation {
    text: String,
    expression: Compiled,
    message: String,
    message_expression: Option<Compiled>,
}

impl Program {
    /// Reads the `source` of the engine.
    pub(super) fn read(source: &Node) -> Result<Self, String> {
        if !source.is_map() {
            return Err("`source` must be a mapping".into());
        }
        let text = |node: &Node, key: &str| match node.get(key).filter(|node| !node.is_null()) {
            None => Ok(String::new()),
            Some(node) => node.as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` must be text")),
        };
        let list = |key: &str| match source.get(key).filter(|node| !node.is_null()) {
            None => Ok(&[] as &[Node]),
            Some(node) => node.as_seq().ok_or_else(|| format!("`{key}` must be a list")),
        };
        let mut depth = 0;
        let mut named = |key: &str, variables: bool| -> Result<Vec<(String, Compiled)>, String> {
            let mut out: Vec<(String, Compiled)> = Vec::new();
            for entry in list(key)? {
                let name = text(entry, "name")?;
                if name.starts_with(RESERVED) {
                    return Err(format!("`{name}`: names cannot begin with `{RESERVED}`"));
                }
                let known: Vec<&str> = out.iter().map(|(name, _)| name.as_str()).collect();
                let expression =
                    compile(&text(entry, "expression")?, variables.then_some(known.as_slice()), &mut depth);
                out.push((name, expression));
            }
            Ok(out)
        };
        let mut variables = named("variables", true)?;
        let mut conditions = named("matchCondition", false)?;
        let mut types = BTreeMap::new();
        for (name, variable) in &mut variables {
            let of = typed(variable, &types, None);
            types.insert(name.clone(), of);
        }
        for (_, condition) in &mut conditions {
            typed(condition, &types, Some(Type::Bool));
        }
        let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
        let mut validations = Vec::new();
        for entry in list("validations")? {
            let expression = text(entry, "expression")?;
            let message_expression = text(entry, "messageExpression")?;
            let mut validation = Validation {
                expression: compile(&expression, Some(&names), &mut depth),
                text: expression,
                message: text(entry, "message")?,
                message_expression: (!message_expression.is_empty())
                    .then(|| compile(&message_expression, Some(&names), &mut depth)),
            };
            typed(&mut validation.expression, &types, Some(Type::Bool));
            if let Some(message) = &mut validation.message_expression {
                typed(message, &types, Some(Type::Text));
            }
            validations.push(validation);
        }
        if depth > MAX_DEPTH {
            return Err(format!("its expressions are {depth} deep together; the limit is {MAX_DEPTH}"));
        }
        let fail_closed = match text(source, "failurePolicy")?.as_str() {
            "" if source.get("failurePolicy").is_some_and(|node| !node.is_null()) => {
                return Err("`failurePolicy` is `Fail` or `Ignore`".into());
            }
            "" | "Fail" => true,
            "Ignore" => false,
            other => return Err(format!("`failurePolicy` is `Fail` or `Ignore`, not `{other}`")),
        };
        Ok(Self { conditions, variables, validations, fail_closed })
    }

    /// Why an expression does not compile behind variables, for the conformance tests.
    pub(super) fn error(variables: &[(&str, &str)], expression: &str) -> Option<String> {
        let mut types = BTreeMap::new();
        let mut names = Vec::new();
        for (name, text) in variables {
            let of = typed(&mut compile(text, Some(&names), &mut 0), &types, None);
            types.insert((*name).to_owned(), of);
            names.push(*name);
        }
        let mut compiled = compile(expression, Some(&names), &mut 0);
        typed(&mut compiled, &types, None);
        compiled.err()
    }

    /// Evaluates the template on a review with the constraint's parameters.
    pub(super) fn run(&self, review: &regorus::Value, parameters: &regorus::Value) -> Verdict {
        let mut ev = Evaluator::new(roots(review), &self.variables);
        ev.variables.insert("params", Ok(value_of(parameters)));
        let any = any_object(&ev.roots);
        ev.variables.insert("anyObject", Ok(any));
        let mut violations = std::collections::BTreeSet::new();
        let mut deny = |nth: usize, message: String, failed: bool| {
            violations.insert(Violation { message, details: regorus::Value::new_object(), nth, failed });
        };
        match self.conditions_hold(&mut ev) {
            Ok(true) => {}
            Ok(false) => return Ok(violations),
            Err(message) => {
                if self.fail_closed {
                    deny(0, message, true);
                }
                return Ok(violations);
            }
        }
        for (nth, validation) in self.validations.iter().enumerate() {
            match evaluate(&mut ev, &validation.expression, &validation.text) {
                Ok(Value::Bool(true)) => {}
                Ok(_) => deny(nth, validation.message(&mut ev), false),
                Err(message) if self.fail_closed => deny(nth, message, true),
                Err(_) => {}
            }
        }
        Ok(violations)
    }

    /// Whether all conditions hold. One that is false decides, even where another fails.
    fn conditions_hold<'a>(&'a self, ev: &mut Evaluator<'a>) -> Result<bool, String> {
        let mut failed = None;
        for (name, condition) in &self.conditions {
            match evaluate(ev, condition, name) {
                Ok(Value::Bool(true)) => {}
                Ok(_) => return Ok(false),
                Err(message) => failed = Some(message),
            }
        }
        match failed {
            None => Ok(true),
            Some(_) if !self.fail_closed => Ok(false),
            Some(message) => Err(message),
        }
    }
}

impl Validation {
    fn message<'a>(&'a self, ev: &mut Evaluator<'a>) -> String {
        let computed = match &self.message_expression {
            Some(Ok(expr)) => match ev.evaluate(expr) {
                Ok(Value::Text(text)) => Some(text.trim().to_owned()),
                Err(Fail::Budget) => return format!("failed messageExpression: {}", Fail::Budget.message()),
                _ => None,
            },
            _ => None,
        };
        let computed = computed
            .filter(|message| !message.is_empty() && message.len() <= MAX_MESSAGE && !message.contains('\n'));
        match computed {
            Some(message) => message,
            None if !self.message.trim().is_empty() => self.message.trim().to_owned(),
            None => format!("failed expression: {}", self.text.trim()),
        }
    }
}

fn evaluate<'a>(ev: &mut Evaluator<'a>, compiled: &'a Compiled, text: &str) -> Result<Value, String> {
    match compiled {
        Err(message) => Err(format!("compilation error: {message}")),
        Ok(expr) => ev.evaluate(expr).map_err(|fail| match fail {
            Fail::Error(message) => format!("expression '{text}' resulted in error: {message}"),
            Fail::Budget => format!("expression '{text}' resulted in error: {}", fail.message()),
        }),
    }
}

/// Parses an expression and checks its names. `before` are the variables that it may use; a condition is told
/// only when it is evaluated.
fn compile(text: &str, before: Option<&[&str]>, depth: &mut usize) -> Compiled {
    let expr = parse::parse(text)?;
    let mut check = Check { locals: Vec::new(), before, deepest: 0 };
    check.expr(&expr, 1)?;
    *depth = depth.saturating_add(check.deepest);
    Ok(expr)
}

/// Finds the type of an expression, which is an error from now on where it has none or not the `wanted` one.
fn typed(compiled: &mut Compiled, variables: &BTreeMap<String, Type>, wanted: Option<Type>) -> Type {
    let Ok(expr) = compiled else { return Type::Dyn };
    let found = typing::type_of(expr, variables).and_then(|of| match wanted {
        Some(wanted) if of != wanted => Err(format!("must evaluate to {wanted} but got {of}")),
        _ => Ok(of),
    });
    found.unwrap_or_else(|message| {
        *compiled = Err(message);
        Type::Dyn
    })
}

struct Check<'a> {
    locals: Vec<&'a str>,
    before: Option<&'a [&'a str]>,
    deepest: usize,
}

impl<'a> Check<'a> {
    fn expr(&mut self, expr: &'a Expr, depth: usize) -> Result<(), String> {
        self.deepest = self.deepest.max(depth);
        let depth = depth + 1;
        match expr {
            Expr::Literal(_) => {}
            Expr::Name(name) => {
                let known = self.locals.contains(&name.as_str())
                    || ROOTS.contains(&name.as_str())
                    || functions::TYPES.contains(&name.as_str());
                if !known {
                    return Err(format!("undeclared reference to '{name}' (in container '')"));
                }
            }
            Expr::Select { operand, field, .. } | Expr::Has { operand, field } => {
                if let (Expr::Name(name), Some(before)) = (&**operand, self.before)
                    && name == "variables"
                    && !before.contains(&field.as_str())
                    && !["params", "anyObject"].contains(&field.as_str())
                {
                    return Err(format!("undefined field '{field}'"));
                }
                self.expr(operand, depth)?;
            }
            Expr::Index { operand, index, .. } => {
                self.expr(operand, depth)?;
                self.expr(index, depth)?;
            }
            Expr::Call { name, target, args } => {
                let mut member = target.is_some();
                let mut full = name.clone();
                match target.as_deref() {
                    Some(Expr::Name(space))
                        if SPACES.contains(&space.as_str()) && !self.locals.contains(&space.as_str()) =>
                    {
                        member = false;
                        full = format!("{space}.{name}");
                    }
                    Some(target) => self.expr(target, depth)?,
                    None => {}
                }
                if !functions::is_known(&full, member, args.len()) {
                    return Err(format!("undeclared reference to '{full}' (in container '')"));
                }
                for arg in args {
                    self.expr(arg, depth)?;
                }
            }
            Expr::Logic { terms, .. } => {
                for term in terms {
                    self.expr(term, depth)?;
                }
            }
            Expr::Choice { test, then, other } => {
                for part in [test, then, other] {
                    self.expr(part, depth)?;
                }
            }
            Expr::List(items) => {
                for (item, _) in items {
                    self.expr(item, depth)?;
                }
            }
            Expr::Map(entries) => {
                for (key, value, _) in entries {
                    self.expr(key, depth)?;
                    self.expr(value, depth)?;
                }
            }
            Expr::Loop(inner) => {
                self.expr(&inner.range, depth)?;
                let before = self.locals.len();
                self.locals.extend(inner.variables.iter().map(String::as_str));
                for part in inner.filter.iter().chain([&inner.body]) {
                    self.expr(part, depth)?;
                }
                self.locals.truncate(before);
            }
            Expr::OptMap { value, variable, body, .. } => {
                self.expr(value, depth)?;
                self.locals.push(variable);
                self.expr(body, depth)?;
                self.locals.pop();
            }
        }
        Ok(())
    }
}

/// `object`, `oldObject`, `request` and `namespaceObject` of a review.
fn roots(review: &regorus::Value) -> BTreeMap<&'static str, Value> {
    let part = |key: &str| get(review, key).map_or(Value::Null, value_of);
    let deleted =
        matches!(get(review, "operation"), Some(regorus::Value::String(name)) if &**name == "DELETE");
    let namespace = match part("namespaceObject") {
        Value::Map(map) if map.is_empty() => Value::Null,
        namespace => namespace,
    };
    let request = match value_of(review) {
        Value::Map(map) => {
            let mut map = map.as_ref().clone();
            for key in ["object", "oldObject", "namespaceObject"] {
                map.remove(&Key::Text(Arc::from(key)));
            }
            Value::Map(Arc::new(map))
        }
        other => other,
    };
    // A ValidatingAdmissionPolicy sees no object where one is deleted.
    let object = if deleted { Value::Null } else { part("object") };
    [
        ("object", object),
        ("oldObject", part("oldObject")),
        ("request", request),
        ("namespaceObject", namespace),
    ]
    .into()
}

fn any_object(roots: &BTreeMap<&str, Value>) -> Value {
    let part = |key: &str| roots.get(key).cloned().unwrap_or(Value::Null);
    match (part("object"), part("request")) {
        (Value::Null, Value::Map(request))
            if request.get(&Key::Text(Arc::from("operation"))) == Some(&Value::text("DELETE")) =>
        {
            part("oldObject")
        }
        (object, _) => object,
    }
}

/// The value of CEL of one of the other engine's.
fn value_of(value: &regorus::Value) -> Value {
    match value {
        regorus::Value::Bool(value) => Value::Bool(*value),
        regorus::Value::String(text) => Value::text(text),
        regorus::Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => Value::Int(value),
            (_, _, Some(value)) => Value::Double(value),
            _ => Value::Null,
        },
        regorus::Value::Array(items) => Value::list(items.iter().map(value_of).collect()),
        regorus::Value::Set(items) => Value::list(items.iter_sorted().map(value_of).collect()),
        regorus::Value::Object(map) => {
            let entry = |(key, value): (&regorus::Value, &regorus::Value)| {
                Some((Key::of(&value_of(key))?, value_of(value)))
            };
            Value::Map(Arc::new(map.iter_sorted().filter_map(entry).collect()))
        }
        regorus::Value::Null | regorus::Value::Undefined => Value::Null,
    }
}

#[cfg(test)]
mod tests;
