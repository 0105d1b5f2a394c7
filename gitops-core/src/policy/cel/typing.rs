//! The type of an expression, found before it is evaluated.
//!
//! Kubernetes and Gatekeeper refuse an expression whose types do not go together, even where it would never
//! be evaluated. What is known only then (`object`, the parameters) goes with everything.

use std::collections::BTreeMap;

use super::ast::{Expr, Loop, LoopKind};
use super::eval::SPACES;
use super::overloads::result;
use super::types::{NAMESPACE, REQUEST, Type};
use super::value::Value;
use super::{functions, scalars};

/// The type of an expression, with the types of the variables it may use; an error as cel-go words it, but
/// without a place.
pub(super) fn type_of(expr: &Expr, variables: &BTreeMap<String, Type>) -> Result<Type, String> {
    Typing { variables, locals: Vec::new(), mixed: false }.expr(expr)
}

struct Typing<'a> {
    variables: &'a BTreeMap<String, Type>,
    locals: Vec<(&'a str, Type)>,
    /// Whether the elements of a list may differ: inside of what is formatted.
    mixed: bool,
}

type Typed = Result<Type, String>;

impl<'a> Typing<'a> {
    fn expr(&mut self, expr: &'a Expr) -> Typed {
        match expr {
            Expr::Literal(value) => Ok(literal(value)),
            Expr::Name(name) => Ok(self.name(name)),
            Expr::Select { operand, field, optional } => {
                let of = self.field(operand, field)?;
                Ok(if *optional && !matches!(of, Type::Optional(_)) { Type::optional(of) } else { of })
            }
            Expr::Has { operand, field } => self.field(operand, field).map(|_| Type::Bool),
            Expr::Index { operand, index, optional } => {
                let args = [self.expr(operand)?, self.expr(index)?];
                overload(if *optional { "_[?_]" } else { "_[_]" }, false, &args)
            }
            Expr::Call { name, target, args } => self.call(name, target.as_deref(), args),
            Expr::Logic { terms, .. } => {
                for term in terms {
                    self.truth(term)?;
                }
                Ok(Type::Bool)
            }
            Expr::Choice { test, then, other } => {
                let args = [self.expr(test)?, self.expr(then)?, self.expr(other)?];
                overload("_?_:_", false, &args)
            }
            Expr::List(items) => {
                let mut of = Type::Open;
                for (item, optional) in items {
                    let item = self.entry(item, *optional)?;
                    of = self.joined(of, &item)?;
                }
                Ok(Type::list(of))
            }
            Expr::Map(entries) => {
                let (mut keys, mut values) = (Type::Open, Type::Open);
                for (key, value, optional) in entries {
                    let key = self.expr(key)?;
                    keys = self.joined(keys, &key)?;
                    let value = self.entry(value, *optional)?;
                    values = self.joined(values, &value)?;
                }
                Ok(Type::map(keys, values))
            }
            Expr::Loop(inner) => self.repeat(inner),
            Expr::OptMap { value, variable, body, flat } => {
                let of = match self.expr(value)? {
                    Type::Optional(of) => of.as_ref().clone(),
                    unknown if unknown.is_unknown() || unknown == Type::Null => Type::Dyn,
                    other => return Err(no_overload("hasValue", true, &[other])),
                };
                let of = self.with(&[(variable, of)], |this| this.expr(body))?;
                match of {
                    of if !*flat => Ok(Type::optional(of)),
                    of @ Type::Optional(_) => Ok(of),
                    of if of.is_unknown() || of == Type::Null => Ok(Type::Dyn),
                    of => Err(no_overload("_?_:_", false, &[Type::Bool, of, Type::optional(Type::Dyn)])),
                }
            }
        }
    }

    fn name(&self, name: &str) -> Type {
        if let Some((_, of)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            return of.clone();
        }
        match name {
            "request" => Type::Record(&REQUEST),
            "namespaceObject" => Type::Record(&NAMESPACE),
            name if functions::TYPES.contains(&name) => Type::Kind,
            _ => Type::Dyn,
        }
    }

    fn field(&mut self, operand: &'a Expr, field: &str) -> Typed {
        let local = |name: &str| self.locals.iter().any(|(local, _)| *local == name);
        if matches!(operand, Expr::Name(name) if name == "variables" && !local(name)) {
            return Ok(self.variables.get(field).cloned().unwrap_or(Type::Dyn));
        }
        self.expr(operand)?.field(field)
    }

    fn call(&mut self, name: &'a str, target: Option<&'a Expr>, args: &'a [Expr]) -> Typed {
        let mut types = Vec::new();
        let mut full = name.to_owned();
        let mut member = false;
        match target {
            Some(Expr::Name(space))
                if SPACES.contains(&space.as_str())
                    && !self.locals.iter().any(|(local, _)| local == space) =>
            {
                full = format!("{space}.{name}");
            }
            Some(target) => {
                member = true;
                types.push(self.expr(target)?);
            }
            None => {}
        }
        let mixed = self.mixed;
        self.mixed |= member && name == "format";
        for arg in args {
            types.push(self.expr(arg)?);
        }
        if let (true, Some(Expr::Literal(Value::Text(text))), [Expr::List(items)]) =
            (member && name == "format", target, args)
        {
            self.format(text, items)?;
        }
        self.mixed = mixed;
        let of = overload(&full, member, &types)?;
        if !is_good_literal(name, args) {
            return Err(format!("invalid {name} argument"));
        }
        Ok(of)
    }

    /// An element of a list or a value of a map; an optional one is what it may hold.
    fn entry(&mut self, expr: &'a Expr, optional: bool) -> Typed {
        let of = self.expr(expr)?;
        match of {
            of if !optional => Ok(of),
            Type::Optional(of) => Ok(of.as_ref().clone()),
            of if of.is_unknown() => Ok(Type::Dyn),
            of => Err(format!("expected type 'optional_type({of})' but found '{of}'")),
        }
    }

    /// The type of elements with one more. Kubernetes wants them all the same.
    fn joined(&self, known: Type, next: &Type) -> Typed {
        if known.is_same(next) {
            Ok(known.or(next))
        } else if self.mixed {
            Ok(Type::Dyn)
        } else {
            Err(format!("expected type '{known}' but found '{next}'"))
        }
    }

    /// Checks what is put into a text that is written out.
    fn format(&mut self, text: &str, items: &'a [(Expr, bool)]) -> Result<(), String> {
        let mut rest = text;
        let mut items = items.iter();
        while let Some((_, clause)) = rest.split_once('%') {
            if let Some(after) = clause.strip_prefix('%') {
                rest = after;
                continue;
            }
            let verb = clause.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            let Some((item, _)) = items.next() else { return Err("format: index out of range".into()) };
            let of = self.expr(item)?;
            let fits = match verb.chars().next() {
                Some('s') => self.is_text(item, &of),
                Some('d' | 'o') => matches!(of, Type::Int | Type::Uint),
                Some('f' | 'e') => matches!(of, Type::Double | Type::Text),
                Some('b') => matches!(of, Type::Int | Type::Uint | Type::Bool),
                Some('x' | 'X') => matches!(of, Type::Int | Type::Uint | Type::Text | Type::Bytes),
                _ => return Err("could not parse formatting clause".into()),
            };
            if !(fits || of == Type::Dyn) {
                return Err(format!("error during formatting: a clause cannot be used on {of}"));
            }
            rest = verb.get(1..).unwrap_or("");
        }
        if items.next().is_some() {
            Err("too many arguments supplied to string.format".into())
        } else {
            Ok(())
        }
    }

    /// Whether `%s` takes an expression.
    fn is_text(&mut self, expr: &'a Expr, of: &Type) -> bool {
        match (expr, of) {
            (_, Type::Dyn) => true,
            (_, Type::Own(_) | Type::Optional(_) | Type::Record(_)) => false,
            (Expr::List(items), _) => {
                items.iter().all(|(item, _)| self.expr(item).is_ok_and(|of| self.is_text(item, &of)))
            }
            _ => true,
        }
    }

    /// Checks an expression that must be true or false.
    fn truth(&mut self, expr: &'a Expr) -> Result<(), String> {
        let of = self.expr(expr)?;
        if of.meets(&Type::Bool) { Ok(()) } else { Err(format!("expected type 'bool' but found '{of}'")) }
    }

    fn with<T>(
        &mut self,
        names: &[(&'a String, Type)],
        check: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let before = self.locals.len();
        self.locals.extend(names.iter().map(|(name, of)| (name.as_str(), of.clone())));
        let checked = check(self);
        self.locals.truncate(before);
        checked
    }

    fn repeat(&mut self, inner: &'a Loop) -> Typed {
        let range = self.expr(&inner.range)?;
        let (key, value, single) = match &range {
            Type::List(of) => (Type::Int, of.as_ref().clone(), of.as_ref().clone()),
            Type::Map(key, value) => (key.as_ref().clone(), value.as_ref().clone(), key.as_ref().clone()),
            of if of.is_unknown() => (Type::Dyn, Type::Dyn, Type::Dyn),
            other => {
                return Err(format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                ));
            }
        };
        let names: Vec<(&String, Type)> = match inner.variables.as_slice() {
            [one] => vec![(one, single.clone())],
            [first, second] => vec![(first, key.clone()), (second, value)],
            _ => Vec::new(),
        };
        self.with(&names, |this| {
            if let Some(filter) = &inner.filter {
                this.truth(filter)?;
            }
            match inner.kind {
                LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => {
                    this.truth(&inner.body).map(|()| Type::Bool)
                }
                LoopKind::Filter => this.truth(&inner.body).map(|()| Type::list(single)),
                LoopKind::Map | LoopKind::TransformList => this.expr(&inner.body).map(Type::list),
                LoopKind::TransformMap => this.expr(&inner.body).map(|of| Type::map(key, of)),
                LoopKind::TransformMapEntry => match this.expr(&inner.body)? {
                    of @ Type::Map(..) => Ok(of),
                    of if of.is_unknown() => Ok(Type::map(Type::Dyn, Type::Dyn)),
                    of => {
                        let into = Type::map(Type::Dyn, Type::Dyn);
                        Err(no_overload("cel.@mapInsert", false, &[into, of]))
                    }
                },
            }
        })
    }
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Uint(_) => Type::Uint,
        Value::Double(_) => Type::Double,
        Value::Text(_) => Type::Text,
        Value::Bytes(_) => Type::Bytes,
        _ => Type::Dyn,
    }
}

/// Whether a duration, a time or a pattern that is written out can be read.
fn is_good_literal(name: &str, args: &[Expr]) -> bool {
    let (Some(Expr::Literal(value)), "duration" | "timestamp" | "matches" | "find" | "findAll") =
        (if name == "matches" { args.last() } else { args.first() }, name)
    else {
        return true;
    };
    match (name, value) {
        ("duration" | "timestamp", value) => scalars::convert(name, value).is_ok(),
        (_, Value::Text(pattern)) => regex::Regex::new(pattern).is_ok(),
        _ => true,
    }
}

fn overload(name: &str, member: bool, args: &[Type]) -> Typed {
    result(name, member, args).ok_or_else(|| no_overload(name, member, args))
}

fn no_overload(name: &str, member: bool, args: &[Type]) -> String {
    let texts = |types: &[Type]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let shown = match name {
        "in" => "@in".to_owned(),
        "!" => "!_".to_owned(),
        "neg" => "-_".to_owned(),
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" => format!("_{name}_"),
        name => name.to_owned(),
    };
    let applied = match args.split_first() {
        Some((target, rest)) if member => format!("{target}.({})", texts(rest)),
        _ => format!("({})", texts(args)),
    };
    format!("found no matching overload for '{shown}' applied to '{applied}'")
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn types_are_known_before_the_evaluation() {
        let variables = BTreeMap::from([("one".to_owned(), Type::Int)]);
        for (text, expected) in [
            ("1 + 2", "int"),
            ("object.a + 1", "int"),
            ("object.a + object.b", "dyn"),
            ("object.a == 1", "bool"),
            ("[1, 2].map(x, string(x))", "list(string)"),
            ("{'a': 1}.map(k, k)", "list(string)"),
            ("[[], [1]]", "list(list(int))"),
            ("request.userInfo.extra", "map(string, list(string))"),
            ("request.?name", "optional_type(string)"),
            ("variables.one", "int"),
            ("variables.other", "dyn"),
            ("['a'].all(variables, variables == 'a')", "bool"),
            ("quantity('1').add(1)", "kubernetes.Quantity"),
            ("namespaceObject == null", "bool"),
            ("'%s %d'.format(['a', 1])", "string"),
            ("optional.none().orValue(1)", "int"),
        ] {
            assert_eq!(type_of(&parse(text).unwrap(), &variables).unwrap().to_string(), expected, "{text}");
        }
        for (text, expected) in [
            ("true || 1 + 'a' == 2", "found no matching overload for '_+_' applied to '(int, string)'"),
            ("'a'.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
            ("variables.one == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
            ("request.nope", "undefined field 'nope'"),
            ("'a'.b", "type 'string' does not support field selection"),
            ("[1, 'a']", "expected type 'int' but found 'string'"),
            ("[1].all(x, x)", "expected type 'bool' but found 'int'"),
            (
                "5.all(x, true)",
                "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
            ),
            ("duration('x')", "invalid duration argument"),
            ("'a'.matches('(')", "invalid matches argument"),
            ("'%d'.format(['a'])", "error during formatting: a clause cannot be used on string"),
            ("'%d'.format([1, 2])", "too many arguments supplied to string.format"),
        ] {
            assert_eq!(type_of(&parse(text).unwrap(), &variables), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_type_does_not_grow_with_its_keys() {
        let mut variables = BTreeMap::from([("a0".to_owned(), Type::Int)]);
        for at in 0..100 {
            let text = format!("{{variables.a{at}: variables.a{at}}}");
            let of = type_of(&parse(&text).unwrap(), &variables).unwrap();
            variables.insert(format!("a{}", at + 1), of);
        }
        assert!(variables["a100"].to_string().len() < 2_000);
    }
}
