//! `kustomization.yaml` as a typed structure, each value with its place.
//!
//! Follows `api/types/kustomization.go` of kustomize 5.8: YAML 1.1, unknown fields refused, names of
//! fields matched regardless of case, deprecated fields folded into their successors.

use crate::knowledge::field_specs::FieldSpec;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::replacements;
use crate::kustomize::selector::Selector;
use crate::kustomize::vars::Var;
use crate::node::{Node, Span};
use crate::{Diagnostic, Result};

/// What kind of kustomization a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    #[default]
    Kustomization,
    Component,
}

/// The content of a `kustomization.yaml`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) kind: Kind,
    /// The start of its mapping, if it was read from a file.
    pub(crate) span: Option<Span>,
    /// The name of its file, without directories.
    pub(crate) file_name: String,
    pub(crate) resources: Vec<Spanned>,
    pub(crate) components: Vec<Spanned>,
    pub(crate) namespace: Option<Spanned>,
    pub(crate) name_prefix: Option<Spanned>,
    pub(crate) name_suffix: Option<Spanned>,
    pub(crate) common_labels: Vec<(Spanned, Spanned)>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: Vec<(Spanned, Spanned)>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) patches_strategic_merge: Vec<Spanned>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) replacements: Vec<replacements::Entry>,
    pub(crate) config_maps: Vec<Generator>,
    pub(crate) secrets: Vec<Generator>,
    pub(crate) generator_options: GeneratorOptions,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) sort_span: Option<Span>,
    pub(crate) build_metadata: Vec<Spanned>,
    /// Files with field specs.
    pub(crate) configurations: Vec<Spanned>,
    /// Files with OpenAPI definitions of custom resources.
    pub(crate) crds: Vec<Spanned>,
    pub(crate) vars: Vec<Var>,
    pub(crate) generators: Vec<Spanned>,
    pub(crate) transformers: Vec<Spanned>,
    pub(crate) validators: Vec<Spanned>,
    /// The pairs of `openapi`: `path` or `version`.
    pub(crate) openapi: Vec<(Spanned, Spanned)>,
    /// Deprecated fields in use: name, successor, place.
    pub(crate) deprecated: Vec<(&'static str, &'static str, Span)>,
    /// Fields in use that this version does not implement.
    pub(crate) unsupported: Vec<(&'static str, Span)>,
}

/// An entry of `labels`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    pub(crate) pairs: Vec<(Spanned, Spanned)>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) include_volume_claim_templates: bool,
    pub(crate) fields: Vec<FieldSpecEntry>,
}

/// A field spec written by the user.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSpecEntry {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) create: bool,
}

impl From<&FieldSpecEntry> for FieldSpec {
    fn from(entry: &FieldSpecEntry) -> Self {
        Self {
            group: entry.group.clone().into(),
            version: entry.version.clone().into(),
            kind: entry.kind.clone().into(),
            path: entry.path.clone().into(),
            create: entry.create,
        }
    }
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    pub(crate) span: Span,
    pub(crate) path: Option<Spanned>,
    pub(crate) patch: Option<Spanned>,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
}

/// An entry of `images`.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) name: Spanned,
    pub(crate) new_name: Option<Spanned>,
    pub(crate) new_tag: Option<Spanned>,
    pub(crate) tag_suffix: Option<Spanned>,
    pub(crate) digest: Option<Spanned>,
}

/// An entry of `replicas`.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) name: Spanned,
    pub(crate) count: i64,
    pub(crate) count_span: Span,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    pub(crate) span: Span,
    pub(crate) name: Option<Spanned>,
    pub(crate) namespace: Option<Spanned>,
    pub(crate) behavior: Option<Spanned>,
    pub(crate) literals: Vec<Spanned>,
    pub(crate) files: Vec<Spanned>,
    pub(crate) envs: Vec<Spanned>,
    pub(crate) kind: Option<Spanned>,
    pub(crate) options: GeneratorOptions,
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<(Spanned, Spanned)>,
    pub(crate) annotations: Vec<(Spanned, Spanned)>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    /// Global booleans trump local ones; global labels and annotations only fill gaps.
    pub(crate) fn under(&self, global: &Self) -> Self {
        let fill = |local: &[(Spanned, Spanned)], global: &[(Spanned, Spanned)]| {
            let missing =
                global.iter().filter(|(key, _)| !local.iter().any(|(seen, _)| seen.text == key.text));
            local.iter().chain(missing).cloned().collect()
        };
        Self {
            labels: fill(&self.labels, &global.labels),
            annotations: fill(&self.annotations, &global.annotations),
            disable_name_suffix_hash: self.disable_name_suffix_hash || global.disable_name_suffix_hash,
            immutable: self.immutable || global.immutable,
        }
    }
}

/// `sortOptions`.
#[derive(Clone, Debug)]
pub(crate) enum SortOptions {
    /// As accumulated.
    Fifo,
    /// By kind; the lists of kinds that go first and last, or kustomize's own.
    Legacy(Option<(Vec<String>, Vec<String>)>),
}

/// The fields of a config map generator.
pub(crate) const CONFIG_MAP_FIELDS: &[&str] =
    &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options"];
/// The fields of a secret generator.
pub(crate) const SECRET_FIELDS: &[&str] =
    &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"];

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

impl Decoder<'_> {
    /// Reads the root of a `kustomization.yaml`.
    pub(crate) fn kustomization(&self, root: &Node) -> Result<Kustomization> {
        let fields = self.fields(root, "the kustomization", FIELDS)?;
        let mut k = Kustomization { span: Some(root.span), ..Kustomization::default() };
        let (mut bases, mut image_tags) = (Vec::new(), Vec::new());
        let (mut api_version, mut kind) = (None, None);
        let mut empty = true;
        for (name, entry) in fields {
            let node = &entry.value;
            if !matches!(name, "apiVersion" | "kind") && node.as_str() != Some("") {
                empty = false;
            }
            match name {
                "apiVersion" => api_version = self.optional(node, name)?,
                "kind" => kind = self.optional(node, name)?,
                "metadata" => self.metadata(node)?,
                "openapi" => k.openapi = self.pairs(node, name)?,
                "namePrefix" => k.name_prefix = self.optional(node, name)?,
                "nameSuffix" => k.name_suffix = self.optional(node, name)?,
                "namespace" => k.namespace = self.optional(node, name)?,
                "commonLabels" => k.common_labels = self.pairs(node, name)?,
                "labels" => k.labels = self.list(node, name, |item| self.label(item))?,
                "commonAnnotations" => k.common_annotations = self.pairs(node, name)?,
                "patchesStrategicMerge" => k.patches_strategic_merge = self.strings(node, name)?,
                "patchesJson6902" => {
                    k.patches_json6902 = self.list(node, name, |item| self.patch(item, name))?;
                }
                "patches" => k.patches = self.list(node, name, |item| self.patch(item, name))?,
                "images" => k.images = self.list(node, name, |item| self.image(item))?,
                "imageTags" => image_tags = self.list(node, name, |item| self.image(item))?,
                "replicas" => k.replicas = self.list(node, name, |item| self.replica(item))?,
                "replacements" => k.replacements = self.replacements(node)?,
                "sortOptions" => {
                    k.sort_options = Some(self.sort_options(node)?);
                    k.sort_span = Some(entry.key_span);
                }
                "resources" => k.resources = self.strings(node, name)?,
                "components" => k.components = self.strings(node, name)?,
                "bases" => bases = self.strings(node, name)?,
                "configMapGenerator" => {
                    k.config_maps = self.list(node, name, |item| self.generator(item, name, false))?;
                }
                "secretGenerator" => {
                    k.secrets = self.list(node, name, |item| self.generator(item, name, true))?;
                }
                "generatorOptions" => k.generator_options = self.generator_options(node)?,
                "configurations" => k.configurations = self.strings(node, name)?,
                "vars" => k.vars = self.list(node, name, |item| self.var(item))?,
                "generators" => k.generators = self.strings(node, name)?,
                "transformers" => k.transformers = self.strings(node, name)?,
                "validators" => k.validators = self.strings(node, name)?,
                "crds" => k.crds = self.strings(node, name)?,
                "buildMetadata" => k.build_metadata = self.strings(node, name)?,
                // Checked where they are used.
                "helmGlobals" => {}
                _ if node.as_seq().is_some_and(<[Node]>::is_empty) => {}
                _ if node.as_map().is_some_and(crate::node::Map::is_empty) => {}
                name => k.unsupported.push((name, entry.key_span)),
            }
            if let Some(successor) = successor(name) {
                k.deprecated.push((name, successor, entry.key_span));
            }
        }
        if empty {
            let message = "the kustomization is empty; list at least one entry in `resources`";
            return Err(self.error(root.span, "empty-kustomization", message));
        }
        k.kind = self.kind(kind.as_ref(), api_version.as_ref())?;
        k.resources.append(&mut bases);
        k.images.append(&mut image_tags);
        Ok(k)
    }

    fn kind(&self, kind: Option<&Spanned>, api_version: Option<&Spanned>) -> Result<Kind> {
        let (kind, wanted) = match kind.map(Spanned::as_str) {
            None | Some("Kustomization") => (Kind::Kustomization, "kustomize.config.k8s.io/v1beta1"),
            Some("Component") => (Kind::Component, "kustomize.config.k8s.io/v1alpha1"),
            Some(other) => {
                let span = kind.map_or(Span::NONE, |kind| kind.span);
                let message = format!("kind must be Kustomization or Component, not `{other}`");
                return Err(self.error(span, "wrong-kind", message));
            }
        };
        match api_version {
            Some(found) if found.as_str() != wanted => {
                let message = format!("apiVersion of a {kind:?} must be {wanted}, not `{}`", found.text);
                Err(self.error(found.span, "wrong-api-version", message))
            }
            _ => Ok(kind),
        }
    }

    fn metadata(&self, node: &Node) -> Result<()> {
        let known = &["name", "namespace", "labels", "annotations"];
        for (name, entry) in self.fields(node, "metadata", known)? {
            match name {
                "labels" | "annotations" => drop(self.pairs(&entry.value, name)?),
                _ => drop(self.string(&entry.value, name)?),
            }
        }
        Ok(())
    }

    fn label(&self, node: &Node) -> Result<Label> {
        let known =
            &["pairs", "includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields"];
        let mut label = Label::default();
        for (name, entry) in self.fields(node, "an entry of labels", known)? {
            let value = &entry.value;
            match name {
                "pairs" => label.pairs = self.pairs(value, name)?,
                "includeSelectors" => label.include_selectors = self.boolean(value, name)?,
                "includeTemplates" => label.include_templates = self.boolean(value, name)?,
                "includeVolumeClaimTemplates" => {
                    label.include_volume_claim_templates = self.boolean(value, name)?;
                }
                _ => label.fields = self.list(value, name, |item| self.field_spec(item))?,
            }
        }
        Ok(label)
    }

    /// Reads a field spec as users write it.
    pub(crate) fn field_spec(&self, node: &Node) -> Result<FieldSpecEntry> {
        let known = &["group", "version", "kind", "path", "create"];
        let mut spec = FieldSpecEntry::default();
        for (name, entry) in self.fields(node, "a field spec", known)? {
            let text = || Ok(self.strict_text().string(&entry.value, name)?.text.to_string());
            match name {
                "group" => spec.group = text()?,
                "version" => spec.version = text()?,
                "kind" => spec.kind = text()?,
                "path" => spec.path = self.string(&entry.value, name)?.text.to_string(),
                _ => spec.create = self.boolean(&entry.value, name)?,
            }
        }
        Ok(spec)
    }

    pub(crate) fn patch(&self, node: &Node, field: &str) -> Result<Patch> {
        let mut patch = Patch {
            span: node.span,
            path: None,
            patch: None,
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
        };
        let what = format!("an entry of {field}");
        for (name, entry) in self.fields(node, &what, &["path", "patch", "target", "options"])? {
            let value = &entry.value;
            match name {
                "path" => patch.path = self.optional(value, name)?,
                "patch" => patch.patch = self.optional(value, name)?,
                "target" => patch.target = Some(self.selector(value, "the target of a patch")?),
                _ => {
                    let known = &["allowNameChange", "allowKindChange"];
                    for (name, entry) in self.fields(value, "the options of a patch", known)? {
                        let value = self.boolean(&entry.value, name)?;
                        match name {
                            "allowNameChange" => patch.allow_name_change = value,
                            _ => patch.allow_kind_change = value,
                        }
                    }
                }
            }
        }
        Ok(patch)
    }

    pub(crate) fn image(&self, node: &Node) -> Result<Image> {
        let mut image = Image {
            name: Spanned { text: "".into(), span: node.span },
            new_name: None,
            new_tag: None,
            tag_suffix: None,
            digest: None,
        };
        let known = &["name", "newName", "tagSuffix", "newTag", "digest"];
        for (name, entry) in self.fields(node, "an entry of images", known)? {
            let value = &entry.value;
            match name {
                "name" => image.name = self.string(value, name)?,
                "newName" => image.new_name = self.optional(value, name)?,
                "tagSuffix" => image.tag_suffix = self.optional(value, name)?,
                "newTag" => image.new_tag = self.optional(value, name)?,
                _ => image.digest = self.optional(value, name)?,
            }
        }
        Ok(image)
    }

    pub(crate) fn replica(&self, node: &Node) -> Result<Replica> {
        let mut replica =
            Replica { name: Spanned { text: "".into(), span: node.span }, count: 0, count_span: node.span };
        for (name, entry) in self.fields(node, "an entry of replicas", &["name", "count"])? {
            match name {
                "name" => replica.name = self.string(&entry.value, name)?,
                _ => {
                    replica.count = self.integer(&entry.value, name)?;
                    replica.count_span = entry.value.span;
                }
            }
        }
        Ok(replica)
    }

    pub(crate) fn generator(&self, node: &Node, field: &str, secret: bool) -> Result<Generator> {
        let mut generator = Generator {
            span: node.span,
            name: None,
            namespace: None,
            behavior: None,
            literals: Vec::new(),
            files: Vec::new(),
            envs: Vec::new(),
            kind: None,
            options: GeneratorOptions::default(),
        };
        let mut env = None;
        let what = format!("an entry of {field}");
        for (name, entry) in
            self.fields(node, &what, if secret { SECRET_FIELDS } else { CONFIG_MAP_FIELDS })?
        {
            let value = &entry.value;
            match name {
                "name" => generator.name = self.optional(value, name)?,
                "namespace" => generator.namespace = self.optional(value, name)?,
                "behavior" => generator.behavior = self.optional(value, name)?,
                "literals" => generator.literals = self.strings(value, name)?,
                "files" => generator.files = self.strings(value, name)?,
                "envs" => generator.envs = self.strings(value, name)?,
                "env" => env = self.optional(value, name)?,
                "options" => generator.options = self.generator_options(value)?,
                _ => generator.kind = self.optional(value, name)?,
            }
        }
        // In the configuration of a plugin kustomize knows the old field and never reads it.
        match (env, self.passed_over) {
            (Some(env), Some(passed_over)) => {
                let message = "kustomize never reads `env` of a plugin; list the file under `envs`";
                let warning = Diagnostic::new("unknown-field", message);
                passed_over.borrow_mut().push(warning.at(self.sources.locate(env.span)));
            }
            (env, _) => generator.envs.extend(env),
        }
        Ok(generator)
    }

    fn generator_options(&self, node: &Node) -> Result<GeneratorOptions> {
        let known = &["labels", "annotations", "disableNameSuffixHash", "immutable"];
        let mut options = GeneratorOptions::default();
        for (name, entry) in self.fields(node, "the options of a generator", known)? {
            let value = &entry.value;
            match name {
                "labels" => options.labels = self.pairs(value, name)?,
                "annotations" => options.annotations = self.pairs(value, name)?,
                "disableNameSuffixHash" => options.disable_name_suffix_hash = self.boolean(value, name)?,
                _ => options.immutable = self.boolean(value, name)?,
            }
        }
        Ok(options)
    }

    fn sort_options(&self, node: &Node) -> Result<SortOptions> {
        let (mut order, mut lists) = (None, None);
        for (name, entry) in self.fields(node, "sortOptions", &["order", "legacySortOptions"])? {
            match name {
                "order" => order = self.optional(&entry.value, name)?,
                _ => {
                    let (mut first, mut last) = (Vec::new(), Vec::new());
                    let known = &["orderFirst", "orderLast"];
                    for (name, entry) in self.fields(&entry.value, "legacySortOptions", known)? {
                        let kinds = self.strings(&entry.value, name)?;
                        let kinds = kinds.iter().map(|kind| kind.text.to_string()).collect();
                        if name == "orderFirst" { first = kinds } else { last = kinds }
                    }
                    lists = Some((first, last));
                }
            }
        }
        match order.as_ref().map(Spanned::as_str) {
            Some("legacy") => Ok(SortOptions::Legacy(lists)),
            Some("fifo") if lists.is_none() => Ok(SortOptions::Fifo),
            Some("fifo") => {
                let message = "`legacySortOptions` has no meaning with `order: fifo`; remove one of them";
                Err(self.error(node.span, "bad-sort-options", message))
            }
            _ => {
                let message = "`sortOptions.order` must be `fifo` or `legacy`";
                Err(self.error(order.map_or(node.span, |order| order.span), "bad-sort-options", message))
            }
        }
    }
}

/// What to write instead of a deprecated field.
fn successor(field: &str) -> Option<&'static str> {
    Some(match field {
        "bases" => "resources",
        "commonLabels" => "labels",
        "imageTags" => "images",
        "patchesJson6902" | "patchesStrategicMerge" => "patches",
        "vars" => "replacements",
        _ => return None,
    })
}
