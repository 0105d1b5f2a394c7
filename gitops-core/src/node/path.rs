//! Where a node sits in its object.

use std::fmt;

use super::Text;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// Into a mapping.
    Key(Text),
    /// Into a list, from 0.
    Index(usize),
}

/// A way from the root of an object to one of its nodes.
///
/// Displays as `spec.template.spec.containers[0].image`; keys that are not plain words are quoted:
/// `metadata.annotations["a.b/c"]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The root.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A path of mapping keys.
    #[must_use]
    pub fn of_keys(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Segment::Key(Text::from(*key))).collect())
    }

    /// The steps.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes one step down.
    pub fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    /// Goes one step up.
    pub fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }

    /// The path one step further, into a mapping.
    #[must_use]
    pub fn key(&self, key: impl Into<Text>) -> Self {
        let mut path = self.clone();
        path.push(Segment::Key(key.into()));
        path
    }

    /// The path one step further, into a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.push(Segment::Index(index));
        path
    }

    /// The same way as an RFC 6901 JSON pointer.
    #[must_use]
    pub fn to_json_pointer(&self) -> String {
        let mut out = String::new();
        for segment in &self.0 {
            out.push('/');
            match segment {
                Segment::Key(key) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Index(index) => out.push_str(&index.to_string()),
            }
        }
        out
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_word(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Segment::Key(key) => write!(f, "[{:?}]", key.as_str())?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_both_ways() {
        let path = Path::of_keys(&["spec", "containers"]).index(0).key("a.b/c");
        assert_eq!(path.to_string(), "spec.containers[0][\"a.b/c\"]");
        assert_eq!(path.to_json_pointer(), "/spec/containers/0/a.b~1c");
    }
}
