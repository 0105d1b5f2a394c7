//! The one error type of the crate: a kind, a stable code, the place where the user must act.

use std::fmt;

use crate::node::Location;

/// What family of problem an [`Error`] belongs to.
///
/// Bindings raise one exception class per kind. New kinds may be added, so match with a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ErrorKind {
    /// Text that is not YAML or JSON, or that Kubernetes would not read (duplicate keys, bad UTF-8).
    Yaml,
    /// A file or directory that is missing, unreadable or outside the permitted root.
    File,
    /// A `kustomization.yaml` that cannot be built.
    Kustomize,
    /// Valid input that this version does not implement, or that needs a network or a program.
    Unsupported,
    /// A policy (template or constraint) that Gatekeeper would not accept.
    Policy,
    /// A Git repository, revision or object that cannot be read.
    Git,
    /// A configured limit (size, depth, aliases, steps) that was exceeded.
    Limit,
    /// A caller's argument that makes no sense.
    Argument,
}

impl ErrorKind {
    /// The kind's name as it appears in JSON, such as `kustomize`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::File => "file",
            Self::Kustomize => "kustomize",
            Self::Unsupported => "unsupported",
            Self::Policy => "policy",
            Self::Git => "git",
            Self::Limit => "limit",
            Self::Argument => "argument",
        }
    }
}

/// The result of every fallible call of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, where, and what to do about it.
///
/// `Display` is one line: `path:line:column: message`. [`Error::code`] is stable across releases and
/// meant for programs; the message is meant for people and may be reworded. Messages never contain
/// the value of a Secret.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    code: &'static str,
    message: String,
    location: Option<Location>,
    source: Option<std::sync::Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with a stable kebab-case `code` and a message that says what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, code, message: message.into(), location: None, source: None }))
    }

    /// The same error, placed at `location` unless it already has a place (the innermost wins).
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        if self.0.location.is_none() {
            self.0.location = location.into();
        }
        self
    }

    /// The same error, placed at a file as a whole.
    #[must_use]
    pub fn in_file(self, path: &str) -> Self {
        self.at(Location::file(path))
    }

    /// The same error with `prefix: ` before its message, to name the object or entry it concerns.
    #[must_use]
    pub fn context(mut self, prefix: impl fmt::Display) -> Self {
        self.0.message = format!("{prefix}: {}", self.0.message);
        self
    }

    /// The same error with the error of another library as its cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(std::sync::Arc::new(cause));
        self
    }

    /// The family of the problem.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// A stable kebab-case identifier, such as `resource-not-found`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The message without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The text where the user must act, if known.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.0.location.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.0.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] {self}", self.0.kind.name(), self.0.code)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

/// A problem that does not stop the work: same shape as an [`Error`], kept in a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnostic {
    /// Stable kebab-case identifier.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub message: String,
    /// The text concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl Diagnostic {
    /// A diagnostic without a place.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), location: None }
    }

    /// The same diagnostic at `location`.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }
}

impl From<&Error> for Diagnostic {
    fn from(error: &Error) -> Self {
        Self::new(error.code(), error.message()).at(error.location().cloned())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}
