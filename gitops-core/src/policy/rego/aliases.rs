//! The names of imports that a module uses for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, Expr, ExprKind, Import, LiteralKind, Module};

/// The full path of each import of `data`, by the name it has in the module. An import whose name stands
/// alone somewhere (as a variable, an argument, or the library as a whole) is left out.
pub(super) fn aliases(module: &Module) -> BTreeMap<&str, String> {
    let path = |import: &Import| {
        let constant = |part: &String| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let [root, rest @ ..] = import.path.as_slice() else { return None };
        (root == "data" && !rest.is_empty() && rest.iter().all(constant)).then(|| import.path.join("."))
    };
    let imports = module.imports.iter().filter_map(|import| Some((import.name()?, path(import)?)));
    let mut aliases: BTreeMap<&str, String> = imports.collect();
    if aliases.is_empty() {
        return aliases;
    }
    let mut alone = Alone(BTreeSet::new());
    for rule in &module.rules {
        alone.0.insert(rule.name.as_str());
        rule.args.iter().chain(&rule.key).chain(&rule.value).for_each(|expr| alone.expr(expr));
        for body in &rule.bodies {
            body.value.iter().for_each(|value| alone.expr(value));
            alone.body(&body.body);
        }
    }
    aliases.retain(|name, _| !alone.0.contains(name));
    aliases
}

/// Names that stand for themselves.
struct Alone<'a>(BTreeSet<&'a str>);

impl<'a> Alone<'a> {
    fn body(&mut self, body: &'a Body) {
        for literal in &body.literals {
            for with in &literal.with {
                self.expr(&with.target);
                self.expr(&with.value);
            }
            match &literal.kind {
                LiteralKind::Expr(expr) | LiteralKind::Not(expr) => self.expr(expr),
                LiteralKind::Some(names) => self.0.extend(names.iter().map(String::as_str)),
                LiteralKind::SomeIn { key, value, collection } => {
                    key.iter().chain([value, collection]).for_each(|expr| self.expr(expr));
                }
                LiteralKind::Every { key, value, domain, body } => {
                    self.0.extend(key.iter().chain([value]).map(String::as_str));
                    self.expr(domain);
                    self.body(body);
                }
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        if let ExprKind::Var(name) = &expr.kind {
            self.0.insert(name);
        }
        for child in expr.children() {
            // The head of a reference does not stand alone, nor does a function that is called.
            match (&expr.kind, &child.kind) {
                (ExprKind::Ref(head, _) | ExprKind::Call(head, _), ExprKind::Var(_))
                    if std::ptr::eq(head.as_ref(), child) => {}
                _ => self.expr(child),
            }
        }
        if let ExprKind::Comprehension(_, body) = &expr.kind {
            self.body(body);
        }
    }
}
