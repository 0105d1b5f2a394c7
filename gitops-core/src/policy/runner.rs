//! A template ready to be run in one thread: a review and parameters in, violations out.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::bounded::Meter;
use super::options::EvaluateOptions;
use super::rego::{Machine, Question, Scratch};
use super::template::{Code, Program, engine_message};
use super::value::{Numbers, get, object};
use super::{builtins, cel};

/// One result of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation {
    pub(super) message: String,
    pub(super) details: Value,
    /// Which validation of a CEL template gave it; two may say the same.
    pub(super) nth: usize,
    /// Whether the policy failed rather than decided.
    pub(super) failed: bool,
}

/// What a policy said of one object.
pub(super) type Verdict = Result<BTreeSet<Violation>, String>;

/// One template, ready to be run in this thread.
pub(super) enum Runner {
    Machine {
        machine: Arc<Machine>,
        inventory: Value,
        time_limit: Duration,
        meter: Meter,
        scratch: Box<Scratch>,
    },
    Engine {
        engine: Box<Engine>,
        rule: String,
        meter: Meter,
    },
    Cel(Arc<cel::Program>),
}

impl Runner {
    /// Prepares a template; `inventory` is asked for where the policy looks at other objects. `None`
    /// for a template that is not evaluated here.
    pub(super) fn new(
        program: &Program,
        options: &EvaluateOptions<'_>,
        inventory: impl FnOnce() -> Value,
    ) -> Option<Self> {
        match program {
            Program::Rego { code, patterns, uses_inventory } => {
                let meter = Meter::new(options.output_limit, patterns);
                let data = if *uses_inventory { inventory() } else { Value::new_object() };
                Some(match code {
                    Code::Machine(machine) => Self::Machine {
                        machine: machine.clone(),
                        inventory: get(&data, "inventory").cloned().unwrap_or(Value::Undefined),
                        time_limit: options.time_limit,
                        meter,
                        scratch: Box::default(),
                    },
                    Code::Engine { engine, rule, functions } => {
                        let mut engine = engine.clone();
                        // Each name once, so that none is there already.
                        let _ = builtins::add_to(&mut engine, functions.iter().map(String::as_str), &meter);
                        engine.set_execution_timer_config(ExecutionTimerConfig {
                            limit: options.time_limit,
                            check_interval: NonZeroU32::new(256).unwrap_or(NonZeroU32::MIN),
                        });
                        // A fresh engine has no data that could conflict.
                        let _ = engine.add_data(data);
                        Self::Engine { engine, rule: rule.clone(), meter }
                    }
                })
            }
            Program::Cel(program) => Some(Self::Cel(program.clone())),
            Program::NotEvaluated { .. } => None,
        }
    }

    /// How the engine is handed the numbers of the review.
    pub(super) fn numbers(&self) -> Numbers {
        match self {
            Self::Machine { .. } | Self::Engine { .. } => Numbers::Float,
            Self::Cel(_) => Numbers::Exact,
        }
    }

    /// Evaluates the template on a review with parameters.
    pub(super) fn run(&mut self, review: &Value, parameters: &Value) -> Verdict {
        match self {
            Self::Machine { machine, inventory, time_limit, meter, scratch } => {
                meter.reset();
                let none = Value::new_object();
                let parameters = if parameters == &Value::Null { &none } else { parameters };
                let input = [("review", review), ("parameters", parameters)];
                let question = Question { input: &input, inventory, time_limit: *time_limit };
                violations(&machine.run(question, meter, scratch)?, meter)
            }
            Self::Engine { engine, rule, meter } => run_engine(engine, rule, meter, review, parameters),
            Self::Cel(program) => program.run(review, parameters),
        }
    }
}

fn run_engine(engine: &mut Engine, rule: &str, meter: &Meter, review: &Value, parameters: &Value) -> Verdict {
    meter.reset();
    let parameters = if parameters == &Value::Null { Value::new_object() } else { parameters.clone() };
    engine.set_input(object([("review", review.clone()), ("parameters", parameters)]));
    let result = engine.eval_rule(rule.to_owned()).map_err(|error| {
        let message = engine_message(&error.to_string()).2;
        // OPA names the class of error, and suites ask for it.
        let conflict = ["must not produce multiple outputs", "keys must be unique"];
        if conflict.iter().any(|part| message.contains(part)) {
            format!("eval_conflict_error: {message}")
        } else {
            message
        }
    })?;
    violations(&result, meter)
}

/// What the entries of a policy's `violation` say.
fn violations(result: &Value, meter: &Meter) -> Verdict {
    let mut violations = BTreeSet::new();
    let Value::Set(entries) = result else { return Ok(violations) };
    for violation in entries.iter_sorted() {
        match get(violation, "msg") {
            Some(Value::String(message)) => {
                let details = get(violation, "details").cloned().unwrap_or_else(Value::new_object);
                // A part may be shared a billion times; written out, each counts.
                meter.take_text(&details).map_err(|error| error.to_string())?;
                violations.insert(Violation { message: message.to_string(), details, nth: 0, failed: false });
            }
            // The hook reads `msg`; where there is none, there is no result.
            None => {}
            Some(other) => {
                meter.take_text(other).map_err(|error| error.to_string())?;
                return Err(format!("`msg` of a violation must be text, not {}", super::format::term(other)));
            }
        }
    }
    Ok(violations)
}
