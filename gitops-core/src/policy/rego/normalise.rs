//! Rewrites a module so that regorus answers as OPA does, keeping every line where it is.
//!
//! | construct | OPA | regorus as is | rewritten to |
//! |---|---|---|---|
//! | `not f(x.y)` | `x.y` is evaluated before the negation; undefined fails the rule | `not undefined` is true | `__n := x.y; not f(__n)` |
//! | a condition that begins with `(` on a new line | its own condition | an argument list | `;` before it |
//! | `head {..} {..}` | the head again | an error, or `true` as the value | `head {..} head {..}` |
//! | `x * y` | a number of any size | the same, without a bound on its cost | a call that has one |
//! | `lib.rule`, where `lib` is an import | that rule is evaluated | all rules of the library are | `data.lib.rule` |
//! | `1e6` | a number that prints as `1e+06`, of any size | 1000000, and an error beyond a float | a call that reads it |
//! | a list, set or object is built | it is | the same, and comparing it may take for ever | a call that weighs it, see [`super::guards`] |
//! | `p[x.name] = v` with `x.name` undefined | no entry | an error | `p[__n] = v { ..; __n := x.name }` |
//!
//! What is hoisted follows OPA's compiler: nested calls are evaluated first; then references that
//! are arguments of a call or an index of a reference. The two sides of `==` and `=` stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use super::aliases::aliases;
use super::ast::{Body, Expr, ExprKind, Literal, LiteralKind, Module, Part, Rule, RuleKind};
use super::guards::{BOUNDED, Definitions, Guards, IS_BOUNDED, guards};

/// The function that multiplies. A policy cannot define one of this name.
pub(crate) const MULTIPLY: &str = "__gitops.multiply";

/// The function that reads a number with an exponent, so that it stays one.
pub(crate) const NUMBER: &str = "__gitops.number";

/// The functions that a normalised module may call and that are no policy's own.
pub(crate) const HELPERS: [&str; 4] = [MULTIPLY, NUMBER, BOUNDED, IS_BOUNDED];

/// The module's text with the rewrites applied. What is built is weighed where all `definitions` of the
/// policy are given; the machine weighs by itself.
pub(crate) fn normalise(text: &str, module: &Module, definitions: Option<&Definitions>) -> String {
    let globals = module
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .chain(module.imports.iter().filter_map(super::ast::Import::name))
        .collect();
    let guards = definitions.map(|definitions| guards(text, module, definitions)).unwrap_or_default();
    let mut rewriter =
        Rewriter { text, globals, aliases: aliases(module), guards, edits: Vec::new(), names: 0 };
    for rule in &module.rules {
        rewriter.rule(rule);
    }
    rewriter.render(0..text.len())
}

struct Rewriter<'a> {
    text: &'a str,
    /// Names that stand for rules or imports, so that they may be undefined.
    globals: BTreeSet<&'a str>,
    /// The full paths of imports, by name.
    aliases: BTreeMap<&'a str, String>,
    guards: Guards,
    /// Replacements of ranges, in the order they were decided; insertions have an empty range.
    edits: Vec<(Range<usize>, String)>,
    names: usize,
}

impl<'a> Rewriter<'a> {
    /// The text of a range with all edits inside it.
    fn render(&self, range: Range<usize>) -> String {
        let inside = |edit: &&(Range<usize>, String)| edit.0.start >= range.start && edit.0.end <= range.end;
        let mut edits: Vec<&(Range<usize>, String)> = self.edits.iter().filter(inside).collect();
        // Stable: insertions at one place keep their order and come before a replacement there.
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(range.len() + 64);
        let mut at = range.start;
        for (edit, replacement) in edits {
            out.push_str(self.text.get(at..edit.start).unwrap_or(""));
            out.push_str(replacement);
            at = edit.end;
        }
        out.push_str(self.text.get(at..range.end).unwrap_or(""));
        out
    }

    /// The place of a `*` among blanks and comments.
    fn operator(&self, between: Range<usize>) -> Option<usize> {
        let mut comment = false;
        let text = self.text.get(between.clone())?;
        let found = text.char_indices().find(|(_, c)| {
            comment = (comment || *c == '#') && *c != '\n';
            *c == '*' && !comment
        });
        found.map(|(at, _)| between.start + at)
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push((at..at, text));
    }

    /// Moves an expression's text out: replaces it by a new variable, gives the variable and the text.
    fn take(&mut self, span: &Range<usize>) -> (String, String) {
        let text = self.render(span.clone());
        self.edits.retain(|(edit, _)| edit.start < span.start || edit.end > span.end);
        let name = format!("__gitops_{}", self.names);
        self.names += 1;
        self.edits.push((span.clone(), name.clone()));
        (name, text)
    }

    fn rule(&mut self, rule: &'a Rule) {
        // Arguments are patterns, and a default is a constant: neither holds calls.
        if rule.kind != RuleKind::Default {
            rule.key.iter().chain(&rule.value).for_each(|expr| self.expr(expr));
        }
        let mut last = String::new();
        if rule.kind == RuleKind::Object {
            for expr in rule.key.iter().chain(&rule.value) {
                if self.may_be_undefined(expr) {
                    let (name, text) = self.take(&expr.span);
                    let _ = write!(last, "; {name} := {text}");
                }
            }
        }
        for (at, body) in rule.bodies.iter().enumerate() {
            let chained = at > 0 && !body.is_else;
            if chained {
                let head = self.render(rule.head.clone());
                // Before the opening brace.
                self.insert(body.body.inner_start - 1, format!("{head} "));
            }
            if let Some(value) = &body.value {
                self.expr(value);
            }
            self.body(&body.body, &last);
        }
        if let (true, Some(only)) = (rule.bodies.is_empty(), last.strip_prefix("; ")) {
            self.insert(rule.head.end, format!(" {{ {only} }}"));
        }
    }

    /// Rewrites a body, with `last` (conditions, each behind its `;`) put after its own: regorus wants
    /// a variable assigned before it is used.
    fn body(&mut self, body: &'a Body, last: &str) {
        let mut moved = false;
        for literal in &body.literals {
            let before = self.edits.len();
            let hoisted = self.literal(literal);
            let separator = if literal.paren_after_newline { ";" } else { "" };
            let mut checks = String::new();
            for name in self.guards.variables.get(&literal.span.end).into_iter().flatten() {
                let _ = write!(checks, "; {IS_BOUNDED}({name})");
            }
            let added = !(hoisted.is_empty() && checks.is_empty() && last.is_empty());
            let brace = if body.bare && added { "{ " } else { "" };
            moved |= !brace.is_empty();
            if !(hoisted.is_empty() && separator.is_empty() && brace.is_empty()) {
                // In front of what was put before the condition's first term.
                let start = literal.span.start;
                self.edits.insert(before, (start..start, format!("{brace}{separator}{hoisted}")));
            }
            if !checks.is_empty() {
                self.insert(literal.span.end, checks);
            }
        }
        let brace = if moved { " }" } else { "" };
        if let (Some(end), false) = (body.literals.last(), last.is_empty() && brace.is_empty()) {
            self.insert(end.span.end, format!("{last}{brace}"));
        }
    }

    /// Rewrites a condition; gives the conditions to put before it, each with its `;`.
    fn literal(&mut self, literal: &'a Literal) -> String {
        for with in &literal.with {
            self.expr(&with.value);
        }
        match &literal.kind {
            LiteralKind::Expr(expr) => self.expr(expr),
            LiteralKind::Some(_) => {}
            LiteralKind::SomeIn { key, value, collection } => {
                for expr in key.iter().chain([value, collection]) {
                    self.expr(expr);
                }
            }
            LiteralKind::Every { domain, body, .. } => {
                self.expr(domain);
                self.body(body, "");
            }
            LiteralKind::Not(expr) => {
                self.expr(expr);
                let mut moved = Vec::new();
                match &expr.kind {
                    // The two sides of an equality are compared where they stand.
                    ExprKind::Infix("==" | "=", left, right) => {
                        self.side(left, &mut moved);
                        self.side(right, &mut moved);
                    }
                    ExprKind::Infix(_, left, right) => {
                        self.argument(left, &mut moved);
                        self.argument(right, &mut moved);
                    }
                    ExprKind::Member(terms) | ExprKind::Call(_, terms) => {
                        terms.iter().for_each(|term| self.argument(term, &mut moved));
                    }
                    _ => self.side(expr, &mut moved),
                }
                let with: String =
                    literal.with.iter().map(|with| format!(" {}", self.render(with.span.clone()))).collect();
                let mut hoisted = String::new();
                for (name, text) in moved {
                    let _ = write!(hoisted, "{name} := {text}{with}; ");
                }
                return hoisted;
            }
        }
        String::new()
    }

    /// A term that stays inside a negation: only what must be computed first is moved out.
    fn side(&mut self, expr: &Expr, moved: &mut Vec<(String, String)>) {
        match &expr.kind {
            ExprKind::Ref(head, parts) => {
                if matches!(head.kind, ExprKind::Call(..)) {
                    self.argument(head, moved);
                }
                for part in parts {
                    if let Part::Index(index) = part {
                        self.argument(index, moved);
                    }
                }
            }
            ExprKind::Var(_) => {}
            _ => self.argument(expr, moved),
        }
    }

    /// An argument of a negated call: moved out if it may be undefined.
    fn argument(&mut self, expr: &Expr, moved: &mut Vec<(String, String)>) {
        if self.may_be_undefined(expr) {
            moved.push(self.take(&expr.span));
        }
    }

    fn may_be_undefined(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::String(_) | ExprKind::Scalar | ExprKind::Comprehension(..) => false,
            ExprKind::Var(name) => self.globals.contains(name.as_str()),
            ExprKind::Ref(..)
            | ExprKind::Call(..)
            | ExprKind::Infix(..)
            | ExprKind::Minus(_)
            | ExprKind::Member(_) => true,
            ExprKind::Array(items) | ExprKind::Set(items) => {
                items.iter().any(|item| self.may_be_undefined(item))
            }
            ExprKind::Object(pairs) => {
                pairs.iter().any(|(key, value)| self.may_be_undefined(key) || self.may_be_undefined(value))
            }
        }
    }

    /// Rewrites an expression, what is inside it, and the bodies of its comprehensions.
    fn expr(&mut self, expr: &'a Expr) {
        let guarded = self.guards.expressions.contains(&(expr.span.start, expr.span.end));
        if guarded {
            self.insert(expr.span.start, format!("{BOUNDED}("));
        }
        self.expr_inside(expr);
        if guarded {
            self.insert(expr.span.end, ")".into());
        }
    }

    fn expr_inside(&mut self, expr: &'a Expr) {
        if matches!(expr.kind, ExprKind::Scalar)
            && let Some(text) = self.text.get(expr.span.clone())
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.contains(['e', 'E'])
        {
            self.edits.push((expr.span.clone(), format!("{NUMBER}(\"{text}\")")));
            return;
        }
        if let ExprKind::Infix("*", left, right) = &expr.kind
            && !matches!(left.kind, ExprKind::Scalar)
            && !matches!(right.kind, ExprKind::Scalar)
            && let Some(at) = self.operator(left.span.end..right.span.start)
        {
            // Parentheses around the product stay around it.
            self.insert(left.span.start, format!("{MULTIPLY}("));
            self.edits.push((at..at + 1, ",".into()));
            for child in expr.children() {
                self.expr(child);
            }
            self.insert(right.span.end, ")".into());
            return;
        }
        if let ExprKind::Ref(head, _) | ExprKind::Call(head, _) = &expr.kind
            && let ExprKind::Var(name) = &head.kind
            && let Some(path) = self.aliases.get(name.as_str())
        {
            self.edits.push((head.span.clone(), path.clone()));
        }
        for child in expr.children() {
            self.expr(child);
        }
        if let ExprKind::Comprehension(_, body) = &expr.kind {
            self.body(body, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    #[track_caller]
    fn check(rules: &str, expected: &str) {
        let text = format!("package p\n{rules}");
        let module = parse(&text, false).unwrap();
        let normal = normalise(&text, &module, Some(&Definitions::of([&module])));
        assert_eq!(normal, format!("package p\n{expected}"));
        assert_eq!(normal.lines().count(), text.lines().count(), "lines move");
        // Twice is once: nothing is left to move.
        let again = parse(&normal, false).unwrap();
        assert_eq!(normalise(&normal, &again, Some(&Definitions::of([&again]))), normal);
    }

    #[test]
    fn arguments_leave_a_negation() {
        for (rules, expected) in [
            (
                r#"r { not startswith(input.x, "y") }"#,
                r#"r { __gitops_0 := input.x; not startswith(__gitops_0, "y") }"#,
            ),
            ("r { not input.x != 1 }", "r { __gitops_0 := input.x; not __gitops_0 != 1 }"),
            ("r { not input.x == 1 }", "r { not input.x == 1 }"),
            ("r { not input.x }", "r { not input.x }"),
            ("r { x := 1; not f(x) }", "r { x := 1; not f(x) }"),
            ("s = 1\nr { not f(s) }", "s = 1\nr { __gitops_0 := s; not f(__gitops_0) }"),
            ("r { not s[input.x] }", "r { __gitops_0 := input.x; not s[__gitops_0] }"),
            ("r { not count(input.x) == 0 }", "r { __gitops_0 := count(input.x); not __gitops_0 == 0 }"),
            ("r { not f([input.x]) }", "r { __gitops_0 := __gitops.bounded([input.x]); not f(__gitops_0) }"),
            (
                "r { not f(input.x) with input as {} }",
                "r { __gitops_0 := input.x with input as {}; not f(__gitops_0) with input as {} }",
            ),
            (
                "r { not count({x | x := input.a[_]; not f(x.b)}) > 0 }",
                "r { __gitops_1 := count({x | x := input.a[_]; __gitops_0 := x.b; not f(__gitops_0)}); not __gitops_1 > 0 }",
            ),
            (
                "import future.keywords\nr if not f(input.x)",
                "import future.keywords\nr if { __gitops_0 := input.x; not f(__gitops_0) }",
            ),
        ] {
            check(rules, expected);
        }
    }

    #[test]
    fn a_condition_in_parentheses_is_no_call() {
        check("r {\n x := input.x\n (x - 1) > 2\n}", "r {\n x := input.x\n ;(x - 1) > 2\n}");
        check("r {\n x := input.x;\n (x - 1) > 2\n}", "r {\n x := input.x;\n (x - 1) > 2\n}");
    }

    #[test]
    fn products_are_calls() {
        for (rules, expected) in [
            ("r { x := a * b }", "r { x := __gitops.multiply(a , b) }"),
            ("r { x := a * 1000 }", "r { x := a * 1000 }"),
            (
                "r { x := (a + b) * (c * d) }",
                "r { x := __gitops.multiply((a + b) , (__gitops.multiply(c , d))) }",
            ),
            ("r { x := a * b * c }", "r { x := __gitops.multiply(__gitops.multiply(a , b) , c) }"),
            ("r { x := a # 2 * 3\n * b }", "r { x := __gitops.multiply(a # 2 * 3\n , b) }"),
            (
                "r { not f(input.x * y) }",
                "r { __gitops_0 := __gitops.multiply(input.x , y); not f(__gitops_0) }",
            ),
        ] {
            check(rules, expected);
        }
    }

    #[test]
    fn imports_are_written_out() {
        let import = "import data.lib.a\nimport data.lib.b as c\n";
        for (rules, expected) in [
            ("r { a.x; c.f(a.y[_]) }", "r { data.lib.a.x; data.lib.b.f(data.lib.a.y[_]) }"),
            ("r { not a.f(input.x) }", "r { __gitops_0 := input.x; not data.lib.a.f(__gitops_0) }"),
            ("r { not f(a.x) }", "r { __gitops_0 := data.lib.a.x; not f(__gitops_0) }"),
            (
                "r[c.g(v)] { v := [w | w := a.z[_]] }",
                "r[data.lib.b.g(v)] { v := __gitops.bounded([w | w := data.lib.a.z[_]]) }",
            ),
            ("r { a(1); not c(2) }", "r { data.lib.a(1); not data.lib.b(2) }"),
            ("r { input.a.x; x.c.y }", "r { input.a.x; x.c.y }"),
            // A name that is something else somewhere stays what it is.
            ("f(a) { a.x }\nr { a.x }", "f(a) { a.x }\nr { a.x }"),
            ("r { a := input; a.x }", "r { a := input; a.x }"),
            ("r { some a; input[a].x; a.y }", "r { some a; input[a].x; a.y }"),
            ("r { x := a }", "r { x := a }"),
        ] {
            check(&format!("{import}{rules}"), &format!("{import}{expected}"));
        }
    }

    #[test]
    fn chained_bodies_repeat_the_head() {
        check("r[x] { x := 1 } { x := 2 }", "r[x] { x := 1 } r[x] { x := 2 }");
        check("f(x) = y { y := x }\n{ y := 2 }", "f(x) = y { y := x }\nf(x) = y { y := 2 }");
        check("r = {1} { true } {\n false }", "r = {1} { true } r = {1} {\n false }");
    }

    #[test]
    fn keys_of_object_rules_are_conditions() {
        check(
            "p[c.name] = c { c := input.c[_] }",
            "p[__gitops_0] = c { c := input.c[_]; __gitops_0 := c.name }",
        );
        check("p[k] = c { c := input.c[k] }", "p[k] = c { c := input.c[k] }");
        check("p[input.k] = 1", "p[__gitops_0] = 1 { __gitops_0 := input.k }");
    }
}
