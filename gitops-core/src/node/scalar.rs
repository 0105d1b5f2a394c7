//! Scalars: what a text means, beside how it was spelled.

use super::Text;

/// A plain scalar whose spelling is not its value.
#[derive(Clone, Debug)]
pub struct Plain {
    text: Text,
    value: Resolved,
}

#[derive(Clone, Debug)]
enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp(Text),
}

impl Plain {
    /// `text` that means null.
    #[must_use]
    pub fn null(text: impl Into<Text>) -> Self {
        Self { text: text.into(), value: Resolved::Null }
    }
    /// `text` that means a boolean.
    #[must_use]
    pub fn bool(text: impl Into<Text>, value: bool) -> Self {
        Self { text: text.into(), value: Resolved::Bool(value) }
    }
    /// `text` that means an integer.
    #[must_use]
    pub fn int(text: impl Into<Text>, value: i64) -> Self {
        Self { text: text.into(), value: Resolved::Int(value) }
    }
    /// `text` that means an integer above `i64::MAX`.
    #[must_use]
    pub fn uint(text: impl Into<Text>, value: u64) -> Self {
        Self { text: text.into(), value: Resolved::Uint(value) }
    }
    /// `text` that means a floating-point number.
    #[must_use]
    pub fn float(text: impl Into<Text>, value: f64) -> Self {
        Self { text: text.into(), value: Resolved::Float(value) }
    }
    /// `text` that means a moment; `canonical` is its RFC 3339 form, which is what Go prints.
    #[must_use]
    pub fn timestamp(text: impl Into<Text>, canonical: impl Into<Text>) -> Self {
        Self { text: text.into(), value: Resolved::Timestamp(canonical.into()) }
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as written, shared.
    #[must_use]
    pub fn shared_text(&self) -> &Text {
        &self.text
    }

    /// Whether it is a date or time, which resolves to text.
    #[must_use]
    pub fn is_timestamp(&self) -> bool {
        matches!(self.value, Resolved::Timestamp(_))
    }

    /// What the text means.
    #[must_use]
    pub fn scalar(&self) -> Scalar<'_> {
        match &self.value {
            Resolved::Null => Scalar::Null,
            Resolved::Bool(value) => Scalar::Bool(*value),
            Resolved::Int(value) => Scalar::Int(*value),
            Resolved::Uint(value) => Scalar::Uint(*value),
            Resolved::Float(value) => Scalar::Float(*value),
            Resolved::Timestamp(text) => Scalar::String(text),
        }
    }
}

/// What a scalar means.
#[derive(Clone, Copy, Debug)]
pub enum Scalar<'a> {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    String(&'a str),
}

impl Scalar<'_> {
    /// What it is, for messages.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::String(_) => "text",
        }
    }
}

impl PartialEq for Scalar<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            // A NaN equals itself here: the question is whether a manifest changed.
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Float(a), Self::Int(b)) | (Self::Int(b), Self::Float(a)) => *a == *b as f64,
            (Self::Float(a), Self::Uint(b)) | (Self::Uint(b), Self::Float(a)) => *a == *b as f64,
            _ => false,
        }
    }
}
