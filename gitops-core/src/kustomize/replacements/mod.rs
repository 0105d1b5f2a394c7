//! `replacements`: values copied from one object, or given outright, into fields of others.
//!
//! Follows `api/filters/replacement` of kustomize 5.8.2. A scalar that is there keeps its type and takes
//! the text; a scalar that has to be made gets the type that its text has without quotes; anything else
//! becomes a copy of the source.

mod config;
mod path;
mod structured;

use std::borrow::Cow;
use std::cell::RefCell;

use crate::kustomize::accumulate::ResMap;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::history::StepKind;
use crate::kustomize::load::Builder;
use crate::kustomize::resource::Resource;
use crate::kustomize::selector::{Matcher, Selector};
use crate::kustomize::shared::Lists;
use crate::node::{Node, Span, Text, Value};
use crate::object::group_version;
use crate::yaml::{self, Dialect};
use crate::{Error, ErrorKind, Result};

pub(crate) use config::{Entry, Replacement};
use config::{Options, Source, Target};
pub(crate) use path::is_quoted;
use path::{Found, Make, Walk};

/// The field that is meant where none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// An id as replacements compare it: the namespace as written.
struct OwnId {
    kind: Text,
    name: Text,
    namespace: Text,
}

/// The ids of an object: of now, and those it had.
struct Ids {
    api_version: Text,
    ids: Vec<OwnId>,
}

impl Ids {
    fn of(resource: &Resource) -> Self {
        let now = OwnId { kind: resource.kind(), name: resource.name(), namespace: resource.namespace() };
        let had = resource.previous.iter().map(|previous| OwnId {
            kind: previous.kind.clone(),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        });
        Self { api_version: resource.api_version(), ids: std::iter::once(now).chain(had).collect() }
    }

    /// Whether a target means this object.
    fn are_selected(&self, matcher: &Matcher) -> bool {
        self.ids.iter().any(|id| {
            matcher.selects_type(&self.api_version, &id.kind)
                && matcher.selects_name(&id.name)
                && matcher.selects_namespace(&id.namespace)
        })
    }

    /// Whether a source means this object.
    fn is(&self, id: &Selector) -> bool {
        let same =
            |wanted: &Option<Spanned>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted.as_str() == own);
        let effective =
            |namespace: &str| if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() };
        let (group, version) = group_version(&self.api_version);
        same(&id.group, group)
            && same(&id.version, version)
            && self.ids.iter().any(|own| {
                same(&id.kind, &own.kind)
                    && same(&id.name, &own.name)
                    && id
                        .namespace
                        .as_ref()
                        .is_none_or(|wanted| effective(wanted.as_str()) == effective(&own.namespace))
            })
    }
}

/// Where a value comes from, to read it again should it change on the way.
struct Origin {
    at: usize,
    path: Vec<String>,
}

impl Builder<'_> {
    /// Applies entries of `replacements`, in order. All files are read before anything is replaced.
    pub(crate) fn replace(&mut self, map: &mut ResMap, entries: &[Entry]) -> Result<()> {
        let mut replacements = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Entry::Inline(replacement) => replacements.push(Replacement::clone(replacement)),
                Entry::File(path) => replacements.append(&mut self.replacements_of(path)?),
            }
        }
        for replacement in &replacements {
            self.replace_one(map, replacement)?;
            self.remember_all(map, StepKind::Replacement, replacement.span);
        }
        Ok(())
    }

    fn replacements_of(&mut self, entry: &Spanned) -> Result<Vec<Replacement>> {
        let (path, content) = self.load(entry)?;
        let documents = self.documents(&path, &content, Dialect::Kubectl)?;
        let empty = Node::new(Value::Null, entry.span);
        let root = documents.first().unwrap_or(&empty);
        let unknown = RefCell::default();
        let decoder = Decoder { passed_over: Some(&unknown), loose_text: true, ..self.decoder() };
        let replacements = decoder.replacement_file(root)?;
        self.note(unknown.into_inner());
        self.check_single(&documents);
        Ok(replacements)
    }

    fn replace_one(&mut self, map: &mut ResMap, replacement: &Replacement) -> Result<()> {
        let (mut value, origin) = match (&replacement.source, &replacement.source_value) {
            (Some(_), Some(value)) => {
                let message = "`source` and `sourceValue` cannot both be set; remove one";
                return Err(self.error(value.span, "source-and-source-value", message));
            }
            (None, None) => {
                let message = "a replacement needs a `source` (or `sourceValue`) and `targets`";
                return Err(self.error(replacement.span, "incomplete-replacement", message));
            }
            _ if replacement.targets.is_none() => {
                let message = "a replacement needs `targets`: which fields the value goes to";
                return Err(self.error(replacement.span, "incomplete-replacement", message));
            }
            // It has no type until it stands somewhere.
            (None, Some(value)) => {
                (Node::new(yaml::parse_scalar(&value.text, Dialect::Kyaml), value.span), None)
            }
            (Some(source), None) => self.source_value(map, source)?,
        };
        for target in replacement.targets.iter().flatten() {
            self.replace_in(map, target, &mut value, origin.as_ref())?;
        }
        map.changed();
        Ok(())
    }

    fn source_value(&mut self, map: &ResMap, source: &Source) -> Result<(Node, Option<Origin>)> {
        let span = source.id.span.unwrap_or(Span::NONE);
        let mut matches = map.iter().enumerate().filter(|(_, resource)| Ids::of(resource).is(&source.id));
        let Some((at, resource)) = matches.next() else {
            let message = format!("no object is the source of this replacement ({})", source.id);
            return Err(self.error(span, "replacement-source-not-found", message));
        };
        if let Some((_, other)) = matches.next() {
            let message = format!(
                "several objects are the source of this replacement ({}): {} and {}; say more about the one that is meant",
                source.id,
                resource.id(),
                other.id()
            );
            return Err(self.error(span, "several-sources", message));
        }
        let (field, field_span) = match &source.field_path {
            Some(path) => (path.as_str(), path.span),
            None => (DEFAULT_FIELD, span),
        };
        let path = path::split(field);
        let found = path::get(&resource.node, &path).map_err(|problem| {
            let message =
                format!("the source field `{field}` of {} cannot be read: {problem}", resource.id());
            self.error(field_span, "bad-field-path", message)
        })?;
        let Some(value) = found.filter(|value| !crate::kustomize::load::is_nil_or_empty(value)) else {
            let message = format!("{} has no field `{field}` to take the value from", resource.id());
            return Err(self.error(field_span, "source-field-not-found", message));
        };
        self.secret_copies.note_source(&resource.node, &path, value);
        let Some(delimiter) = &source.options.delimiter else {
            return Ok((value.clone(), Some(Origin { at, path })));
        };
        let Some(text) = value.text() else {
            let message = format!("`delimiter` splits text, but the source is {}", value.type_name());
            return Err(self.error(delimiter.span, "delimiter-without-text", message));
        };
        let index = source.options.index;
        let parts = text.split(delimiter.as_str());
        let part = usize::try_from(index).ok().and_then(|index| parts.clone().nth(index));
        let Some(part) = part else {
            let message = format!(
                "there is no part {index} of the source: `{}` splits it into {}, counted from 0",
                delimiter.text,
                parts.count()
            );
            let span = source.options.index_span.unwrap_or(delimiter.span);
            return Err(self.error(span, "index-out-of-bounds", message));
        };
        let part = match retyped(value, part) {
            Ok(node) => Node::new(node, value.span),
            // Only its text counts unless it is copied as a whole.
            Err(_) => Node::string(part, value.span),
        };
        self.secret_copies.note_source(&resource.node, &path, &part);
        Ok((part, None))
    }

    fn replace_in(
        &mut self,
        map: &mut ResMap,
        target: &Target,
        value: &mut Node,
        origin: Option<&Origin>,
    ) -> Result<()> {
        let span = target.span.unwrap_or(Span::NONE);
        let Some(select) = &target.select else {
            let message = "a target needs `select`: which objects the value goes to";
            return Err(self.error(span, "incomplete-replacement", message));
        };
        let selected = self.matcher(select)?;
        let rejected = target.reject.iter().map(|reject| self.matcher(reject)).collect::<Result<Vec<_>>>()?;
        let default = [Spanned { text: Text::from(DEFAULT_FIELD), span }];
        let fields = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths };
        let (mut any, mut renamed) = (false, false);
        for at in 0..map.len() {
            let Some(resource) = map.get(at) else { continue };
            if !selected.selects_metadata(resource)
                || rejected.iter().any(|reject| reject.asks_metadata() && reject.selects_metadata(resource))
            {
                continue;
            }
            let ids = Ids::of(resource);
            let is_rejected = target.reject.iter().zip(&rejected);
            let mut is_rejected = is_rejected.filter(|(reject, _)| !reject.has_no_id());
            if is_rejected.any(|(_, reject)| ids.are_selected(reject)) || !ids.are_selected(&selected) {
                continue;
            }
            any = true;
            for field in fields {
                let Some(resource) = map.get_mut(at) else { continue };
                let id = resource.id();
                resource
                    .changing(Lists::Move, |resource| {
                        self.write(&mut resource.node, field, value, &target.options)
                    })
                    .map_err(|error| error.context(&id))?;
                renamed |= resource.id() != id;
                if value.is_map() || value.is_seq() {
                    self.grow_copies(value, field.span)?;
                }
                // The source may have been a target itself.
                if let Some(origin) = origin.filter(|origin| origin.at == at)
                    && let Ok(Some(now)) = path::get(&resource.node, &origin.path)
                {
                    *value = now.clone();
                }
            }
        }
        map.renamed |= renamed;
        if !any {
            let message = "this target selects no object, so the value goes nowhere";
            self.warn(select.span.unwrap_or(span), "replacement-target-matches-nothing", message);
        }
        Ok(())
    }

    /// Writes a value to one field path of an object.
    fn write(&mut self, root: &mut Node, field: &Spanned, value: &Node, options: &Options) -> Result<()> {
        let path = path::split(field.as_str());
        if self.write_structured(root, &path, field, value, options)? {
            return Ok(());
        }
        let (sources, limits) = (self.sources().clone(), self.options.limits);
        let create = options.create.then(|| Make::like(value));
        let (mut lost, mut mismatch) = (false, None);
        let mut copies = Some(&mut self.secret_copies).filter(|copies| copies.hides_node(value));
        let mut copied = |node: &Node| copies.iter_mut().for_each(|copies| copies.note(node));
        let mut open = |scalar: &Node| {
            structured::parse(scalar, &sources, limits).map(|parsed| parsed.root).map_err(|problem| {
                format!("the path goes on in text, which cannot be read as JSON or YAML: {problem}")
            })
        };
        let mut leaf = |found: Found<'_>| {
            lost |= found.lost;
            set(found.node, value, options, found.fresh, false)
                .inspect_err(|error| mismatch = Some(error.clone()))?;
            copied(found.node);
            Ok(())
        };
        let walked = Walk { create, span: value.span, sources: &sources, open: &mut open, leaf: &mut leaf }
            .run(root, &path);
        let verb = if options.create { "found or made" } else { "found" };
        match walked {
            Ok(0) => {
                let hint = if options.create { "" } else { "; correct it, or set `options.create: true`" };
                let message = format!("the field `{}` cannot be {verb}{hint}", field.text);
                Err(self.error(field.span, "target-field-not-found", message))
            }
            Ok(_) => {
                if lost {
                    let message = format!(
                        "`{}` leads through a null, or by `*` or a pattern into text; kustomize does not write there, so the value goes nowhere",
                        field.text
                    );
                    self.warn(field.span, "replacement-lost", message);
                }
                Ok(())
            }
            Err(problem) => {
                let code = if mismatch.is_some() { "replacement-type" } else { "target-field-not-found" };
                let message = match mismatch {
                    Some(problem) => format!("the value cannot go to `{}`: {problem}", field.text),
                    None => format!("the field `{}` cannot be {verb}: {problem}", field.text),
                };
                Err(self.error(field.span, code, message))
            }
        }
    }

    /// Writes into data that a text of the object holds; `false` if the path does not lead there.
    fn write_structured(
        &mut self,
        root: &mut Node,
        path: &[String],
        field: &Spanned,
        value: &Node,
        options: &Options,
    ) -> Result<bool> {
        let (sources, limits) = (self.sources().clone(), self.options.limits);
        let mut found = None;
        for depth in 1..path.len() {
            let (outer, inner) = path.split_at(depth);
            // A null stays one whatever is written into it.
            let scalar = path::get(root, outer).ok().flatten().filter(|node| node.text().is_some());
            let parsed = scalar.and_then(|scalar| structured::parse(scalar, &sources, limits).ok());
            if let Some(parsed) = parsed {
                found = Some((outer, inner, parsed));
                break;
            }
        }
        let Some((outer, inner, mut parsed)) = found else { return Ok(false) };
        if parsed.root.text().is_some() {
            return Ok(false);
        }
        let obstacle = parsed.obstacle();
        let create = options.create.then(|| Make::like(value));
        let mut open = |scalar: &Node| structured::parse(scalar, &sources, limits).map(|parsed| parsed.root);
        let mut leaf = |found: Found<'_>| set(found.node, value, options, found.fresh, true);
        let mut walk = Walk { create, span: Span::NONE, sources: &sources, open: &mut open, leaf: &mut leaf };
        if !matches!(walk.run(&mut parsed.root, inner), Ok(1..)) {
            return Ok(false);
        }
        let printed = match obstacle {
            Some(obstacle) => Err(obstacle),
            None => parsed.print(&sources),
        };
        let text = printed.map_err(|obstacle| {
            let message = format!(
                "`{}` leads into YAML text with {obstacle}, which cannot be written back as kustomize would yet; remove them, or write the text as JSON",
                field.text
            );
            Error::new(ErrorKind::Unsupported, "structured-text", message).at(sources.locate(field.span))
        })?;
        if let Some(scalar) = get_mut(root, outer) {
            scalar.value = Value::String(Text::from(text));
            if self.secret_copies.hides_node(value) {
                self.secret_copies.note(scalar);
            }
        }
        Ok(true)
    }
}

/// The node that [`path::get`] finds, for writing.
fn get_mut<'n>(root: &'n mut Node, path: &[String]) -> Option<&'n mut Node> {
    let mut node = root;
    for at in 0..path.len() {
        let part = path.get(at..=at)?;
        if part.first().is_some_and(|part| part.trim().is_empty()) {
            continue;
        }
        // Found by identity, so that both agree on what a part means; by position, as writing may copy.
        let next = path::get(node, part).ok().flatten()?;
        let at = match &node.value {
            Value::Map(map) => map.iter().position(|(_, value)| std::ptr::eq(value, next))?,
            _ => node.as_seq()?.iter().position(|value| std::ptr::eq(value, next))?,
        };
        node = match &node.value {
            Value::Map(_) => node.as_map_mut()?.values_mut().nth(at)?.1,
            _ => node.as_seq_mut()?.get_mut(at)?,
        };
    }
    Some(node)
}

/// Gives a found node its value; `keep_span` where its own text decides how it is printed.
fn set(node: &mut Node, value: &Node, options: &Options, fresh: bool, keep_span: bool) -> Result<(), String> {
    let own = node.text();
    let text = value.text().unwrap_or_default();
    let text: Cow<'_, str> = match (&options.delimiter, &own) {
        (Some(_), None) => {
            return Err(format!("`delimiter` splits text, but there is {}", node.type_name()));
        }
        (Some(delimiter), Some(own)) => {
            let mut parts: Vec<&str> = own.split(delimiter.as_str()).collect();
            match usize::try_from(options.index) {
                Err(_) => parts.insert(0, &text),
                Ok(index) => match parts.get_mut(index) {
                    Some(part) => *part = &text,
                    None => parts.push(&text),
                },
            }
            Cow::Owned(parts.join(delimiter.as_str()))
        }
        (None, _) => text,
    };
    if own.is_none() {
        *node = value.clone();
        return Ok(());
    }
    let span = if keep_span { node.span } else { value.span };
    let value = if fresh { yaml::parse_scalar(&text, Dialect::Kyaml) } else { retyped(node, &text)? };
    *node = Node::new(value, span);
    Ok(())
}

/// A text with the type of a scalar that is there.
fn retyped(node: &Node, text: &str) -> Result<Value, String> {
    let reads = yaml::parse_scalar(text, Dialect::Kyaml);
    let found = Node::new(reads, Span::NONE);
    if matches!(node.value, Value::String(_)) {
        return Ok(Value::String(Text::from(text)));
    }
    let is_date = |node: &Node| matches!(&node.value, Value::Plain(plain) if plain.is_timestamp());
    use crate::node::Scalar;
    let fits = match (node.scalar(), found.scalar()) {
        (Some(Scalar::Null), Some(Scalar::Null)) | (Some(Scalar::Bool(_)), Some(Scalar::Bool(_))) => true,
        (Some(Scalar::Int(_) | Scalar::Uint(_)), Some(Scalar::Int(_) | Scalar::Uint(_))) => true,
        (Some(Scalar::Float(_)), Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_))) => true,
        _ => is_date(node) && is_date(&found),
    };
    if fits {
        return Ok(found.value);
    }
    let (own, new) = (node.type_name(), found.type_name());
    Err(format!(
        "the field holds {own} and keeps that type, but the value is {new}; put quotes around the field's present value to make it text"
    ))
}
