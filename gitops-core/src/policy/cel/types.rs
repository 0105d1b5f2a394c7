//! The types of CEL, and when a value of one can stand where another is wanted.

use std::fmt;
use std::sync::Arc;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// Anything: known when it is evaluated.
    Dyn,
    /// Nothing says yet, as of the elements of `[]`.
    Open,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Duration,
    Timestamp,
    /// One of Kubernetes' own, such as `kubernetes.Quantity`.
    Own(&'static str),
    /// What `type(x)` gives.
    Kind,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    Optional(Arc<Type>),
    Record(&'static Record),
}

/// A type with fields.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    pub(super) name: &'static str,
    pub(super) fields: &'static [(&'static str, Field)],
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    Dyn,
    Bool,
    Int,
    Text,
    Timestamp,
    Texts,
    /// A map of texts to texts.
    Labels,
    /// A map of texts to lists of texts.
    Extra,
    Record(&'static Record),
    Records(&'static Record),
}

impl Type {
    pub(super) fn list(of: Type) -> Self {
        Self::List(Arc::new(of))
    }

    /// A map. What is no simple key is any key, so that a type does not grow with its keys.
    pub(super) fn map(key: Type, value: Type) -> Self {
        let simple = matches!(
            key,
            Self::Open
                | Self::Bool
                | Self::Int
                | Self::Uint
                | Self::Double
                | Self::Text
                | Self::Bytes
                | Self::Null
        );
        Self::Map(Arc::new(if simple { key } else { Self::Dyn }), Arc::new(value))
    }

    pub(super) fn optional(of: Type) -> Self {
        Self::Optional(Arc::new(of))
    }

    /// Whether it is not known before the evaluation.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Dyn | Self::Open)
    }

    /// Whether a value of one may be a value of the other.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn | Self::Open, _) | (_, Self::Dyn | Self::Open) => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.meets(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.meets(c) && b.meets(d),
            (Self::Null, other) | (other, Self::Null) => other.may_be_null(),
            _ => self == other,
        }
    }

    /// Whether null may stand for a value: for none of a simple type, a list or a map.
    pub(super) fn may_be_null(&self) -> bool {
        use Type::{Duration, Null, Optional, Own, Record, Timestamp};
        matches!(self, Null | Record(_) | Duration | Timestamp | Own(_) | Optional(_))
    }

    /// The one of two that says less, for two that meet.
    pub(super) fn or(self, other: &Self) -> Self {
        match (&self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => Self::Dyn,
            (Self::Open, _) => other.clone(),
            (_, Self::Open) => self,
            (Self::List(a), Self::List(b)) => Self::list(a.as_ref().clone().or(b)),
            (Self::Optional(a), Self::Optional(b)) => Self::optional(a.as_ref().clone().or(b)),
            (Self::Map(a, b), Self::Map(c, d)) => {
                Self::map(a.as_ref().clone().or(c), b.as_ref().clone().or(d))
            }
            (Self::Null, _) => other.clone(),
            _ => self,
        }
    }

    /// Whether two are the same as elements of one list, as Kubernetes wants them to be.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) => true,
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.is_same(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.is_same(c) && b.is_same(d),
            _ => self == other,
        }
    }

    /// The type of a field; an error if it cannot have this one.
    pub(super) fn field(&self, name: &str) -> Result<Type, String> {
        match self {
            Self::Dyn | Self::Open => Ok(Self::Dyn),
            Self::Map(_, value) => Ok(value.as_ref().clone()),
            Self::Optional(inner) => inner.field(name).map(Self::optional),
            Self::Record(record) => {
                let field = record.fields.iter().find(|(known, _)| *known == name);
                field.map(|(_, field)| field.of()).ok_or_else(|| format!("undefined field '{name}'"))
            }
            other => Err(format!("type '{other}' does not support field selection")),
        }
    }
}

impl Field {
    fn of(self) -> Type {
        match self {
            Self::Dyn => Type::Dyn,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Text => Type::Text,
            Self::Timestamp => Type::Timestamp,
            Self::Texts => Type::list(Type::Text),
            Self::Labels => Type::map(Type::Text, Type::Text),
            Self::Extra => Type::map(Type::Text, Type::list(Type::Text)),
            Self::Record(record) => Type::Record(record),
            Self::Records(record) => Type::list(Type::Record(record)),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Open => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::Text => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Own(name) => f.write_str(name),
            Self::Kind => f.write_str("type"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(of) => write!(f, "optional_type({of})"),
            Self::Record(record) => f.write_str(record.name),
        }
    }
}

const KIND: Record = Record {
    name: "kubernetes.GroupVersionKind",
    fields: &[("group", Field::Text), ("version", Field::Text), ("kind", Field::Text)],
};
const RESOURCE: Record = Record {
    name: "kubernetes.GroupVersionResource",
    fields: &[("group", Field::Text), ("version", Field::Text), ("resource", Field::Text)],
};

/// `request`, by `BuildRequestType` of k8s.io/apiserver 0.36.
pub(super) static REQUEST: Record = Record {
    name: "kubernetes.AdmissionRequest",
    fields: &[
        ("kind", Field::Record(&KIND)),
        ("resource", Field::Record(&RESOURCE)),
        ("subResource", Field::Text),
        ("requestKind", Field::Record(&KIND)),
        ("requestResource", Field::Record(&RESOURCE)),
        ("requestSubResource", Field::Text),
        ("name", Field::Text),
        ("namespace", Field::Text),
        ("operation", Field::Text),
        (
            "userInfo",
            Field::Record(&Record {
                name: "kubernetes.UserInfo",
                fields: &[
                    ("username", Field::Text),
                    ("uid", Field::Text),
                    ("groups", Field::Texts),
                    ("extra", Field::Extra),
                ],
            }),
        ),
        ("dryRun", Field::Bool),
        ("options", Field::Dyn),
    ],
};

/// `namespaceObject`, by `BuildNamespaceType`.
pub(super) static NAMESPACE: Record = Record {
    name: "kubernetes.Namespace",
    fields: &[
        (
            "metadata",
            Field::Record(&Record {
                name: "kubernetes.NamespaceMetadata",
                fields: &[
                    ("name", Field::Text),
                    ("generateName", Field::Text),
                    ("namespace", Field::Text),
                    ("labels", Field::Labels),
                    ("annotations", Field::Labels),
                    ("UID", Field::Text),
                    ("creationTimestamp", Field::Timestamp),
                    ("deletionGracePeriodSeconds", Field::Int),
                    ("deletionTimestamp", Field::Timestamp),
                    ("generation", Field::Int),
                    ("resourceVersion", Field::Text),
                    ("finalizers", Field::Texts),
                ],
            }),
        ),
        (
            "spec",
            Field::Record(&Record {
                name: "kubernetes.NamespaceSpec",
                fields: &[("finalizers", Field::Texts)],
            }),
        ),
        (
            "status",
            Field::Record(&Record {
                name: "kubernetes.NamespaceStatus",
                fields: &[
                    (
                        "conditions",
                        Field::Records(&Record {
                            name: "kubernetes.NamespaceCondition",
                            fields: &[
                                ("status", Field::Text),
                                ("type", Field::Text),
                                ("lastTransitionTime", Field::Timestamp),
                                ("message", Field::Text),
                                ("reason", Field::Text),
                            ],
                        }),
                    ),
                    ("phase", Field::Text),
                ],
            }),
        ),
    ],
};
