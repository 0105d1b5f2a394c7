//! `generators`, `transformers` and `validators`: entries that configure one of kustomize's own plugins.
//!
//! An entry is the configuration itself, a file, or the directory of a kustomization that builds
//! configurations. Follows `api/internal/builtins` and `api/internal/plugins/loader` of kustomize v5.8.2.
//! What needs a program, a container or a shared library is refused: this library runs none.

use crate::Result;
use crate::knowledge::field_specs::FieldSpec;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::history::StepKind;
use crate::kustomize::kustomization::{GeneratorOptions, Kustomization, Patch};
use crate::kustomize::load::{Builder, FILE_NAMES};
use crate::kustomize::resource::Resource;
use crate::node::{Node, Span, Text};
use crate::yaml::Dialect;

/// The label with which a validator may mark what it has seen.
const VALIDATED_BY: &str = "validated-by";

/// Kinds that kustomize has built in and that are not implemented here.
const NOT_YET: [&str; 2] = ["IAMPolicyGenerator", "ValueAddTransformer"];

/// A field of a plugin's configuration, whatever the case of its name.
fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let map = node.as_map()?;
    let found = map
        .get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
    found.filter(|value| !value.is_null())
}

impl Builder<'_> {
    /// Runs `generators`; each object with the entry that asks for it.
    pub(crate) fn run_generators(&mut self, k: &Kustomization) -> Result<Vec<(Resource, Span)>> {
        let mut made = Vec::new();
        for (plugin, span) in self.plugins(&k.generators)? {
            let secret = match self.builtin(&plugin)?.as_str() {
                "ConfigMapGenerator" => false,
                "SecretGenerator" => true,
                kind => return Err(self.unfit(&plugin, kind, "generators")),
            };
            let decoder = Decoder { lenient: true, ..self.decoder() };
            let mut generator = decoder.generator(&plugin, "generators", secret)?;
            let metadata = |name: &str| {
                let node = plugin.at(&["metadata", name])?;
                Some(decoder.string(node, name))
                    .filter(|text| !text.as_ref().is_ok_and(|text| text.text.is_empty()))
            };
            if generator.name.is_none() {
                generator.name = metadata("name").transpose()?;
            }
            if generator.namespace.is_none() {
                generator.namespace = metadata("namespace").transpose()?;
            }
            made.push((self.generate(&generator, &GeneratorOptions::default(), secret)?, span));
        }
        Ok(made)
    }

    /// Runs `transformers`.
    pub(crate) fn run_transformers(&mut self, map: &mut ResMap, entries: &[Spanned]) -> Result<()> {
        for (plugin, span) in self.plugins(entries)? {
            self.run_transformer(map, &plugin)?;
            self.remember_all(map, step_of(&plugin), span);
        }
        Ok(())
    }

    /// Runs `validators`, which may change nothing but one label.
    pub(crate) fn run_validators(&mut self, map: &mut ResMap, entries: &[Spanned]) -> Result<()> {
        for (plugin, span) in self.plugins(entries)? {
            let before: Vec<Node> = map.iter().map(|resource| resource.node.clone()).collect();
            self.run_transformer(map, &plugin)?;
            let after = map.iter().map(|resource| unmarked(&resource.node));
            // Taking its mark away, kustomize makes the labels anew and then takes them for others.
            let remade = |(before, after): (&Node, &Resource)| {
                after.node.at(&["metadata", "labels", VALIDATED_BY]).is_some()
                    && before.at(&["metadata", "labels"]).is_some_and(|labels| !self.is_made(labels))
            };
            if !before.iter().map(unmarked).eq(after) || before.iter().zip(map.iter()).any(remade) {
                let message = "a validator must not change objects; list it under `transformers`";
                return Err(self.error(plugin.span, "validator-changes-objects", message));
            }
            self.remember_all(map, step_of(&plugin), span);
        }
        Ok(())
    }

    /// The configurations that entries stand for, each with its entry: those written in place first.
    fn plugins(&mut self, entries: &[Spanned]) -> Result<Vec<(Node, Span)>> {
        let (mut map, mut spans, mut paths) = (ResMap::default(), Vec::new(), Vec::new());
        for entry in entries {
            if entry.text.contains('\n') || entry.text.contains(": ") || entry.text.contains('{') {
                let file = self.sources().add_embedded(entry.span, entry.text.clone());
                let documents = self.parse(file, Dialect::Kyaml)?;
                for node in self.objects(&documents)? {
                    self.append(&mut map, Resource::new(node, &self.schema.scopes))?;
                }
                spans.resize(map.len(), entry.span);
            } else {
                paths.push(entry);
            }
        }
        for entry in paths {
            map = self.accumulate_entry(entry, map)?;
            spans.resize(map.len(), entry.span);
        }
        let mut nodes = Vec::with_capacity(map.len());
        for (resource, span) in map.iter_mut().zip(spans) {
            resource.finish_annotations(false, false);
            nodes.push((resource.node.clone(), span));
        }
        Ok(nodes)
    }

    /// Whether transformers made the labels, not the text of an object.
    fn is_made(&self, labels: &Node) -> bool {
        let file = labels.span.file().and_then(|file| self.sources().file(file));
        file.is_none_or(|file| FILE_NAMES.iter().any(|name| file.path().ends_with(name)))
    }

    /// The kind of a plugin that kustomize has built in.
    fn builtin(&self, plugin: &Node) -> Result<Text> {
        let resource = Resource::new(plugin.clone(), &self.schema.scopes);
        let (api_version, kind) = (resource.api_version(), resource.kind());
        if api_version == "builtin" {
            return Ok(kind);
        }
        let message = format!(
            "{} is a plugin that runs a program or container, which this library never does; render its result into the repository, or use a builtin plugin",
            resource.id()
        );
        Err(self.unsupported(plugin.span, "external-plugin", message))
    }

    fn unfit(&self, plugin: &Node, kind: &str, entry: &str) -> crate::Error {
        if NOT_YET.contains(&kind) {
            let message = format!("`kind: {kind}` in {entry} is not implemented yet");
            return self.unsupported(plugin.span, "plugin-not-implemented", message);
        }
        if kind == "HelmChartInflationGenerator" {
            let message = "this plugin needs the helm program, which this library never runs; render the chart into the repository and list the result under `resources`";
            return self.unsupported(plugin.span, "helm", message);
        }
        let message = format!("kustomize has no builtin `{kind}` that fits in {entry}; correct its `kind`");
        self.error(plugin.span, "unknown-plugin", message)
    }

    fn run_transformer(&mut self, map: &mut ResMap, plugin: &Node) -> Result<()> {
        let kind = self.builtin(plugin)?;
        let sources = self.sources().clone();
        let decoder = Decoder { lenient: true, sources: &sources };
        let empty = Spanned { text: Text::empty(), span: plugin.span };
        let text = |name: &str| -> Result<Spanned> {
            field(plugin, name).map_or_else(|| Ok(empty.clone()), |node| decoder.string(node, name))
        };
        let pairs =
            |name: &str| field(plugin, name).map_or_else(|| Ok(Vec::new()), |node| decoder.pairs(node, name));
        let specs = || -> Result<Vec<FieldSpec>> {
            let Some(node) = field(plugin, "fieldSpecs") else { return Ok(Vec::new()) };
            let entries = decoder.list(node, "fieldSpecs", |item| decoder.field_spec(item))?;
            Ok(entries.iter().map(FieldSpec::from).collect())
        };
        match kind.as_str() {
            "AnnotationsTransformer" => self.add_entries(map, &pairs("annotations")?, &specs()?),
            "LabelTransformer" => self.add_entries(map, &pairs("labels")?, &specs()?),
            "NamespaceTransformer" => {
                for name in ["unsetOnly", "setRoleBindingSubjects"] {
                    if let Some(node) = field(plugin, name)
                        && !matches!(
                            (node.as_bool(), node.as_str()),
                            (Some(false), _) | (_, Some("" | "defaultOnly"))
                        )
                    {
                        let message = format!("`{name}` of a NamespaceTransformer is not implemented yet");
                        return Err(self.unsupported(node.span, "field-not-implemented", message));
                    }
                }
                let namespace = plugin.at(&["metadata", "namespace"]);
                let namespace =
                    namespace.map_or(Ok(empty.clone()), |node| decoder.string(node, "namespace"))?;
                if namespace.text.is_empty() {
                    return Ok(());
                }
                self.set_namespace(map, &namespace, &specs()?)
            }
            "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
                if field(plugin, "fieldSpecs").is_none() {
                    let message = format!("a {kind} needs `fieldSpecs`");
                    return Err(self.error(plugin.span, "missing-field-specs", message));
                }
                let specs = specs()?;
                if kind != "SuffixTransformer" {
                    self.affix_names(map, &text("prefix")?, true, &specs)?;
                }
                if kind != "PrefixTransformer" {
                    self.affix_names(map, &text("suffix")?, false, &specs)?;
                }
                Ok(())
            }
            "ImageTagTransformer" => match field(plugin, "imageTag") {
                Some(node) => self.set_image(map, &decoder.image(node)?, &specs()?),
                None => Ok(()),
            },
            "ReplicaCountTransformer" => {
                let empty = Node { span: plugin.span, ..Node::null() };
                let replica = decoder.replica(field(plugin, "replica").unwrap_or(&empty))?;
                self.set_replicas(map, &replica, &specs()?)
            }
            "ReplacementTransformer" => match field(plugin, "replacements") {
                Some(node) => {
                    let entries = self.read_replacements(node, false)?;
                    self.replace(map, &entries)
                }
                None => Ok(()),
            },
            "HashTransformer" => self.add_hashes(map),
            "PatchTransformer" => {
                let patch = decoder.patch(plugin, "transformers")?;
                self.patch(map, &patch)
            }
            "PatchJson6902Transformer" => {
                let patch = Patch {
                    patch: Some(text("jsonOp")?).filter(|text| !text.text.is_empty()),
                    ..decoder.patch(plugin, "transformers")?
                };
                self.patch_json6902(map, &patch)
            }
            "PatchStrategicMergeTransformer" => {
                let mut patches = match field(plugin, "paths") {
                    Some(node) => decoder.strings(node, "paths")?,
                    None => Vec::new(),
                };
                patches.extend(Some(text("patches")?).filter(|text| !text.text.is_empty()));
                if patches.is_empty() {
                    return Err(self.error(plugin.span, "empty-patch", "give `paths` or `patches`"));
                }
                for patch in &patches {
                    self.patch_strategic_merge(map, patch)?;
                }
                Ok(())
            }
            kind => Err(self.unfit(plugin, kind, "transformers")),
        }
    }
}

/// What kind of step a plugin is.
fn step_of(plugin: &Node) -> StepKind {
    StepKind::of_plugin(plugin.get("kind").and_then(Node::as_str).unwrap_or(""))
}

/// An object without the label of a validator, for comparison.
fn unmarked(node: &Node) -> Option<serde_json::Value> {
    let mut node = node.clone();
    if node.at(&["metadata", "labels", VALIDATED_BY]).is_some()
        && let Some(metadata) = node.get_mut("metadata").and_then(Node::as_map_mut)
        && let Some(labels) = metadata.get_mut("labels").and_then(Node::as_map_mut)
    {
        labels.remove(VALIDATED_BY);
        if labels.is_empty() {
            metadata.remove("labels");
        }
    }
    serde_json::to_value(&node).ok()
}

#[cfg(test)]
mod tests {
    use crate::Result;
    use crate::files::Memory;
    use crate::kustomize::{BuildOptions, build};

    fn built(entries: &str) -> Result<String> {
        let files = Memory::new()
            .with("kustomization.yaml", format!("resources: [o.yaml]\n{entries}"))
            .with("o.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec: {containers: [{name: c, image: web}]}\n")
            .with("plugins/kustomization.yaml", "resources: [label.yaml]\n")
            .with("plugins/label.yaml", "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true}]\n");
        build(&files, "", &BuildOptions::default())?.to_yaml()
    }

    fn entry(field: &str, config: &str) -> String {
        format!(
            "{field}:\n- |\n  apiVersion: builtin\n  metadata: {{name: p, namespace: far}}\n  {}\n",
            config.replace('\n', "\n  ")
        )
    }

    #[test]
    fn builtin_plugins_do_what_their_fields_do() {
        for (entries, want) in [
            (
                entry(
                    "transformers",
                    "kind: PrefixTransformer\nprefix: p-\nfieldSpecs: [{path: metadata/name}]",
                ),
                "name: p-pod",
            ),
            (
                entry(
                    "transformers",
                    "kind: SuffixTransformer\nsuffix: -s\nfieldSpecs: [{path: metadata/name}]",
                ),
                "name: pod-s",
            ),
            (entry("transformers", "kind: NamespaceTransformer\nunknown: ignored"), "namespace: far"),
            (
                entry(
                    "transformers",
                    "kind: AnnotationsTransformer\nannotations: {a: b}\nfieldSpecs: [{path: metadata/annotations, create: true}]",
                ),
                "    a: b",
            ),
            (
                entry("transformers", "kind: ImageTagTransformer\nimageTag: {name: web, newTag: v2}"),
                "image: web:v2",
            ),
            (
                entry(
                    "transformers",
                    "kind: PatchTransformer\ntarget: {kind: Pod}\npatch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"x\"}]'",
                ),
                "name: x",
            ),
            (
                entry(
                    "transformers",
                    "kind: PatchJson6902Transformer\ntarget: {kind: Pod, name: pod}\njsonOp: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"x\"}]'",
                ),
                "name: x",
            ),
            (
                entry(
                    "transformers",
                    "kind: PatchStrategicMergeTransformer\npatches: '{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {dnsPolicy: Default}}'",
                ),
                "dnsPolicy: Default",
            ),
            (entry("generators", "kind: ConfigMapGenerator\nliterals: [a=b]"), "name: p-"),
            ("transformers: [plugins]\n".to_owned(), "    a: b"),
            ("transformers: [plugins/label.yaml]\n".to_owned(), "    a: b"),
        ] {
            let text = built(&entries).unwrap_or_else(|error| panic!("{entries}: {error}"));
            assert!(text.contains(want), "{entries}\n{text}");
        }
    }

    #[test]
    fn what_cannot_run_is_told() {
        for (entries, code) in [
            (entry("transformers", "kind: Colour"), "unknown-plugin"),
            (entry("transformers", "kind: ConfigMapGenerator"), "unknown-plugin"),
            (entry("generators", "kind: LabelTransformer"), "unknown-plugin"),
            (entry("transformers", "kind: PrefixTransformer\nprefix: p-"), "missing-field-specs"),
            (entry("transformers", "kind: ValueAddTransformer"), "plugin-not-implemented"),
            (entry("transformers", "kind: PatchTransformer"), "neither-path-nor-patch"),
            (entry("validators", "kind: NamespaceTransformer"), "validator-changes-objects"),
            (
                "transformers: ['{apiVersion: example.com/v1, kind: X, metadata: {name: x}}']\n".to_owned(),
                "external-plugin",
            ),
        ] {
            let error = built(&entries).unwrap_err();
            assert_eq!(error.code(), code, "{entries}: {error}");
            assert!(error.location().is_some(), "{entries}");
        }
    }
}
