//! What Gatekeeper's Rego driver refuses in a template before it is ever evaluated, and recursion,
//! which would overflow regorus' stack.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::ast::{Body, Expr, ExprKind, LiteralKind, Module, Part, Rule, RuleKind};
use super::guards::Definitions;
use super::lexer::RegoError;

/// One source of a template: its module and whether it is a library.
pub(crate) struct Source<'a> {
    pub(crate) module: &'a Module,
    pub(crate) library: bool,
}

/// What the check learns about a template besides its errors.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether a rule reads `data.inventory`.
    pub(crate) uses_inventory: bool,
    /// Functions called that no module defines.
    pub(crate) builtins: BTreeSet<String>,
}

/// Checks the modules of a template; an error names the module by its index in `sources`.
pub(crate) fn check(sources: &[Source<'_>]) -> Result<Facts, (usize, RegoError)> {
    let mut graph = Graph::default();
    for (index, source) in sources.iter().enumerate() {
        check_module(source).map_err(|error| (index, error))?;
    }
    graph.add(sources.iter().map(|source| source.module).enumerate());
    for (index, source) in sources.iter().enumerate() {
        let mut walker = Walker {
            module: source.module,
            graph: &mut graph,
            from: Vec::new(),
            scopes: Vec::new(),
            depth: 0,
            deepest: 0,
        };
        for rule in &source.module.rules {
            walker.rule(rule).map_err(|error| (index, error))?;
        }
    }
    graph.refuse_recursion()?;
    let modules: Vec<&Module> = sources.iter().map(|source| source.module).collect();
    let definitions = Definitions::of(modules.iter().copied());
    for (index, module) in modules.iter().enumerate() {
        super::arity::check(module, &definitions).map_err(|error| (index, error))?;
        super::declarations::check(module).map_err(|error| (index, error))?;
        super::safety::check(module, &modules).map_err(|error| (index, error))?;
    }
    Ok(graph.facts)
}

/// The part of [`check`] that holds for any modules, not only a template's: no recursion, no unsafe
/// variable, calls with the right arguments.
pub(crate) fn check_expressions(modules: &[Module]) -> Result<(), RegoError> {
    let mut graph = Graph { any_data: true, ..Graph::default() };
    graph.add(modules.iter().enumerate());
    for module in modules {
        let mut walker =
            Walker { module, graph: &mut graph, from: Vec::new(), scopes: Vec::new(), depth: 0, deepest: 0 };
        for rule in &module.rules {
            walker.rule(rule)?;
        }
    }
    graph.refuse_recursion().map_err(|(_, error)| error)?;
    let all: Vec<&Module> = modules.iter().collect();
    let definitions = Definitions::of(modules);
    modules.iter().try_for_each(|module| {
        super::arity::check(module, &definitions)?;
        super::declarations::check(module)?;
        super::safety::check(module, &all)
    })
}

fn check_module(source: &Source<'_>) -> Result<(), RegoError> {
    let module = source.module;
    let library = module.package.first().is_some_and(|first| first == "lib");
    if source.library && !library {
        return Err(RegoError::new(
            module.package_at,
            format!("a library's package must be below `lib`, not `{}`", module.package.join(".")),
        ));
    }
    for import in &module.imports {
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        let allowed = matches!(path.as_slice(), ["data", "lib", ..] | ["future", "keywords", ..]);
        if !allowed {
            return Err(RegoError::new(
                import.at,
                format!(
                    "`import {}` is not allowed in a template; only `data.lib` and `future.keywords` can be imported",
                    path.join(".")
                ),
            ));
        }
    }
    if source.library {
        return Ok(());
    }
    let mut violations = module.rules.iter().filter(|rule| rule.name == "violation").peekable();
    if violations.peek().is_none() {
        return Err(RegoError::new(
            module.package_at,
            "a template needs a rule `violation[{\"msg\": msg}] { .. }`",
        ));
    }
    for rule in violations {
        check_violation(rule)?;
    }
    Ok(())
}

fn check_violation(rule: &Rule) -> Result<(), RegoError> {
    let at = rule.head.start;
    let Some(key) = rule.key.as_ref().filter(|_| rule.kind == RuleKind::Set) else {
        return Err(RegoError::new(
            at,
            "`violation` must be a set of objects: `violation[{\"msg\": msg}] { .. }`",
        ));
    };
    match &key.kind {
        ExprKind::String(_) | ExprKind::Scalar | ExprKind::Array(_) | ExprKind::Set(_) => {
            Err(RegoError::new(
                at,
                "an entry of `violation` must be an object with `msg`: `violation[{\"msg\": msg}]`",
            ))
        }
        ExprKind::Object(pairs)
            if !pairs.iter().any(|(key, _)| match &key.kind {
                ExprKind::String(text) => text.as_deref() == Some("msg"),
                _ => true,
            }) =>
        {
            Err(RegoError::new(at, "an entry of `violation` has no `msg`"))
        }
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Graph {
    /// Where each rule (package and name) is first defined.
    rules: BTreeMap<Vec<String>, (usize, usize)>,
    calls: BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
    facts: Facts,
    /// How deep the expressions of a rule are nested.
    heights: BTreeMap<Vec<String>, usize>,
    /// Whether any part of `data` may be read.
    any_data: bool,
}

impl Graph {
    fn add<'a>(&mut self, modules: impl Iterator<Item = (usize, &'a Module)>) {
        for (index, module) in modules {
            for rule in &module.rules {
                let mut path = module.package.clone();
                path.push(rule.name.clone());
                self.rules.entry(path).or_insert((index, rule.head.start));
            }
        }
    }

    /// Refuses any rule that depends on itself, as OPA does, and rules that call each other so deep that
    /// evaluating them would overflow the stack.
    fn refuse_recursion(&self) -> Result<(), (usize, RegoError)> {
        let refuse = |rule: &[String], message: String| {
            let (index, offset) = self.rules.get(rule).copied().unwrap_or_default();
            (index, RegoError::new(offset, message))
        };
        // How deep the evaluation of a finished rule goes.
        let mut depths: BTreeMap<&[String], usize> = BTreeMap::new();
        for start in self.rules.keys() {
            if depths.contains_key(start.as_slice()) {
                continue;
            }
            // Depth first without recursion: the way from `start`, with what is left to visit.
            let mut path = vec![Visit::new(self, start)];
            let mut on_path: BTreeSet<&[String]> = [start.as_slice()].into();
            while let Some(visit) = path.last_mut() {
                let Some(next) = visit.left.pop() else {
                    let depth =
                        visit.deepest + self.heights.get(visit.rule).copied().unwrap_or(0) + CALL_HEIGHT;
                    let rule = visit.rule;
                    if depth > MAX_DEPTH {
                        return Err(refuse(rule, "rules call each other too deep".to_owned()));
                    }
                    depths.insert(rule, depth);
                    on_path.remove(rule);
                    path.pop();
                    if let Some(caller) = path.last_mut() {
                        caller.deepest = caller.deepest.max(depth);
                    }
                    continue;
                };
                if let Some(depth) = depths.get(next) {
                    visit.deepest = visit.deepest.max(*depth);
                } else if on_path.insert(next) {
                    path.push(Visit::new(self, next));
                } else {
                    let circle =
                        path.iter().map(|visit| visit.rule).skip_while(|rule| *rule != next).chain([next]);
                    let names: Vec<&str> =
                        circle.map(|rule| rule.last().map_or("", String::as_str)).collect();
                    return Err(refuse(next, format!("a rule is recursive: {}", names.join(" -> "))));
                }
            }
        }
        Ok(())
    }
}

/// What one call adds to the depth of an evaluation, in levels of an expression.
const CALL_HEIGHT: usize = 5;

/// How deep an evaluation may go, in levels of an expression: calls and expressions nested in each
/// other. Each costs some kilobytes of stack in the engine.
const MAX_DEPTH: usize = 600;

/// A rule on the way of a search, and what of its calls is left to visit.
struct Visit<'a> {
    rule: &'a [String],
    left: Vec<&'a [String]>,
    deepest: usize,
}

impl<'a> Visit<'a> {
    fn new(graph: &'a Graph, rule: &'a [String]) -> Self {
        let calls = graph.calls.get(rule).into_iter().flatten();
        Self { rule, left: calls.map(Vec::as_slice).collect(), deepest: 0 }
    }
}

struct Walker<'a, 'g> {
    module: &'a Module,
    graph: &'g mut Graph,
    /// The rule being walked.
    from: Vec<String>,
    /// Local names, innermost last.
    scopes: Vec<BTreeSet<&'a str>>,
    /// How deep the walk is, and was at most.
    depth: usize,
    deepest: usize,
}

impl<'a> Walker<'a, '_> {
    fn rule(&mut self, rule: &'a Rule) -> Result<(), RegoError> {
        self.from = self.module.package.clone();
        self.from.push(rule.name.clone());
        self.deepest = 0;
        self.rule_parts(rule)?;
        let height = self.graph.heights.entry(self.from.clone()).or_default();
        *height = (*height).max(self.deepest);
        Ok(())
    }

    fn rule_parts(&mut self, rule: &'a Rule) -> Result<(), RegoError> {
        let mut names = BTreeSet::new();
        rule.args.iter().for_each(|arg| pattern_names(arg, &mut names));
        self.scopes = vec![names];
        for arg in &rule.args {
            self.expr(arg)?;
        }
        if rule.bodies.is_empty() {
            return self.exprs(rule.key.iter().chain(&rule.value));
        }
        for body in &rule.bodies {
            // The head's key and value are terms of the body's scope.
            let head = if body.is_else {
                [None, body.value.as_ref()]
            } else {
                [rule.key.as_ref(), rule.value.as_ref()]
            };
            self.body(&body.body, &head.into_iter().flatten().collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn body(&mut self, body: &'a Body, terms: &[&'a Expr]) -> Result<(), RegoError> {
        let mut names = BTreeSet::new();
        for literal in &body.literals {
            match &literal.kind {
                LiteralKind::Some(declared) => names.extend(declared.iter().map(String::as_str)),
                LiteralKind::SomeIn { key, value, .. } => {
                    key.iter().for_each(|key| pattern_names(key, &mut names));
                    pattern_names(value, &mut names);
                }
                LiteralKind::Expr(Expr { kind: ExprKind::Infix(":=", left, _), .. }) => {
                    pattern_names(left, &mut names);
                }
                _ => {}
            }
        }
        self.scopes.push(names);
        for literal in &body.literals {
            for with in &literal.with {
                self.expr(&with.target)?;
                self.expr(&with.value)?;
            }
            match &literal.kind {
                LiteralKind::Expr(expr) | LiteralKind::Not(expr) => self.expr(expr)?,
                LiteralKind::Some(_) => {}
                LiteralKind::SomeIn { key, value, collection } => {
                    self.exprs(key.iter().chain([value, collection]))?;
                }
                LiteralKind::Every { key, value, domain, body } => {
                    self.expr(domain)?;
                    self.scopes.push(key.iter().chain([value]).map(String::as_str).collect());
                    self.body(body, &[])?;
                    self.scopes.pop();
                }
            }
        }
        for term in terms {
            self.expr(term)?;
        }
        self.scopes.pop();
        Ok(())
    }

    fn exprs(&mut self, exprs: impl Iterator<Item = &'a Expr>) -> Result<(), RegoError> {
        for expr in exprs {
            self.expr(expr)?;
        }
        Ok(())
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<(), RegoError> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let walked = self.expr_parts(expr);
        self.depth -= 1;
        walked
    }

    fn expr_parts(&mut self, expr: &'a Expr) -> Result<(), RegoError> {
        match &expr.kind {
            ExprKind::String(_) | ExprKind::Scalar => Ok(()),
            ExprKind::Var(_) => self.reference(expr),
            ExprKind::Ref(head, parts) => {
                match head.kind {
                    ExprKind::Var(_) => self.reference(expr)?,
                    _ => self.expr(head)?,
                }
                for part in parts {
                    if let Part::Index(index) = part {
                        self.expr(index)?;
                    }
                }
                Ok(())
            }
            ExprKind::Call(function, args) => {
                let defined = self.reference_found(function)?;
                if let (false, Some((path, _))) = (defined, function.constant_path()) {
                    self.graph.facts.builtins.insert(path.join("."));
                }
                self.exprs(args.iter())
            }
            ExprKind::Comprehension(terms, body) => self.body(body, &terms.iter().collect::<Vec<_>>()),
            _ => self.exprs(expr.children().into_iter()),
        }
    }

    fn reference(&mut self, expr: &'a Expr) -> Result<(), RegoError> {
        self.reference_found(expr).map(|_| ())
    }

    /// Records what rules a reference can mean; false if it means none.
    fn reference_found(&mut self, expr: &'a Expr) -> Result<bool, RegoError> {
        let Some((path, _)) = expr.constant_path() else { return Ok(false) };
        let Some((&head, rest)) = path.split_first() else { return Ok(false) };
        if self.scopes.iter().any(|scope| scope.contains(head)) {
            return Ok(false);
        }
        let imported = self.module.imports.iter().find(|import| import.name() == Some(head));
        let full: Vec<String> = if head == "data" {
            match rest.first() {
                Some(&"inventory") => self.graph.facts.uses_inventory = true,
                Some(&"lib") => {}
                _ if self.graph.any_data => {}
                _ => {
                    return Err(RegoError::new(
                        expr.span.start,
                        "a template may only read `data.inventory` and `data.lib`",
                    ));
                }
            }
            rest.iter().map(|part| (*part).to_owned()).collect()
        } else if let Some(import) =
            imported.filter(|import| import.path.first().is_some_and(|p| p == "data"))
        {
            import.path.iter().skip(1).cloned().chain(rest.iter().map(|part| (*part).to_owned())).collect()
        } else {
            self.module.package.iter().cloned().chain(path.iter().map(|part| (*part).to_owned())).collect()
        };
        let graph = &mut *self.graph;
        let mut meant = Vec::new();
        // The rule itself, or one that the reference goes into.
        for length in 1..=full.len() {
            let rule = full.get(..length).unwrap_or_default();
            if graph.rules.contains_key(rule) {
                meant.push(rule.to_vec());
            }
        }
        // A reference to a package means all its rules.
        let below = graph.rules.range::<[String], _>((Bound::Excluded(full.as_slice()), Bound::Unbounded));
        meant.extend(below.map(|(rule, _)| rule).take_while(|rule| rule.starts_with(&full)).cloned());
        let found = !meant.is_empty();
        graph.calls.entry(self.from.clone()).or_default().extend(meant);
        Ok(found)
    }
}

/// The variables that a pattern binds: a name, or the names in an array or an object's values.
pub(super) fn pattern_names<'a>(expr: &'a Expr, names: &mut BTreeSet<&'a str>) {
    match &expr.kind {
        ExprKind::Var(name) => {
            names.insert(name);
        }
        ExprKind::Array(items) => items.iter().for_each(|item| pattern_names(item, names)),
        ExprKind::Object(pairs) => pairs.iter().for_each(|(_, value)| pattern_names(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn run(rules: &str) -> Result<Facts, String> {
        run_with_library(rules, "package lib.x\ng(x) = x")
    }

    fn run_with_library(rules: &str, library: &str) -> Result<Facts, String> {
        let module = parse(&format!("package p\n{rules}"), false).unwrap();
        let library = parse(library, false).unwrap();
        check(&[Source { module: &module, library: false }, Source { module: &library, library: true }])
            .map_err(|(_, error)| error.message)
    }

    const V: &str = "violation[{\"msg\": m}] { m := f(input.x) }\n";

    #[test]
    fn recursion_is_refused() {
        for rules in [
            "f(x) = f(x)",
            "f(x) = y { y := g(x) }\ng(x) = h(x)\nh(x) = f(x) { true }",
            "f(x) = y { y := [z | z := f(x)] }",
            "f(x) { not f(x) }",
            "f(x) = 1 { false } else = f(x) { true }",
            "f(x) { r }\nr { r }",
            "f(x) { data.lib.x.g(x) }\nf(x) { x := [f | f := 1]; f(1) }",
            "f(x) { every y in x { f(y) } }\nimport_me = 1",
        ] {
            let text = format!("import future.keywords\n{V}{rules}");
            let error = run(&text).expect_err(rules);
            assert!(error.contains("recursive"), "{rules}: {error}");
        }
        let error = run_with_library(
            &format!("import data.lib.a\n{V}f(x) = a.g(x)"),
            "package lib.a\ng(x) = data.lib.a.h(x)\nh(x) = g(x)",
        );
        assert!(error.unwrap_err().contains("g -> h -> g"));
    }

    #[test]
    fn a_local_name_is_no_call() {
        for rules in [
            // An argument, a declaration and a comprehension's variable hide the rule of that name.
            "f(container) { container.x }\ncontainer[c] { f(c) }",
            "f(x) { r := x; r }\nr { f(1) }",
            "f(x) { some r; x[r] }\nr { f(1) }",
            "f(x) = [r | r := x[_]]\nr { f(1) }",
        ] {
            run(&format!("{V}{rules}")).unwrap_or_else(|e| panic!("{rules}: {e}"));
        }
    }

    #[test]
    fn only_what_gatekeeper_allows() {
        for (rules, part) in [
            ("import input.review\nviolation[{\"msg\": \"\"}] { true }", "import input.review"),
            ("import rego.v1\nviolation[{\"msg\": \"\"}] { true }", "import rego.v1"),
            ("import data.other\nviolation[{\"msg\": \"\"}] { true }", "import data.other"),
            ("r { true }", "needs a rule"),
            ("violation[\"x\"] { true }", "object with `msg`"),
            ("violation = [1] { true }", "set of objects"),
            ("violation[{\"details\": 1}] { true }", "no `msg`"),
            ("violation[{\"msg\": \"\"}] { data.other.x }", "only read"),
            ("violation[{\"msg\": \"\"}] { data[input.x] }", "only read"),
        ] {
            let error = run(rules).expect_err(rules);
            assert!(error.contains(part), "{rules}: {error}");
        }
        assert!(run_with_library("violation[{\"msg\": \"\"}] { true }", "package other").is_err());
    }

    #[test]
    fn facts_name_inventory_and_builtins() {
        let facts = run("violation[{\"msg\": m}] { data.inventory.cluster[_]; m := sprintf(\"\", [count(f(1))]) }\nf(x) = x").unwrap();
        assert!(facts.uses_inventory);
        assert_eq!(facts.builtins, ["count".to_owned(), "sprintf".to_owned()].into());
    }
}
