//! RiskAcceptance documents, read strictly: a misspelt field must not widen what is accepted.

use super::select::{ObjectSelector, PolicySelector};
use super::{ACCEPTANCE_GROUP, Acceptance, AcceptanceSource};
use crate::node::{Node, SourceMap, Value};
use crate::object::{LabelSelector, Object, group_version};
use crate::time::Timestamp;
use crate::{Error, ErrorKind, Result};

/// The kind of the documents.
const KIND: &str = "RiskAcceptance";
/// The only version there is.
const VERSION: &str = "v1alpha1";

pub(super) const TOP: &[&str] = &["apiVersion", "kind", "metadata", "spec"];
pub(super) const SPEC: &[&str] = &[
    "policies",
    "objects",
    "fingerprint",
    "reason",
    "ticket",
    "owner",
    "approvers",
    "created",
    "notBefore",
    "expires",
    "compensatingControl",
];
pub(super) const POLICY: &[&str] = &["template", "constraint", "policy", "bundle", "control"];
pub(super) const OBJECT: &[&str] =
    &["group", "kind", "namespace", "name", "labelSelector", "containers", "paths"];

/// A document that could be read.
#[derive(Clone, Debug)]
pub(super) struct RiskAcceptance {
    /// What a report shows of it.
    pub(super) shown: Acceptance,
    pub(super) policies: Vec<PolicySelector>,
    pub(super) objects: Vec<ObjectSelector>,
    pub(super) fingerprint: Option<String>,
    pub(super) created: Timestamp,
    pub(super) expires: Timestamp,
    /// The later of `created` and `notBefore`.
    pub(super) valid_from: Timestamp,
    /// The document, to tell a repetition from a conflict.
    pub(super) node: Node,
}

/// Whether an object is a RiskAcceptance, in whatever version. It is no manifest to be judged.
#[must_use]
pub fn is_acceptance(object: &Object) -> bool {
    object.kind() == KIND && object.group() == ACCEPTANCE_GROUP
}

/// How reports call it.
pub(super) fn id(object: &Object) -> String {
    match object.namespace() {
        "" => object.name().to_owned(),
        namespace => format!("{namespace}/{}", object.name()),
    }
}

pub(super) fn read(object: &Object, sources: &SourceMap) -> Result<RiskAcceptance> {
    let reader = Reader { sources };
    let name = match id(object) {
        id if id.is_empty() => "without a name".to_owned(),
        id => id,
    };
    let place = sources.locate(object.node.span);
    reader.document(object).map_err(|error| error.context(format!("{KIND} {name}")).at(place))
}

struct Reader<'a> {
    sources: &'a SourceMap,
}

impl Reader<'_> {
    fn error(&self, code: &'static str, node: &Node, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Policy, code, message).at(self.sources.locate(node.span))
    }

    fn bad(&self, node: &Node, message: impl Into<String>) -> Error {
        self.error("bad-acceptance", node, message)
    }

    fn document(&self, object: &Object) -> Result<RiskAcceptance> {
        let root = &object.node;
        let (_, version) = group_version(object.api_version());
        if version != VERSION {
            let node = root.get("apiVersion").unwrap_or(root);
            let message = format!(
                "`apiVersion` must be `{ACCEPTANCE_GROUP}/{VERSION}`, not `{}`",
                object.api_version()
            );
            return Err(self.bad(node, message));
        }
        self.known(root, "the document", TOP)?;
        if object.name().is_empty() {
            return Err(self.bad(root, "`metadata.name` is missing; reports call the acceptance by it"));
        }
        let Some(spec) = root.get("spec") else { return Err(self.bad(root, "`spec` is missing")) };
        self.known(spec, "`spec`", SPEC)?;
        let policies = self.list(spec, "policies", |node| self.policy(node))?;
        let objects = self.list(spec, "objects", |node| self.object(node))?;
        if policies.is_empty() || objects.is_empty() {
            let key = if policies.is_empty() { "policies" } else { "objects" };
            let node = spec.get(key).unwrap_or(spec);
            return Err(self.bad(
                node,
                format!("`spec.{key}` must name at least one; an acceptance of everything is none"),
            ));
        }
        let Some(reason) = self.text(spec, "reason")? else {
            let node = spec.get("reason").unwrap_or(spec);
            let message = "`spec.reason` is missing or blank; say why the risk is borne";
            return Err(self.error("acceptance-without-reason", node, message));
        };
        let Some(expires) = self.moment(spec, "expires", 1)? else {
            let message = "`spec.expires` is missing; say until which day the risk is borne";
            return Err(self.error("acceptance-without-expiry", spec, message));
        };
        let created = self
            .moment(spec, "created", 0)?
            .ok_or_else(|| self.missing(spec, "created", "the day on which it was made"))?;
        let not_before = self.moment(spec, "notBefore", 0)?;
        let valid_from = not_before.map_or(created, |from| from.max(created));
        if expires <= valid_from {
            let node = spec.get("expires").unwrap_or(spec);
            let message =
                format!("`spec.expires` must be later than {valid_from}, from when on the acceptance holds");
            return Err(self.error("bad-acceptance-date", node, message));
        }
        let approvers = self.texts(spec, "approvers")?;
        if approvers.is_empty() {
            return Err(self.missing(spec, "approvers", "who agreed to it"));
        }
        let fingerprint = self.text(spec, "fingerprint")?;
        // A blank one would seem to narrow what is accepted.
        if let Some(node) =
            spec.get("fingerprint").filter(|_| !fingerprint.as_deref().is_some_and(is_fingerprint))
        {
            let message = "`spec.fingerprint` must be the 32 hexadecimal digits that a report shows";
            return Err(self.bad(node, message));
        }
        let text = |key: &str, what: &str| self.text(spec, key)?.ok_or_else(|| self.missing(spec, key, what));
        let shown = Acceptance {
            id: id(object),
            source: AcceptanceSource::Document,
            reason,
            ticket: Some(text("ticket", "where it was decided")?),
            owner: Some(text("owner", "who bears the risk")?),
            approvers,
            created: Some(created),
            expires: Some(expires),
            compensating_control: self.text(spec, "compensatingControl")?,
            location: self.sources.locate(root.span),
        };
        Ok(RiskAcceptance {
            shown,
            policies,
            objects,
            fingerprint,
            created,
            expires,
            valid_from,
            node: root.clone(),
        })
    }

    fn missing(&self, node: &Node, key: &str, what: &str) -> Error {
        self.bad(node.get(key).unwrap_or(node), format!("`spec.{key}` is missing; it says {what}"))
    }

    /// Refuses anything but a mapping of known fields.
    fn known(&self, node: &Node, what: &str, fields: &[&str]) -> Result<()> {
        let Some(map) = node.as_map() else {
            return Err(self.bad(node, format!("{what} must be a mapping, not {}", node.type_name())));
        };
        match map.entries().iter().find(|entry| !fields.contains(&entry.key.as_str())) {
            None => Ok(()),
            Some(entry) => {
                let message =
                    format!("{what} has no field `{}`; there are: {}", entry.key.as_str(), fields.join(", "));
                Err(Error::new(ErrorKind::Policy, "bad-acceptance", message)
                    .at(self.sources.locate(entry.key_span)))
            }
        }
    }

    fn list<T>(&self, node: &Node, key: &str, read: impl Fn(&Node) -> Result<T>) -> Result<Vec<T>> {
        match node.get(key) {
            None => Ok(Vec::new()),
            Some(list) => match list.as_seq() {
                Some(items) => items.iter().map(read).collect(),
                None => Err(self.bad(list, format!("`{key}` must be a list, not {}", list.type_name()))),
            },
        }
    }

    fn texts(&self, node: &Node, key: &str) -> Result<Vec<String>> {
        self.list(node, key, |item| match item.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(self.bad(item, format!("`{key}` must hold texts that are not blank"))),
        })
    }

    /// A text without blanks at its ends; none if it is missing or blank.
    fn text(&self, node: &Node, key: &str) -> Result<Option<String>> {
        let Some(value) = node.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        match value.as_str().map(str::trim) {
            Some("") => Ok(None),
            Some(text) => Ok(Some(text.to_owned())),
            None => {
                Err(self
                    .bad(value, format!("`{key}` must be text, not {}; put it in quotes", value.type_name())))
            }
        }
    }

    /// A time of RFC 3339, or a day in UTC; of a day the start, or the end if `days` is 1.
    fn moment(&self, node: &Node, key: &str, days: i64) -> Result<Option<Timestamp>> {
        let Some(value) = node.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        let text = match &value.value {
            Value::String(_) | Value::Plain(_) => value.text(),
            _ => None,
        };
        let text = text.as_deref().unwrap_or("").trim();
        let day = Timestamp::start_of_day(text).map(|day| day.plus_days(days));
        match day.or_else(|| Timestamp::parse(text).ok()) {
            Some(moment) => Ok(Some(moment)),
            None => {
                let message = format!(
                    "`spec.{key}` must be a day such as `2027-02-01`, or a time of RFC 3339 such as `2027-02-01T12:00:00Z`"
                );
                Err(self.error("bad-acceptance-date", value, message))
            }
        }
    }

    fn policy(&self, node: &Node) -> Result<PolicySelector> {
        self.known(node, "an entry of `policies`", POLICY)?;
        let selector = PolicySelector {
            template: self.text(node, "template")?,
            constraint: self.text(node, "constraint")?,
            policy: self.text(node, "policy")?,
            bundle: self.text(node, "bundle")?,
            control: self.text(node, "control")?,
        };
        if !selector.names_something() {
            let message =
                "an entry of `policies` must name a `template`, `constraint`, `policy` or `control`";
            return Err(self.bad(node, message));
        }
        Ok(selector)
    }

    fn object(&self, node: &Node) -> Result<ObjectSelector> {
        self.known(node, "an entry of `objects`", OBJECT)?;
        let labels = match node.get("labelSelector") {
            None => None,
            Some(labels) => {
                self.known(labels, "`labelSelector`", &["matchLabels", "matchExpressions"])?;
                Some(LabelSelector::from_node(labels).map_err(|error| self.bad(labels, error.message()))?)
            }
        };
        // The core group is the empty text, which is not the same as none.
        let group = node.get("group").and_then(Node::as_str).map(str::to_owned);
        if node.get("group").is_some() && group.is_none() {
            return Err(self.bad(node, "`group` must be text; the core group is `\"\"`"));
        }
        Ok(ObjectSelector {
            group,
            kind: self.text(node, "kind")?,
            namespace: self.text(node, "namespace")?,
            name: self.text(node, "name")?,
            labels,
            containers: self.narrowing(node, "containers")?,
            paths: self.narrowing(node, "paths")?,
        })
    }

    /// A list that, if it is there, must not be empty: an empty one would seem to narrow and does not.
    fn narrowing(&self, node: &Node, key: &str) -> Result<Vec<String>> {
        let texts = self.texts(node, key)?;
        match node.get(key) {
            Some(list) if texts.is_empty() => {
                Err(self.bad(list, format!("`{key}` is empty; remove it to mean all")))
            }
            _ => Ok(texts),
        }
    }
}

/// 32 hexadecimal digits, and maybe the number by which a review tells equal ones apart.
fn is_fingerprint(text: &str) -> bool {
    let (digits, number) = text.split_once('-').unwrap_or((text, "2"));
    digits.len() == 32
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}
