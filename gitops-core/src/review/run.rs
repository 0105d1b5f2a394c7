//! The review itself: what the change can reach is rendered at both revisions, compared and judged.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::compare::compare;
use super::live::{Clusters, Sides};
use super::model::{EnvironmentReview, EnvironmentStatus, NotChecked, Review, Revision};
use super::options::ReviewOptions;
use super::side::Side;
#[cfg(feature = "policy")]
use super::{findings, policies};
use crate::files::Files;
use crate::git::{self, ChangedPath, Repository, changed_paths};
use crate::knowledge::charts;
#[cfg(feature = "policy")]
use crate::policy;
use crate::sources::Environment;
use crate::{Diagnostic, Error, ErrorKind, Result};

/// Changed files named in one entry of what was not checked.
const NAMED: usize = 5;

/// Reviews what changes between two revisions of a repository, in every environment it deploys.
///
/// `base` and `head` are what `git rev-parse` understands. An environment is affected if a path that
/// its build reads, or would look for, differs between the trees of the revisions; if its declaration
/// differs; or if policies that judge it differ. Only affected ones are rendered, compared, judged and
/// listed. An environment or a policy that cannot be rendered or compiled is an error in the result.
///
/// Policies are those that [`ReviewOptions::policies`] gives, those that environments of the same
/// cluster render (and those whose cluster is not known), and Gatekeeper documents that stand in the
/// repository without being rendered; of the same kind and name the first of these counts. Base is
/// judged by the policies of base, head by those of head. To find them, environments that hold policies
/// or Namespaces are rendered as well, if there is anything to judge. `data.inventory` is the environment itself.
///
/// # Errors
/// [`ErrorKind::Git`] for a revision or repository that cannot be read; [`ErrorKind::Limit`] for a
/// repository beyond the limits; [`ErrorKind::Argument`] with code `unknown-environment` when
/// [`ReviewOptions::environments`] names none that exists.
pub fn review(repository: &Repository, base: &str, head: &str, options: &ReviewOptions) -> Result<Review> {
    let mut from = repository.revision(base)?;
    let to = repository.revision(head)?;
    if options.use_merge_base {
        from = repository.merge_base(&from, &to)?;
    }
    let changed = changed_paths(&from, &to)?;
    let known = RefCell::default();
    let base_side = Side::new(from, options, &known)?;
    let head_side = Side::new(to, options, &known)?;
    let work = Work { base: &base_side, head: &head_side, options, changed: &changed };
    let mut review = work
        .run(Revision::new(base, hex(&base_side.revision)), Revision::new(head, hex(&head_side.revision)))?;
    review.read_lines(|path| {
        let content = head_side.files.read(path).ok()?;
        String::from_utf8(content.bytes.to_vec()).ok()
    });
    Ok(review)
}

fn hex(revision: &git::Revision) -> String {
    revision.commit().0.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Work<'a> {
    base: &'a Side<'a>,
    head: &'a Side<'a>,
    options: &'a ReviewOptions,
    changed: &'a [ChangedPath],
}

/// What concerns no single environment, without repetitions.
#[derive(Default)]
pub(super) struct Notes {
    errors: Vec<Diagnostic>,
    pub(super) not_checked: BTreeSet<NotChecked>,
    /// By code and message, summed over environments.
    counted: BTreeMap<(String, String), usize>,
    #[cfg(feature = "policy")]
    acceptances: super::acceptances::Seen,
}

impl Work<'_> {
    fn run(&self, base: Revision, head: Revision) -> Result<Review> {
        let environments = |side: &Side<'_>| -> Vec<String> {
            side.discovery.environments.iter().map(|environment| environment.name.clone()).collect()
        };
        let names: BTreeSet<String> =
            environments(self.base).into_iter().chain(environments(self.head)).collect();
        if !self.options.environments.is_empty() && !names.iter().any(|name| self.options.wants(name)) {
            let message = format!(
                "no environment is called {}; there are: {}",
                self.options.environments.join(" or "),
                names.iter().cloned().collect::<Vec<_>>().join(", ")
            );
            return Err(Error::new(ErrorKind::Argument, "unknown-environment", message));
        }
        let mut affected = BTreeSet::new();
        for name in &names {
            if self.is_affected(name)? {
                affected.insert(name.clone());
            }
        }
        #[cfg(feature = "policy")]
        policies::affected(self.base, self.head, self.changed, self.options, &mut affected)?;
        let all = [self.base, self.head].into_iter().flat_map(|side| &side.discovery.environments);
        let clusters = Clusters::new(self.options, &all.collect::<Vec<_>>())?;
        let mut notes = Notes::default();
        #[cfg(feature = "policy")]
        let judge = policies::Judge::default();
        #[cfg(feature = "policy")]
        let accept =
            super::acceptances::options(self.base, self.head, self.changed, self.options, &mut notes)?;
        let mut reviews = Vec::new();
        self.build_all(affected.iter().filter(|name| self.options.wants(name)));
        for name in affected.iter().filter(|name| self.options.wants(name)) {
            let (before, after) = (self.base.environment(name), self.head.environment(name));
            let Some(shown) = after.or(before) else { continue };
            let mut review = EnvironmentReview::new(name.as_str(), shown.path.as_str(), origin(shown));
            review.cluster.clone_from(&shown.cluster);
            self.render(&mut review, before, after, &mut notes);
            #[cfg(feature = "policy")]
            self.judge(&judge, &accept, &mut review, before, after, &mut notes)?;
            self.compare_live(&clusters, &mut review, before, after, &mut notes);
            reviews.push(review);
        }
        #[cfg(not(feature = "policy"))]
        if self.head.marked.values().any(|marks| marks.policies) {
            let message =
                "policies were found, but this build of the library cannot evaluate them (feature `policy`)";
            notes.not_checked.insert(NotChecked::new("policies-not-evaluated", 1, message));
        }
        self.outside(&mut notes)?;
        #[cfg(feature = "policy")]
        let (changes, acceptance_findings) = {
            let all = affected.len() == names.len() && self.options.environments.is_empty();
            notes.not_checked.extend(notes.acceptances.not_applied());
            notes.acceptances.finish(all)
        };
        let mut not_checked: Vec<NotChecked> = notes.not_checked.into_iter().collect();
        let counted = notes.counted.into_iter();
        not_checked.extend(counted.map(|((code, message), count)| NotChecked::new(code, count, message)));
        let review = Review::new(base, head, names.len(), reviews, notes.errors, Vec::new(), not_checked);
        #[cfg(feature = "policy")]
        let review = review.with_acceptances(changes, acceptance_findings);
        Ok(review)
    }

    /// Renders environments at both revisions, on several threads; nothing below does the work again.
    fn build_all<'n>(&self, names: impl Iterator<Item = &'n String>) {
        let mut wanted = Vec::new();
        for name in names {
            for side in [self.base, self.head] {
                wanted.extend(side.environment(name).map(|environment| (side, environment)));
            }
        }
        Side::build_all(&wanted, self.options.threads);
    }

    /// Whether the change can alter what an environment renders to.
    fn is_affected(&self, name: &str) -> Result<bool> {
        let (Some(before), Some(after)) = (self.base.environment(name), self.head.environment(name)) else {
            return Ok(true);
        };
        if is_redefined(before, after) {
            return Ok(true);
        }
        // What of a declaration is not understood may have changed with its file.
        let declared = [before, after].into_iter().filter(|environment| !environment.unsupported.is_empty());
        let mut files = declared.filter_map(|environment| environment.origin.location.as_ref());
        if files.any(|file| self.changed.iter().any(|change| change.path == file.path)) {
            return Ok(true);
        }
        let reach = self.base.reach(before)?;
        if self.changed.iter().any(|change| reach.contains(&change.path)) {
            return Ok(true);
        }
        // All that leads anywhere is the same at head, and so is where it leads.
        self.head.adopt(after, reach);
        Ok(false)
    }

    fn render(
        &self,
        review: &mut EnvironmentReview,
        before: Option<&Environment>,
        after: Option<&Environment>,
        notes: &mut Notes,
    ) {
        let base = before.map(|environment| self.base.build(environment));
        let head = after.map(|environment| self.head.build(environment));
        let name = &review.name;
        for unsupported in after.iter().flat_map(|environment| &environment.unsupported) {
            let entry = NotChecked::new(unsupported.code, 1, format!("`{name}`: {}", unsupported.message));
            notes.not_checked.insert(entry.at(unsupported.location.clone()));
        }
        if let Some(environment) = after.filter(|environment| environment.suspended) {
            let message =
                "the declaration is suspended: what changes here is not deployed until it is resumed";
            let place = environment.origin.location.clone();
            review.warnings.push(Diagnostic::new("suspended", message).at(place));
        }
        if let Some(Err(error)) = head.as_deref() {
            review.status = EnvironmentStatus::Failed;
            review.failed_before = matches!(base.as_deref(), Some(Err(_)));
            review.errors.push(Diagnostic::from(error));
            let message = format!("the environment `{name}` could not be rendered ({})", error.code());
            let entry = NotChecked::new("environment-failed", 1, message);
            notes.not_checked.insert(entry.at(error.location().cloned()));
            return;
        }
        if let Some(Err(error)) = base.as_deref() {
            let message = format!(
                "the environment `{name}` could not be rendered at base, so all its objects count as added"
            );
            let entry = NotChecked::new("base-not-rendered", 1, message);
            notes.not_checked.insert(entry.at(error.location().cloned()));
        }
        let old = base.as_deref().and_then(|build| build.as_ref().ok());
        let new = head.as_deref().and_then(|build| build.as_ref().ok());
        let charts = new.map_or(&[][..], |build| &build.objects).iter();
        let charts: Vec<_> =
            charts.filter(|object| charts::is_chart(object.group(), object.kind())).collect();
        if let (Some(first), Some(build)) = (charts.first(), new) {
            let message = format!(
                "`{name}`: {} of Helm charts, which the cluster renders: their objects and images were not seen",
                if charts.len() == 1 { "an installation" } else { "installations" }
            );
            let entry = NotChecked::new("chart-not-rendered", charts.len(), message);
            notes.not_checked.insert(entry.at(build.location(first, &crate::node::Path::new())));
        }
        let comparison = compare(old, new);
        review.objects = comparison.objects;
        review.images = comparison.images;
        review.status = match (before, after) {
            (None, _) => EnvironmentStatus::Added,
            (_, None) => EnvironmentStatus::Removed,
            _ if review.objects.is_empty() => EnvironmentStatus::Unchanged,
            _ => EnvironmentStatus::Changed,
        };
        let known = |warning: &Diagnostic| {
            old.is_some_and(|build| {
                build
                    .warnings
                    .iter()
                    .any(|other| (other.code, &other.message) == (warning.code, &warning.message))
            })
        };
        for warning in new.into_iter().flat_map(|build| &build.warnings) {
            if !known(warning) && !review.warnings.contains(warning) {
                review.warnings.push(warning.clone());
            }
        }
    }

    #[cfg(feature = "policy")]
    fn judge(
        &self,
        judge: &policies::Judge,
        accept: &policy::AcceptOptions<'_>,
        review: &mut EnvironmentReview,
        before: Option<&Environment>,
        after: Option<&Environment>,
        notes: &mut Notes,
    ) -> Result<()> {
        if review.status == EnvironmentStatus::Failed {
            return Ok(());
        }
        let sources = self.options.cache.sources();
        let mut old_findings = Vec::new();
        let old_build = before.map(|environment| self.base.build(environment));
        if let (Some(environment), Some(Ok(build))) = (before, old_build.as_deref()) {
            let context = policies::context(self.base, environment, self.options, &mut BTreeSet::new())?;
            let compiled = judge.compiled(&context.policies, sources);
            notes.acceptances.before(&compiled.acceptances);
            let verdicts = policies::verdicts(&compiled, &context, environment, build, accept);
            old_findings = verdicts.findings.into_iter().map(|judged| judged.finding).collect();
        }
        let mut new_findings = Vec::new();
        if let (Some(environment), Some(Ok(build))) = (after, after.map(|e| self.head.build(e)).as_deref()) {
            let context = policies::context(self.head, environment, self.options, &mut notes.not_checked)?;
            let compiled = judge.compiled(&context.policies, sources);
            for error in &compiled.errors {
                let (error, entry) = policies::policy_error(error);
                notes.not_checked.insert(entry);
                if let Some(error) = error
                    && !notes.errors.contains(&error)
                {
                    notes.errors.push(error);
                }
            }
            let mut verdicts = policies::verdicts(&compiled, &context, environment, build, accept);
            notes.acceptances.after(&compiled.acceptances, &mut verdicts);
            for entry in verdicts.not_checked {
                *notes.counted.entry((entry.code.to_owned(), entry.message)).or_default() += entry.count;
            }
            if let Some(Ok(old)) = old_build.as_deref() {
                policies::note_previous(&mut verdicts.findings, old, build);
            }
            new_findings = verdicts.findings.into_iter().map(|judged| judged.finding).collect();
        }
        review.findings = findings::matched(old_findings, new_findings);
        Ok(())
    }

    /// Compares with what lives, if it was given.
    fn compare_live(
        &self,
        clusters: &Clusters<'_>,
        review: &mut EnvironmentReview,
        before: Option<&Environment>,
        after: Option<&Environment>,
        notes: &mut Notes,
    ) {
        let Some(declared) = after.or(before).filter(|_| !clusters.is_empty()) else { return };
        let Some(cluster) = clusters.of(declared).or_else(|| clusters.of(before?)) else {
            if review.status != EnvironmentStatus::Unchanged {
                let message = format!("`{}`: no live objects were given for it", review.name);
                notes.not_checked.insert(NotChecked::new("live-objects-missing", 1, message));
            }
            return;
        };
        let base = before.map(|environment| self.base.build(environment));
        let head = after.map(|environment| self.head.build(environment));
        // What could not be rendered is told already; of its objects nothing is known.
        if [&base, &head].into_iter().flatten().any(|build| build.is_err()) {
            return;
        }
        let sides = Sides {
            before: base.as_deref().and_then(|build| build.as_ref().ok()),
            after: head.as_deref().and_then(|build| build.as_ref().ok()),
        };
        let mut not_checked = Vec::new();
        review.live = Some(cluster.review(&sides, declared, self.options, &mut not_checked));
        notes.not_checked.extend(not_checked);
    }

    /// What the repository or the change holds beyond the environments.
    fn outside(&self, notes: &mut Notes) -> Result<()> {
        for warning in &self.head.discovery.warnings {
            let entry = NotChecked::new(warning.code, 1, warning.message.as_str());
            notes.not_checked.insert(entry.at(warning.location.clone()));
        }
        let mut covered: Vec<_> = Vec::new();
        for side in [self.base, self.head] {
            for environment in &side.discovery.environments {
                covered.push(side.reach(environment)?);
            }
        }
        for kustomization in &self.head.discovery.unreached {
            let reach = self.head.reach(kustomization)?;
            if self.changed.iter().any(|change| reach.contains(&change.path)) {
                let message = format!(
                    "the change reaches the kustomization `{}`, but nothing in the repository says where it is deployed",
                    kustomization.path
                );
                notes.not_checked.insert(NotChecked::new("not-deployed", 1, message));
            }
            covered.push(reach);
        }
        let declared: HashMap<&str, ()> = [self.base, self.head]
            .into_iter()
            .flat_map(|side| &side.discovery.environments)
            .filter_map(|environment| Some((environment.origin.location.as_ref()?.path.as_str(), ())))
            .collect();
        let policies =
            |path: &str| self.head.marked.contains_key(path) || self.base.marked.contains_key(path);
        let is_manifest = |path: &str| {
            (path.ends_with(".yaml") || path.ends_with(".yml"))
                && !path.split('/').any(|part| part.starts_with('.'))
        };
        let stray: Vec<&str> = self
            .changed
            .iter()
            .map(|change| change.path.as_str())
            .filter(|path| is_manifest(path) && !declared.contains_key(path) && !policies(path))
            .filter(|path| !covered.iter().any(|reach| reach.contains(path)))
            .collect();
        if !stray.is_empty() {
            let named: Vec<String> = stray.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
            let more = stray.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message = format!("changed files that no environment reads: {}{more}", named.join(", "));
            notes.not_checked.insert(NotChecked::new("file-not-deployed", stray.len(), message));
        }
        Ok(())
    }
}

fn origin(environment: &Environment) -> String {
    let name = serde_json::to_value(environment.origin.kind).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a declaration asks for something else than before.
fn is_redefined(before: &Environment, after: &Environment) -> bool {
    let said = |environment: &Environment| -> Vec<(&'static str, String)> {
        environment.unsupported.iter().map(|entry| (entry.code, entry.message.clone())).collect()
    };
    before.path != after.path
        || before.cluster != after.cluster
        || before.suspended != after.suspended
        || before.target_namespace != after.target_namespace
        || before.target_revision != after.target_revision
        || before.load_restrictor != after.load_restrictor
        || before.plain_directory != after.plain_directory
        || before.overrides != after.overrides
        || before.policy_paths != after.policy_paths
        || said(before) != said(after)
}
