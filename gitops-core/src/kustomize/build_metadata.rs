//! `buildMetadata`: annotations that say where an object comes from and what changed it, and the label
//! that says who manages it.
//!
//! Follows `api/resource/origin.go` and `api/internal/target` of kustomize v5.8.2, which writes the
//! annotations while it builds, so that patches and selectors see them. Any word under `buildMetadata` of
//! the root starts that; what was not asked for is dropped at the end.

use std::cell::RefCell;

use crate::knowledge::field_specs::METADATA_LABELS;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::history::StepKind;
use crate::kustomize::kustomization::Kustomization;
use crate::kustomize::load::Builder;
use crate::kustomize::remote::RepoSpec;
use crate::kustomize::resource::{ORIGIN, Resource, TRANSFORMATIONS, as_text};
use crate::node::{Node, Span, Text};
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Error, ErrorKind, Result};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The release whose output this library gives.
const MANAGER: &str = "kustomize-v5.8.2";

const ORIGIN_WORD: &str = "originAnnotations";
const TRANSFORMER_WORD: &str = "transformerAnnotations";
const MANAGED_BY_WORD: &str = "managedByLabel";

/// Where an object, or the configuration of what made or changed it, comes from. Empty texts are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// A path from the directory of the build, or from the root of `repo`.
    path: String,
    repo: String,
    reference: String,
    configured_in: String,
    /// `apiVersion`, `kind`, `name` and `namespace` of the configuration.
    configured_by: [String; 4],
}

const BY_FIELDS: [&str; 4] = ["apiVersion", "kind", "name", "namespace"];

impl Origin {
    /// The origin of what `entry` of a kustomization of this origin names.
    pub(crate) fn append(&self, entry: &str) -> Self {
        let Some(spec) = RepoSpec::parse(entry) else {
            return Self { path: join(&self.path, entry), ..self.clone() };
        };
        // Kustomize cuts the name of a directory that does not exist yet from the path, if there is one.
        let path = if spec.path.is_empty() { "notCloned".to_owned() } else { spec.path };
        let reference = spec.reference.unwrap_or_default();
        Self { path, repo: spec.repository, reference, ..self.clone() }
    }

    /// The origin of what the configuration of this origin makes or changes.
    fn of_plugin(self, plugin: &Resource) -> Self {
        let by = [plugin.api_version(), plugin.kind(), plugin.name(), plugin.namespace()];
        Self {
            path: String::new(),
            configured_in: self.path,
            configured_by: by.map(|text| text.to_string()),
            ..self
        }
    }

    /// The lines of its YAML text.
    fn lines(&self) -> Vec<String> {
        let plain = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        let line =
            |(key, value): (&str, &String)| (!value.is_empty()).then(|| format!("{key}: {}", scalar(value)));
        let mut lines: Vec<String> = plain.into_iter().filter_map(line).collect();
        let by: Vec<String> = BY_FIELDS.into_iter().zip(&self.configured_by).filter_map(line).collect();
        if !by.is_empty() {
            lines.push("configuredBy:".to_owned());
            lines.extend(by.into_iter().map(|line| format!("  {line}")));
        }
        if lines.is_empty() {
            lines.push("{}".to_owned());
        }
        lines
    }

    fn text(&self) -> String {
        self.lines().into_iter().map(|line| line + "\n").collect()
    }
}

fn list_text(origins: &[Origin]) -> String {
    let mut text = String::new();
    for origin in origins {
        for (at, line) in origin.lines().iter().enumerate() {
            text.push_str(if at == 0 { "- " } else { "  " });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A text as one YAML scalar on one line.
fn scalar(text: &str) -> String {
    match yaml::write(&Node::string(text, Span::NONE)) {
        Ok(written) if written.lines().count() == 1 => written.trim_end().to_owned(),
        // Objects are folded at column 80, these annotations never.
        Ok(written) if !written.starts_with(['"', '|', '>']) && !text.contains('\n') => {
            if written.starts_with('\'') {
                format!("'{}'", text.replace('\'', "''"))
            } else {
                text.to_owned()
            }
        }
        _ => serde_json::to_string(text).unwrap_or_default(),
    }
}

/// Go's `filepath.Join` of two paths, which keeps `..` at the start.
fn join(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Builder<'_> {
    /// Starts to record origins if the root asks for any build metadata.
    pub(crate) fn start_origins(&mut self, root: &Kustomization) {
        let words = [ORIGIN_WORD, TRANSFORMER_WORD, MANAGED_BY_WORD];
        for word in root.build_metadata.iter().filter(|word| !words.contains(&word.as_str())) {
            let message = format!(
                "`{}` is none of {}, and kustomize ignores it; correct or remove it",
                word.text,
                words.join(", ")
            );
            self.warn(word.span, "unknown-build-metadata", message);
        }
        if !root.build_metadata.is_empty() {
            self.origins.push(Origin::default());
        }
    }

    /// Notes on objects that they were read from the file of `entry`.
    pub(crate) fn note_file(&self, resource: &mut Resource, entry: &Spanned) {
        if let Some(origin) = self.origins.last() {
            resource.set_annotation(ORIGIN, &origin.append(&entry.text).text(), entry.span);
        }
    }

    /// The origin of what a field of `k` makes or changes, by the builtin plugin behind it.
    pub(crate) fn field_origin(&self, k: &Kustomization, plugin: &str) -> Option<Origin> {
        let origin = self.origins.last()?.append(&k.file_name);
        Some(Origin {
            path: String::new(),
            configured_in: origin.path,
            configured_by: ["builtin", plugin, "", ""].map(str::to_owned),
            ..origin
        })
    }

    /// The origin of what the configuration of a plugin makes or changes.
    pub(crate) fn plugin_origin(&self, plugin: &Resource) -> Result<Option<Origin>> {
        if self.origins.is_empty() {
            return Ok(None);
        }
        Ok(self.read_origin(plugin)?.map(|origin| origin.of_plugin(plugin)))
    }

    /// Notes where a generated object comes from, unless it says so itself.
    pub(crate) fn note_generated(&self, resource: &mut Resource, origin: Option<&Origin>) {
        let Some(origin) = origin.filter(|_| resource.annotation(ORIGIN).is_none()) else { return };
        resource.set_annotation(ORIGIN, &origin.text(), resource.span());
    }

    /// Notes on all objects that a transformer has run, as kustomize does whether it changed them or not.
    pub(crate) fn note_transformer(&self, map: &mut ResMap, origin: Option<&Origin>) -> Result<()> {
        let Some(origin) = origin else { return Ok(()) };
        for resource in map.iter_mut() {
            let span = resource.span();
            if self.read_origin(resource)?.is_none() {
                resource.set_annotation(ORIGIN, &origin.text(), span);
                continue;
            }
            let mut origins = self.read_transformations(resource)?;
            origins.push(origin.clone());
            resource.set_annotation(TRANSFORMATIONS, &list_text(&origins), span);
        }
        Ok(())
    }

    fn read_origin(&self, resource: &Resource) -> Result<Option<Origin>> {
        let Some(annotation) = resource.annotation(ORIGIN) else { return Ok(None) };
        self.in_annotation(annotation, |decoder, root| decoder.origin(root)).map(Some)
    }

    fn read_transformations(&self, resource: &Resource) -> Result<Vec<Origin>> {
        let Some(annotation) = resource.annotation(TRANSFORMATIONS) else { return Ok(Vec::new()) };
        self.in_annotation(annotation, |decoder, root| match root.is_null() {
            true => Ok(Vec::new()),
            false => decoder.list(root, TRANSFORMATIONS, |item| decoder.origin(item)),
        })
    }

    /// Reads the YAML text of one of the annotations, which a user may have written.
    fn in_annotation<T>(
        &self,
        annotation: &Node,
        read: impl FnOnce(&Decoder<'_>, &Node) -> Result<T>,
    ) -> Result<T> {
        let options = ReadOptions {
            dialect: Dialect::Kubectl,
            limits: self.options.limits,
            last_key_wins: true,
            first_key_wins: false,
        };
        let text = as_text(annotation).text;
        let parsed = yaml::read_str("the annotation", &text, &options).and_then(|(stream, sources)| {
            let root = stream.documents.into_iter().next().unwrap_or_default();
            let unknown = RefCell::default();
            read(&Decoder { sources: &sources, passed_over: Some(&unknown), loose_text: true }, &root)
        });
        parsed.map_err(|error| {
            let message = format!(
                "with `buildMetadata`, kustomize reads this annotation as YAML of its own, and it is not; remove it ({})",
                error.message()
            );
            Error::new(ErrorKind::Kustomize, "bad-build-annotation", message)
                .at(self.sources().locate(annotation.span))
        })
    }

    /// Finishes what the root's `buildMetadata` asks for: the label, and no annotation that it does not
    /// name.
    pub(crate) fn finish_build_metadata(&mut self, map: &mut ResMap, root: &Kustomization) -> Result<()> {
        let asked = |wanted: &str| root.build_metadata.iter().find(|word| word.as_str() == wanted);
        if let Some(word) = asked(MANAGED_BY_WORD) {
            let text = |text: &str| Spanned { text: Text::from(text), span: word.span };
            self.add_entries(map, &[(text(MANAGED_BY), text(MANAGER))], METADATA_LABELS)?;
            self.remember_all(map, StepKind::BuildMetadata, word.span);
        }
        let (origins, transformers) = (asked(ORIGIN_WORD).is_some(), asked(TRANSFORMER_WORD).is_some());
        let dropped: Vec<_> = map
            .iter()
            .filter_map(|resource| resource.own_annotation().map(|entry| (entry.key_span, entry.key.clone())))
            .collect();
        for (span, key) in dropped {
            let message =
                format!("kustomize keeps its books under `{key}` and drops it from the output; remove it");
            self.warn(span, "annotation-dropped", message);
        }
        for resource in map.iter_mut() {
            resource.finish_annotations(origins, transformers);
        }
        Ok(())
    }
}

impl Decoder<'_> {
    fn origin(&self, node: &Node) -> Result<Origin> {
        let mut origin = Origin::default();
        let known = &["path", "repo", "ref", "configuredIn", "configuredBy"];
        for (name, entry) in self.fields(node, "an origin", known)? {
            let text = || Ok(self.string(&entry.value, name)?.text.to_string());
            match name {
                "path" => origin.path = text()?,
                "repo" => origin.repo = text()?,
                "ref" => origin.reference = text()?,
                "configuredIn" => origin.configured_in = text()?,
                _ => {
                    for (name, entry) in self.fields(&entry.value, name, &BY_FIELDS)? {
                        for (slot, field) in origin.configured_by.iter_mut().zip(BY_FIELDS) {
                            if field == name {
                                *slot = self.strict_text().string(&entry.value, name)?.text.to_string();
                            }
                        }
                    }
                }
            }
        }
        Ok(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::{BuildOptions, build};

    #[test]
    fn paths_are_joined_as_go_does() {
        for (dir, path, want) in [
            ("", "a.yaml", "a.yaml"),
            ("", "./a/../b.yaml", "b.yaml"),
            ("", "../base", "../base"),
            ("../base", "../other/x", "../other/x"),
            ("../base", "../../x", "../../x"),
            ("a", "..", ""),
            ("a", "/b", "a/b"),
        ] {
            assert_eq!(join(dir, path), want, "{dir} and {path}");
        }
    }

    #[test]
    fn long_and_odd_texts_stay_on_one_line() {
        let long = "word ".repeat(30) + "end";
        for (text, want) in [
            ("a/b.yaml", "a/b.yaml".to_owned()),
            ("on", "\"on\"".to_owned()),
            ("12", "\"12\"".to_owned()),
            (": x", "': x'".to_owned()),
            (long.as_str(), long.clone()),
        ] {
            assert_eq!(scalar(text), want);
        }
    }

    /// The text of an object, its origin and its transformations.
    type Row = (String, Option<String>, Option<String>);

    fn built(root: &str) -> crate::Result<Vec<Row>> {
        let files = Memory::new()
            .with("base/kustomization.yaml", "resources: [o.yaml]\nnamePrefix: b-\nbuildMetadata: [originAnnotations]\nconfigMapGenerator: [{name: g, options: {disableNameSuffixHash: true}}]\n")
            .with("base/o.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n")
            .with("over/kustomization.yaml", format!("resources: [../base]\n{root}"));
        let build = build(&files, "over", &BuildOptions::default())?;
        let annotation = |object: &crate::object::Object, key| {
            object.node.at(&["metadata", "annotations", key]).and_then(Node::as_str).map(str::to_owned)
        };
        let row = |object: &crate::object::Object| {
            let text = crate::yaml::write(&object.node).unwrap();
            (text, annotation(object, ORIGIN), annotation(object, TRANSFORMATIONS))
        };
        Ok(build.objects.iter().map(row).collect())
    }

    #[test]
    fn only_the_roots_words_count_and_reach_into_its_bases() {
        assert!(built("namePrefix: o-\n").unwrap().iter().all(|(_, origin, _)| origin.is_none()));
        let rows =
            built("buildMetadata: [originAnnotations, transformerAnnotations]\nnamePrefix: o-\n").unwrap();
        let prefixes = "- configuredIn: ../base/kustomization.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: PrefixTransformer\n- configuredIn: kustomization.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: PrefixTransformer\n";
        let generated = "configuredIn: ../base/kustomization.yaml\nconfiguredBy:\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n";
        for (text, origin, transformations) in &rows {
            let want = if text.contains("kind: Service") { "path: ../base/o.yaml\n" } else { generated };
            assert_eq!(origin.as_deref(), Some(want), "{text}");
            assert_eq!(transformations.as_deref(), Some(prefixes), "{text}");
        }
        let rows = built("buildMetadata: [managedByLabel]\n").unwrap();
        for (text, origin, transformations) in &rows {
            assert_eq!((origin, transformations), (&None, &None));
            assert!(text.contains("app.kubernetes.io/managed-by: kustomize-v5.8.2"), "{text}");
        }
    }

    #[test]
    fn an_annotation_of_the_users_that_cannot_be_read_is_an_error_with_a_place() {
        let error = built(
            "buildMetadata: [x]\ncommonAnnotations: {alpha.config.kubernetes.io/transformations: text}\n",
        )
        .unwrap_err();
        assert_eq!(error.code(), "bad-build-annotation");
        assert_eq!(
            error.location().map(ToString::to_string).as_deref(),
            Some("over/kustomization.yaml:3:65")
        );
    }
}
