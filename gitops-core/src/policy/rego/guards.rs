//! Where the values that a policy builds must be weighed, so that none is built which takes for ever to
//! compare.
//!
//! Parts of a value are shared: thirty times `[a, a]` is a list of thirty-one cells that stands for a
//! thousand million. What compares, sorts or prints it visits them all in one step of the engine, which no
//! limit of time can interrupt. So what is built of other values is weighed before it gets a name:
//!
//! - a list, set or object in which something is not constant, and a comprehension: by a call around it;
//! - the variables of `x = [y, z]`, which may bind either side: by a condition behind it;
//! - a partial object as a whole: by a call around its name.
//!
//! Not weighed is what cannot grow that way: what is only counted, joined, printed (those functions
//! measure) or compared; and a set of what is given or was weighed already, since its elements differ.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, Expr, ExprKind, LiteralKind, Module, Part, Rule, RuleKind};
use super::check::pattern_names;

/// Gives back a value that is not too large.
pub(crate) const BOUNDED: &str = "__gitops.bounded";

/// Whether a value is not too large; anything else ends the evaluation.
pub(crate) const IS_BOUNDED: &str = "__gitops.is_bounded";

/// How many values may be put together only to be looked at.
const FEW: usize = 8;

/// Functions that keep nothing of their arguments and measure what they make of them.
const LOOKING: &[&str] = &[
    BOUNDED,
    IS_BOUNDED,
    "concat",
    "count",
    "is_array",
    "is_object",
    "is_set",
    "json.marshal",
    "sprintf",
    "sum",
    "type_name",
    "yaml.marshal",
];

/// Functions that make text or numbers, and count what they make.
const MAKING: &[&str] = &[
    "concat",
    "count",
    "format_int",
    "json.marshal",
    "lower",
    "replace",
    "sprintf",
    "substring",
    "to_number",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "upper",
];

/// What the modules of a template define, by full path without `data`.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    /// The number of arguments of each function; `None` where definitions differ.
    functions: BTreeMap<Vec<String>, Option<usize>>,
    /// Partial objects; all rules, with `false`.
    objects: BTreeMap<Vec<String>, bool>,
}

impl Definitions {
    pub(crate) fn of<'a>(modules: impl IntoIterator<Item = &'a Module>) -> Self {
        let mut all = Self::default();
        for module in modules {
            for rule in &module.rules {
                let mut path = module.package.clone();
                path.push(rule.name.clone());
                if rule.kind == RuleKind::Function {
                    let arity = Some(rule.args.len());
                    let known = all.functions.entry(path.clone()).or_insert(arity);
                    *known = known.filter(|_| *known == arity);
                }
                *all.objects.entry(path).or_default() |= rule.kind == RuleKind::Object;
            }
        }
        all
    }

    /// The number of arguments of the function that a path names in a module: one of a rule, or of the
    /// language.
    pub(super) fn arity(&self, module: &Module, path: &[&str]) -> Option<usize> {
        match full_path(module, path) {
            Some(full) if self.objects.contains_key(&full) => self.functions.get(&full).copied().flatten(),
            _ => crate::policy::builtins::arity(&path.join(".")),
        }
    }

    /// Whether a path names what its entries make up: a partial object unless there are `more` steps, or
    /// a package.
    fn is_whole(&self, path: &[String], more: bool) -> bool {
        match self.objects.get(path) {
            Some(object) => *object && !more,
            None => {
                self.objects.range(path.to_vec()..).next().is_some_and(|(rule, _)| rule.starts_with(path))
            }
        }
    }
}

/// What must be weighed in a module.
#[derive(Debug, Default)]
pub(super) struct Guards {
    /// The ranges of expressions.
    pub(super) expressions: BTreeSet<(usize, usize)>,
    /// Variables, by the end of the condition that may bind them.
    pub(super) variables: BTreeMap<usize, BTreeSet<String>>,
}

/// What becomes of the value of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It may get a name.
    Kept,
    /// It is compared or told, and forgotten.
    Seen,
    /// It is part of what is weighed, or measured by a function.
    Part,
    /// It may bind variables.
    Pattern,
}

pub(super) fn guards(text: &str, module: &Module, definitions: &Definitions) -> Guards {
    let mut finder = Finder { text, module, definitions, bound: BTreeSet::new(), found: Guards::default() };
    for rule in &module.rules {
        finder.rule(rule);
    }
    finder.found
}

struct Finder<'a> {
    text: &'a str,
    module: &'a Module,
    definitions: &'a Definitions,
    /// Variables that the condition being read may bind to something built.
    bound: BTreeSet<String>,
    found: Guards,
}

impl Finder<'_> {
    fn rule(&mut self, rule: &Rule) {
        // Nothing can read what the entry rule gives: it would depend on itself.
        let entry =
            rule.name == "violation" && self.module.package.first().is_none_or(|first| first != "lib");
        for expr in rule.key.iter() {
            self.expr(expr, if entry { Use::Seen } else { Use::Kept });
        }
        for expr in rule.value.iter() {
            self.expr(expr, Use::Kept);
        }
        for body in &rule.bodies {
            if let Some(value) = &body.value {
                self.expr(value, Use::Kept);
            }
            self.body(&body.body);
        }
    }

    fn body(&mut self, body: &Body) {
        for literal in &body.literals {
            // A comprehension inside has conditions of its own.
            let around = std::mem::take(&mut self.bound);
            for with in &literal.with {
                self.expr(&with.value, Use::Kept);
            }
            match &literal.kind {
                LiteralKind::Expr(expr) => self.expr(expr, Use::Seen),
                LiteralKind::Not(expr) => {
                    self.expr(expr, Use::Seen);
                    self.bound.clear();
                }
                LiteralKind::Some(_) => {}
                LiteralKind::SomeIn { collection, .. } => self.elements(collection),
                LiteralKind::Every { domain, body, .. } => {
                    self.elements(domain);
                    self.body(body);
                }
            }
            let bound = std::mem::replace(&mut self.bound, around);
            if !bound.is_empty() {
                self.found.variables.entry(literal.span.end).or_default().extend(bound);
            }
        }
    }

    /// A collection of which only the elements get names.
    fn elements(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_) => {
                expr.children().into_iter().for_each(|child| self.expr(child, Use::Kept));
            }
            ExprKind::Var(_) => {}
            ExprKind::Ref(..) => self.reference(expr),
            _ => self.expr(expr, Use::Seen),
        }
    }

    fn guard(&mut self, expr: &Expr) {
        self.found.expressions.insert((expr.span.start, expr.span.end));
    }

    fn expr(&mut self, expr: &Expr, to: Use) {
        match &expr.kind {
            ExprKind::String(_) | ExprKind::Scalar => {}
            ExprKind::Var(_) | ExprKind::Ref(..) => {
                if matches!(to, Use::Kept | Use::Seen) && self.is_whole(expr) {
                    self.guard(expr);
                }
                self.reference(expr);
            }
            ExprKind::Call(function, args) => self.call(function, args),
            ExprKind::Infix(":=", _, right) => self.expr(right, Use::Kept),
            ExprKind::Infix("=", left, right) => self.unify(left, right),
            ExprKind::Infix(_, left, right) => {
                self.expr(left, Use::Seen);
                self.expr(right, Use::Seen);
            }
            ExprKind::Minus(inner) => self.expr(inner, Use::Seen),
            ExprKind::Member(items) => items.iter().for_each(|item| self.expr(item, Use::Seen)),
            ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_) => self.collection(expr, to),
            ExprKind::Comprehension(terms, body) => {
                let weighed = to == Use::Part
                    || self.is_set(expr) && terms.iter().all(|term| is_given(self.module, term, body));
                if !weighed {
                    self.guard(expr);
                }
                terms.iter().for_each(|term| self.expr(term, Use::Part));
                self.body(body);
            }
        }
    }

    fn collection(&mut self, expr: &Expr, to: Use) {
        if is_constant(expr) {
            return;
        }
        let weigh = match to {
            Use::Kept => true,
            Use::Seen => variables(expr) > FEW,
            Use::Part | Use::Pattern => false,
        };
        if weigh {
            self.guard(expr);
        }
        let to = if weigh { Use::Part } else { to };
        expr.children().into_iter().for_each(|child| self.expr(child, to));
    }

    /// What stands inside a reference.
    fn reference(&mut self, expr: &Expr) {
        let ExprKind::Ref(head, parts) = &expr.kind else { return };
        if !matches!(head.kind, ExprKind::Var(_)) {
            self.elements(head);
        }
        for part in parts {
            if let Part::Index(index) = part {
                self.expr(index, Use::Pattern);
            }
        }
    }

    fn call(&mut self, function: &Expr, args: &[Expr]) {
        let path = function.constant_path().map(|(path, _)| path).unwrap_or_default();
        let name = path.join(".");
        let defined =
            full_path(self.module, &path).is_some_and(|path| self.definitions.functions.contains_key(&path));
        let looks = !defined && LOOKING.contains(&name.as_str());
        let arity = self.definitions.arity(self.module, &path);
        for (at, arg) in args.iter().enumerate() {
            // One argument more than there are binds the result.
            let to = if arity == Some(at) {
                Use::Pattern
            } else if looks {
                Use::Part
            } else {
                Use::Kept
            };
            self.expr(arg, to);
        }
    }

    /// `left = right`, where variables on either side may get the value of the other.
    fn unify(&mut self, left: &Expr, right: &Expr) {
        let sides = [left, right];
        let built = |side: &&Expr| {
            matches!(side.kind, ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_))
                && !is_constant(side)
        };
        let binds = |side: &&Expr| matches!(side.kind, ExprKind::Var(_)) || built(side);
        if sides.iter().any(built) && sides.iter().all(binds) {
            let mut names = BTreeSet::new();
            sides.iter().for_each(|side| pattern_names(side, &mut names));
            let names = names.into_iter().filter(|name| *name != "_" && *name != "input");
            self.bound.extend(names.map(str::to_owned));
        }
        for side in sides {
            self.expr(side, Use::Pattern);
        }
    }

    /// Whether a comprehension is that of a set.
    fn is_set(&self, expr: &Expr) -> bool {
        let text = self.text.get(expr.span.clone()).unwrap_or("");
        let ExprKind::Comprehension(terms, _) = &expr.kind else { return false };
        terms.len() == 1 && text.trim_start_matches(|c: char| c == '(' || c.is_whitespace()).starts_with('{')
    }

    /// Whether a name or reference stands for all entries of a partial object or a package.
    fn is_whole(&self, expr: &Expr) -> bool {
        let Some((path, all)) = expr.constant_path() else { return false };
        full_path(self.module, &path).is_some_and(|path| self.definitions.is_whole(&path, !all))
    }
}

/// The full path of a name or a reference of a module, as far as it is constant.
fn full_path(module: &Module, path: &[&str]) -> Option<Vec<String>> {
    let (&head, rest) = path.split_first()?;
    let import = module.imports.iter().find(|import| import.name() == Some(head));
    let start: Vec<String> = match import {
        _ if head == "data" => Vec::new(),
        Some(import) => match import.path.split_first() {
            Some((root, rest)) if root == "data" => rest.to_vec(),
            _ => return None,
        },
        None => module.package.iter().cloned().chain([head.to_owned()]).collect(),
    };
    Some(start.into_iter().chain(rest.iter().map(|part| (*part).to_owned())).collect())
}

/// How many parts of a term are not constant.
fn variables(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_) => {
            expr.children().into_iter().map(variables).sum()
        }
        _ => usize::from(!is_constant(expr)),
    }
}

/// Whether nothing in a term can be anything but what is written.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::String(_) | ExprKind::Scalar => true,
        ExprKind::Minus(_) | ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_) => {
            expr.children().into_iter().all(is_constant)
        }
        _ => false,
    }
}

/// Whether a term of a comprehension is part of another value, or a new text or number.
fn is_given(module: &Module, term: &Expr, body: &Body) -> bool {
    match &term.kind {
        ExprKind::Var(name) => is_bound_to_given(module, name, body),
        _ => is_new_or_part(module, term),
    }
}

fn is_new_or_part(module: &Module, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::String(_) | ExprKind::Scalar => true,
        ExprKind::Call(function, _) => {
            function.constant_path().is_some_and(|(path, _)| MAKING.contains(&path.join(".").as_str()))
        }
        ExprKind::Ref(head, parts) => {
            let ExprKind::Var(name) = &head.kind else { return false };
            let global = name == "data"
                || module.rules.iter().any(|rule| rule.name == *name)
                || module.imports.iter().any(|import| import.name() == Some(name));
            // A constant step from a rule may still be the rule.
            !global || parts.iter().any(|part| part.constant().is_none())
        }
        _ => false,
    }
}

/// Whether a variable is bound in a body, and only to parts of other values, new texts and numbers.
fn is_bound_to_given(module: &Module, name: &str, body: &Body) -> bool {
    let is = |expr: &Expr| matches!(&expr.kind, ExprKind::Var(known) if known == name);
    let mut bound = false;
    for literal in &body.literals {
        match &literal.kind {
            LiteralKind::SomeIn { key, value, .. } => bound |= key.iter().chain([value]).any(is),
            LiteralKind::Expr(Expr { kind: ExprKind::Infix("=" | ":=", left, right), .. }) => {
                for (side, other) in [(left, right), (right, left)] {
                    let mut names = BTreeSet::new();
                    pattern_names(side, &mut names);
                    if names.contains(name) {
                        if !is_new_or_part(module, other) {
                            return false;
                        }
                        bound = true;
                    }
                    bound |= indexes(other, &is);
                }
            }
            LiteralKind::Expr(expr) => bound |= indexes(expr, &is),
            _ => {}
        }
    }
    bound
}

/// Whether a variable is an index of a reference in an expression.
fn indexes(expr: &Expr, is: &impl Fn(&Expr) -> bool) -> bool {
    if let ExprKind::Ref(_, parts) = &expr.kind
        && parts.iter().any(|part| matches!(part, Part::Index(index) if is(index)))
    {
        return true;
    }
    expr.children().into_iter().any(|child| indexes(child, is))
}

#[cfg(test)]
mod tests {
    use super::super::normalise::normalise;
    use super::super::parser::parse;
    use super::*;

    #[track_caller]
    fn check(rules: &str, expected: &str) {
        let text = format!("package p\nimport data.lib.l\n{rules}");
        let library = "package lib.l\nf(x) = x\no[k] = v { v := input[k] }\ns[k] { input[k] }";
        let library = parse(library, false).unwrap();
        let module = parse(&text, false).unwrap();
        let normal = normalise(&text, &module, Some(&Definitions::of([&module, &library])));
        let normal = normal.replace(BOUNDED, "B").replace(IS_BOUNDED, "I");
        assert_eq!(normal.strip_prefix("package p\nimport data.lib.l\n"), Some(expected));
    }

    #[test]
    fn what_is_built_and_kept_is_weighed() {
        for (rules, expected) in [
            ("r { x := [y, y] }", "r { x := B([y, y]) }"),
            ("r { x := {\"a\": [y, {z}]} }", "r { x := B({\"a\": [y, {z}]}) }"),
            ("r = [x, 1] { x := input }", "r = B([x, 1]) { x := input }"),
            ("f(x) = [x]", "f(x) = B([x])"),
            ("r = 1 { false } else = [x] { x := 1 }", "r = 1 { false } else = B([x]) { x := 1 }"),
            ("o[k] = [v] { v := input[k] }", "o[k] = B([v]) { v := input[k] }"),
            ("s[[v, 1]] { v := input[_] }", "s[B([v, 1])] { v := input[_] }"),
            ("r { l.f([x]) }", "r { data.lib.l.f(B([x])) }"),
            ("r { x := object.get(y, \"a\", [z]) }", "r { x := object.get(y, \"a\", B([z])) }"),
            ("r { x := [[y], [z]][_] }", "r { x := [B([y]), B([z])][_] }"),
            ("r { f(1) with input as [x] }\nf(x) = x", "r { f(1) with input as B([x]) }\nf(x) = x"),
            ("r { x := [v | v := input[_]] }", "r { x := B([v | v := input[_]]) }"),
            ("r { x := {k: v | v := input[k]} }", "r { x := B({k: v | v := input[k]}) }"),
            ("r { x := {[v, 1] | v := input[_]} }", "r { x := B({[v, 1] | v := input[_]}) }"),
            ("f(x) = y { y := {x | true} }", "f(x) = y { y := B({x | true}) }"),
            ("f(x) = y { y := {z | z := x} }", "f(x) = y { y := B({z | z := x}) }"),
            ("r { {x | x := s} }\ns = 1", "r { B({x | x := s}) }\ns = 1"),
            ("r { [v | v := input[_]] == x }", "r { B([v | v := input[_]]) == x }"),
            ("r { x = [y, z] }", "r { x = [y, z]; I(x); I(y); I(z) }"),
            ("r { [x] = [[y]] }", "r { [x] = [[y]]; I(x); I(y) }"),
            ("r { [a, b, c, d, e, f, g, h, i] == x }", "r { B([a, b, c, d, e, f, g, h, i]) == x }"),
            ("r { x := l.o }", "r { x := B(data.lib.l.o) }"),
            ("r { not f([x | x := input[_]]) }", "r { not f(B([x | x := input[_]])) }"),
        ] {
            check(rules, expected);
        }
    }

    #[test]
    fn what_cannot_grow_is_not() {
        for rules in [
            "r { x := [1, -2, {\"a\": {\"b\"}}] }",
            "r { x := {v | v := input.a[_]} }",
            "r { x := {v.name | v := input.a[_]} }",
            "r { x := {k | input.a[k]} }",
            "r { x := {v | v := sprintf(\"%v\", [y])} }",
            "r { x := {v | v := s[_].a} }\ns[k] { input[k] }",
            "r { x := sprintf(\"%v %v\", [y, {z}]) }",
            "r { count([v | v := input[_]]) > 1 }",
            "r { [x, y] = split(z, \"/\") }",
            "r { [x, y] := input.a }",
            "r { walk(x, [p, v]) }",
            "r { input.a[[x, y]] }",
            "r { [x, y] == z }",
            "r { data.inventory.a[[x, _]] }",
            "violation[{\"msg\": m, \"details\": {\"a\": [x]}}] { x := input; m := \"\" }",
            "f([x, y]) { x == y }",
        ] {
            check(rules, rules);
        }
        check(
            "r { x := l.o.a; l.o[y]; l.s[y] }",
            "r { x := data.lib.l.o.a; data.lib.l.o[y]; data.lib.l.s[y] }",
        );
    }
}
