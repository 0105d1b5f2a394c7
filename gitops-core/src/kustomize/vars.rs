//! `vars`: `$(NAME)` in some fields stands for a field of an object.
//!
//! Follows `api/internal/accumulator` and `api/filters/refvar` of kustomize v5.8.2. Which object a var
//! names is settled where the var is declared; its value is taken at the root, after names are final.

use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::config::Slot;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::fieldspec::{Create, visit};
use crate::kustomize::history::StepKind;
use crate::kustomize::load::Builder;
use crate::kustomize::resource::Resource;
use crate::kustomize::shared::Lists;
use crate::node::{Node, Scalar, Span, Text, Value};
use crate::object::group_version;

/// An entry of `vars`.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub(crate) name: Spanned,
    group: Text,
    version: Text,
    kind: Text,
    object: Text,
    /// Empty for any.
    namespace: Text,
    field_path: Spanned,
}

impl Decoder<'_> {
    pub(crate) fn var(&self, node: &Node) -> Result<Var> {
        let empty = Spanned { text: Text::empty(), span: node.span };
        let mut var = Var {
            name: empty.clone(),
            group: Text::empty(),
            version: Text::empty(),
            kind: Text::empty(),
            object: Text::empty(),
            namespace: Text::empty(),
            field_path: empty,
        };
        let mut api_version = Text::empty();
        for (name, entry) in self.fields(node, "an entry of vars", &["name", "objref", "fieldref"])? {
            let value = &entry.value;
            match name {
                "name" => var.name = self.string(value, name)?,
                "objref" => {
                    let known = &["apiVersion", "group", "version", "kind", "name", "namespace"];
                    for (name, entry) in self.fields(value, "the objref of a var", known)? {
                        let text = self.string(&entry.value, name)?.text;
                        match name {
                            "apiVersion" => api_version = text,
                            "group" => var.group = text,
                            "version" => var.version = text,
                            "kind" => var.kind = text,
                            "name" => var.object = text,
                            _ => var.namespace = text,
                        }
                    }
                }
                _ => {
                    for (name, entry) in self.fields(value, "the fieldref of a var", &["fieldPath"])? {
                        var.field_path = self.string(&entry.value, name)?;
                    }
                }
            }
        }
        if var.field_path.text.is_empty() {
            var.field_path.text = "metadata.name".into();
        }
        match api_version.split('/').collect::<Vec<_>>().as_slice() {
            [""] => {}
            [version] => var.version = Text::from(*version),
            [group, version] => (var.group, var.version) = (Text::from(*group), Text::from(*version)),
            _ => {}
        }
        Ok(var)
    }
}

impl Var {
    /// Whether an object has, or had, the id that the var names. Unlike elsewhere, an absent version
    /// is one of its own.
    fn names(&self, resource: &Resource) -> bool {
        let fits = |kind: &str, name: &str, namespace: &str| {
            self.kind == kind
                && self.object == name
                && (self.namespace.is_empty() || self.namespace == namespace)
        };
        let api_version = resource.api_version();
        let (group, version) = group_version(&api_version);
        if self.group != group || self.version != version {
            return false;
        }
        let id = resource.id();
        fits(&id.kind, &id.name, &id.namespace)
            || resource.previous.iter().any(|old| fits(&old.kind, &old.name, &old.namespace))
    }
}

impl Builder<'_> {
    /// Settles which objects the vars of one kustomization name, and adds them to those known.
    pub(crate) fn declare_vars(&self, map: &mut ResMap, vars: &[Var]) -> Result<()> {
        for var in vars {
            let named: Vec<usize> = map
                .iter()
                .enumerate()
                .filter_map(|(at, resource)| var.names(resource).then_some(at))
                .collect();
            if let [at] = named.as_slice() {
                if let Some(resource) = map.get_mut(*at) {
                    resource.vars.push(var.name.text.clone());
                }
            } else if named.len() > 1 {
                let message = format!(
                    "the var `{}` names {} objects; say which with `objref.namespace`",
                    var.name.text,
                    named.len()
                );
                return Err(self.error(var.name.span, "several-targets", message));
            }
        }
        self.merge_vars(map, vars.to_vec())
    }

    /// Adds vars; no two may have the same name.
    pub(crate) fn merge_vars(&self, map: &mut ResMap, vars: Vec<Var>) -> Result<()> {
        for var in vars {
            if let Some(other) = map.vars.iter().find(|other| other.name.text == var.name.text) {
                let place = self.sources().locate(other.name.span);
                let place = place.map_or(String::new(), |place| format!(" at {place}"));
                let message =
                    format!("the var `{}` is already declared{place}; rename one of them", var.name.text);
                return Err(self.error(var.name.span, "duplicate-var", message));
            }
            map.vars.push(var);
        }
        Ok(())
    }

    /// Puts the values in place of their names.
    pub(crate) fn resolve_vars(&mut self, map: &mut ResMap) -> Result<()> {
        if map.vars.is_empty() {
            return Ok(());
        }
        let mut values = HashMap::new();
        for var in &map.vars {
            values.insert(var.name.text.clone(), self.value_of(map, var)?);
        }
        let mut copies = std::mem::take(&mut self.secret_copies);
        for var in &map.vars {
            let named = map.iter().find(|resource| resource.vars.contains(&var.name.text));
            if let (Some(resource), Some(value)) = (named, values.get(&var.name.text)) {
                copies.note_source(&resource.node, &split_path(&var.field_path.text), value);
            }
        }
        let secret: Vec<String> = values
            .iter()
            .filter(|(_, value)| copies.hides_node(value))
            .map(|(name, _)| format!("$({name})"))
            .collect();
        let config = map.config.clone();
        let mut used = HashSet::new();
        for resource in map.iter_mut() {
            resource.changing(Lists::Stay, |resource| {
                config.fields(Slot::VarReference).iter().try_for_each(|spec| {
                    visit(&mut resource.node, spec, Create::Nothing, self.sources(), &mut |node| {
                        self.replace_vars(
                            node,
                            &values,
                            &mut |old, new| {
                                if secret.iter().any(|reference| old.contains(reference)) {
                                    copies.note(new);
                                }
                            },
                            &mut used,
                        )
                    })
                })
            })?;
        }
        self.secret_copies = copies;
        map.changed();
        self.remember_all(map, StepKind::Var, Span::NONE);
        if self.options.history {
            let places = map.vars.iter().map(|var| (var.name.text.clone(), var.name.span));
            self.var_places.extend(places);
        }
        let unused = map.vars.iter().filter(|var| !used.contains(&var.name.text));
        for var in unused {
            let message = format!("the var `{}` is used nowhere that kustomize looks", var.name.text);
            self.warn(var.name.span, "unused-var", message);
        }
        Ok(())
    }

    fn value_of(&self, map: &ResMap, var: &Var) -> Result<Node> {
        let named = map.iter().find(|resource| resource.vars.contains(&var.name.text));
        let Some(resource) = named else {
            let message = format!(
                "the var `{}` names no object: there is no {} `{}`; correct its `objref`",
                var.name.text, var.kind, var.object
            );
            return Err(self.error(var.name.span, "var-without-object", message));
        };
        let path = split_path(&var.field_path.text);
        let found = path.iter().try_fold(&resource.node, |node, part| step(node, part));
        match found.filter(|node| !node.is_null()) {
            Some(node) => Ok(node.clone()),
            None => {
                let message = format!(
                    "the var `{}` names `{}` of {}, which does not exist",
                    var.name.text,
                    var.field_path.text,
                    resource.id()
                );
                Err(self.error(var.field_path.span, "var-without-field", message))
            }
        }
    }

    fn replace_vars(
        &self,
        node: &mut Node,
        values: &HashMap<Text, Node>,
        replaced: &mut dyn FnMut(&str, &Node),
        used: &mut HashSet<Text>,
    ) -> Result<()> {
        let longest = values.values().filter_map(Node::text).map(|text| text.len()).max().unwrap_or(0);
        let mut replace = |node: &mut Node| -> Result<()> {
            let Some(text) = node.as_str().filter(|text| text.contains('$')) else { return Ok(()) };
            // Before it is put together: no text can be longer.
            let references = text.matches("$(").count();
            self.grow_text(text.len().saturating_add(references.saturating_mul(longest)), node.span)?;
            if let Some(new) = expand(text, node.span, values, used) {
                replaced(text, &new);
                *node = new;
            }
            Ok(())
        };
        match &mut node.value {
            Value::String(_) => replace(node)?,
            Value::Map(map) => {
                let mentions = |node: &Node| node.as_str().is_some_and(|text| text.contains('$'));
                if map.iter().any(|(_, value)| mentions(value)) {
                    std::sync::Arc::make_mut(map).values_mut().try_for_each(|(_, value)| replace(value))?;
                }
            }
            Value::Seq(items) => {
                if let Some(other) = items.iter().find(|item| !matches!(item.value, Value::String(_))) {
                    let message = format!(
                        "vars are looked for in this list, which must then hold only text, but this is {}",
                        other.type_name()
                    );
                    return Err(self.error(other.span, "wrong-type", message));
                }
                std::sync::Arc::make_mut(items).iter_mut().try_for_each(replace)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The parts of a dotted path. `\.` is a dot within a key, `[a.b]` a key, `[k=v]` an element,
/// `a[0]` and `a.0` an index.
fn split_path(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let path = path.strip_prefix('.').unwrap_or(path);
    let mut open = false;
    for piece in path.split('.') {
        match parts.last_mut() {
            Some(last) if open => {
                last.push('.');
                last.push_str(piece);
            }
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
        open = parts.last().is_some_and(|last| last.starts_with('[') && !last.ends_with(']'));
    }
    let mut steps = Vec::with_capacity(parts.len());
    for part in parts {
        let Some((before, inside)) = part.strip_suffix(']').and_then(|part| part.split_once('[')) else {
            steps.push(part);
            continue;
        };
        if inside.bytes().all(|byte| byte.is_ascii_digit()) && !inside.is_empty() {
            steps.extend(
                [before, inside].iter().filter(|part| !part.is_empty()).map(|part| (*part).to_owned()),
            );
        } else if before.is_empty() && !inside.contains('=') && inside.contains('.') {
            steps.push(inside.to_owned());
        } else {
            steps.push(part);
        }
    }
    steps.retain(|part| !part.is_empty());
    steps
}

fn step<'n>(node: &'n Node, part: &str) -> Option<&'n Node> {
    if let Ok(at) = part.parse::<usize>() {
        return node.as_seq()?.get(at);
    }
    if part == "-" {
        return node.as_seq()?.last();
    }
    match part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
        Some(condition) => {
            let (key, value) = condition.split_once('=')?;
            node.as_seq()?.iter().find(|item| {
                let field = if key.is_empty() { Some(*item) } else { item.get(key) };
                field.and_then(Node::text).is_some_and(|text| text == value)
            })
        }
        None => node.get(part),
    }
}

/// The value of `text` with every known `$(NAME)` replaced and `$$` read as `$`; nothing if it stays
/// as it is. A text that is one reference takes the type, and the place, of the value.
fn expand(text: &str, span: Span, values: &HashMap<Text, Node>, used: &mut HashSet<Text>) -> Option<Node> {
    text.contains('$').then_some(())?;
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, behind)) = after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            match values.get_key_value(name).and_then(|(key, value)| Some((key, value, scalar(value)?))) {
                Some((key, value, new)) => {
                    used.insert(key.clone());
                    if out.is_empty() && behind.is_empty() && rest.len() == text.len() {
                        return Some(Node::new(new, value.span));
                    }
                    out.push_str(&Node::new(new, Span::NONE).text().unwrap_or_default());
                }
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = behind;
        } else {
            out.push('$');
            // What follows an operator is never one itself.
            let mut chars = after.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out.push_str(rest);
    (out != text).then(|| Node::string(out, span))
}

/// What a var can stand for: text, numbers and booleans. Mappings and lists are left unreplaced.
fn scalar(node: &Node) -> Option<Value> {
    Some(match (&node.value, node.scalar()?) {
        (Value::String(text), _) => Value::String(text.clone()),
        (_, Scalar::String(_)) => Value::String(Text::from(&*node.text()?)),
        (_, Scalar::Int(value)) => Value::Int(value),
        (_, Scalar::Float(value)) => Value::Float(value),
        (_, Scalar::Bool(value)) => Value::Bool(value),
        (_, Scalar::Uint(_) | Scalar::Null) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::{Build, BuildOptions, build};
    use serde_json::json;

    #[test]
    fn references_are_expanded() {
        let values: HashMap<Text, Node> = [
            ("A", json!("a")),
            ("N", json!(5)),
            ("B", json!(true)),
            ("REF", json!("$(A)")),
            ("M", json!({"x": 1})),
            ("E", json!("")),
        ]
        .into_iter()
        .map(|(name, value)| (Text::from(name), Node::from(&value)))
        .collect();
        for (text, want) in [
            ("$(A)", json!("a")),
            ("$(N)", json!(5)),
            ("$(B)", json!(true)),
            ("$(N)0", json!("50")),
            ("x$(A)-$(A)y", json!("xa-ay")),
            ("$$(A)", json!("$(A)")),
            ("$$$(A)", json!("$a")),
            ("$$$$(A)", json!("$$(A)")),
            ("$(X)", json!("$(X)")),
            ("$(M)", json!("$(M)")),
            ("x$(E)y", json!("xy")),
            // Values are not looked at again.
            ("$(REF)", json!("$(A)")),
            ("$(REF)!", json!("$(A)!")),
            ("$(A$(N))", json!("$(A$(N))")),
            ("$(A", json!("$(A")),
            ("$A", json!("$A")),
            ("$?$(A)", json!("$?a")),
            ("$é$(A)", json!("$éa")),
            ("a$", json!("a$")),
            ("", json!("")),
        ] {
            let got = expand(text, Span::NONE, &values, &mut HashSet::new());
            let got = got.unwrap_or_else(|| Node::string(text, Span::NONE));
            assert_eq!(serde_json::to_value(&got).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn paths_split() {
        for (path, want) in [
            ("metadata.name", &["metadata", "name"][..]),
            ("spec.ports[0].port", &["spec", "ports", "0", "port"]),
            ("spec.ports.0.port", &["spec", "ports", "0", "port"]),
            ("a.[name=b.c].d", &["a", "[name=b.c]", "d"]),
            ("a.[b.c/d]", &["a", "b.c/d"]),
            ("a.b\\.c", &["a", "b.c"]),
            (".a", &["a"]),
        ] {
            assert_eq!(split_path(path), want, "{path}");
        }
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n  containers:\n  - name: c\n    args: [\"--svc=$(SVC)\", \"$(PORT)\"]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: svc}\nspec: {ports: [{port: 80}]}\n";

    fn built(vars: &str, overlay: &str) -> Result<Build> {
        let files = Memory::new()
            .with("base/kustomization.yaml", format!("resources: [o.yaml]\nvars:\n{vars}"))
            .with("base/o.yaml", POD)
            .with("prod/kustomization.yaml", format!("resources: [../base]\nnamePrefix: p-\n{overlay}"));
        build(&files, "prod", &BuildOptions::default())
    }

    const SVC: &str = "- {name: SVC, objref: {apiVersion: v1, kind: Service, name: svc}}\n";
    const PORT: &str = "- {name: PORT, objref: {apiVersion: v1, kind: Service, name: svc}, fieldref: {fieldPath: 'spec.ports[0].port'}}\n";

    #[test]
    fn values_are_those_of_the_finished_objects() {
        let build = built(&format!("{SVC}{PORT}"), "").unwrap();
        let pod =
            build.objects.iter().find(|object| object.node.get("kind").unwrap().as_str() == Some("Pod"));
        let pod = serde_json::to_value(&pod.unwrap().node).unwrap();
        assert_eq!(pod["spec"]["containers"][0]["args"], json!(["--svc=p-svc", 80]));
        assert!(build.warnings.iter().all(|warning| warning.code != "unused-var"), "{:?}", build.warnings);
    }

    #[test]
    fn unused_vars_are_told() {
        let build = built(&SVC.replace("SVC,", "OTHER,"), "").unwrap();
        assert!(build.warnings.iter().any(|warning| warning.code == "unused-var"));
    }

    #[test]
    fn vars_that_lead_nowhere_or_twice_are_errors() {
        for (vars, overlay, code, line) in [
            (SVC.replace("name: svc", "name: web"), "", "var-without-object", "base/kustomization.yaml:3:10"),
            (SVC.replace("v1, ", "v2, "), "", "var-without-object", "base/kustomization.yaml:3:10"),
            (PORT.replace("port'", "nodePort'"), "", "var-without-field", "base/kustomization.yaml:3:90"),
            (format!("{SVC}{SVC}"), "", "duplicate-var", "base/kustomization.yaml:4:10"),
            (
                SVC.to_owned(),
                "vars:\n- {name: SVC, objref: {kind: X, name: web}}\n",
                "duplicate-var",
                "prod/kustomization.yaml:4:10",
            ),
            (SVC.replace("objref", "objRev"), "", "unknown-field", "base/kustomization.yaml:3:15"),
        ] {
            let error = built(&vars, overlay).unwrap_err();
            assert_eq!(error.code(), code, "{vars}: {error}");
            assert_eq!(error.location().map(ToString::to_string).as_deref(), Some(line), "{vars}");
        }
    }
}
