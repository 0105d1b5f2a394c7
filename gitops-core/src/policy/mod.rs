//! Gatekeeper policies evaluated without a cluster: ConstraintTemplates in Rego, and their Constraints.
//!
//! A [`PolicySet`] is compiled once and evaluated many times, from many threads. The verdict and the
//! message of every violation are those of Gatekeeper's own Rego driver (proved on its library's
//! suites and on a differential set); a policy that fails at run time is a finding for each of its
//! constraints, as in Gatekeeper. What could not be evaluated is counted, never passed over.

pub mod acceptance;
mod bounded;
mod builtins;
pub mod bundles;
pub(crate) mod cel;
#[doc(hidden)]
pub mod conformance;
mod constraint;
mod copies;
mod counted;
mod encodings;
mod evaluate;
mod exclusion;
mod expand;
mod expansion;
mod facts;
pub(crate) mod fingerprint;
mod format;
mod globs;
mod hashes;
mod index;
mod inventory;
mod locate;
mod matching;
mod mutation;
mod network;
mod numbers;
mod options;
mod rego;
mod review;
mod runner;
mod schema;
mod suite;
mod template;
mod value;
mod weight;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use constraint::Constraint;
use exclusion::Exclusions;
use expansion::Expansions;
use index::Index;
use mutation::{Mutators, is_mutator};
use template::Template;

use crate::node::{Location, Node, Path, SourceMap};
use crate::object::{Object, ObjectId};
use crate::{Error, ErrorKind, Result};

pub use crate::risk::Severity;
pub use acceptance::{AcceptOptions, Acceptance, AcceptanceFinding, AcceptanceRules, AcceptanceSet};
pub(crate) use constraint::CONSTRAINT_GROUP;
pub(crate) use exclusion::CONFIG_GROUP;
pub use expand::Expanded;
pub(crate) use expansion::EXPANSION_GROUP;
#[cfg(feature = "git")]
pub(crate) use mutation::MUTATION_GROUP;
pub use options::{EvaluateOptions, Profile, UnknownNamespace};
pub use review::Operation;
pub use suite::{CaseReport, Filter, SuiteReport, TestReport, VerifyOptions, verify};
pub(crate) use template::TEMPLATE_GROUP;

/// How templates are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Whether templates in CEL (`engine: K8sNativeValidation`) are evaluated; one that has Rego too is
    /// then evaluated in CEL alone, as Gatekeeper does by default. Default true.
    pub native_validation: bool,
    /// How long the texts of one template's target (Rego, libraries, CEL) may be together, in bytes.
    /// Default 1.5 MiB, more than etcd keeps of an object.
    pub max_code: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { native_validation: true, max_code: 3 << 19 }
    }
}

impl LoadOptions {
    /// The same with or without CEL.
    #[must_use]
    pub fn with_native_validation(mut self, native_validation: bool) -> Self {
        self.native_validation = native_validation;
        self
    }

    /// The same with another bound on the code of a template.
    #[must_use]
    pub fn with_max_code(mut self, bytes: usize) -> Self {
        self.max_code = bytes;
        self
    }
}

/// Templates and constraints, compiled, with what else decides what they see: excluded namespaces,
/// mutators and expansions. Cheap to clone, immutable, usable from many threads.
#[derive(Clone, Default)]
pub struct PolicySet {
    templates: Vec<Arc<Template>>,
    constraints: Vec<Arc<Constraint>>,
    index: Arc<Index>,
    exclusions: Arc<Exclusions>,
    expansions: Arc<Expansions>,
    mutators: Arc<Mutators>,
}

impl fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let constraints = self.constraints().map(|(kind, name)| format!("{kind}/{name}"));
        f.debug_struct("PolicySet")
            .field("constraints", &constraints.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl PolicySet {
    /// Compiles what Gatekeeper reads among `objects`: ConstraintTemplates and Constraints, Configs,
    /// ExpansionTemplates and mutators (Assign, AssignMetadata, ModifySet, AssignImage). Other objects are
    /// left alone. `sources` resolves the spans of the objects' nodes into places.
    ///
    /// Templates may be `templates.gatekeeper.sh/v1`, `v1beta1` or `v1alpha1`, with `rego` and `libs` or
    /// with `code`; a template with CEL only is kept, and counted as not checked for each object
    /// its constraints match.
    ///
    /// # Errors
    /// The first template or constraint that Gatekeeper would not accept, as [`ErrorKind::Policy`] with
    /// its place: `bad-template`, `template-name-mismatch`, `template-does-not-compile`,
    /// `recursive-policy`, `template-conflict`, `bad-constraint`, `constraint-conflict`,
    /// `constraint-without-template`, `constraint-violates-schema`, `bad-expansion-template`, `bad-mutator`,
    /// `mutator-conflict`; [`ErrorKind::Unsupported`] with `external-data`; [`ErrorKind::Limit`] with
    /// `template-too-large`.
    pub fn from_objects(objects: &[Object], sources: &SourceMap) -> Result<Self> {
        let (set, errors) = Self::collect(objects, sources);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(set),
        }
    }

    /// The same, but keeps what is good and gives every error beside it. A constraint of a template
    /// that is bad is an error too.
    #[must_use]
    pub fn collect(objects: &[Object], sources: &SourceMap) -> (Self, Vec<Error>) {
        Self::load(objects, sources, &LoadOptions::default())
    }

    /// The same with options.
    #[must_use]
    pub fn load(objects: &[Object], sources: &SourceMap, options: &LoadOptions) -> (Self, Vec<Error>) {
        let mut set = Self::default();
        let mut errors = Vec::new();
        let mut by_kind: BTreeMap<String, usize> = BTreeMap::new();
        let templates =
            objects.iter().filter(|o| o.kind() == "ConstraintTemplate" && o.group() == TEMPLATE_GROUP);
        for object in templates {
            // The same template rendered for several environments is one template.
            if set.templates.iter().any(|known| known.node == object.node) {
                continue;
            }
            match template::compile(object, sources, options) {
                Ok(template) if by_kind.contains_key(&template.kind) => errors.push(
                    Error::new(
                        ErrorKind::Policy,
                        "template-conflict",
                        format!("ConstraintTemplate {} is defined twice, differently", object.name()),
                    )
                    .at(sources.locate(object.node.span)),
                ),
                Ok(template) => {
                    by_kind.insert(template.kind.clone(), set.templates.len());
                    set.templates.push(Arc::new(template));
                }
                Err(error) => errors.push(error),
            }
        }
        let mut exclusions = Exclusions::default();
        for config in objects.iter().filter(|o| o.kind() == "Config" && o.group() == CONFIG_GROUP) {
            exclusions.add(config);
        }
        set.exclusions = Arc::new(exclusions);
        let mut expansions = Expansions::default();
        for object in
            objects.iter().filter(|o| o.kind() == "ExpansionTemplate" && o.group() == EXPANSION_GROUP)
        {
            errors.extend(expansions.add(object, sources).err());
        }
        set.expansions = Arc::new(expansions);
        let mut mutators = Mutators::default();
        for object in objects.iter().filter(|object| is_mutator(object)) {
            errors.extend(mutators.add(object, sources).err());
        }
        errors.extend(mutators.drop_conflicts());
        set.mutators = Arc::new(mutators);
        for object in objects.iter().filter(|object| object.group() == CONSTRAINT_GROUP) {
            if let Err(error) = set.add_constraint(object, &by_kind, sources) {
                errors.push(error);
            }
        }
        // The order of findings: template, then constraint.
        let templates = &set.templates;
        set.constraints.sort_by(|a, b| {
            let kind = |c: &Constraint| templates.get(c.template).map(|template| template.kind.as_str());
            (kind(a), &a.name).cmp(&(kind(b), &b.name))
        });
        set.index = Arc::new(Index::new(&set.constraints));
        (set, errors)
    }

    fn add_constraint(
        &mut self,
        object: &Object,
        by_kind: &BTreeMap<String, usize>,
        sources: &SourceMap,
    ) -> Result<()> {
        let place = sources.locate(object.node.span);
        let Some((index, template)) =
            by_kind.get(object.kind()).and_then(|&at| Some((at, self.templates.get(at)?)))
        else {
            return Err(Error::new(
                ErrorKind::Policy,
                "constraint-without-template",
                format!(
                    "{} {}: no ConstraintTemplate defines the kind `{}`; add the template, or remove the constraint",
                    object.kind(),
                    object.name(),
                    object.kind()
                ),
            )
            .at(place));
        };
        let known =
            self.constraints.iter().find(|known| known.template == index && known.name == object.name());
        if let Some(known) = known {
            if known.node == object.node {
                return Ok(());
            }
            return Err(Error::new(
                ErrorKind::Policy,
                "constraint-conflict",
                format!("{} {} is defined twice, differently", object.kind(), object.name()),
            )
            .at(place));
        }
        let constraint = constraint::read(object, index, template, sources)?;
        self.constraints.push(Arc::new(constraint));
        Ok(())
    }

    /// Whether there is no constraint, so that nothing would be evaluated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    /// The constraints as (kind of the template, name), in the order of findings.
    pub fn constraints(&self) -> impl Iterator<Item = (&str, &str)> {
        self.constraints.iter().filter_map(|constraint| {
            Some((self.templates.get(constraint.template)?.kind.as_str(), constraint.name.as_str()))
        })
    }

    /// The kinds of the templates, in the order they were given.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(|template| template.kind.as_str())
    }

    /// Evaluates every constraint on every object it matches. Never fails: a policy that cannot be
    /// evaluated on an object is a [`FindingKind::Error`]. Equal objects are evaluated once, and a
    /// template once for all constraints that give it the same parameters.
    #[must_use]
    pub fn evaluate(&self, objects: &[Object], options: &EvaluateOptions<'_>) -> PolicyReport {
        evaluate::evaluate(self, objects, options)
    }

    /// What ExpansionTemplates make of the objects, as `gator expand` prints it: of a Deployment its Pod.
    /// Mutators are applied before and after. Of the options, those about namespaces and the operation
    /// count. In the order of the objects; of each, what was made of what was made comes first.
    ///
    /// # Errors
    /// [`ErrorKind::Policy`], code `expansion-failed`: an object lacks the template's source, or mutators do
    /// not come to rest.
    pub fn expand(&self, objects: &[Object], options: &EvaluateOptions<'_>) -> Result<Vec<Expanded>> {
        expand::expand(self, objects, options)
    }

    /// The object as the mutating webhook leaves it, with the mutators of the set; `None` where nothing
    /// changes. Of the options, those about namespaces and the operation count.
    ///
    /// # Errors
    /// [`ErrorKind::Policy`], code `mutation-failed`: mutators do not come to rest, or one does not fit the
    /// object.
    pub fn mutate(&self, object: &Object, options: &EvaluateOptions<'_>) -> Result<Option<Object>> {
        expand::mutate(self, object, options)
    }

    /// Evaluates every constraint that matches an AdmissionRequest, as the admission webhook would:
    /// `input.review` is the request as given, with `object` taken from `oldObject` for a DELETE.
    /// [`Finding::object`] is 0. The inventory and Namespaces are those of the options.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `bad-admission-request`: nothing to review, or a DELETE without
    /// `oldObject`; as gator also a field that an AdmissionRequest does not have or of another type.
    pub fn evaluate_request(&self, request: &Node, options: &EvaluateOptions<'_>) -> Result<PolicyReport> {
        evaluate::evaluate_request(self, request, options)
    }
}

/// Whether a finding is a verdict or the failure to reach one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FindingKind {
    /// The policy says that the object violates it.
    Violation,
    /// The policy failed on the object (a conflict, a message that is no text, out of time). Gatekeeper
    /// treats it as a violation, and so should a reader.
    Error,
}

/// One violation of one constraint by one object.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// The kind of the constraint, which names the template.
    pub template: String,
    /// The name of the constraint.
    pub constraint: String,
    /// `deny`, `warn`, `dryrun`, or a text that Gatekeeper does not recognise and does nothing about.
    /// Scoped actions are resolved for [`EvaluateOptions::enforcement_point`]: the strictest.
    pub enforcement_action: String,
    /// All actions at the enforcement point, the strictest first; several only where they are scoped.
    pub enforcement_actions: Vec<String>,
    /// Index of the object among the objects given.
    pub object: usize,
    /// What names the object.
    pub id: ObjectId,
    /// The policy's message, as Gatekeeper would show it.
    pub message: String,
    /// The policy's details, if it gave any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
    /// Verdict or failure.
    pub kind: FindingKind,
    /// Where in the object the offending value is; `None` where it is not known, or is the object as a
    /// whole, or [`EvaluateOptions::locate`] is off. The path exists in the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// The name of the container (init, ephemeral or other) that the path leads into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The text that set the value at the path, or the object; `None` until [`PolicyReport::locate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Names the same violation in every run, see [`Finding::fingerprint`]; empty until
    /// [`PolicyReport::locate`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// Who accepted it, once acceptances were applied ([`AcceptanceSet::apply`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

impl Finding {
    /// Whether the object would be denied for it: it denies, and nobody accepted it.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.enforcement_action == "deny" && self.accepted.is_none()
    }
}

/// Something that was not evaluated, and how many object-constraint pairs it concerns.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotChecked {
    /// Stable kebab-case reason: `cel-template`, `function-not-supported`, `namespace-unknown`,
    /// `namespace-excluded`, `inventory-missing`, `acceptance-not-applied`.
    pub code: &'static str,
    /// Which constraint, and why, for people.
    pub message: String,
    /// How many objects it concerns.
    pub count: usize,
}

/// What an evaluation found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyReport {
    /// The findings, by object, template, constraint and message.
    pub findings: Vec<Finding>,
    /// What is wrong with acceptances, the worst first; empty until they are applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acceptance_findings: Vec<AcceptanceFinding>,
    /// What was not checked, by constraint.
    pub not_checked: Vec<NotChecked>,
    /// How many times a policy was evaluated for a verdict (locating not counted).
    pub evaluations: usize,
}

impl PolicyReport {
    /// Says of each finding where its text stands and what names it ([`Finding::location`],
    /// [`Finding::fingerprint`]). `objects` are those evaluated; `sources` resolves their places.
    pub fn locate(&mut self, objects: &[Object], sources: &SourceMap) {
        for finding in &mut self.findings {
            let Some(object) = objects.get(finding.object) else { continue };
            let path = finding.path.clone().unwrap_or_default();
            finding.location = object.location(&path, sources);
            finding.fingerprint = finding.fingerprint(object, "");
        }
    }

    /// Whether nothing is denied: all that the policies deny is accepted.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.findings.iter().any(Finding::is_denied)
    }
}

#[cfg(test)]
mod tests;
