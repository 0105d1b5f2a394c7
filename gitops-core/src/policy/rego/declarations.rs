//! Declarations that OPA refuses: of a name that its body has used or declared above, and `some` or
//! `every` of a name that nothing uses.

use std::collections::BTreeMap;

use super::ast::{Body, Expr, ExprKind, Literal, LiteralKind, Module, Part};
use super::check::pattern_names;
use super::lexer::RegoError;

/// How a body knows a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Argument,
    /// By `:=`.
    Assigned,
    /// By `some` or `every`, at an offset.
    Declared {
        at: usize,
        used: bool,
    },
    /// Only used.
    Used,
}

type Frame<'a> = BTreeMap<&'a str, Known>;

/// Refuses a module with a declaration that cannot be.
pub(super) fn check(module: &Module) -> Result<(), RegoError> {
    for rule in &module.rules {
        let mut arguments = Frame::new();
        for name in names(rule.args.iter()) {
            arguments.insert(name, Known::Argument);
        }
        for body in &rule.bodies {
            let head = if body.is_else {
                [None, body.value.as_ref()]
            } else {
                [rule.key.as_ref(), rule.value.as_ref()]
            };
            let mut walk = Declarations { frames: vec![arguments.clone()] };
            walk.body(&body.body)?;
            head.into_iter().flatten().try_for_each(|term| walk.uses(term))?;
            walk.close()?;
        }
    }
    Ok(())
}

fn names<'a>(patterns: impl Iterator<Item = &'a Expr>) -> impl Iterator<Item = &'a str> {
    let mut names = std::collections::BTreeSet::new();
    patterns.for_each(|pattern| pattern_names(pattern, &mut names));
    names.into_iter().filter(|name| *name != "_")
}

struct Declarations<'a> {
    /// What is known in a body and those around it, innermost last.
    frames: Vec<Frame<'a>>,
}

impl<'a> Declarations<'a> {
    fn body(&mut self, body: &'a Body) -> Result<(), RegoError> {
        body.literals.iter().try_for_each(|literal| self.literal(literal))
    }

    fn literal(&mut self, literal: &'a Literal) -> Result<(), RegoError> {
        let at = literal.span.start;
        for with in &literal.with {
            self.uses(&with.value)?;
        }
        match &literal.kind {
            LiteralKind::Some(declared) => {
                let known = Known::Declared { at, used: false };
                declared.iter().filter(|name| *name != "_").try_for_each(|name| self.declare(name, known, at))
            }
            LiteralKind::SomeIn { key, value, collection } => {
                self.uses(collection)?;
                let known = Known::Declared { at, used: true };
                names(key.iter().chain([value])).try_for_each(|name| self.declare(name, known, at))
            }
            LiteralKind::Expr(Expr { kind: ExprKind::Infix(":=", left, right), .. }) => {
                self.uses(right)?;
                names([left.as_ref()].into_iter())
                    .try_for_each(|name| self.declare(name, Known::Assigned, at))
            }
            LiteralKind::Expr(expr) | LiteralKind::Not(expr) => self.uses(expr),
            LiteralKind::Every { key, value, domain, body } => {
                self.uses(domain)?;
                self.frames.push(Frame::new());
                let known = Known::Declared { at, used: false };
                for name in key.iter().chain([value]).filter(|name| *name != "_") {
                    self.declare(name, known, at)?;
                }
                self.body(body)?;
                self.close()
            }
        }
    }

    fn declare(&mut self, name: &'a str, known: Known, at: usize) -> Result<(), RegoError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let before = match frame.get(name) {
            None => {
                frame.insert(name, known);
                return Ok(());
            }
            Some(Known::Argument) => return Err(RegoError::new(at, format!("arg {name} redeclared"))),
            Some(Known::Assigned) => "assigned",
            Some(Known::Declared { .. }) => "declared",
            Some(Known::Used) => "referenced",
        };
        Err(RegoError::new(at, format!("var {name} {before} above")))
    }

    /// Notes the names in an expression.
    fn uses(&mut self, expr: &'a Expr) -> Result<(), RegoError> {
        match &expr.kind {
            ExprKind::Var(name) => {
                self.used(name);
                Ok(())
            }
            ExprKind::Call(_, args) => args.iter().try_for_each(|arg| self.uses(arg)),
            ExprKind::Ref(head, parts) => {
                self.uses(head)?;
                parts.iter().try_for_each(|part| match part {
                    Part::Index(index) => self.uses(index),
                    Part::Field(_) => Ok(()),
                })
            }
            ExprKind::Comprehension(terms, body) => {
                self.frames.push(Frame::new());
                self.body(body)?;
                terms.iter().try_for_each(|term| self.uses(term))?;
                self.close()
            }
            _ => expr.children().into_iter().try_for_each(|child| self.uses(child)),
        }
    }

    fn used(&mut self, name: &'a str) {
        for frame in self.frames.iter_mut().rev() {
            match frame.get_mut(name) {
                Some(Known::Declared { used, .. }) => {
                    *used = true;
                    return;
                }
                Some(Known::Argument | Known::Assigned) => return,
                Some(Known::Used) | None => {}
            }
        }
        if let Some(frame) = self.frames.last_mut().filter(|_| name != "_") {
            frame.insert(name, Known::Used);
        }
    }

    /// Ends a body: what it declares it must use.
    fn close(&mut self) -> Result<(), RegoError> {
        let frame = self.frames.pop().unwrap_or_default();
        for (name, known) in frame {
            if let Known::Declared { at, used: false } = known {
                return Err(RegoError::new(at, format!("declared var {name} unused")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn run(rules: &str) -> Result<(), String> {
        let module = parse(&format!("package p\nimport future.keywords\n{rules}"), false).unwrap();
        check(&module).map_err(|error| error.message)
    }

    /// The messages are OPA's, and so is which of these are refused: asked of Gatekeeper 3.23.
    #[test]
    fn what_cannot_be_declared_is_refused() {
        for (rules, expected) in [
            ("p { x == 1; x := 1 }", "var x referenced above"),
            ("p { x := 1; x := 2 }", "var x assigned above"),
            ("p { some x; x = 1; some x; x = 1 }", "var x declared above"),
            ("p { some x; x := 1 }", "var x declared above"),
            ("p { some x in [1]; some x in [2] }", "var x declared above"),
            ("p { x := 1; some x in [2] }", "var x assigned above"),
            ("f(x) { x := 1 }", "arg x redeclared"),
            ("f(x) { [x, y] := [1, 2]; y == 2 }", "arg x redeclared"),
            ("p { some x; input.a }", "declared var x unused"),
            ("p { some x, y; input.a[x] }", "declared var y unused"),
            ("p { every x in [1] { input.a } }", "declared var x unused"),
            ("p { every k, x in [1] { x } }", "declared var k unused"),
            ("p { y := [1 | some x; input.a]; y }", "declared var x unused"),
        ] {
            assert_eq!(run(rules), Err(expected.to_owned()), "{rules}");
        }
    }

    #[test]
    fn what_can_be_declared_passes() {
        for rules in [
            "p { x := 1; y := [x | x := 2]; y }",
            "p { x := 1 } else = 2 { x := 2 }",
            "p { some x in input.a }",
            "p { some x; input.a[x] }",
            "p[x] { some x; input.a[x] }",
            "p = x { some x; input.a[x] }",
            "p { some x; y := [1 | input.a[x]]; y }",
            "p { every x in [1] { x } }",
            "p { every _, x in [1] { x } }",
            "f(x) { y := [x | x := 2]; y }",
            "p { [_, _] := [1, 2] }",
            "p { x = 1; x = 1 }",
        ] {
            assert_eq!(run(rules), Ok(()), "{rules}");
        }
    }
}
