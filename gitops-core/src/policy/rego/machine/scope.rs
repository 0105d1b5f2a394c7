//! Which variable a name means: one of a body, one of a body around it, or none.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::Operand;
use crate::policy::rego::ast::{Body, Expr, ExprKind, LiteralKind, Part};
use crate::policy::rego::check::pattern_names;

/// The variables of one body.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Those it declares, with `some`, `:=` or as arguments: they hide what is around.
    pub(super) declared: BTreeSet<String>,
    /// Those it mentions; they are its own only where nothing around has them.
    pub(super) mentioned: BTreeSet<String>,
    /// What is known of them so far.
    pub(super) bound: BTreeMap<String, Operand>,
}

impl Scope {
    /// The scope of a body and of the terms in its head.
    pub(super) fn of(body: &Body, terms: &[&Expr]) -> Self {
        let mut scope = Self::default();
        let mut declared = BTreeSet::new();
        let mut mentioned = BTreeSet::new();
        for literal in &body.literals {
            match &literal.kind {
                LiteralKind::Some(names) => declared.extend(names.iter().map(String::as_str)),
                LiteralKind::SomeIn { key, value, collection } => {
                    key.iter().chain([value]).for_each(|pattern| pattern_names(pattern, &mut declared));
                    mention(collection, &mut mentioned);
                }
                LiteralKind::Every { domain, .. } => mention(domain, &mut mentioned),
                LiteralKind::Not(expr) => mention(expr, &mut mentioned),
                LiteralKind::Expr(expr) => {
                    if let ExprKind::Infix(":=", left, _) = &expr.kind {
                        pattern_names(left, &mut declared);
                    }
                    mention(expr, &mut mentioned);
                }
            }
        }
        terms.iter().for_each(|term| mention(term, &mut mentioned));
        declared.remove("_");
        mentioned.remove("_");
        scope.declared = declared.into_iter().map(str::to_owned).collect();
        scope.mentioned = mentioned.into_iter().map(str::to_owned).collect();
        scope
    }
}

/// The names in an expression, without those in the bodies of comprehensions and those of functions.
fn mention<'a>(expr: &'a Expr, names: &mut BTreeSet<&'a str>) {
    match &expr.kind {
        ExprKind::Var(name) => {
            names.insert(name);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| mention(arg, names)),
        ExprKind::Comprehension(..) => {}
        ExprKind::Ref(head, parts) => {
            mention(head, names);
            for part in parts {
                if let Part::Index(index) = part {
                    mention(index, names);
                }
            }
        }
        _ => expr.children().into_iter().for_each(|child| mention(child, names)),
    }
}

/// The index of the scope that a name belongs to, the innermost being last; `None` if it is no variable
/// of any, unless `global` says that it could be nothing else.
pub(super) fn owner(scopes: &[Scope], name: &str, global: bool) -> Option<usize> {
    let mut found = None;
    for (index, scope) in scopes.iter().enumerate().rev() {
        if scope.declared.contains(name) {
            return Some(index);
        }
        if !global && scope.mentioned.contains(name) {
            found = Some(index);
        }
    }
    found
}
