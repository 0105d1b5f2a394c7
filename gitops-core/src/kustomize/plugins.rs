//! `generators`, `transformers` and `validators`: entries that configure one of kustomize's own plugins.
//!
//! An entry is the configuration itself, a file, or the directory of a kustomization that builds
//! configurations. Follows `api/internal/builtins` and `api/internal/plugins/loader` of kustomize v5.8.2.
//! What needs a program, a container or a shared library is refused: this library runs none.

use std::cell::RefCell;

use crate::Result;
use crate::knowledge::field_specs::FieldSpec;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::build_metadata::Origin;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::history::StepKind;
use crate::kustomize::iam_policy::IAM_FIELDS;
use crate::kustomize::kustomization::{
    CONFIG_MAP_FIELDS, GeneratorOptions, Kustomization, Patch, SECRET_FIELDS,
};
use crate::kustomize::load::{Builder, FILE_NAMES};
use crate::kustomize::resource::Resource;
use crate::kustomize::transform::{NamespaceChange, Subjects};
use crate::node::{Node, Span, Text};
use crate::yaml::{self, Dialect, ReadOptions};

/// The label with which a validator may mark what it has seen.
const VALIDATED_BY: &str = "validated-by";

/// Which entries a builtin plugin fits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Generator,
    Transformer,
}

/// Kustomize's builtin plugins: kind, role, and the fields of the configuration besides `apiVersion`,
/// `kind` and `metadata`.
const BUILTINS: &[(&str, Role, &[&str])] = &[
    ("AnnotationsTransformer", Role::Transformer, &["annotations", "fieldSpecs"]),
    ("ConfigMapGenerator", Role::Generator, CONFIG_MAP_FIELDS),
    ("HashTransformer", Role::Transformer, &[]),
    ("IAMPolicyGenerator", Role::Generator, IAM_FIELDS),
    ("ImageTagTransformer", Role::Transformer, &["imageTag", "fieldSpecs"]),
    ("LabelTransformer", Role::Transformer, &["labels", "fieldSpecs"]),
    ("NamespaceTransformer", Role::Transformer, &["fieldSpecs", "unsetOnly", "setRoleBindingSubjects"]),
    ("PatchJson6902Transformer", Role::Transformer, &["target", "path", "jsonOp"]),
    ("PatchStrategicMergeTransformer", Role::Transformer, &["paths", "patches"]),
    ("PatchTransformer", Role::Transformer, &["path", "patch", "target", "options"]),
    ("PrefixSuffixTransformer", Role::Transformer, &["prefix", "suffix", "fieldSpecs"]),
    ("PrefixTransformer", Role::Transformer, &["prefix", "fieldSpecs"]),
    ("ReplacementTransformer", Role::Transformer, &["replacements"]),
    ("ReplicaCountTransformer", Role::Transformer, &["replica", "fieldSpecs"]),
    ("SecretGenerator", Role::Generator, SECRET_FIELDS),
    ("SuffixTransformer", Role::Transformer, &["suffix", "fieldSpecs"]),
    ("ValueAddTransformer", Role::Transformer, &["value", "targets", "targetFilePath"]),
];

/// The annotations that make an object the configuration of a function.
const FUNCTION: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

/// The configuration of a plugin.
struct Plugin {
    node: Node,
    kind: Text,
    /// The entry that asks for it.
    entry: Span,
    /// Where it comes from, if `buildMetadata` asks for it.
    origin: Option<Origin>,
}

impl Plugin {
    /// The fields of a builtin plugin, under their names in [`BUILTINS`].
    fn fields(&self, decoder: &Decoder<'_>) -> Result<Fields> {
        let known =
            BUILTINS.iter().find(|(kind, _, _)| *kind == self.kind.as_str()).map_or(&[][..], |row| row.2);
        let mut node = self.node.clone();
        if let Some(map) = node.as_map_mut() {
            map.retain(|key, _| !["apiVersion", "kind", "metadata"].contains(&key.as_str()));
        }
        let fields = decoder.fields(&node, &self.kind, known)?;
        let fields = fields.into_iter().map(|(name, entry)| (name, entry.value.clone())).collect();
        Ok(Fields { span: self.node.span, fields })
    }

    fn metadata<'n>(&'n self, name: &str) -> Option<&'n Node> {
        self.node.at(&["metadata", name]).filter(|node| !node.is_null())
    }
}

/// The fields of a configuration that are there.
struct Fields {
    /// Of the configuration.
    span: Span,
    fields: Vec<(&'static str, Node)>,
}

impl Fields {
    fn get(&self, name: &str) -> Option<&Node> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, node)| node)
    }

    fn text(&self, decoder: &Decoder<'_>, name: &str) -> Result<Option<Spanned>> {
        self.get(name).map_or(Ok(None), |node| decoder.optional(node, name))
    }

    /// The text of a field, empty where it is missing.
    fn text_or_empty(&self, decoder: &Decoder<'_>, name: &str) -> Result<Spanned> {
        Ok(self.text(decoder, name)?.unwrap_or(Spanned { text: Text::empty(), span: self.span }))
    }

    fn pairs(&self, decoder: &Decoder<'_>, name: &str) -> Result<Vec<(Spanned, Spanned)>> {
        self.get(name).map_or(Ok(Vec::new()), |node| decoder.pairs(node, name))
    }

    fn specs(&self, decoder: &Decoder<'_>) -> Result<Vec<FieldSpec>> {
        let Some(node) = self.get("fieldSpecs") else { return Ok(Vec::new()) };
        decoder.list(node, "fieldSpecs", |item| Ok(FieldSpec::from(&decoder.field_spec(item)?)))
    }
}

impl Builder<'_> {
    /// Runs `generators`; each object with the entry that asks for it.
    pub(crate) fn run_generators(&mut self, k: &Kustomization) -> Result<Vec<(Resource, Span)>> {
        let mut made = Vec::new();
        for plugin in self.plugins(k, &k.generators, Role::Generator)? {
            let mut resource = match plugin.kind.as_str() {
                "IAMPolicyGenerator" => self.run_iam_generator(&plugin)?,
                kind => self.run_generator(&plugin, kind == "SecretGenerator")?,
            };
            self.note_generated(&mut resource, plugin.origin.as_ref());
            made.push((resource, plugin.entry));
        }
        Ok(made)
    }

    fn run_generator(&mut self, plugin: &Plugin, secret: bool) -> Result<Resource> {
        let unknown = RefCell::default();
        let decoder = Decoder { passed_over: Some(&unknown), ..self.decoder() };
        let fields = plugin.fields(&decoder)?;
        let fields = fields.fields.into_iter().map(|(name, node)| (Text::from(name), node));
        let config = Node::map(fields.collect(), plugin.node.span);
        let mut generator = decoder.generator(&config, "generators", secret)?;
        let metadata = |name| plugin.metadata(name).map_or(Ok(None), |node| decoder.optional(node, name));
        if generator.name.is_none() {
            generator.name = metadata("name")?;
        }
        if generator.namespace.is_none() {
            generator.namespace = metadata("namespace")?;
        }
        self.note(unknown.into_inner());
        self.generate(&generator, &GeneratorOptions::default(), secret)
    }

    fn run_iam_generator(&mut self, plugin: &Plugin) -> Result<Resource> {
        let unknown = RefCell::default();
        let decoder = Decoder { passed_over: Some(&unknown), ..self.decoder() };
        let policy = decoder.iam_policy(plugin.node.span, &plugin.fields(&decoder)?.fields)?;
        self.note(unknown.into_inner());
        self.generate_iam(&policy)
    }

    /// Runs `transformers`.
    pub(crate) fn run_transformers(&mut self, map: &mut ResMap, k: &Kustomization) -> Result<()> {
        for plugin in self.plugins(k, &k.transformers, Role::Transformer)? {
            self.run_transformer(map, &plugin)?;
            self.note_transformer(map, plugin.origin.as_ref())?;
            self.remember_all(map, StepKind::of_plugin(&plugin.kind), plugin.entry);
        }
        Ok(())
    }

    /// Runs `validators`, which may change nothing but one label.
    pub(crate) fn run_validators(&mut self, map: &mut ResMap, k: &Kustomization) -> Result<()> {
        for plugin in self.plugins(k, &k.validators, Role::Transformer)? {
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
                return Err(self.error(plugin.node.span, "validator-changes-objects", message));
            }
            self.remember_all(map, StepKind::of_plugin(&plugin.kind), plugin.entry);
        }
        Ok(())
    }

    /// The configurations that entries stand for: those written in place first.
    fn plugins(&mut self, k: &Kustomization, entries: &[Spanned], role: Role) -> Result<Vec<Plugin>> {
        let (mut map, mut spans, mut paths) = (ResMap::default(), Vec::new(), Vec::new());
        for entry in entries {
            if entry.text.contains('\n') || entry.text.contains(": ") || entry.text.contains('{') {
                let file = self.sources().add_embedded(entry.span, entry.text.clone());
                let documents = self.parse(file, Dialect::Kyaml)?;
                let place = Spanned { text: Text::from(&*k.file_name), span: entry.span };
                for node in self.objects(&documents)? {
                    let mut resource = Resource::new(node, &self.schema.scopes);
                    self.note_file(&mut resource, &place);
                    self.append(&mut map, resource)?;
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
        let mut plugins = Vec::with_capacity(map.len());
        for (resource, entry) in map.iter_mut().zip(spans) {
            let origin = self.plugin_origin(resource)?;
            self.check_plugin(resource, role)?;
            resource.finish_annotations(false, false);
            plugins.push(Plugin { node: resource.node.clone(), kind: resource.kind(), entry, origin });
        }
        Ok(plugins)
    }

    /// Whether transformers made the labels, not the text of an object.
    fn is_made(&self, labels: &Node) -> bool {
        let file = labels.span.file().and_then(|file| self.sources().file(file));
        file.is_none_or(|file| FILE_NAMES.iter().any(|name| file.path().ends_with(name)))
    }

    /// Refuses what kustomize has not built in, or what does something else.
    fn check_plugin(&self, plugin: &Resource, role: Role) -> Result<()> {
        let kind = plugin.kind();
        let span = plugin.node.span;
        if plugin.api_version() != "builtin" {
            let message = format!(
                "{} {}, which this library never does; render its result into the repository, or use a builtin plugin",
                plugin.id(),
                what_runs(plugin)
            );
            return Err(self.unsupported(span, "external-plugin", message));
        }
        let found = BUILTINS.iter().find(|(name, _, _)| *name == kind.as_str());
        if found.is_some_and(|(_, found, _)| *found == role) {
            return Ok(());
        }
        let (code, message) = match (kind.as_str(), found) {
            ("HelmChartInflationGenerator", _) => {
                let message = "this plugin needs the helm program, which this library never runs; render the chart into the repository and list the result under `resources`";
                return Err(self.unsupported(span, "helm", message));
            }
            ("SortOrderTransformer", _) => {
                ("unknown-plugin", "kustomize sorts only by `sortOptions`; write that instead".to_owned())
            }
            (_, Some((_, Role::Generator, _))) => {
                ("unknown-plugin", format!("a {kind} makes objects; list it under `generators`"))
            }
            (_, Some((_, Role::Transformer, _))) => {
                ("unknown-plugin", format!("a {kind} makes no objects; list it under `transformers`"))
            }
            (_, None) => {
                let kinds: Vec<&'static str> = BUILTINS.iter().map(|row| row.0).collect();
                let hint = crate::kustomize::suggest::closest(&kind, &kinds)
                    .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                ("unknown-plugin", format!("kustomize has no builtin plugin `{kind}`{hint}"))
            }
        };
        Err(self.error(span, code, message))
    }

    fn run_transformer(&mut self, map: &mut ResMap, plugin: &Plugin) -> Result<()> {
        let (unknown, sources) = (RefCell::default(), self.sources().clone());
        let decoder = Decoder { passed_over: Some(&unknown), loose_text: true, sources: &sources };
        let fields = plugin.fields(&decoder)?;
        let done = self.transform_by(map, plugin, &fields, &decoder);
        self.note(unknown.into_inner());
        done
    }

    fn transform_by(
        &mut self,
        map: &mut ResMap,
        plugin: &Plugin,
        fields: &Fields,
        decoder: &Decoder<'_>,
    ) -> Result<()> {
        let specs = fields.specs(decoder)?;
        let needed: &[&str] = match plugin.kind.as_str() {
            "AnnotationsTransformer" => &["annotations", "fieldSpecs"],
            "LabelTransformer" => &["labels", "fieldSpecs"],
            "ReplacementTransformer" => &["replacements"],
            "ReplicaCountTransformer" => &["fieldSpecs"],
            _ => &[],
        };
        if let Some(missing) = needed.iter().find(|name| fields.get(name).is_none()) {
            let message = format!("a {} needs `{missing}` to do anything", plugin.kind);
            self.warn(fields.span, "plugin-without-effect", message);
        }
        match plugin.kind.as_str() {
            "AnnotationsTransformer" => self.add_entries(map, &fields.pairs(decoder, "annotations")?, &specs),
            "LabelTransformer" => self.add_entries(map, &fields.pairs(decoder, "labels")?, &specs),
            "NamespaceTransformer" => self.run_namespace(map, plugin, fields, &specs, decoder),
            kind @ ("PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer") => {
                if fields.get("fieldSpecs").is_none() {
                    let message = format!("a {kind} needs `fieldSpecs`");
                    return Err(self.error(fields.span, "missing-field-specs", message));
                }
                if kind != "SuffixTransformer" {
                    self.affix_names(map, &fields.text_or_empty(decoder, "prefix")?, true, &specs)?;
                }
                if kind != "PrefixTransformer" {
                    self.affix_names(map, &fields.text_or_empty(decoder, "suffix")?, false, &specs)?;
                }
                Ok(())
            }
            "ImageTagTransformer" => {
                let empty = Node { span: fields.span, ..Node::null() };
                let image = decoder.image(fields.get("imageTag").unwrap_or(&empty))?;
                self.set_image(map, &image, &specs)
            }
            "ReplicaCountTransformer" => {
                let empty = Node { span: fields.span, ..Node::null() };
                let replica = decoder.replica(fields.get("replica").unwrap_or(&empty))?;
                self.set_replicas(map, &replica, &specs)
            }
            "ReplacementTransformer" => {
                let Some(node) = fields.get("replacements") else { return Ok(()) };
                let entries = decoder.strict_text().replacements(node)?;
                self.replace(map, &entries)
            }
            "HashTransformer" => self.add_hashes(map),
            "PatchTransformer" => {
                let node = fields.fields.iter().map(|(name, node)| (Text::from(*name), node.clone()));
                let patch = decoder.patch(&Node::map(node.collect(), fields.span), "transformers")?;
                self.patch(map, &patch)
            }
            "PatchJson6902Transformer" => {
                let target = fields.get("target");
                let target =
                    target.map(|node| decoder.selector(node, "the target of a patch")).transpose()?;
                let patch = Patch {
                    span: fields.span,
                    path: fields.text(decoder, "path")?,
                    patch: fields.text(decoder, "jsonOp")?,
                    target,
                    allow_name_change: false,
                    allow_kind_change: false,
                };
                self.patch_json6902(map, &patch)
            }
            "PatchStrategicMergeTransformer" => {
                let paths = fields.get("paths");
                let mut patches = paths.map_or(Ok(Vec::new()), |node| decoder.strings(node, "paths"))?;
                patches.extend(fields.text(decoder, "patches")?);
                if patches.is_empty() {
                    return Err(self.error(fields.span, "empty-patch", "give `paths` or `patches`"));
                }
                for patch in &patches {
                    self.patch_strategic_merge(map, patch)?;
                }
                Ok(())
            }
            "ValueAddTransformer" => {
                let change = decoder.value_add(fields.span, &fields.fields)?;
                self.add_value(map, change)
            }
            kind => {
                let message = format!("kustomize has no builtin plugin `{kind}`");
                Err(self.error(fields.span, "unknown-plugin", message))
            }
        }
    }

    fn run_namespace(
        &mut self,
        map: &mut ResMap,
        plugin: &Plugin,
        fields: &Fields,
        specs: &[FieldSpec],
        decoder: &Decoder<'_>,
    ) -> Result<()> {
        let unset_only = fields.get("unsetOnly");
        let unset_only = unset_only.map_or(Ok(false), |node| decoder.boolean(node, "unsetOnly"))?;
        let mode = fields.text_or_empty(decoder, "setRoleBindingSubjects")?;
        let subjects = match mode.as_str() {
            "" | "defaultOnly" => Subjects::NamedDefault,
            "allServiceAccounts" => Subjects::ServiceAccounts,
            "none" => Subjects::None,
            other => {
                let message = format!(
                    "setRoleBindingSubjects must be defaultOnly, allServiceAccounts or none, not `{other}`"
                );
                return Err(self.error(mode.span, "bad-role-binding-subjects", message));
            }
        };
        let namespace = plugin.metadata("namespace");
        let namespace = namespace.map_or(Ok(None), |node| decoder.optional(node, "namespace"))?;
        let Some(namespace) = namespace else {
            let message = "a NamespaceTransformer needs `metadata.namespace` to do anything";
            self.warn(fields.span, "plugin-without-effect", message);
            return Ok(());
        };
        self.set_namespace(map, &NamespaceChange { namespace: &namespace, specs, unset_only, subjects })
    }
}

/// What kustomize would run for a plugin that is not built in.
fn what_runs(plugin: &Resource) -> String {
    let spec = FUNCTION.iter().find_map(|key| plugin.annotation(key)).and_then(Node::text);
    let Some(spec) = spec else { return "is a plugin that runs a program".to_owned() };
    let parsed = yaml::read_str("", &spec, &ReadOptions::default()).ok();
    let root = parsed.and_then(|(stream, _)| stream.documents.into_iter().next()).unwrap_or_default();
    for (path, what) in [
        (["container", "image"], "the container"),
        (["exec", "path"], "the program"),
        (["starlark", "path"], "the Starlark script"),
        (["starlark", "url"], "the Starlark script"),
    ] {
        if let Some(name) = root.at(&path).and_then(Node::text) {
            return format!("is a function that runs {what} `{name}`");
        }
    }
    "is a function that runs a container or program".to_owned()
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
    use crate::node::Node;

    #[test]
    fn functions_are_named_by_what_they_run() {
        let config = |spec: &str| {
            format!(
                "transformers:\n- |\n  apiVersion: example.com/v1\n  kind: X\n  metadata:\n    name: x\n    annotations:\n      config.kubernetes.io/function: |\n        {spec}\n"
            )
        };
        for (spec, want) in [
            ("container: {image: registry/fn}", "runs the container `registry/fn`"),
            ("exec: {path: ./run.sh}", "runs the program `./run.sh`"),
            ("[", "runs a container or program"),
        ] {
            let error = built(&config(spec)).unwrap_err();
            assert_eq!(error.code(), "external-plugin");
            assert!(error.message().contains(want), "{error}");
        }
    }

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

    /// Each option of each builtin, as `kustomize build` of v5.8.2 prints it.
    #[test]
    fn options_of_plugins_are_kustomizes() {
        let bindings = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: pod, namespace: own}\nsubjects: [{kind: ServiceAccount, name: default}, {kind: ServiceAccount, name: a}, {kind: ServiceAccount, name: b, namespace: own}, {kind: User, name: default}]\n";
        let subjects = |config: &str| {
            let files = Memory::new()
                .with("kustomization.yaml", format!("resources: [o.yaml]\n{}", entry("transformers", config)))
                .with("o.yaml", bindings);
            let built = build(&files, "", &BuildOptions::default()).unwrap();
            let node = &built.objects[0].node;
            let namespace =
                |node: &Node| node.get("namespace").and_then(Node::as_str).unwrap_or("-").to_owned();
            let subjects = node.get("subjects").and_then(Node::as_seq).unwrap();
            std::iter::once(namespace(node.get("metadata").unwrap()))
                .chain(subjects.iter().map(namespace))
                .collect::<Vec<_>>()
        };
        for (options, want) in [
            ("", ["far", "far", "-", "own", "far"]),
            ("unsetOnly: true", ["own", "far", "-", "own", "far"]),
            ("setRoleBindingSubjects: none", ["far", "-", "-", "own", "-"]),
            ("setRoleBindingSubjects: defaultOnly", ["far", "far", "-", "own", "far"]),
            ("setRoleBindingSubjects: allServiceAccounts", ["far", "far", "far", "far", "-"]),
            (
                "unsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts",
                ["own", "far", "far", "own", "-"],
            ),
        ] {
            assert_eq!(subjects(&format!("kind: NamespaceTransformer\n{options}")), want, "{options}");
        }
        for (entries, want) in [
            // Numbers and booleans become text where a plugin's own field wants it.
            (
                entry(
                    "transformers",
                    "kind: LabelTransformer\nlabels: {a: true, b: 1.50, c: 2001-01-01}\nfieldSpecs: [{path: metadata/labels, create: true}]",
                ),
                "    a: \"true\"\n    b: \"1.5\"\n    c: \"2001-01-01T00:00:00Z\"\n",
            ),
            (
                entry("transformers", "kind: ImageTagTransformer\nimageTag: {name: web, newTag: 1.25}"),
                "image: web:1.25",
            ),
            (
                entry(
                    "transformers",
                    "kind: ValueAddTransformer\nvalue: v\ntargets: [{fieldPath: metadata/namespace}]",
                ),
                "namespace: v",
            ),
            (
                entry(
                    "transformers",
                    "kind: ValueAddTransformer\nvalue: v\ntargets: [{selector: {kind: Pod}, fieldPath: 'spec/containers/[name=c]/image', filePathPosition: 1}]",
                ),
                "image: v/web",
            ),
            (
                entry(
                    "generators",
                    "kind: IAMPolicyGenerator\ncloud: gke\nkubernetesService: {name: k}\nserviceAccount: {name: g, projectId: p}",
                ),
                "    iam.gke.io/gcp-service-account: g@p.iam.gserviceaccount.com\n  name: k\n",
            ),
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
            (entry("transformers", "kind: ValueAddTransformer"), "missing-targets"),
            (entry("transformers", "kind: SortOrderTransformer"), "unknown-plugin"),
            (entry("generators", "kind: HelmChartInflationGenerator"), "helm"),
            (entry("transformers", "kind: PatchTransformer"), "neither-path-nor-patch"),
            (entry("validators", "kind: NamespaceTransformer"), "validator-changes-objects"),
            (entry("generators", "kind: ConfigMapGenerator\nname: 5"), "wrong-type"),
            (
                entry("transformers", "kind: LabelTransformer\nlabels: {a: b}\nfieldSpecs: [{kind: 5}]"),
                "wrong-type",
            ),
            (
                entry("transformers", "kind: NamespaceTransformer\nsetRoleBindingSubjects: x"),
                "bad-role-binding-subjects",
            ),
            (
                entry(
                    "transformers",
                    "kind: ValueAddTransformer\ntargets: [{fieldPath: a, filePathPosition: -1}]",
                ),
                "negative-position",
            ),
            (
                entry("transformers", "kind: PatchJson6902Transformer\njsonOp: '[]'\ntarget: {name: pod}"),
                "empty-patch",
            ),
            (entry("generators", "kind: IAMPolicyGenerator\ncloud: aws"), "unknown-cloud"),
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
