//! Image references: which ones an entry of `images` means, and what it makes of them.
//!
//! Follows kustomize v5.8.2 (`api/internal/image`, `api/filters/imagetag`). The entry's name is a
//! regular expression in the middle of a larger one, and not bracketed: an alternative in it swallows the
//! tag's part of the pattern.

use regex::Regex;

use crate::node::{Node, SourceMap, Span, Text};

use super::go_regex;

/// What an entry of `images` sets, each with the place of its text. Empty texts count as absent.
#[derive(Clone, Debug, Default)]
pub struct ImageChange {
    /// The name to put in place of the image's.
    pub new_name: Option<(Text, Span)>,
    /// The tag to put in place of tag and digest.
    pub new_tag: Option<(Text, Span)>,
    /// What to put behind the tag, in place of the digest; ignored beside `new_tag` and `digest`.
    pub tag_suffix: Option<(Text, Span)>,
    /// The digest to put in place of tag and digest, or behind `new_tag`.
    pub digest: Option<(Text, Span)>,
}

/// An entry of `images`, ready to be applied.
#[derive(Clone, Debug)]
pub struct ImageEdit {
    name: Matcher,
    change: ImageChange,
}

#[derive(Clone, Debug)]
enum Matcher {
    /// A name in which at most dots have a meaning, which is every usual one.
    Simple(Box<str>),
    Pattern(Regex),
}

impl ImageEdit {
    /// An entry for images called `name`.
    ///
    /// # Errors
    /// Why `name` is not a pattern; kustomize lets such an entry match nothing.
    pub fn new(name: &str, change: ImageChange) -> Result<Self, String> {
        let simple = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._:@-".contains(&byte));
        let name = if simple {
            Matcher::Simple(name.into())
        } else {
            Matcher::Pattern(go_regex::compile(&pattern(name))?)
        };
        let given = |text: Option<(Text, Span)>| text.filter(|(text, _)| !text.is_empty());
        let change = ImageChange {
            new_name: given(change.new_name),
            new_tag: given(change.new_tag),
            tag_suffix: given(change.tag_suffix),
            digest: given(change.digest),
        };
        Ok(Self { name, change })
    }

    /// Whether `image` is one of those meant.
    #[must_use]
    pub fn matches(&self, image: &str) -> bool {
        match &self.name {
            Matcher::Simple(name) => rest_after(image, name).is_some_and(is_tag_and_digest),
            Matcher::Pattern(pattern) => pattern.is_match(image),
        }
    }

    /// What becomes of `image`; `None` if it is not meant.
    #[must_use]
    pub fn rewrite(&self, image: &str) -> Option<String> {
        if !self.matches(image) {
            return None;
        }
        Some(self.parts(image).into_iter().fold(String::new(), |mut new, (separator, text, _)| {
            new.push_str(separator);
            new.push_str(&text);
            new
        }))
    }

    /// The parts of the new reference that are there: what goes before each, its text, and the place of
    /// the text that gives it, if it is not the old one.
    fn parts(&self, image: &str) -> Vec<(&'static str, String, Option<Span>)> {
        let old = ImageParts::of(image);
        let change = &self.change;
        let given =
            |part: &Option<(Text, Span)>| part.as_ref().map(|(text, span)| (text.to_string(), Some(*span)));
        let none = || (String::new(), None);
        let (tag, digest) = match (given(&change.new_tag), given(&change.digest), given(&change.tag_suffix)) {
            (None, None, None) => ((old.tag.to_owned(), None), (old.digest.to_owned(), None)),
            (None, None, Some((suffix, span))) => ((format!("{}{suffix}", old.tag), span), none()),
            (tag, digest, _) => (tag.unwrap_or_else(none), digest.unwrap_or_else(none)),
        };
        let name = given(&change.new_name).unwrap_or_else(|| (old.name.to_owned(), None));
        let parts = [("", name), (":", tag), ("@", digest)];
        let there =
            parts.into_iter().filter(|(separator, (text, _))| separator.is_empty() || !text.is_empty());
        there.map(|(separator, (text, span))| (separator, text, span)).collect()
    }

    /// Rewrites the image that `node` holds; true if that changed it. Each part of the new value knows
    /// the text that set it ([`SourceMap::part`]), the whole is placed at the new name, else at
    /// the new tag or digest.
    pub fn apply(&self, node: &mut Node, sources: &SourceMap) -> bool {
        let Some(image) = node.text().map(std::borrow::Cow::into_owned) else { return false };
        let Some(new) = self.rewrite(&image).filter(|new| *new != image) else { return false };
        let old = ImageParts::of(&image);
        let (mut pieces, mut at, mut whole) = (Vec::new(), 0, None);
        for (separator, text, span) in self.parts(&image) {
            at += separator.len() as u32;
            let old_offset = match separator {
                "" => 0,
                ":" => old.name.len() + 1,
                _ => image.len() - old.digest.len(),
            };
            pieces.push((at, span.unwrap_or_else(|| sources.part(node.span, old_offset))));
            whole = whole.or(span);
            at += text.len() as u32;
        }
        let whole = whole.or_else(|| self.change.digest.as_ref().map(|(_, span)| *span)).unwrap_or(node.span);
        let span = if pieces.len() > 1 { sources.join(new.as_str(), whole, pieces) } else { whole };
        *node = Node::string(new, span);
        true
    }
}

/// The pattern for images of a name, as kustomize builds it.
fn pattern(name: &str) -> String {
    const TAG: &str = "[a-zA-Z0-9_.{}-]*";
    const ALGORITHM: &str = "[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*";
    format!("^{name}(:{TAG})?(@{ALGORITHM}:{TAG})?$")
}

/// What follows `name` in `image`; a dot in the name stands for any character but a line break.
fn rest_after<'a>(image: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = image.chars();
    for want in name.chars() {
        let found = rest.next()?;
        if want != found && (want != '.' || found == '\n') {
            return None;
        }
    }
    Some(rest.as_str())
}

/// Whether a text is nothing, a tag, a digest, or both, as the second half of [`pattern`] says.
fn is_tag_and_digest(text: &str) -> bool {
    let is_tag =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte));
    let (tag, digest) = match text.split_once('@') {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (text, None),
    };
    let is_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(algorithm, hash)| {
            let mut words = algorithm.split(['.', '+', '_', '-']);
            is_tag(hash)
                && words.all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()))
        })
    };
    tag.strip_prefix(':').map_or(tag.is_empty(), is_tag) && digest.is_none_or(is_digest)
}

/// An image reference in its parts. The name keeps the registry and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageParts<'a> {
    /// Registry and repository.
    pub name: &'a str,
    /// The tag; empty if there is none.
    pub tag: &'a str,
    /// The digest with its algorithm; empty if there is none.
    pub digest: &'a str,
}

impl<'a> ImageParts<'a> {
    /// Splits a reference as kustomize does: at the first `:` and `@` behind the first slash.
    #[must_use]
    pub fn of(image: &'a str) -> Self {
        let start = image.find('/').unwrap_or(0);
        let find =
            |separator: char| image.get(start..).and_then(|rest| rest.find(separator)).map(|at| at + start);
        let part = |from: usize, to: usize| image.get(from..to).unwrap_or("");
        match (find(':'), find('@')) {
            (None, None) => Self { name: image, tag: "", digest: "" },
            (Some(colon), Some(at)) if colon < at => {
                Self { name: part(0, colon), tag: part(colon + 1, at), digest: part(at + 1, image.len()) }
            }
            (_, Some(at)) => Self { name: part(0, at), tag: "", digest: part(at + 1, image.len()) },
            (Some(colon), None) => {
                Self { name: part(0, colon), tag: part(colon + 1, image.len()), digest: "" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::FileId;

    fn given(text: &str, offset: u32) -> Option<(Text, Span)> {
        Some((Text::from(text), Span::new(FileId::from_index(0), offset)))
    }

    #[test]
    fn names_are_patterns() {
        for (name, image, want) in [
            ("nginx", "nginx", true),
            ("nginx", "nginx:1.2", true),
            ("nginx", "nginx:{TAG}", true),
            ("nginx", "nginx@sha256:abc", true),
            ("nginx", "nginx@sha512:abc", true),
            ("nginx", "nginx@multihash+base58:abc", true),
            ("nginx", "nginx@+:abc", false),
            ("nginx", "nginx:1@sha256:abc", true),
            ("nginx", "nginx:1:2", false),
            ("nginx", "nginx/x", false),
            ("nginx", "my/nginx", false),
            ("nginx", "nginx:$(TAG)", false),
            ("reg:5000/x", "reg:5000/x:1", true),
            ("a.b/c", "axb/c", true),
            ("a.b/c", "a\nb/c", false),
            ("", ":1", true),
            ("ng.*", "nginx:1", true),
            (".*", "anything at all", true),
            ("nginx|redis", "redis:1", true),
            // The alternative is not bracketed, so this one has no end.
            ("nginx|redis", "nginx-plus", true),
            ("a{b}", "a{b}:1", true),
        ] {
            let edit = ImageEdit::new(name, ImageChange::default()).unwrap();
            assert_eq!(edit.matches(image), want, "{name} on {image}");
        }
        assert!(ImageEdit::new("[", ImageChange::default()).is_err());
    }

    #[test]
    fn references_split() {
        for (image, name, tag, digest) in [
            ("nginx", "nginx", "", ""),
            ("nginx:1", "nginx", "1", ""),
            ("reg:5000/a/b", "reg:5000/a/b", "", ""),
            ("reg:5000/a/b:1@sha256:ff", "reg:5000/a/b", "1", "sha256:ff"),
            ("a@sha256:ff", "a", "", "sha256:ff"),
            ("/a:1", "/a", "1", ""),
            ("ä/ö:1", "ä/ö", "1", ""),
            ("", "", "", ""),
        ] {
            assert_eq!(ImageParts::of(image), ImageParts { name, tag, digest }, "{image}");
        }
    }

    #[test]
    fn entries_rewrite() {
        let sources = SourceMap::new();
        sources.add("k.yaml", "0123456789");
        let change = |new_name: &str, new_tag: &str, tag_suffix: &str, digest: &str| ImageChange {
            new_name: given(new_name, 1),
            new_tag: given(new_tag, 2),
            tag_suffix: given(tag_suffix, 3),
            digest: given(digest, 4),
        };
        for (change, image, want, cause) in [
            (change("", "", "", ""), "n:1@sha256:a", "n:1@sha256:a", None),
            (change("m", "", "", ""), "n:1@sha256:a", "m:1@sha256:a", Some(1)),
            (change("", "2", "", ""), "n:1@sha256:a", "n:2", Some(2)),
            (change("", "2", "", ""), "n", "n:2", Some(2)),
            (change("", "", "", "sha256:b"), "n:1", "n@sha256:b", Some(4)),
            (change("", "2", "", "sha256:b"), "n:1", "n:2@sha256:b", Some(2)),
            (change("", "", "-x", ""), "n:1@sha256:a", "n:1-x", Some(3)),
            (change("", "", "-x", ""), "n", "n:-x", Some(3)),
            (change("", "2", "-x", ""), "n:1", "n:2", Some(2)),
            (change("m", "2", "", ""), "n:1", "m:2", Some(1)),
        ] {
            let edit = ImageEdit::new("n", change).unwrap();
            assert_eq!(edit.rewrite(image).unwrap(), want, "{image}");
            let mut node = Node::string(image, Span::NONE);
            edit.apply(&mut node, &sources);
            let column = sources.locate(node.span).map(|place| place.column - 1);
            assert_eq!(column, cause, "{image}");
        }
    }

    #[test]
    fn each_part_knows_its_text() {
        let sources = SourceMap::new();
        let base = Span::new(sources.add("base.yaml", "image: n:1"), 7);
        sources.add("prod.yaml", "a very long line of text");
        let tag = (Text::from("2"), Span::new(crate::node::FileId::from_index(1), 7));
        let edit = ImageEdit::new("n", ImageChange { new_tag: Some(tag), ..ImageChange::default() }).unwrap();
        let mut node = Node::string("n:1", base);
        assert!(edit.apply(&mut node, &sources));
        let place = |offset| sources.locate(sources.part(node.span, offset)).unwrap().to_string();
        assert_eq!(sources.locate(node.span).unwrap().to_string(), "prod.yaml:1:8");
        assert_eq!((place(0), place(2)), ("base.yaml:1:8".into(), "prod.yaml:1:8".into()));
    }

    #[test]
    fn nodes_change_only_where_the_image_does() {
        let edit =
            ImageEdit::new("n", ImageChange { new_tag: given("1", 7), ..ImageChange::default() }).unwrap();
        let sources = SourceMap::new();
        let mut node = Node::string("n:1", Span::NONE);
        assert!(!edit.apply(&mut node, &sources));
        assert_eq!(node.span, Span::NONE);
        let mut node = Node::string("n:2", Span::NONE);
        assert!(edit.apply(&mut node, &sources));
        assert_eq!(node.as_str(), Some("n:1"));
        assert!(!edit.apply(&mut Node::string("other:2", Span::NONE), &sources));
    }

    proptest::proptest! {
        #[test]
        fn simple_names_match_as_the_pattern_does(
            name in "[a-c./:@-]{0,6}",
            image in "[a-c./:@+_{}-]{0,12}",
        ) {
            let regex = go_regex::compile(&pattern(&name)).unwrap();
            let edit = ImageEdit::new(&name, ImageChange::default()).unwrap();
            for image in [image.clone(), format!("{name}{image}")] {
                proptest::prop_assert_eq!(edit.matches(&image), regex.is_match(&image), "{} on {}", name, image);
            }
        }
    }
}
