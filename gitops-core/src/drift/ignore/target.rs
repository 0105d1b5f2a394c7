//! Which objects a rule is about.

use regex::Regex;

use crate::object::{LabelSelector, Object};

/// Conditions that must all hold; one that is absent holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) group: Option<Regex>,
    pub(super) version: Option<Regex>,
    pub(super) kind: Option<Regex>,
    pub(super) name: Option<Regex>,
    pub(super) namespace: Option<Regex>,
    pub(super) labels: Option<LabelSelector>,
    pub(super) annotations: Option<LabelSelector>,
}

impl Target {
    pub(super) fn matches(&self, object: &Object) -> bool {
        let fits = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|p| p.is_match(text));
        let version = crate::object::group_version(object.api_version()).1;
        let part = |name: &str| object.node.at(&["metadata", name]);
        fits(&self.group, object.group())
            && fits(&self.version, version)
            && fits(&self.kind, object.kind())
            && fits(&self.name, object.name())
            && fits(&self.namespace, object.namespace())
            && self.labels.as_ref().is_none_or(|selector| selector.matches_labels(part("labels")))
            && self.annotations.as_ref().is_none_or(|selector| selector.matches_labels(part("annotations")))
    }
}

/// A pattern of Flux: a regular expression for the whole text. Empty matches all.
pub(super) fn anchored(pattern: &str) -> Result<Option<Regex>, regex::Error> {
    if pattern.is_empty() {
        return Ok(None);
    }
    Regex::new(&format!("^(?:{pattern})$")).map(Some)
}

/// A name that must be equal. Empty matches all.
pub(super) fn exact(name: &str) -> Result<Option<Regex>, regex::Error> {
    anchored(&regex::escape(name))
}

/// A pattern of Argo CD (`github.com/gobwas/glob`): `*`, `?`, `[a-c]`, `[!a]`, `{a,b}`, `\` before a character
/// that stands for itself.
pub(super) fn glob(pattern: &str) -> Result<Option<Regex>, regex::Error> {
    let mut out = String::from("(?s)^");
    let mut braces = 0_u32;
    let mut class = false;
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            ']' if class => {
                class = false;
                out.push(']');
            }
            '-' if class => out.push('-'),
            '\\' => out.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            c if class => out.push_str(&regex::escape(&c.to_string())),
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                class = true;
                out.push('[');
                if characters.next_if_eq(&'!').is_some() {
                    out.push('^');
                }
            }
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_argo_and_flux() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*", "apps", true),
            ("", "", true),
            ("", "apps", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "aXexampleXcom", false),
            ("{Deployment,StatefulSet}", "StatefulSet", true),
            ("{Deployment,StatefulSet}", "DaemonSet", false),
            ("[!a-c]?", "dx", true),
            ("[!a-c]?", "bx", false),
        ] {
            assert_eq!(glob(pattern).unwrap().unwrap().is_match(text), wanted, "{pattern} {text}");
        }
        assert!(anchored("").unwrap().is_none());
        assert!(!anchored("a|b").unwrap().unwrap().is_match("ab"));
        assert!(
            exact("a.b").unwrap().unwrap().is_match("a.b") && !exact("a.b").unwrap().unwrap().is_match("axb")
        );
    }
}
