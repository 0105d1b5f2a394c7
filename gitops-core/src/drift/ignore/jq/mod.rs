//! Path expressions of jq: which places of an object an expression such as
//! `.spec.containers[] | select(.name == "proxy") | .resources` leads to.
//!
//! An interpreter of our own rather than the `jaq` crates, for the reason there is one for CEL: a rule comes
//! from a repository, and nothing in jaq bounds what its evaluation costs (`(.,.)|(.,.)|…` doubles with each
//! step). Here every step counts. Read is the part of jq that has paths: fields, indices, iteration, `..`,
//! pipes, commas, `select`, `if`, `//`, `?`, `first`, `getpath`, `recurse`, `empty`, and in conditions
//! comparison, arithmetic, `and`, `or`, `not` and the functions of [`eval`]. Definitions, variables, `reduce`,
//! `foreach` and construction of objects are refused when the rule is read.

mod eval;
mod parse;

use crate::node::{Node, Path};

/// A path expression.
#[derive(Clone, Debug)]
pub(crate) struct PathExpression {
    root: Term,
}

/// A part of an expression.
#[derive(Clone, Debug)]
enum Term {
    Identity,
    RecurseDefault,
    Literal(Node),
    /// `.name` and `.["name"]`, `.[0]`: the input of the whole, the key.
    Index(Box<Term>, Box<Term>),
    /// `.[]`.
    Each(Box<Term>),
    /// `term?`.
    Try(Box<Term>),
    Pipe(Box<Term>, Box<Term>),
    Comma(Box<Term>, Box<Term>),
    Alternative(Box<Term>, Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
    Negative(Box<Term>),
    /// `[…]`.
    Collect(Option<Box<Term>>),
    If(Vec<(Term, Term)>, Option<Box<Term>>),
    Call(Function, Vec<Term>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

macro_rules! functions {
    ($($name:ident $text:literal $counts:pat,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Function { $($name,)* }

        impl Function {
            /// The function of a name with so many arguments.
            fn find(name: &str, arguments: usize) -> Option<Self> {
                match (name, arguments) {
                    $(($text, $counts) => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    All "all" 0 | 1,
    Any "any" 0 | 1,
    Contains "contains" 1,
    Downcase "ascii_downcase" 0,
    Empty "empty" 0,
    EndsWith "endswith" 1,
    First "first" 0 | 1,
    GetPath "getpath" 1,
    Has "has" 1,
    In "inside" 1,
    Keys "keys" 0,
    Last "last" 0 | 1,
    Length "length" 0,
    Map "map" 1,
    Not "not" 0,
    Recurse "recurse" 0 | 1,
    Select "select" 1,
    StartsWith "startswith" 1,
    Test "test" 1 | 2,
    ToNumber "tonumber" 0,
    ToString "tostring" 0,
    Type "type" 0,
    Upcase "ascii_upcase" 0,
}

impl PathExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, or not part of what is read here, and at which character.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { root: parse::parse(text)? })
    }

    /// The places in `node` that the expression leads to, those that do not exist too; none if it fails, as
    /// a rule that does not fit an object does not concern it.
    pub(crate) fn paths(&self, node: &Node) -> Vec<Path> {
        eval::paths(&self.root, node).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_lead_to_paths() {
        let node = Node::from(&json!({
            "metadata": {"annotations": {"a.b/c": "x", "other": "y"}},
            "spec": {"containers": [
                {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "B"}]},
                {"name": "istio-proxy", "image": "proxy:1", "resources": {"limits": {"cpu": 2}}},
            ], "replicas": 3},
            "webhooks": [{"clientConfig": {"caBundle": "x"}}, {"clientConfig": {}}],
        }));
        for (text, wanted) in [
            (".spec.replicas", "/spec/replicas"),
            (".spec.containers[].image", "/spec/containers/0/image /spec/containers/1/image"),
            (".spec.containers[] | select(.name == \"istio-proxy\")", "/spec/containers/1"),
            (
                ".spec.containers[] | select(.name | test(\"^ISTIO-\"; \"i\")).resources",
                "/spec/containers/1/resources",
            ),
            (
                ".spec.containers[]?.env[]? | select(.value != null) | .value",
                "/spec/containers/0/env/0/value",
            ),
            (".spec[\"containers\"][1].image, .spec.replicas", "/spec/containers/1/image /spec/replicas"),
            (".metadata.annotations[\"a.b/c\"]", "/metadata/annotations/a.b~1c"),
            (".metadata.annotations.\"a.b/c\"", "/metadata/annotations/a.b~1c"),
            (".metadata.labels.missing", "/metadata/labels/missing"),
            (
                ".webhooks[]?.clientConfig.caBundle",
                "/webhooks/0/clientConfig/caBundle /webhooks/1/clientConfig/caBundle",
            ),
            (".missing[]", ""),
            (".missing[]?", ""),
            (".. | .caBundle? | select(. != null)", "/webhooks/0/clientConfig/caBundle"),
            (".. | select(type == \"object\" and has(\"cpu\"))", "/spec/containers/1/resources/limits"),
            (".spec.containers[-1].name", "/spec/containers/1/name"),
            (".spec | if .replicas > 2 then .replicas else .containers end", "/spec/replicas"),
            (".spec.containers[] | select(any(.env[]?; .name == \"B\")) | .env", ""),
            (
                ".spec.containers[] | select([.env[]?.name] | contains([\"B\"])) | .env",
                "/spec/containers/0/env",
            ),
            (".spec.missing // .spec.replicas", "/spec/replicas"),
            ("first(.spec.containers[]).image", "/spec/containers/0/image"),
            ("getpath([\"spec\", \"replicas\"])", "/spec/replicas"),
            (
                ".spec.containers[] | select((.name | startswith(\"web\") | not) and (.image | endswith(\":\" + \"1\"))) | .image",
                "/spec/containers/1/image",
            ),
        ] {
            let found = PathExpression::parse(text).map(|expression| {
                let paths = expression.paths(&node);
                paths.iter().map(Path::to_json_pointer).collect::<Vec<_>>().join(" ")
            });
            // `any` with a generator and a condition is not read.
            let wanted = if text.contains("any(.env[]?;") { None } else { Some(wanted.to_owned()) };
            assert_eq!(found.ok(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_read_is_said() {
        for text in [
            "",
            "spec",
            ".spec |",
            "def f: f; f",
            ".a as $x | $x",
            "{a: 1}",
            "reduce .[] as $x (0; .)",
            "[.a",
            ".a = 1",
            "select()",
            "env",
            ".a[1:2]",
            "\"open",
            "if . then . ",
        ] {
            assert!(PathExpression::parse(text).is_err(), "{text}");
        }
        assert!(PathExpression::parse(&"(".repeat(100_000)).is_err());
        assert!(PathExpression::parse(&".a".repeat(100_000)).is_err());
    }

    #[test]
    fn what_costs_too_much_leads_nowhere() {
        let doubling = vec!["(.,.)"; 60].join("|") + "|select(false)";
        assert!(PathExpression::parse(&doubling).unwrap().paths(&Node::null()).is_empty());
        let longer = format!("\"a\" | {} | select(false)", vec![". + ."; 60].join("|"));
        assert!(PathExpression::parse(&longer).unwrap().paths(&Node::null()).is_empty());
        let nested = format!("{} | select(. == [])", vec!["[., .]"; 60].join("|"));
        assert!(PathExpression::parse(&nested).unwrap().paths(&Node::null()).is_empty());
        assert!(PathExpression::parse("recurse(.)").unwrap().paths(&Node::null()).is_empty());
    }
}
