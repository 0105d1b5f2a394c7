//! The functions that expressions of rules may call.

use super::evaluate::{Scope, Spent};
use super::expression::Expr;
use super::value::Value;
use crate::node::Node;
use crate::time::{SECOND, Timestamp};

macro_rules! functions {
    ($($name:ident $text:literal $least:literal $most:literal,)*) => {
        /// A function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function { $($name),* }

        impl Function {
            pub(super) fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// The least and the most arguments it takes.
            pub(super) fn arity(self) -> (usize, usize) {
                match self { $(Self::$name => ($least, $most)),* }
            }
        }
    };
}

functions! {
    Any "any" 2 2,
    All "all" 2 2,
    Filter "filter" 2 2,
    Count "count" 1 2,
    First "first" 1 2,
    Last "last" 1 2,
    Sum "sum" 2 2,
    Flatten "flatten" 2 2,
    Sort "sort" 2 2,
    Until "until" 2 2,
    Join "join" 3 3,
    Concat "concat" 1 8,
    Keys "keys" 1 1,
    Position "position" 0 0,
    Starts "starts" 2 2,
    Ends "ends" 2 2,
    Contains "contains" 2 2,
    Lower "lower" 1 1,
    Replace "replace" 3 3,
    Before "before" 2 2,
    After "after" 2 2,
    Short "short" 2 2,
    Int "int" 2 2,
    Integer "integer" 1 1,
    Number "number" 1 1,
    Type "type" 1 1,
    Filled "filled" 1 1,
    Json "json" 1 1,
    Age "age" 1 1,
}

/// Texts longer than this are not read as JSON.
const MAX_JSON: usize = 1 << 20;

/// Calls a function.
pub(super) fn call(function: Function, arguments: &[Expr], scope: &mut Scope<'_>) -> Result<Value, Spent> {
    use Function as F;
    let mut values = arguments.iter();
    let first = match values.next() {
        Some(expr) => scope.evaluate(expr)?,
        None => Value::Null,
    };
    if matches!(
        function,
        F::Any
            | F::All
            | F::Filter
            | F::Count
            | F::First
            | F::Last
            | F::Sum
            | F::Flatten
            | F::Sort
            | F::Until
    ) {
        return over(function, &first, arguments.get(1), scope);
    }
    if function == F::Join {
        return join(&first, arguments, scope);
    }
    let mut rest = Vec::new();
    for expr in values {
        rest.push(scope.evaluate(expr)?);
    }
    scope.spend_on(&first)?;
    for value in &rest {
        scope.spend_on(value)?;
    }
    let second = rest.first().and_then(Value::as_str);
    let pair = first.as_str().zip(second);
    Ok(match function {
        F::Concat => Value::list(std::iter::once(&first).chain(&rest).flat_map(Value::items).collect()),
        F::Keys => match &first {
            Value::Tree(node) => {
                let mut keys: Vec<_> = node.as_map().into_iter().flat_map(|map| map.keys()).collect();
                keys.sort();
                Value::list(keys.into_iter().cloned().map(Value::Text).collect())
            }
            _ => Value::Null,
        },
        F::Position => Value::count(scope.position()),
        F::Starts => Value::Bool(pair.is_some_and(|(text, start)| text.starts_with(start))),
        F::Ends => Value::Bool(pair.is_some_and(|(text, end)| text.ends_with(end))),
        F::Contains => Value::Bool(pair.is_some_and(|(text, part)| text.contains(part))),
        F::Lower => first.as_str().map_or(Value::Null, |text| Value::text(text.to_lowercase())),
        F::Replace => match (pair, rest.get(1).and_then(Value::as_str)) {
            (Some((text, from)), Some(to)) if !from.is_empty() => Value::text(text.replace(from, to)),
            _ => first,
        },
        F::Before => {
            pair.and_then(|(text, at)| text.split_once(at)).map_or(Value::Null, |x| Value::text(x.0))
        }
        F::After => pair.and_then(|(text, at)| text.split_once(at)).map_or(Value::Null, |x| Value::text(x.1)),
        F::Short => {
            let length = rest.first().and_then(Value::as_number).unwrap_or(0.0) as usize;
            first
                .as_str()
                .map_or(Value::Null, |text| Value::text(text.chars().take(length).collect::<String>()))
        }
        F::Int if is_integer(&first) => first,
        F::Int => rest.pop().unwrap_or(Value::Null),
        F::Integer => Value::Bool(is_integer(&first)),
        F::Number => match &first {
            Value::Number(_) => first,
            Value::Text(text) => text.trim().parse().map_or(Value::Null, Value::Number),
            _ => Value::Null,
        },
        F::Type => Value::text(match &first {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::Text(_) => "text",
            Value::Tree(node) if node.is_map() => "map",
            Value::Tree(_) | Value::List(_) => "list",
        }),
        F::Filled => Value::Bool(!first.is_null() && first.as_str() != Some("")),
        F::Json => {
            let text = first.as_str().filter(|text| text.len() <= MAX_JSON);
            let json = text.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
            json.map_or(Value::Null, |json| Value::from(&Node::from(&json)))
        }
        F::Age => {
            let since = first.as_str().and_then(|text| Timestamp::parse(text).ok());
            let age =
                |(since, now): (Timestamp, Timestamp)| (now.nanoseconds() - since.nanoseconds()) / SECOND;
            since.zip(scope.now).map_or(Value::Null, |both| Value::Number(age(both) as f64))
        }
        // Handled above.
        _ => Value::Null,
    })
}

/// The functions that ask something of each item.
fn over(function: Function, list: &Value, ask: Option<&Expr>, scope: &mut Scope<'_>) -> Result<Value, Spent> {
    use Function as F;
    let (mut kept, mut sum, mut keyed) = (Vec::new(), 0.0, Vec::new());
    let items = scope.items(list)?;
    let total = items.len();
    for (at, item) in items.into_iter().enumerate() {
        let answer = match ask {
            Some(expr) => scope.within(item.clone(), at, |scope| scope.evaluate(expr))?,
            None => Value::Bool(true),
        };
        match function {
            F::Any if answer.holds() => return Ok(Value::Bool(true)),
            F::All if !answer.holds() => return Ok(Value::Bool(false)),
            F::First if answer.holds() => return Ok(item),
            F::Sum => sum += answer.as_number().unwrap_or(0.0),
            F::Flatten => kept.extend(scope.items(&answer)?),
            F::Sort => keyed.push((answer, item)),
            F::Until => {
                kept.push(item);
                if answer.holds() {
                    return Ok(Value::list(kept));
                }
            }
            _ if answer.holds() => kept.push(item),
            _ => {}
        }
    }
    Ok(match function {
        F::Any => Value::Bool(false),
        F::All => Value::Bool(kept.len() == total),
        F::First => Value::Null,
        F::Last => kept.pop().unwrap_or(Value::Null),
        F::Count => Value::count(kept.len()),
        F::Sum => Value::Number(sum),
        F::Sort => {
            // What has no key comes last, as it would if it came to be known now.
            keyed.sort_by(|(a, _), (b, _)| match (a.is_null(), b.is_null()) {
                (false, false) => a.order(b).unwrap_or(std::cmp::Ordering::Equal),
                (a, b) => a.cmp(&b),
            });
            Value::list(keyed.into_iter().map(|(_, item)| item).collect())
        }
        _ => Value::list(kept),
    })
}

fn join(list: &Value, arguments: &[Expr], scope: &mut Scope<'_>) -> Result<Value, Spent> {
    let separator = match arguments.get(1) {
        Some(expr) => scope.evaluate(expr)?,
        None => Value::Null,
    };
    let mut out = String::new();
    for (at, item) in scope.items(list)?.into_iter().enumerate() {
        if at > 0 {
            separator.write(&mut out);
        }
        if let Some(expr) = arguments.get(2) {
            scope.within(item, at, |scope| scope.evaluate(expr))?.write(&mut out);
        }
        scope.spend(out.len() / 64)?;
    }
    Ok(Value::text(out))
}

fn is_integer(value: &Value) -> bool {
    value.as_number().is_some_and(|number| number.fract() == 0.0)
}
