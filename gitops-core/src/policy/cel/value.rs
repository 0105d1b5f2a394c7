//! The values of CEL: how they compare, and what they are called.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::semver::Semver;
use super::url::Url;
use crate::object::quantity::Quantity;
use crate::policy::network::Network;

/// A value. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Vec<Value>>),
    Map(Arc<BTreeMap<Key, Value>>),
    /// Nanoseconds.
    Duration(i128),
    /// Nanoseconds since 1970 in UTC.
    Timestamp(i128),
    Type(&'static str),
    Optional(Option<Arc<Value>>),
    Quantity(Arc<Quantity>),
    Url(Arc<Url>),
    Ip(IpAddr),
    Cidr(Network),
    Semver(Arc<Semver>),
    Format(&'static str),
}

/// A key of a map; whole numbers of all types are the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Bool(bool),
    Int(i128),
    Text(Arc<str>),
}

impl Key {
    /// The key that a value is, if it can be one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(i128::from(*value)),
            Value::Uint(value) => Self::Int(i128::from(*value)),
            Value::Double(value) if value.fract() == 0.0 && value.abs() < 1e18 => Self::Int(*value as i128),
            Value::Text(text) => Self::Text(text.clone()),
            _ => return None,
        })
    }

    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => i64::try_from(*value).map_or_else(|_| Value::Uint(*value as u64), Value::Int),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    pub(super) fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    pub(super) fn optional(value: Option<Value>) -> Self {
        Self::Optional(value.map(Arc::new))
    }

    /// The name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// How much there is of it, in units of about ten bytes: what copying or reading it costs.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64 / 10,
            Self::Bytes(bytes) => bytes.len() as u64 / 10,
            Self::List(items) => items.len() as u64,
            Self::Map(map) => map.len() as u64,
            _ => 0,
        }
    }

    fn number(&self) -> Option<Number> {
        Some(match self {
            Self::Int(value) => Number::Whole(i128::from(*value)),
            Self::Uint(value) => Number::Whole(i128::from(*value)),
            Self::Double(value) => Number::Double(*value),
            _ => return None,
        })
    }

    /// The order of two values of one type, numbers being one type; `None` where there is no order.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        if let (Some(a), Some(b)) = (self.number(), other.number()) {
            return a.order(b);
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => {
                Some(a.cmp(b))
            }
            _ => None,
        }
    }
}

enum Number {
    Whole(i128),
    Double(f64),
}

impl Number {
    fn order(self, other: Self) -> Option<Ordering> {
        let against = |whole: i128, double: f64| {
            if double.is_nan() {
                return None;
            }
            // Beyond 2^64 no whole number can equal it; below, its whole part is exact.
            if double.abs() >= 1.9e19 {
                return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
            }
            let order = whole.cmp(&(double.trunc() as i128));
            Some(order.then_with(|| 0.0_f64.partial_cmp(&double.fract()).unwrap_or(Ordering::Equal)))
        };
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(&b),
            (Self::Whole(a), Self::Double(b)) => against(a, b),
            (Self::Double(a), Self::Whole(b)) => against(b, a).map(Ordering::reverse),
        }
    }
}

impl PartialEq for Value {
    /// Values of different types are unequal, but numbers compare by what they are worth.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::List(a), Self::List(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Map(a), Self::Map(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Type(a), Self::Type(b)) | (Self::Format(a), Self::Format(b)) => a == b,
            (Self::Optional(a), Self::Optional(b)) => a == b,
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Url(a), Self::Url(b)) => a.text() == b.text(),
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a == b,
            _ => self.order(other) == Some(Ordering::Equal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_worth() {
        let (i, u, d) = (Value::Int, Value::Uint, Value::Double);
        for (a, b, order) in [
            (i(1), d(1.0), Some(Ordering::Equal)),
            (i(1), d(1.5), Some(Ordering::Less)),
            (i(-1), d(-1.5), Some(Ordering::Greater)),
            (u(u64::MAX), i(-1), Some(Ordering::Greater)),
            (i(i64::MAX), d(9.3e18), Some(Ordering::Less)),
            (d(1e300), u(u64::MAX), Some(Ordering::Greater)),
            (i(1), d(f64::NAN), None),
            (i(1), Value::text("1"), None),
        ] {
            assert_eq!(a.order(&b), order, "{a:?} {b:?}");
            assert_eq!(b.order(&a), order.map(Ordering::reverse), "{b:?} {a:?}");
        }
        assert_ne!(i(1), Value::text("1"));
        assert_eq!(Value::list(vec![i(1)]), Value::list(vec![d(1.0)]));
    }
}
