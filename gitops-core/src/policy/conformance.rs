//! A door for the conformance tests; no part of the public interface.

use super::bounded::{Meter, Patterns};
use super::rego;
use super::template::{engine_message, new_engine};
use super::value::{Numbers, to_json, to_value};
use crate::node::Node;

/// The value of a query over modules, normalised and with the functions that templates get; `None` is
/// undefined. An error is what OPA would refuse to compile, or a failed evaluation.
///
/// # Errors
/// The text of the failure.
pub fn construct(
    modules: &[&str],
    v1: bool,
    input: &Node,
    data: &Node,
    query: &str,
) -> Result<Option<serde_json::Value>, String> {
    let mut engine = new_engine(v1);
    super::builtins::add_to(
        &mut engine,
        super::builtins::names(),
        &Meter::new(64 << 20, &Patterns::default()),
    )?;
    let mut parsed = Vec::new();
    for module in modules {
        parsed.push(rego::parse(module, v1).map_err(|error| error.message)?);
    }
    rego::check_expressions(&parsed).map_err(|error| error.message)?;
    let definitions = rego::Definitions::of(&parsed);
    for (at, (module, parsed)) in modules.iter().zip(&parsed).enumerate() {
        let text = rego::normalise(module, parsed, &definitions);
        engine
            .add_policy(format!("m{at}.rego"), text)
            .map_err(|error| engine_message(&error.to_string()).2)?;
    }
    if data.is_map() {
        engine.add_data(to_value(data, Numbers::Exact)).map_err(|error| error.to_string())?;
    }
    engine.set_input(to_value(input, Numbers::Exact));
    match engine.eval_rule(query.to_owned()).map_err(|error| engine_message(&error.to_string()).2)? {
        regorus::Value::Undefined => Ok(None),
        value => Ok(Some(to_json(&value))),
    }
}
