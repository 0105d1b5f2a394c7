//! What an expression of a rule gives: a scalar, a list made on the way, or a part of the object.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::node::{Node, Scalar, Text};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
    List(Arc<Vec<Value>>),
    /// A mapping or a list of the object.
    Tree(Node),
}

impl Value {
    pub(super) fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    pub(super) fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    /// Whether a condition of this value holds: all but null and false do.
    pub(super) fn holds(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value under a key; null if there is none.
    pub(super) fn field(&self, key: &str) -> Self {
        match self {
            Self::Tree(node) => node.get(key).map_or(Self::Null, Self::from),
            _ => Self::Null,
        }
    }

    /// The items of a list, or the values of a mapping by their keys; none of anything else.
    pub(super) fn items(&self) -> Vec<Self> {
        match self {
            Self::List(items) => items.to_vec(),
            Self::Tree(node) => match (node.as_seq(), node.as_map()) {
                (Some(items), _) => items.iter().map(Self::from).collect(),
                (None, Some(map)) => {
                    let mut entries: Vec<_> = map.iter().collect();
                    entries.sort_by(|a, b| a.0.cmp(b.0));
                    entries.into_iter().map(|(_, value)| Self::from(value)).collect()
                }
                (None, None) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// How much there is to read or compare, in steps.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len() / 64,
            Self::List(items) => items.iter().map(|item| 1 + item.weight()).sum(),
            Self::Tree(node) => tree_weight(node),
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
        }
    }

    /// Order of two numbers or two texts.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value in a message: nothing for null, integers without a point, lists and mappings as JSON.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => {}
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                out.push_str(&(*number as i64).to_string());
            }
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => out.push_str(text),
            Self::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.write(out);
                }
            }
            Self::Tree(node) => out.push_str(&serde_json::to_string(node).unwrap_or_default()),
        }
    }
}

fn tree_weight(node: &Node) -> usize {
    let items = node.as_seq().unwrap_or_default().iter().map(tree_weight).sum::<usize>();
    let values = node.as_map().into_iter().flat_map(|map| map.iter());
    1 + items + values.map(|(_, value)| tree_weight(value)).sum::<usize>()
}

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match node.scalar() {
            None => Self::Tree(node.clone()),
            Some(Scalar::Null) => Self::Null,
            Some(Scalar::Bool(value)) => Self::Bool(value),
            Some(Scalar::Int(value)) => Self::Number(value as f64),
            Some(Scalar::Uint(value)) => Self::Number(value as f64),
            Some(Scalar::Float(value)) => Self::Number(value),
            Some(Scalar::String(text)) => match &node.value {
                crate::node::Value::String(text) => Self::Text(text.clone()),
                _ => Self::text(text),
            },
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Tree(a), Self::Tree(b)) => a == b,
            (Self::List(_) | Self::Tree(_), Self::List(_) | Self::Tree(_)) => self.items() == other.items(),
            _ => false,
        }
    }
}
