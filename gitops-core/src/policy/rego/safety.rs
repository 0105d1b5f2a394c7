//! Variables that nothing binds, which OPA refuses at load time and regorus would pass over.
//!
//! Lenient on purpose: a variable passes if any condition of its body can bind it, whatever the order,
//! so that no template Gatekeeper accepts is refused. What binds: an assignment or unification, an
//! index of a reference outside a negation, `some .. in`, the last argument of a call that is a
//! condition of its own.

use std::collections::BTreeSet;

use super::ast::{Body, Expr, ExprKind, Literal, LiteralKind, Module, Part};
use super::check::pattern_names;
use super::lexer::RegoError;

/// Refuses a module with an unsafe variable; `siblings` are all modules, for the rules they share.
pub(super) fn check(module: &Module, siblings: &[&Module]) -> Result<(), RegoError> {
    let mut globals: BTreeSet<&str> = ["input", "data", "_"].into();
    for sibling in siblings.iter().filter(|sibling| sibling.package == module.package) {
        globals.extend(sibling.rules.iter().map(|rule| rule.name.as_str()));
    }
    globals.extend(module.imports.iter().filter_map(super::ast::Import::name));
    for rule in &module.rules {
        let mut arguments = BTreeSet::new();
        rule.args.iter().for_each(|arg| pattern_names(arg, &mut arguments));
        let mut safety = Safety { bound: vec![globals.clone(), arguments] };
        if rule.bodies.is_empty() {
            for term in rule.key.iter().chain(&rule.value) {
                safety.uses(term)?;
            }
        }
        for body in &rule.bodies {
            let head = if body.is_else {
                [None, body.value.as_ref()]
            } else {
                [rule.key.as_ref(), rule.value.as_ref()]
            };
            safety.body(&body.body, &head.into_iter().flatten().collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

struct Safety<'a> {
    /// Names that are bound, by scope.
    bound: Vec<BTreeSet<&'a str>>,
}

fn unsafe_variable(expr: &Expr, name: &str) -> RegoError {
    RegoError::new(expr.span.start, format!("var {name} is unsafe: nothing gives it a value"))
}

impl<'a> Safety<'a> {
    fn body(&mut self, body: &'a Body, terms: &[&'a Expr]) -> Result<(), RegoError> {
        let mut names = BTreeSet::new();
        body.literals.iter().for_each(|literal| binds(literal, &mut names));
        self.bound.push(names);
        for literal in &body.literals {
            self.literal(literal)?;
        }
        for term in terms {
            self.uses(term)?;
        }
        self.bound.pop();
        Ok(())
    }

    fn literal(&mut self, literal: &'a Literal) -> Result<(), RegoError> {
        for with in &literal.with {
            self.uses(&with.value)?;
        }
        match &literal.kind {
            LiteralKind::Some(_) => Ok(()),
            LiteralKind::Expr(expr) => self.uses(expr),
            LiteralKind::Not(expr) => {
                refuse_wildcards(expr)?;
                self.uses(expr)
            }
            LiteralKind::SomeIn { key, value, collection } => {
                for expr in key.iter().chain([value, collection]) {
                    self.uses(expr)?;
                }
                Ok(())
            }
            LiteralKind::Every { key, value, domain, body } => {
                self.uses(domain)?;
                self.bound.push(key.iter().chain([value]).map(String::as_str).collect());
                self.body(body, &[])?;
                self.bound.pop();
                Ok(())
            }
        }
    }

    /// Every variable of an expression must be bound.
    fn uses(&mut self, expr: &'a Expr) -> Result<(), RegoError> {
        match &expr.kind {
            ExprKind::Var(name) if !self.bound.iter().any(|scope| scope.contains(name.as_str())) => {
                Err(unsafe_variable(expr, name))
            }
            // The name of a function is no variable.
            ExprKind::Call(_, args) => args.iter().try_for_each(|arg| self.uses(arg)),
            ExprKind::Comprehension(terms, body) => self.body(body, &terms.iter().collect::<Vec<_>>()),
            _ => expr.children().into_iter().try_for_each(|child| self.uses(child)),
        }
    }
}

/// The names that a condition can bind.
fn binds<'a>(literal: &'a Literal, names: &mut BTreeSet<&'a str>) {
    match &literal.kind {
        LiteralKind::Some(_) => {}
        LiteralKind::Expr(expr) => {
            match &expr.kind {
                ExprKind::Infix(":=", left, _) => pattern_names(left, names),
                ExprKind::Infix("=", left, right) => {
                    pattern_names(left, names);
                    pattern_names(right, names);
                }
                ExprKind::Call(_, args) => args.last().into_iter().for_each(|arg| pattern_names(arg, names)),
                _ => {}
            }
            indexes(expr, names);
        }
        // A call inside a negated condition is evaluated before it, outside the negation.
        LiteralKind::Not(expr) => {
            for child in expr.children() {
                if !matches!(child.kind, ExprKind::Ref(..)) {
                    indexes(child, names);
                }
            }
        }
        LiteralKind::SomeIn { key, value, collection } => {
            key.iter().for_each(|key| pattern_names(key, names));
            pattern_names(value, names);
            indexes(collection, names);
        }
        LiteralKind::Every { domain, .. } => indexes(domain, names),
    }
}

/// The names in the indexes of an expression's references.
fn indexes<'a>(expr: &'a Expr, names: &mut BTreeSet<&'a str>) {
    if let ExprKind::Ref(_, parts) = &expr.kind {
        for part in parts {
            if let Part::Index(index) = part {
                pattern_names(index, names);
            }
        }
    }
    if !matches!(expr.kind, ExprKind::Comprehension(..)) {
        expr.children().into_iter().for_each(|child| indexes(child, names));
    }
}

/// `_` as an index directly under a negation iterates over nothing that is bound.
fn refuse_wildcards(expr: &Expr) -> Result<(), RegoError> {
    let direct = match &expr.kind {
        ExprKind::Ref(..) => vec![expr],
        ExprKind::Infix(_, left, right) => vec![left.as_ref(), right],
        ExprKind::Call(_, args) | ExprKind::Member(args) => args.iter().collect(),
        _ => Vec::new(),
    };
    for expr in direct {
        let ExprKind::Ref(_, parts) = &expr.kind else { continue };
        for part in parts {
            match part {
                Part::Index(index @ Expr { kind: ExprKind::Var(name), .. }) if name == "_" => {
                    return Err(unsafe_variable(index, name));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn run(rules: &str) -> Result<(), String> {
        let module = parse(&format!("package p\nimport future.keywords\n{rules}"), false).unwrap();
        check(&module, &[&module]).map_err(|error| error.message)
    }

    #[test]
    fn unbound_variables_are_refused() {
        for rules in [
            "r[x] { input.a }",
            "r { x > 1 }",
            "r { not input.a[x] == 1 }",
            "r { not input.a[_] == 1 }",
            "r { not f(input.a[_]) }\nf(x) = x",
            "r { f(x) == 1 }\nf(x) = x",
            "r = y { true }",
            "r { y := [z | input.a] }",
            "r = x",
            "r { x in input.a }",
        ] {
            let error = run(rules).expect_err(rules);
            assert!(error.contains("is unsafe"), "{rules}: {error}");
        }
    }

    #[test]
    fn bound_variables_pass() {
        for rules in [
            "r[x] { x := input.a }",
            "r[x] { x = input.a }",
            "r[x] { input.a = x }",
            "r[x] { input.a[x] }",
            "r[x] { count(input.a[x]) > 0 }",
            "r { some i; input.a[i] > 1 }",
            "r { some i, x in input.a; i > x }",
            "r { [a, {\"b\": b}] = input.a; a > b }",
            "r { walk(input, [path, value]); path == value }",
            "r[m] { sprintf(\"%v\", [1], m) }",
            "f(x, [y]) = x + y",
            "r { not count(input.a[_]) == 1 }",
            "r { every k, v in input.a { k > v } }",
            "r = [x | x := input.a[_]]",
            "r { x := 1; y := {z | z := x}; count(y) > 0 }",
            "r { data.lib.f(input.a) }",
            "default r = false",
        ] {
            run(rules).unwrap_or_else(|error| panic!("{rules}: {error}"));
        }
    }
}
