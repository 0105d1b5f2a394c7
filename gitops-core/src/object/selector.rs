//! Label selectors: the structured form (`matchLabels`, `matchExpressions`) and the string grammar
//! (`a=b,c in (x,y),!z`), one meaning for both.
//!
//! Follows `k8s.io/apimachinery` (`labels.Parse`, `metav1.LabelSelectorAsSelector`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Object;
use crate::node::Node;
use crate::{Error, ErrorKind, Result};

/// How one [`Requirement`] compares a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operator {
    /// The label exists and its value is one of the values (`=`, `==`, `in`).
    In,
    /// The label is absent, or its value is none of the values (`!=`, `notin`).
    NotIn,
    /// The label exists.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label exists and is an integer above the value; only in the string grammar.
    GreaterThan,
    /// The label exists and is an integer below the value; only in the string grammar.
    LessThan,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with; empty for the two existence operators.
    pub values: BTreeSet<String>,
}

impl Requirement {
    fn new(key: &str, operator: Operator, values: BTreeSet<String>) -> Result<Self> {
        check_key(key)?;
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                return Err(bad(format!("label `{key}`: `in` and `notin` need at least one value")));
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                return Err(bad(format!("label `{key}`: an existence test takes no values")));
            }
            Operator::GreaterThan | Operator::LessThan
                if values.len() != 1 || values.iter().any(|value| value.parse::<i64>().is_err()) =>
            {
                return Err(bad(format!("label `{key}`: `>` and `<` need one integer")));
            }
            _ => {}
        }
        for value in &values {
            if !is_label_value(value) {
                return Err(bad(format!(
                    "label `{key}`: `{value}` is not a label value (at most 63 letters, digits, `-`, `_`, `.`, \
                     beginning and ending with a letter or digit)"
                )));
            }
        }
        Ok(Self { key: key.into(), operator, values })
    }

    fn matches(&self, value: Option<&str>) -> bool {
        match (self.operator, value) {
            (Operator::In, Some(value)) => self.values.contains(value),
            (Operator::NotIn, Some(value)) => !self.values.contains(value),
            (Operator::Exists, value) => value.is_some(),
            (Operator::NotIn | Operator::DoesNotExist, None) => true,
            (Operator::GreaterThan | Operator::LessThan, Some(value)) => {
                let bound = self.values.first().and_then(|bound| bound.parse::<i64>().ok());
                match (value.parse::<i64>(), bound) {
                    (Ok(value), Some(bound)) if self.operator == Operator::GreaterThan => value > bound,
                    (Ok(value), Some(bound)) => value < bound,
                    _ => false,
                }
            }
            (Operator::DoesNotExist, Some(_))
            | (Operator::In | Operator::GreaterThan | Operator::LessThan, None) => false,
        }
    }
}

/// A conjunction of conditions on labels. The default has none and selects everything.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Reads the structured form: a mapping with `matchLabels` and `matchExpressions`
    /// (`In`, `NotIn`, `Exists`, `DoesNotExist`). A null or empty mapping selects everything; what an
    /// absent selector means is the caller's to decide.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `bad-label-selector`: not of that shape, an unknown operator, a
    /// key or value that is no label's, values where none belong or the other way round.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut requirements = Vec::new();
        if node.is_null() {
            return Ok(Self::default());
        }
        let Some(map) = node.as_map() else {
            return Err(bad(format!("a label selector is a mapping, not {}", node.type_name())));
        };
        if let Some(labels) = map.get("matchLabels").filter(|node| !node.is_null()) {
            let Some(labels) = labels.as_map() else {
                return Err(bad(format!("`matchLabels` is a mapping, not {}", labels.type_name())));
            };
            for (key, value) in labels.iter() {
                let value = value.as_str().ok_or_else(|| {
                    bad(format!(
                        "`matchLabels`: the value of `{key}` must be text, not {}",
                        value.type_name()
                    ))
                })?;
                requirements.push(Requirement::new(key, Operator::In, [value.to_owned()].into())?);
            }
        }
        if let Some(expressions) = map.get("matchExpressions").filter(|node| !node.is_null()) {
            let Some(expressions) = expressions.as_seq() else {
                return Err(bad(format!("`matchExpressions` is a list, not {}", expressions.type_name())));
            };
            for expression in expressions {
                requirements.push(expression_requirement(expression)?);
            }
        }
        Ok(Self { requirements })
    }

    /// Reads the string grammar of `kubectl -l` and of kustomize's patch targets: `a=b`, `a==b`,
    /// `a!=b`, `a in (x,y)`, `a notin (x,y)`, `a`, `!a`, `a>1`, `a<1`, joined by commas. The empty text
    /// selects everything.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `bad-label-selector`: text outside the grammar, or a key or value
    /// that is no label's.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text, tokens: tokens(text), at: 0 };
        Ok(Self { requirements: parser.requirements()? })
    }

    /// The conditions, in the order of the text.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether there is no condition, so that everything is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether labels meet all conditions; `label` gives the value under a key, if there is one.
    #[must_use]
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(label(&requirement.key).as_deref()))
    }

    /// Whether a mapping of labels meets all conditions; `None` is an object without labels.
    #[must_use]
    pub fn matches_labels(&self, labels: Option<&Node>) -> bool {
        self.matches(|key| labels?.get(key)?.text())
    }

    /// Whether the labels of an object meet all conditions.
    #[must_use]
    pub fn matches_object(&self, object: &Object) -> bool {
        self.matches_labels(object.node.at(&["metadata", "labels"]))
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::Argument, "bad-label-selector", message)
}

fn expression_requirement(node: &Node) -> Result<Requirement> {
    let key = node.get("key").and_then(Node::as_str).unwrap_or("");
    let operator = match node.get("operator").and_then(Node::as_str).unwrap_or("") {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            return Err(bad(format!(
                "label `{key}`: `{other}` is not an operator; write In, NotIn, Exists or DoesNotExist"
            )));
        }
    };
    let mut values = BTreeSet::new();
    if let Some(list) = node.get("values").filter(|node| !node.is_null()) {
        let Some(items) = list.as_seq() else {
            return Err(bad(format!("label `{key}`: `values` is a list, not {}", list.type_name())));
        };
        for item in items {
            let value = item.as_str().ok_or_else(|| {
                bad(format!("label `{key}`: a value must be text, not {}", item.type_name()))
            })?;
            values.insert(value.to_owned());
        }
    }
    Requirement::new(key, operator, values)
}

/// Letters, digits, `-`, `_`, `.`; the ends are letters or digits; 1 to 63 of them.
fn is_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// A DNS-1123 subdomain: labels of lower-case letters, digits and inner `-`, joined by dots.
fn is_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

fn check_key(key: &str) -> Result<()> {
    let good = match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(key),
    };
    if good {
        return Ok(());
    }
    Err(bad(format!(
        "`{key}` is not a label key (a name of at most 63 letters, digits, `-`, `_`, `.`, optionally after `domain/`)"
    )))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'a str),
    End,
}

fn is_symbol(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_symbol(first) {
            // Only these pairs are one symbol; `!` may stand before `=` alone.
            if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { 1 }
        } else {
            rest.find(|c: char| is_symbol(c) || c.is_whitespace()).unwrap_or(rest.len())
        };
        let (token, tail) = rest.split_at(length);
        tokens.push(if is_symbol(first) { Token::Symbol(token) } else { Token::Word(token) });
        rest = tail.trim_start();
    }
    tokens
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn unexpected(&self, found: Token<'_>, expected: &str) -> Error {
        let found = match found {
            Token::Word(text) | Token::Symbol(text) => format!("`{text}`"),
            Token::End => "the end".to_owned(),
        };
        bad(format!("label selector `{}`: found {found}, expected {expected}", self.text))
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>> {
        let mut requirements = Vec::new();
        if self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => {}
                other => return Err(self.unexpected(other, "`,` or the end")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement> {
        let mut token = self.next();
        let absent = token == Token::Symbol("!");
        if absent {
            token = self.next();
        }
        let Token::Word(key) = token else {
            return Err(self.unexpected(token, "a label key or `!`"));
        };
        if absent {
            return Requirement::new(key, Operator::DoesNotExist, BTreeSet::new());
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Requirement::new(key, Operator::Exists, BTreeSet::new());
        }
        let (operator, many) = match self.next() {
            Token::Symbol("=" | "==") => (Operator::In, false),
            Token::Symbol("!=") => (Operator::NotIn, false),
            Token::Symbol(">") => (Operator::GreaterThan, false),
            Token::Symbol("<") => (Operator::LessThan, false),
            Token::Word("in") => (Operator::In, true),
            Token::Word("notin") => (Operator::NotIn, true),
            other => return Err(self.unexpected(other, "`=`, `==`, `!=`, `>`, `<`, `in` or `notin`")),
        };
        let values = if many { self.values()? } else { self.exact_value()? };
        Requirement::new(key, operator, values)
    }

    fn exact_value(&mut self) -> Result<BTreeSet<String>> {
        let value = match self.peek() {
            Token::End | Token::Symbol(",") => "",
            Token::Word(value) => {
                self.at += 1;
                value
            }
            other => return Err(self.unexpected(other, "a value")),
        };
        Ok([value.to_owned()].into())
    }

    /// `(a,b)`; an empty place between commas is the empty value.
    fn values(&mut self) -> Result<BTreeSet<String>> {
        let mut values = BTreeSet::new();
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(self.unexpected(other, "`(`")),
        }
        if self.peek() == Token::Symbol(")") {
            self.at += 1;
            return Ok(values);
        }
        loop {
            let value = match self.peek() {
                Token::Word(value) => {
                    self.at += 1;
                    value
                }
                _ => "",
            };
            values.insert(value.to_owned());
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(self.unexpected(other, "`,` or `)`")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Node {
        let map: serde_json::Map<_, _> = pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        Node::from(&serde_json::Value::Object(map))
    }

    #[test]
    fn the_string_grammar_selects() {
        let web = labels(&[("app", "web"), ("tier", "front"), ("n", "5"), ("in", "x"), ("empty", "")]);
        for (selector, expected) in [
            ("", true),
            ("  ", true),
            ("app=web", true),
            ("app == web", true),
            ("app=db", false),
            ("app!=db", true),
            ("other!=db", true),
            ("app!=web", false),
            ("app in (db, web)", true),
            ("app in (db)", false),
            ("app notin (db)", true),
            ("other notin (db)", true),
            ("app", true),
            ("other", false),
            ("!other", true),
            ("! app", false),
            ("app=web,tier in (front,back),!gone", true),
            ("app=web,tier=back", false),
            ("n>4", true),
            ("n > 5", false),
            ("n<6", true),
            ("app>4", false),
            ("other<4", false),
            ("in=x", true),
            ("in in (in,x)", true),
            ("app=in", false),
            ("empty=", true),
            ("empty=,app=web", true),
            ("empty in (,)", true),
            ("empty in (a,)", true),
            ("app in (,web)", true),
        ] {
            let parsed = LabelSelector::parse(selector).unwrap_or_else(|e| panic!("{selector}: {e}"));
            assert_eq!(parsed.matches_labels(Some(&web)), expected, "{selector}");
        }
        assert!(LabelSelector::parse("!a,b notin (c)").unwrap().matches_labels(None));
    }

    #[test]
    fn text_outside_the_grammar_is_an_error() {
        for selector in [
            ",", "a,", "a,,b", "a=b c", "a in ()", "a in (b", "a in b", "a=(b)", "=b", "!a=b", "!!a", "a=>b",
            "a>b", "a b", "A/b=c", "a/b/c=d", "-a=b", "a=b/c", "a=-b",
        ] {
            let error = LabelSelector::parse(selector).expect_err(selector);
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Argument, "bad-label-selector"),
                "{selector}"
            );
        }
    }

    #[test]
    fn the_structured_form_selects() {
        let web = labels(&[("app", "web"), ("example.com/tier", "front")]);
        for (selector, expected) in [
            (json!({}), true),
            (json!(null), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "x": "y"}}), false),
            (json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}), false),
            (json!({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["web"]}]}), true),
            (json!({"matchExpressions": [{"key": "example.com/tier", "operator": "Exists"}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist", "values": []}]}), false),
        ] {
            let parsed = LabelSelector::from_node(&Node::from(&selector)).unwrap();
            assert_eq!(parsed.matches_labels(Some(&web)), expected, "{selector}");
        }
        for selector in [
            json!([]),
            json!({"matchLabels": []}),
            json!({"matchLabels": {"app": 1}}),
            json!({"matchExpressions": {}}),
            json!({"matchExpressions": [{"key": "app", "operator": "in", "values": ["a"]}]}),
            json!({"matchExpressions": [{"key": "app", "operator": "In"}]}),
            json!({"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["a"]}]}),
            json!({"matchExpressions": [{"key": "", "operator": "Exists"}]}),
        ] {
            assert!(LabelSelector::from_node(&Node::from(&selector)).is_err(), "{selector}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_selector_or_an_error(text in "[a-c!=<>(), in]{0,24}") {
            let _ = LabelSelector::parse(&text);
        }

        #[test]
        fn a_requirement_and_its_opposite_never_agree(value in "[a-c]{1,3}", labels_value in "[a-c]{1,3}") {
            let node = labels(&[("k", &labels_value)]);
            let is = LabelSelector::parse(&format!("k={value}")).unwrap().matches_labels(Some(&node));
            let is_not = LabelSelector::parse(&format!("k!={value}")).unwrap().matches_labels(Some(&node));
            proptest::prop_assert_ne!(is, is_not);
        }
    }
}
