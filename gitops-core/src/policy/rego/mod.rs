//! Rego beside regorus: what OPA would read, refuse and mean, so that regorus answers the same.

mod aliases;
mod arity;
mod ast;
mod check;
mod declarations;
mod guards;
mod lexer;
mod machine;
mod normalise;
mod parser;
mod safety;

pub(crate) use ast::Module;
pub(crate) use check::{Source, check, check_expressions};
pub(crate) use guards::{BOUNDED, Definitions, IS_BOUNDED};
pub(crate) use lexer::RegoError;
pub(crate) use machine::{Machine, Question, Scratch};
pub(crate) use normalise::{HELPERS, MULTIPLY, NUMBER, normalise};
pub(crate) use parser::parse;
