//! One expression over the fields of an object, outside of any policy: Flux's health checks.
//!
//! As in Flux, the names are the top-level fields of the object, and an expression is only parsed before it
//! is evaluated: a name that the object does not have is an error of the evaluation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::Expr;
use super::eval::Evaluator;
use super::parse;
use super::value::{Key, Value};
use crate::node::{Node, Scalar};

/// A parsed expression.
#[derive(Clone, Debug)]
pub(crate) struct Condition(Expr);

impl Condition {
    /// Parses an expression; the error is for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text).map(Self)
    }

    /// Whether it holds for an object; an error if it fails or gives something else than a boolean.
    pub(crate) fn holds(&self, object: &Node) -> Result<bool, String> {
        let fields = object.as_map().into_iter().flat_map(|map| map.iter());
        let roots = fields.map(|(key, value)| (key.as_str(), value_of(value))).collect();
        match Evaluator::new(roots, &[]).evaluate(&self.0) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("it gives a value of type {}, not a boolean", other.type_name())),
            Err(fail) => Err(fail.message().to_owned()),
        }
    }
}

/// The value of CEL of a node.
fn value_of(node: &Node) -> Value {
    if let Some(map) = node.as_map() {
        let entries: BTreeMap<_, _> =
            map.iter().map(|(key, value)| (Key::Text(Arc::from(key.as_str())), value_of(value))).collect();
        return Value::Map(Arc::new(entries));
    }
    if let Some(items) = node.as_seq() {
        return Value::list(items.iter().map(value_of).collect());
    }
    match node.scalar() {
        None | Some(Scalar::Null) => Value::Null,
        Some(Scalar::Bool(value)) => Value::Bool(value),
        Some(Scalar::Int(value)) => Value::Int(value),
        Some(Scalar::Uint(value)) => Value::Double(value as f64),
        Some(Scalar::Float(value)) => Value::Double(value),
        Some(Scalar::String(text)) => Value::text(text),
    }
}
