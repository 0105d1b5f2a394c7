//! References by name follow the objects they name.
//!
//! `api/filters/nameref/nameref.go` of kustomize v5.8.2, with an index of former names in place of its
//! scans. Runs once, when every object has its final name.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::knowledge::field_specs::FieldSpec;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::config::NameReference;
use crate::kustomize::decode::Spanned;
use crate::kustomize::fieldspec::{self, Create, visit};
use crate::kustomize::load::Builder;
use crate::kustomize::resource::{ResId, Resource, as_text};
use crate::kustomize::stale;
use crate::kustomize::transform::renamed;
use crate::node::{Node, Span, Text};
use crate::object::group_version;

/// What the choice of a referral needs to know of an object whose name has changed.
pub(crate) struct Candidate {
    pub(crate) id: ResId,
    pub(crate) previous: Vec<ResId>,
    pub(crate) name: Spanned,
    namespace: Spanned,
    original_namespace: Text,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
}

/// The objects that had a name before, by each of these names.
pub(crate) struct Candidates {
    pub(crate) all: Vec<Candidate>,
    pub(crate) by_name: HashMap<Text, Vec<usize>>,
    /// Original to present namespaces of *all* objects, renamed or not.
    namespaces: HashMap<Text, HashSet<Text>>,
}

/// Rewrites every reference that the tables know.
pub(crate) fn fix(builder: &mut Builder<'_>, map: &mut ResMap) -> Result<()> {
    let notes = RefCell::default();
    fix_with(builder, map, &notes)?;
    for Note { span, code, message } in notes.into_inner() {
        builder.warn(span, code, message);
    }
    Ok(())
}

/// Something that kustomize does not say.
pub(crate) struct Note {
    pub(crate) span: Span,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn fix_with(builder: &Builder<'_>, map: &mut ResMap, notes: &RefCell<Vec<Note>>) -> Result<()> {
    for resource in map.iter() {
        check_subjects(builder, resource)?;
    }
    let candidates = Candidates::of(map);
    let config = map.config.clone();
    let references = config.name_references();
    let by_kind = specs_by_kind(&references);
    for resource in map.iter_mut() {
        let original = resource.original_id();
        let specs = by_kind.get(original.kind.as_str()).into_iter().flatten();
        let any_kind = by_kind.get("").into_iter().flatten();
        let mut wanted: Vec<_> = specs.chain(any_kind).collect();
        wanted.sort_by_key(|(order, _, _)| *order);
        for (_, reference, spec) in wanted {
            if !spec.selects(original.group(), original.version(), &original.kind) {
                continue;
            }
            let api_version = resource.node.get("apiVersion");
            if api_version
                .is_some_and(|node| node.is_null() && node.text().is_some_and(|text| !text.is_empty()))
            {
                let message = "the `apiVersion` of this object is null; say which one it has";
                return Err(builder.error(resource.span(), "null-api-version", message));
            }
            // The present kind may differ from the original one, which was asked for.
            let present =
                FieldSpec { group: "".into(), version: "".into(), kind: "".into(), ..(*spec).clone() };
            let mut names = false;
            fieldspec::look(&resource.node, &present, builder.sources(), &mut |node| {
                names |= candidates.may_rename(node);
                Ok(())
            })?;
            if !names {
                continue;
            }
            let referrer = Referrer::of(resource, spec);
            let subset = Subset::of(resource, &referrer.id);
            visit(&mut resource.node, &present, Create::Nothing, builder.sources(), &mut |node| {
                let choice = Choice {
                    builder,
                    candidates: &candidates,
                    referrer: &referrer,
                    subset: &subset,
                    reference,
                    notes,
                };
                choice.update(node)
            })?;
        }
    }
    stale::find(map, &candidates, &mut notes.borrow_mut());
    Ok(())
}

type Row<'a> = (usize, &'a NameReference, &'a FieldSpec);

/// The rows of the table by the kind that refers, in their order.
fn specs_by_kind(references: &[NameReference]) -> HashMap<&str, Vec<Row<'_>>> {
    let mut by_kind: HashMap<&str, Vec<Row<'_>>> = HashMap::new();
    let rows =
        references.iter().flat_map(|reference| reference.fields.iter().map(move |spec| (reference, spec)));
    for (order, (reference, spec)) in rows.enumerate() {
        by_kind.entry(&spec.kind).or_default().push((order, reference, spec));
    }
    by_kind
}

impl Candidates {
    fn of(map: &ResMap) -> Self {
        let mut found = Self { all: Vec::new(), by_name: HashMap::new(), namespaces: HashMap::new() };
        for resource in map.iter() {
            let (id, original) = (resource.id(), resource.original_id());
            found.namespaces.entry(original.namespace.clone()).or_default().insert(id.namespace.clone());
            if resource.previous.is_empty() {
                continue;
            }
            let previous: Vec<ResId> = resource.previous_ids().collect();
            let at = found.all.len();
            for previous in &previous {
                let list = found.by_name.entry(previous.name.clone()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
            let text = |field| {
                let empty = Spanned { text: Text::empty(), span: resource.span() };
                resource.node.at(&["metadata", field]).map_or(empty, as_text)
            };
            found.all.push(Candidate {
                id,
                previous,
                name: text("name"),
                namespace: text("namespace"),
                original_namespace: original.namespace,
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
            });
        }
        found
    }

    /// Whether a field could name one of them, looking only at names.
    fn may_rename(&self, node: &Node) -> bool {
        let known = |node: &Node| node.text().is_some_and(|text| self.by_name.contains_key(&*text));
        match (node.as_seq(), node.as_map()) {
            (Some(items), _) => items.iter().any(|item| item.is_seq() || self.may_rename(item)),
            // A mapping without a name is an error, which the update reports.
            (_, Some(map)) => map.get("name").is_none_or(known),
            _ => known(node),
        }
    }
}

/// The object whose reference is looked at.
struct Referrer {
    id: ResId,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
    /// Group and kind that `roleRef` asks for, if the field is its name.
    role: Option<(Text, Text)>,
}

impl Referrer {
    fn of(resource: &Resource, spec: &FieldSpec) -> Self {
        let role = spec.path.ends_with("roleRef/name").then(|| {
            let text = |field| resource.node.at(&["roleRef", field]).map(|node| as_text(node).text);
            text("apiGroup").zip(text("kind"))
        });
        Self {
            id: resource.id(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            role: role.flatten(),
        }
    }
}

/// Which objects the referrer can see at all.
struct Subset {
    everything: bool,
    namespace: Text,
    /// Namespaces of the service accounts that a RoleBinding names.
    bound: Vec<Text>,
}

impl Subset {
    fn of(resource: &Resource, id: &ResId) -> Self {
        let bound = account_namespaces(resource).map(|namespace| as_text(namespace).text).collect();
        Self { everything: id.is_cluster_scoped(), namespace: id.namespace.clone(), bound }
    }

    fn sees(&self, candidate: &Candidate) -> bool {
        self.sees_namespace(&candidate.id.namespace) || self.bound.contains(&candidate.namespace.text)
    }

    fn sees_namespace(&self, effective: &Text) -> bool {
        self.everything
            || effective == "_non_namespaceable_"
            || *effective == self.namespace
            || self.bound.contains(effective)
    }
}

/// The namespaces of the service accounts that a RoleBinding names.
fn account_namespaces(resource: &Resource) -> impl Iterator<Item = &Node> {
    let is = |node: &Node, kind| node.get("kind").and_then(Node::as_str) == Some(kind);
    let subjects = is(&resource.node, "RoleBinding").then(|| resource.node.get("subjects")).flatten();
    let subjects = subjects.and_then(Node::as_seq).unwrap_or(&[]);
    let accounts = subjects.iter().filter(move |subject| is(subject, "ServiceAccount"));
    accounts.filter_map(|account| account.get("namespace"))
}

/// Kustomize refuses a RoleBinding whose service account has a namespace that is not text.
fn check_subjects(builder: &Builder<'_>, resource: &Resource) -> Result<()> {
    match account_namespaces(resource).find(|namespace| namespace.as_str().is_none()) {
        None => Ok(()),
        Some(namespace) => {
            let message =
                format!("the namespace of this service account is {}; name one", namespace.type_name());
            Err(builder.error(namespace.span, "blank-namespace", message))
        }
    }
}

/// The choice of the object that one field names.
struct Choice<'a> {
    builder: &'a Builder<'a>,
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    subset: &'a Subset,
    reference: &'a NameReference,
    notes: &'a RefCell<Vec<Note>>,
}

impl<'a> Choice<'a> {
    fn update(&self, node: &mut Node) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        if let Some(items) = node.as_seq_mut() {
            for item in items {
                if item.is_seq() {
                    let message = "a name, or a mapping with a name, belongs here, but this is a list";
                    return Err(self.builder.error(item.span, "wrong-type", message));
                }
                self.update(item)?;
            }
            return Ok(());
        }
        if node.is_map() { self.update_map(node) } else { self.update_scalar(node) }
    }

    fn update_scalar(&self, node: &mut Node) -> Result<()> {
        let old = as_text(node);
        let same = |a: &Candidate, b: &Candidate| a.name.text == b.name.text;
        if let Some(referral) = self.select(&old, |_| true, same)?
            && referral.name.text != old.text
        {
            *node = renamed(node, referral.name.text.clone(), referral.name.span, self.builder.sources());
        }
        Ok(())
    }

    /// A mapping takes both name and namespace.
    fn update_map(&self, node: &mut Node) -> Result<()> {
        let Some(name) = node.get("name") else {
            return Err(self.builder.error(
                node.span,
                "reference-without-name",
                "this reference has no `name`",
            ));
        };
        let old = as_text(name);
        let namespace = node.get("namespace").map(|namespace| as_text(namespace).text);
        let by_original = namespace.as_ref().is_some_and(|namespace| {
            let present = self.candidates.namespaces.get(namespace);
            present
                .is_some_and(|present| present.iter().any(|namespace| self.subset.sees_namespace(namespace)))
        });
        let within = |candidate: &Candidate| match &namespace {
            None => true,
            Some(namespace) if by_original => candidate.original_namespace == *namespace,
            Some(namespace) => candidate.id.namespace == *namespace,
        };
        let same =
            |a: &Candidate, b: &Candidate| a.name.text == b.name.text && a.namespace.text == b.namespace.text;
        let Some(referral) = self.select(&old, within, same)? else { return Ok(()) };
        if referral.name.text == old.text && referral.namespace.text.is_empty() {
            return Ok(());
        }
        let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
        if self.reference.kind == "ServiceAccount" && matches!(kind, "User" | "Group") {
            let message = format!(
                "this {kind} has the name of a service account of the build, so kustomize gives it that one's new name and namespace; rename it"
            );
            self.notes.borrow_mut().push(Note {
                span: old.span,
                code: "subject-not-a-service-account",
                message,
            });
        }
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        if referral.name.text != old.text
            && let Some(name) = map.get_mut("name")
        {
            *name = renamed(name, referral.name.text.clone(), referral.name.span, self.builder.sources());
        }
        let unchanged = namespace.as_ref() == Some(&referral.namespace.text);
        if !referral.namespace.text.is_empty() && !unchanged {
            map.insert("namespace", Node::string(referral.namespace.text.clone(), referral.namespace.span));
        }
        Ok(())
    }

    fn select(
        &self,
        old: &Spanned,
        within: impl Fn(&Candidate) -> bool,
        same: impl Fn(&Candidate, &Candidate) -> bool,
    ) -> Result<Option<&'a Candidate>> {
        let named = self.candidates.by_name.get(&old.text).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<&Candidate> = named
            .iter()
            .filter_map(|at| self.candidates.all.get(*at))
            .filter(|candidate| self.subset.sees(candidate) && within(candidate) && self.accepts(candidate))
            .collect();
        if found.len() > 1 {
            found.retain(|candidate| self.same_affixes(candidate, true));
        }
        if found.len() > 1 {
            found.retain(|candidate| self.same_affixes(candidate, false));
        }
        let Some((first, rest)) = found.split_first() else { return Ok(None) };
        if rest.iter().all(|other| same(first, other)) {
            return Ok(Some(first));
        }
        let names: Vec<String> = found.iter().map(|candidate| candidate.id.to_string()).collect();
        let message =
            format!("`{}` could name any of {}; kustomize cannot tell which", old.text, names.join(", "));
        Err(self.builder.error(old.span, "ambiguous-reference", message))
    }

    fn accepts(&self, candidate: &Candidate) -> bool {
        let selected = |group: &str, version: &str, kind: &str| {
            candidate.previous.iter().any(|id| {
                let (own_group, own_version) = group_version(&id.api_version);
                (group.is_empty() || group == own_group)
                    && (version.is_empty() || version == own_version)
                    && (kind.is_empty() || id.kind == kind)
            })
        };
        if !selected(&self.reference.group, &self.reference.version, &self.reference.kind) {
            return false;
        }
        if self.referrer.role.as_ref().is_some_and(|(group, kind)| !selected(group, "", kind)) {
            return false;
        }
        self.referrer.id.is_cluster_scoped()
            || candidate.id.is_cluster_scoped()
            || candidate.id.kind == "ServiceAccount"
            || candidate.id.namespace == self.referrer.id.namespace
    }

    /// Whether both were renamed by the same kustomizations, as far as the shorter list tells.
    fn same_affixes(&self, candidate: &Candidate, empty_matches: bool) -> bool {
        let same =
            |a: &[Text], b: &[Text]| (empty_matches && (a.is_empty() || b.is_empty())) || same_ending(a, b);
        same(&candidate.prefixes, &self.referrer.prefixes)
            && same(&candidate.suffixes, &self.referrer.suffixes)
    }
}

/// Whether the shorter list is the end of the longer; an empty one only matches an empty one.
fn same_ending(a: &[Text], b: &[Text]) -> bool {
    if a.is_empty() != b.is_empty() {
        return false;
    }
    a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
}
