//! A door for the conformance tests; no part of the public interface.

use regorus::Value;

use super::bounded::{Meter, Patterns};
use super::rego;
use super::template::{engine_message, new_engine};
use super::value::{Numbers, get, to_json, to_value};
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
    let mut parsed = Vec::new();
    for module in modules {
        parsed.push(rego::parse(module, v1).map_err(|error| error.message)?);
    }
    rego::check_expressions(&parsed).map_err(|error| error.message)?;
    let meter = Meter::new(64 << 20, &Patterns::default());
    let (input, data) = (to_value(input, Numbers::Exact), to_value(data, Numbers::Exact));
    if let Some(value) = by_machine(modules, &parsed, v1, query, &input, &data, &meter) {
        return defined(value?);
    }
    let mut engine = new_engine(v1);
    super::builtins::add_to(&mut engine, super::builtins::names(), &meter)?;
    let definitions = rego::Definitions::of(&parsed);
    for (at, (module, parsed)) in modules.iter().zip(&parsed).enumerate() {
        let text = rego::normalise(module, parsed, Some(&definitions));
        engine
            .add_policy(format!("m{at}.rego"), text)
            .map_err(|error| engine_message(&error.to_string()).2)?;
    }
    if data.as_object().is_ok() {
        engine.add_data(data).map_err(|error| error.to_string())?;
    }
    engine.set_input(input);
    defined(engine.eval_rule(query.to_owned()).map_err(|error| engine_message(&error.to_string()).2)?)
}

fn defined(value: Value) -> Result<Option<serde_json::Value>, String> {
    Ok((value != Value::Undefined).then(|| to_json(&value)))
}

/// The same from the machine; `None` if something is left to the engine.
fn by_machine(
    modules: &[&str],
    parsed: &[rego::Module],
    v1: bool,
    query: &str,
    input: &Value,
    data: &Value,
    meter: &Meter,
) -> Option<Result<Value, String>> {
    let texts = modules.iter().zip(parsed).map(|(module, parsed)| rego::normalise(module, parsed, None));
    let texts: Vec<String> = texts.collect();
    let parsed: Vec<_> = texts.iter().map(|text| rego::parse(text, v1)).collect::<Result<_, _>>().ok()?;
    let (package, rule) = query.strip_prefix("data.")?.rsplit_once('.')?;
    let mut modules: Vec<_> = texts.iter().map(String::as_str).zip(&parsed).collect();
    modules.sort_by_key(|(_, module)| module.package.join(".") != package);
    let machine = rego::Machine::compile(&modules, rule)?;
    let fields: Vec<_> = match input {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| Some((key.as_string().ok()?.as_ref(), value)))
            .collect::<Option<_>>()?,
        // Not an object, or none.
        _ => return None,
    };
    let inventory = get(data, "inventory").unwrap_or(&Value::Undefined);
    let question =
        rego::Question { input: &fields, inventory, time_limit: std::time::Duration::from_secs(10) };
    Some(machine.run(question, meter, &mut rego::Scratch::default()))
}

/// Why an expression of CEL, with variables (name, expression) before it, does not compile; `None` if it
/// does.
pub fn cel_error(variables: &[(&str, &str)], expression: &str) -> Option<String> {
    super::cel::Program::error(variables, expression)
}
