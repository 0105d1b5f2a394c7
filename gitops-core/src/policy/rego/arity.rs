//! Calls with too many or too few arguments, which OPA refuses when a policy is loaded.
//!
//! A call that is a condition of its own may have one argument more, which is compared with the result.

use super::ast::{Body, Expr, ExprKind, LiteralKind, Module};
use super::guards::Definitions;
use super::lexer::RegoError;

/// Refuses a module with such a call.
pub(super) fn check(module: &Module, definitions: &Definitions) -> Result<(), RegoError> {
    let calls = Calls { module, definitions };
    for rule in &module.rules {
        for expr in rule.args.iter().chain(&rule.key).chain(&rule.value) {
            calls.expr(expr, false)?;
        }
        for body in &rule.bodies {
            body.value.iter().try_for_each(|value| calls.expr(value, false))?;
            calls.body(&body.body)?;
        }
    }
    Ok(())
}

struct Calls<'a> {
    module: &'a Module,
    definitions: &'a Definitions,
}

impl Calls<'_> {
    fn body(&self, body: &Body) -> Result<(), RegoError> {
        for literal in &body.literals {
            for with in &literal.with {
                self.expr(&with.value, false)?;
            }
            match &literal.kind {
                LiteralKind::Expr(expr) | LiteralKind::Not(expr) => self.expr(expr, true)?,
                LiteralKind::Some(_) => {}
                LiteralKind::SomeIn { key, value, collection } => {
                    key.iter().chain([value, collection]).try_for_each(|expr| self.expr(expr, false))?;
                }
                LiteralKind::Every { domain, body, .. } => {
                    self.expr(domain, false)?;
                    self.body(body)?;
                }
            }
        }
        Ok(())
    }

    /// Checks an expression; `alone` says that it is a condition of its own.
    fn expr(&self, expr: &Expr, alone: bool) -> Result<(), RegoError> {
        if let ExprKind::Call(function, args) = &expr.kind
            && let Some((path, true)) = function.constant_path()
            && let Some(arity) = self.definitions.arity(self.module, &path)
            && args.len() != arity
            && !(alone && args.len() == arity + 1)
        {
            let name = path.join(".");
            let message = format!("`{name}` takes {arity} arguments, not {}", args.len());
            return Err(RegoError::new(expr.span.start, message));
        }
        expr.children().into_iter().try_for_each(|child| self.expr(child, false))?;
        if let ExprKind::Comprehension(_, body) = &expr.kind {
            self.body(body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    #[test]
    fn calls_have_the_arguments_of_their_functions() {
        let library = parse("package lib.l\nf(x) = x\ng(x) = x\ng(x, y) = y", false).unwrap();
        for (rules, good) in [
            ("r { count(x) == 1 }", true),
            ("r { count(x, 1) }", true),
            ("r { walk(x, [p, v]) }", true),
            ("r { x := walk(y, [p, v]) }", false),
            ("r { count(x, 1) == 1 }", false),
            ("r { count() }", false),
            ("r { count(x, 1, 2) }", false),
            ("r { not startswith(\"a\") }", false),
            ("f(x) = x\nr { f(1, y) }", true),
            ("f(x) = x\nr { f(f(1, y)) }", false),
            ("f() = 1\nr { f() }", true),
            ("count(x, y) = x\nr { y := count(1, 2) }", true),
            ("r { y := [x | x := l.f(1, 2)] }", false),
            ("r { y := l.g(1, 2) }", true),
            ("r { data.lib.l.f(1) }", true),
            ("r { data.lib.l.f() }", false),
            ("r { print(1, 2, 3) }", true),
            ("r { unknown(1, 2, 3) }", true),
        ] {
            let module = parse(&format!("package p\nimport data.lib.l\n{rules}"), false).unwrap();
            let found = check(&module, &Definitions::of([&module, &library]));
            assert_eq!(found.is_ok(), good, "{rules}: {found:?}");
        }
    }
}
