//! References that still name an object as it was called before: no rule of kustomize fixes them.
//!
//! Only what is certain is told: a mapping with `kind` and `name` of an object that was renamed, and the
//! fields of Kubernetes' own API that hold the name of one kind and that kustomize's table misses.

use std::collections::HashSet;

use crate::kustomize::accumulate::ResMap;
use crate::kustomize::nameref::{Candidate, Candidates, Note};
use crate::kustomize::resource::ResId;
use crate::node::{Node, Text, Value};
use crate::object::group_version;

/// Keys that hold the name of one kind of object of the cluster, wherever they stand.
const NAME_KEYS: [(&str, &str); 2] =
    [("ingressClassName", "IngressClass"), ("runtimeClassName", "RuntimeClass")];

/// Notes every reference to the former name of an object of the build.
pub(crate) fn find(map: &ResMap, candidates: &Candidates, notes: &mut Vec<Note>) {
    let renamed = |candidate: &Candidate| {
        candidate.previous.iter().any(|previous| previous.name != candidate.name.text)
    };
    if !candidates.all.iter().any(renamed) {
        return;
    }
    let present = map.iter().map(|resource| (resource.kind(), resource.name())).collect();
    for resource in map.iter() {
        let mut search = Search { candidates, present: &present, referrer: resource.id(), notes };
        for (_, value) in resource.node.as_map().into_iter().flat_map(|root| root.iter()) {
            search.node(value);
        }
    }
}

struct Search<'a> {
    candidates: &'a Candidates,
    /// Kind and name of every object.
    present: &'a HashSet<(Text, Text)>,
    referrer: ResId,
    notes: &'a mut Vec<Note>,
}

impl Search<'_> {
    fn node(&mut self, node: &Node) {
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|item| self.node(item)),
            Value::Map(map) => {
                let (mut kind, mut name, mut group) = (None, None, None);
                for (key, value) in map.iter() {
                    match (key.as_str(), value.as_str()) {
                        ("kind", text) => kind = text,
                        ("name", Some(_)) => name = Some(value),
                        ("apiVersion", Some(text)) => group = Some(group_version(text).0),
                        ("apiGroup" | "group", Some(text)) => group = Some(text),
                        (key, Some(_)) => {
                            if let Some((_, kind)) = NAME_KEYS.iter().find(|(known, _)| *known == key) {
                                self.check(value, kind, None);
                            }
                        }
                        _ => self.node(value),
                    }
                }
                if let (Some(kind), Some(name)) = (kind, name) {
                    self.check(name, kind, group);
                }
            }
            _ => {}
        }
    }

    fn check(&mut self, name: &Node, kind: &str, group: Option<&str>) {
        let Some(text) = name.as_str() else { return };
        let Some(named) = self.candidates.by_name.get(text) else { return };
        let meant = named.iter().filter_map(|at| self.candidates.all.get(*at)).find(|candidate| {
            let id = &candidate.id;
            candidate.name.text != text
                && candidate.previous.iter().any(|had| had.name == text && had.kind == kind)
                && group.is_none_or(|group| id.group() == group)
                && (id.is_cluster_scoped()
                    || self.referrer.is_cluster_scoped()
                    || id.namespace == self.referrer.namespace)
        });
        let Some(candidate) = meant else { return };
        if self.present.contains(&(Text::from(kind), Text::from(text))) {
            return;
        }
        let message = format!(
            "{} names the {kind} `{text}`, which is now `{}`; kustomize has no rule for this field: add a `nameReference` under `configurations`",
            self.referrer, candidate.name.text
        );
        self.notes.push(Note { span: name.span, code: "reference-not-fixed", message });
    }
}
