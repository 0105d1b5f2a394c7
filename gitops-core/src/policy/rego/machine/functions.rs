//! The functions of the language, found once when a policy is compiled.

use std::fmt;

use regorus::Value;
use regorus::unstable::{BUILTINS, BuiltinFcn};

use crate::policy::bounded::{Bounded, Meter, TooMuch};
use crate::policy::{builtins, counted};

/// A function of the language.
#[derive(Clone, Copy)]
pub(super) enum Builtin {
    /// One of ours.
    Plain(fn(&[Value]) -> Value),
    /// One of ours whose result is metered.
    Metered(Bounded),
    /// One of regorus.
    Engine(BuiltinFcn),
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Builtin")
    }
}

/// Functions that need more than their arguments: the engine's clock, chance or output.
static LEFT_TO_THE_ENGINE: &[&str] =
    &["http.send", "opa.runtime", "print", "rand.intn", "time.now_ns", "uuid.parse", "uuid.rfc4122"];

impl Builtin {
    /// The function of a name, and how many arguments it takes.
    pub(super) fn find(name: &str) -> Option<(Self, usize)> {
        if LEFT_TO_THE_ENGINE.contains(&name) {
            return None;
        }
        if let Some((arity, function)) = builtins::plain(name) {
            return Some((Self::Plain(function), arity.into()));
        }
        if let Some((arity, function)) = builtins::metered(name) {
            return Some((Self::Metered(function), arity.into()));
        }
        let function = *BUILTINS.get(name)?;
        Some((Self::Engine(function), function.1.into()))
    }

    /// Calls it; an error of the function is no value.
    pub(super) fn call(self, args: &[Value], meter: &Meter) -> Result<Value, TooMuch> {
        match self {
            Self::Plain(function) => Ok(function(args)),
            Self::Metered(function) => function(args, meter),
            Self::Engine(function) => Ok(counted::call(function, args)),
        }
    }
}
