//! Reviews of small repositories made for the purpose.

use super::*;
use crate::git::Repository;
use crate::git::fixture::{Commit, make_repository, tree};
use crate::node::Location;
use crate::object::Object;

const TEMPLATE: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: k8sallowedrepos
spec:
  crd:
    spec:
      names:
        kind: K8sAllowedRepos
      validation:
        openAPIV3Schema:
          type: object
          properties:
            repos:
              type: array
              items: {type: string}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package k8sallowedrepos
      violation[{"msg": msg}] {
        container := input.review.object.spec.template.spec.containers[_]
        not allowed(container.image)
        msg := sprintf("container <%v> has image <%v>", [container.name, container.image])
      }
      allowed(image) { startswith(image, input.parameters.repos[_]) }
"#;

fn constraint(repos: &str) -> String {
    format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sAllowedRepos
metadata:
  name: repos
spec:
  match:
    kinds: [{{apiGroups: [apps], kinds: [Deployment]}}]
  parameters:
    repos: [{repos}]
"
    )
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: acme.example/live/web:1.4.2
      - name: old
        image: elsewhere.example/old:1
";

const PATCH: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.27
";

fn flux(cluster: &str, path: &str) -> (String, String) {
    let text = format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: apps, namespace: flux-system}}
spec:
  path: ./{path}
  sourceRef: {{kind: GitRepository, name: flux-system}}
"
    );
    (format!("clusters/{cluster}/apps.yaml"), text)
}

/// Two clusters over one base, with policies as plain documents.
fn before() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", WEB),
        ("overlays/prod/kustomization.yaml", "namespace: prod\nresources: [../../base]\n"),
        ("overlays/test/kustomization.yaml", "namespace: test\nresources: [../../base]\n"),
        ("policies/template.yaml", TEMPLATE),
        ("README.md", "read me\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .collect();
    files.push(("policies/repos.yaml".into(), constraint("acme.example/live/")));
    files.push(flux("prod", "overlays/prod"));
    files.push(flux("test", "overlays/test"));
    files
}

fn with(mut files: Vec<(String, String)>, changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    for (path, text) in changes {
        files.retain(|(known, _)| known != path);
        files.extend(text.map(|text| ((*path).to_owned(), text.to_owned())));
    }
    files
}

fn reviewed(
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
    options: &ReviewOptions,
) -> crate::Result<Review> {
    let dir = tempfile::tempdir().unwrap();
    let commit = |files: &[(String, String)]| {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Commit::new("change", tree(&files))
    };
    let ids = make_repository(dir.path(), &[commit(&before), commit(&after)]).unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    review(&repository, &ids[0], &ids[1], options)
}

fn changed(changes: &[(&str, Option<&str>)]) -> Review {
    reviewed(before(), with(before(), changes), &ReviewOptions::default()).unwrap()
}

fn names(review: &Review) -> Vec<(&str, &str)> {
    review.environments.iter().map(|e| (e.name.as_str(), e.status.name())).collect()
}

fn codes(review: &Review) -> Vec<&str> {
    review.not_checked.iter().map(|entry| entry.code.as_str()).collect()
}

#[test]
fn an_overlay_patch_breaks_a_policy() {
    let review = changed(&[
        (
            "overlays/prod/kustomization.yaml",
            Some("namespace: prod\nresources: [../../base]\npatches: [{path: patch.yaml}]\n"),
        ),
        ("overlays/prod/patch.yaml", Some(PATCH)),
    ]);
    assert_eq!(names(&review), [("prod/apps", "changed")]);
    assert_eq!((review.summary.environments, review.summary.affected), (2, 1));
    let prod = &review.environments[0];
    assert_eq!((prod.cluster.as_deref(), prod.origin.as_str()), (Some("prod"), "flux"));
    // The other container broke it before.
    let old: Vec<_> = prod.findings_of(FindingStatus::StillThere).collect();
    assert_eq!(old.len(), 1);
    assert!(old[0].message.contains("<old>"));
    let new: Vec<_> = prod.findings_of(FindingStatus::New).collect();
    assert_eq!(new.len(), 1);
    assert!(new[0].message.contains("<web>"));
    assert_eq!(prod.images.len(), 1);
    assert_eq!(codes(&review), Vec::<&str>::new());
    insta::assert_snapshot!(without_commits(&review, review.to_markdown(&Default::default())));
}

#[test]
fn a_finding_points_at_the_patch() {
    let review = changed(&[
        (
            "overlays/prod/kustomization.yaml",
            Some("namespace: prod\nresources: [../../base]\npatches: [{path: patch.yaml}]\n"),
        ),
        ("overlays/prod/patch.yaml", Some(PATCH)),
    ]);
    let prod = &review.environments[0];
    let new: Vec<_> = prod.findings_of(FindingStatus::New).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].path.as_deref(), Some("spec.template.spec.containers[web].image"));
    assert_eq!(new[0].location, Some(Location::new("overlays/prod/patch.yaml", 10, 16)));
    assert_eq!(new[0].location_of, LocationOf::Value);
    assert_eq!(new[0].previous_location, Some(Location::new("base/web.yaml", 12, 16)));
}

/// Commit ids depend on the clock.
fn without_commits(review: &Review, text: String) -> String {
    let text = text.replace(&review.base.commit, "BASE").replace(&review.head.commit, "HEAD");
    text.replace(&review.base.commit[..12], "BASE").replace(&review.head.commit[..12], "HEAD")
}

#[test]
fn a_base_reaches_all_that_use_it() {
    let web = WEB
        .replace("acme.example/live/web:1.4.2", "acme.example/live/web:1.5.0")
        .replace("elsewhere.example", "acme.example/live");
    let review = changed(&[("base/web.yaml", Some(&web))]);
    assert_eq!(names(&review), [("prod/apps", "changed"), ("test/apps", "changed")]);
    assert_eq!((review.summary.resolved, review.summary.new_findings, review.summary.still_there), (2, 0, 0));
    assert_eq!(review.summary.images_changed, 4);
}

#[test]
fn what_no_environment_reads_reaches_none() {
    let review = changed(&[("README.md", Some("other\n"))]);
    assert_eq!(names(&review), []);
    assert_eq!(codes(&review), Vec::<&str>::new());
    let review = changed(&[("base/forgotten.yaml", Some(WEB))]);
    assert_eq!(names(&review), []);
    assert_eq!(codes(&review), ["file-not-deployed"]);
}

#[test]
fn a_policy_judges_all_environments_anew() {
    let strict = constraint("acme.example/gold/");
    let review = changed(&[("policies/repos.yaml", Some(&strict))]);
    assert_eq!(names(&review), [("prod/apps", "unchanged"), ("test/apps", "unchanged")]);
    assert_eq!((review.summary.new_findings, review.summary.still_there), (2, 2));
    let review = changed(&[("policies/repos.yaml", None)]);
    assert_eq!(review.summary.resolved, 2);
}

#[test]
fn what_decides_what_policies_see_counts() {
    let mutator = "apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {name: mirror}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  match: {namespaces: [prod]}
  location: 'spec.template.spec.containers[name: old].image'
  parameters: {assign: {value: 'acme.example/live/old:1'}}
";
    let review = changed(&[("policies/mirror.yaml", Some(mutator))]);
    assert_eq!(names(&review), [("prod/apps", "unchanged"), ("test/apps", "unchanged")]);
    assert_eq!((review.summary.resolved, review.summary.still_there), (1, 1));
    let config = "apiVersion: config.gatekeeper.sh/v1alpha1
kind: Config
metadata: {name: config, namespace: gatekeeper-system}
spec: {match: [{excludedNamespaces: [test], processes: ['*']}]}
";
    let review = changed(&[("policies/config.yaml", Some(config))]);
    assert_eq!((review.summary.resolved, review.summary.still_there), (1, 1));
    assert_eq!(codes(&review), ["namespace-excluded"]);
}

#[test]
fn rendered_policies_belong_to_their_cluster() {
    let mut files = with(before(), &[("policies/repos.yaml", None)]);
    files.push(("policies/kustomization.yaml".into(), "resources: [template.yaml, repos.yaml]\n".into()));
    files.push(("policies/repos.yaml".into(), constraint("acme.example/")));
    let (_, text) = flux("prod", "policies");
    files.push(("clusters/prod/policies.yaml".into(), text.replace("name: apps,", "name: policies,")));
    let strict = constraint("acme.example/gold/");
    let after = with(files.clone(), &[("policies/repos.yaml", Some(&strict))]);
    let review = reviewed(files, after, &ReviewOptions::default()).unwrap();
    assert_eq!(names(&review), [("prod/apps", "unchanged"), ("prod/policies", "changed")]);
    assert_eq!((review.summary.new_findings, review.summary.still_there), (1, 1));
}

#[test]
fn the_nearest_policy_counts() {
    let own = constraint("acme.example/, elsewhere.example/");
    let mut files = with(
        before(),
        &[
            ("overlays/prod/kustomization.yaml", Some("resources: [../../base, repos.yaml]\n")),
            ("overlays/prod/repos.yaml", Some(&own)),
        ],
    );
    // What `gator verify` tries a template with judges nobody.
    files
        .push(("library/suite.yaml".into(), "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n".into()));
    let sample = constraint("nowhere.example/").replace("name: repos", "name: sample");
    files.push(("library/samples/constraint.yaml".into(), sample));
    let web = WEB.replace("1.4.2", "1.5.0");
    let after = with(files.clone(), &[("base/web.yaml", Some(&web))]);
    let review = reviewed(files, after, &ReviewOptions::default()).unwrap();
    let found: Vec<_> = review.environments.iter().map(|e| (e.name.as_str(), e.findings.len())).collect();
    assert_eq!(found, [("prod/apps", 0), ("test/apps", 1)]);
}

#[test]
fn an_environment_that_fails_is_an_entry() {
    let review =
        changed(&[("overlays/prod/kustomization.yaml", Some("resources: [../../base, gone.yaml]\n"))]);
    assert_eq!(names(&review), [("prod/apps", "failed")]);
    let error = &review.environments[0].errors[0];
    let location = error.location.as_ref().unwrap();
    assert_eq!((location.path.as_str(), location.line), ("overlays/prod/kustomization.yaml", 1));
    assert_eq!(codes(&review), ["environment-failed"]);
    assert_eq!(review.summary.errors, 1);
    // The way back is a change from nothing that could be compared.
    let broken = with(before(), &[("overlays/prod/kustomization.yaml", Some("resources: [gone.yaml]\n"))]);
    let review = reviewed(broken, before(), &ReviewOptions::default()).unwrap();
    assert_eq!(names(&review), [("prod/apps", "changed")]);
    assert_eq!(codes(&review), ["base-not-rendered"]);
}

#[test]
fn a_template_that_does_not_compile_is_said() {
    let broken = TEMPLATE.replace("not allowed(", "not allowed((");
    let review = changed(&[("policies/template.yaml", Some(&broken))]);
    // Its constraint is bad only because the template is.
    assert_eq!(review.errors.len(), 1, "{:?}", review.errors);
    assert!(review.errors.iter().all(|error| error.location.as_ref().unwrap().path.starts_with("policies/")));
    assert_eq!(codes(&review), ["constraint-without-template", "template-does-not-compile"]);
}

#[test]
fn environments_come_and_go() {
    let (path, _) = flux("prod", "");
    let gone = with(before(), &[(path.as_str(), None)]);
    let review = reviewed(before(), gone.clone(), &ReviewOptions::default()).unwrap();
    assert_eq!(names(&review), [("prod/apps", "removed")]);
    assert_eq!((review.summary.objects_removed, review.summary.resolved), (1, 1));
    let review = reviewed(gone, before(), &ReviewOptions::default()).unwrap();
    assert_eq!(names(&review), [("prod/apps", "added")]);
    assert_eq!((review.summary.objects_added, review.summary.new_findings), (1, 1));
}

#[test]
fn a_suspended_environment_says_so() {
    let (path, text) = flux("prod", "overlays/prod");
    let review = changed(&[(path.as_str(), Some(&format!("{text}  suspend: true\n")))]);
    assert_eq!(names(&review), [("prod/apps", "unchanged")]);
    assert_eq!(review.environments[0].warnings[0].code, "suspended");
}

#[test]
fn the_caller_chooses_environments_and_adds_policies() {
    let web = WEB.replace("1.4.2", "1.5.0");
    let after = with(before(), &[("base/web.yaml", Some(&web))]);
    let only = |name: &str| ReviewOptions { environments: vec![name.to_owned()], ..ReviewOptions::default() };
    let review = reviewed(before(), after.clone(), &only("te*")).unwrap();
    assert_eq!(names(&review), [("test/apps", "changed")]);
    let error = reviewed(before(), after.clone(), &only("gone")).unwrap_err();
    assert_eq!(error.code(), "unknown-environment");
    let options = ReviewOptions::default();
    let file = options.cache.sources().add("given.yaml", constraint("nowhere.example/"));
    let stream = crate::yaml::read(options.cache.sources(), file, &Default::default()).unwrap();
    let policies = stream.documents.into_iter().map(crate::object::Object::new).collect();
    let review = reviewed(before(), after, &ReviewOptions { policies, ..options }).unwrap();
    assert_eq!(review.summary.still_there, 4);
}

#[test]
fn a_plain_directory_of_argo_is_its_manifests() {
    let application = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: plain, namespace: argocd}
spec:
  source: {repoURL: https://forge.example/us/it.git, path: plain}
  destination: {namespace: there, name: in-cluster}
";
    let files: Vec<(String, String)> = [
        ("argo/plain.yaml", application),
        ("plain/web.yaml", WEB),
        ("plain/below/web.yaml", "kind: Broken"),
        ("policies/template.yaml", TEMPLATE),
        ("policies/repos.yaml", &constraint("acme.example/")),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .collect();
    let web = WEB.replace("1.4.2", "1.5.0");
    let review =
        reviewed(files.clone(), with(files, &[("plain/web.yaml", Some(&web))]), &ReviewOptions::default())
            .unwrap();
    assert_eq!(names(&review), [("plain", "changed")]);
    let plain = &review.environments[0];
    assert_eq!((plain.origin.as_str(), plain.objects.len(), plain.images.len()), ("argo", 1, 1));
    assert_eq!(review.summary.still_there, 1);
}

#[test]
fn a_merge_base_leaves_out_what_others_changed() {
    let dir = tempfile::tempdir().unwrap();
    let commit = |files: Vec<(String, String)>, parents: Option<Vec<usize>>| {
        let list: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Commit { parents, ..Commit::new("change", tree(&list)) }
    };
    let other = WEB.replace("1.4.2", "1.4.3");
    let ours = "namespace: test\nnameSuffix: -x\nresources: [../../base]\n";
    let ids = make_repository(
        dir.path(),
        &[
            commit(before(), None),
            commit(with(before(), &[("base/web.yaml", Some(&other))]), Some(vec![0])),
            commit(with(before(), &[("overlays/test/kustomization.yaml", Some(ours))]), Some(vec![0])),
        ],
    )
    .unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    let from_base = review(&repository, &ids[1], &ids[2], &ReviewOptions::default()).unwrap();
    assert_eq!(from_base.summary.affected, 2);
    let options = ReviewOptions { use_merge_base: true, ..ReviewOptions::default() };
    let from_fork = review(&repository, &ids[1], &ids[2], &options).unwrap();
    assert_eq!(names(&from_fork), [("test/apps", "changed")]);
    assert_eq!(from_fork.base.commit, ids[0]);
}

fn acceptance(expires: &str, approver: &str) -> String {
    format!(
        "apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {{name: old-registry}}
spec:
  policies: [{{template: K8sAllowedRepos}}]
  objects: [{{kind: Deployment, name: web, containers: [old]}}]
  reason: The old image moves with release 5.
  ticket: RISK-7
  owner: Jane Doe
  approvers: [{approver}]
  created: 2026-11-01
  expires: {expires}
"
    )
}

fn at(now: &str) -> ReviewOptions {
    ReviewOptions { now: Some(crate::time::Timestamp::parse(now).unwrap()), ..ReviewOptions::default() }
}

const NOW: &str = "2026-11-21T12:00:00Z";

#[test]
fn a_pull_request_may_bring_an_acceptance() {
    let good = acceptance("2026-12-01", "John Roe");
    let added = with(before(), &[("risks/old.yaml", Some(&good))]);
    let review = reviewed(before(), added.clone(), &at(NOW)).unwrap();
    assert_eq!(names(&review), [("prod/apps", "unchanged"), ("test/apps", "unchanged")]);
    let summary = review.summary;
    assert_eq!((summary.new_findings, summary.still_there, summary.accepted, summary.resolved), (0, 0, 2, 0));
    let finding = &review.environments[0].findings[0];
    assert_eq!(finding.status, FindingStatus::StillThere);
    assert_eq!(finding.accepted.as_ref().unwrap().id, "old-registry");
    let [change] = review.acceptances.as_slice() else { panic!("{:?}", review.acceptances) };
    assert_eq!((change.action, change.acceptance.id.as_str()), (ObjectAction::Added, "old-registry"));
    assert_eq!(review.acceptance_findings, []);
    assert_eq!(codes(&review), Vec::<&str>::new());
    insta::assert_snapshot!(without_commits(&review, review.to_markdown(&Default::default())));
    // Taken away again, the finding comes up anew.
    let review = reviewed(added.clone(), before(), &at(NOW)).unwrap();
    assert_eq!((review.summary.new_findings, review.summary.accepted), (2, 0));
    assert_eq!(review.acceptances[0].action, ObjectAction::Removed);
    // Without a time it is told, and not applied; once, though two environments have it.
    let review = reviewed(before(), added.clone(), &ReviewOptions::default()).unwrap();
    assert_eq!((review.summary.accepted, review.summary.still_there), (0, 2));
    assert_eq!(codes(&review), ["acceptance-not-applied"]);
    assert_eq!(review.not_checked[0].count, 1);
    // Another change leaves it as it is; what is accepted does not count.
    let other = with(
        added.clone(),
        &[
            ("overlays/prod/patch.yaml", Some(PATCH)),
            (
                "overlays/prod/kustomization.yaml",
                Some("namespace: prod\nresources: [../../base]\npatches: [{path: patch.yaml}]\n"),
            ),
        ],
    );
    let review = reviewed(added, other, &at(NOW)).unwrap();
    assert_eq!((review.summary.new_findings, review.summary.accepted, review.acceptances.len()), (1, 1, 0));
    let sarif: serde_json::Value = serde_json::from_str(&review.to_sarif()).unwrap();
    let results = sarif.pointer("/runs/0/results").unwrap().as_array().unwrap();
    let suppressed: Vec<bool> = results.iter().map(|result| result.get("suppressions").is_some()).collect();
    assert_eq!(suppressed, [false, true]);
    assert_eq!(
        results[1].pointer("/suppressions/0/justification").unwrap(),
        "The old image moves with release 5. (accepted until 2026-12-01 by old-registry, RISK-7, owned by Jane Doe)"
    );
}

#[test]
fn acceptances_that_do_not_hold_are_findings() {
    // Who made the commits of the test.
    let author = "demo@example.com";
    for (expires, approver, code) in [
        ("2026-11-20", "John Roe", "acceptance-expired"),
        ("2026-12-01", "Jane Doe", "acceptance-self-approved"),
        ("2026-12-01", author, "acceptance-self-approved"),
        ("whenever", "John Roe", "bad-acceptance-date"),
    ] {
        let text = acceptance(expires, approver);
        let review =
            reviewed(before(), with(before(), &[("risks/old.yaml", Some(&text))]), &at(NOW)).unwrap();
        assert_eq!((review.summary.accepted, review.summary.still_there), (0, 2), "{code}");
        let [finding] = review.acceptance_findings.as_slice() else {
            panic!("{code}: {:?}", review.acceptance_findings)
        };
        assert_eq!(finding.code, code);
        assert_eq!(finding.location.as_ref().unwrap().path, "risks/old.yaml");
    }
    // Of no use to any environment: told if all were judged.
    let elsewhere = acceptance("2026-12-01", "John Roe").replace("name: web,", "name: other,");
    let files = with(before(), &[("risks/old.yaml", Some(&elsewhere))]);
    let unused = |options: &ReviewOptions| {
        let review = reviewed(before(), files.clone(), options).unwrap();
        review.acceptance_findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(unused(&at(NOW)), ["acceptance-unused"]);
    assert_eq!(unused(&ReviewOptions { environments: vec!["prod/*".into()], ..at(NOW) }), Vec::<&str>::new());
}

/// What the cluster says of the web server in a namespace: its image, and who set it.
fn live_web(namespace: &str, image: &str, manager: &str) -> Object {
    let fields = serde_json::json!({"f:spec": {"f:template": {"f:spec": {"f:containers":
        {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}});
    let entry = serde_json::json!({"manager": manager, "operation": "Update", "time": "2026-01-02T03:04:05Z",
        "fieldsV1": fields});
    let mut web =
        serde_json::to_value(&crate::report::tests::rendered(&[("w", WEB)]).objects[0].node).unwrap();
    web["metadata"]["namespace"] = namespace.into();
    web["metadata"]["managedFields"] = serde_json::json!([entry]);
    web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    Object::new(crate::node::Node::from(&web))
}

#[test]
fn a_cluster_tells_what_the_merge_overwrites() {
    let changes = [("base/web.yaml", Some(WEB.replace("old:1", "old:2")))];
    let changes: Vec<_> = changes.iter().map(|(path, text)| (*path, text.as_deref())).collect();
    let run = |options: &ReviewOptions| reviewed(before(), with(before(), &changes), options);
    let plain = run(&ReviewOptions::default()).unwrap();
    assert!(!plain.to_json().contains("\"live\""));

    let lives = [live_web("prod", "acme.example/hotfix/web:1", "kubectl-edit")];
    let review = run(&ReviewOptions::default().with_live("prod", lives.clone())).unwrap();
    let [prod, test] = review.environments.as_slice() else { panic!("two environments") };
    assert_eq!((prod.name.as_str(), test.live.is_none()), ("prod/apps", true));
    let live = prod.live.as_ref().unwrap();
    let (object, field) = (&live.objects[0], &live.objects[0].fields[0]);
    assert_eq!((object.effect, object.touched, live.objects.len()), (LiveEffect::Overwritten, true, 1));
    assert_eq!(object.location, Some(Location::new("base/web.yaml", 4, 9)));
    assert_eq!(field.path, "spec.template.spec.containers[web].image");
    assert_eq!(field.location, Some(Location::new("base/web.yaml", 12, 16)));
    assert_eq!(field.live, Some("acme.example/hotfix/web:1".into()));
    let codes: Vec<_> = review.not_checked.iter().map(|entry| (entry.code.as_str(), entry.count)).collect();
    assert_eq!(codes, [("live-objects-missing", 1)]);

    // For all of them, whichever order they are given in; those of the environment itself count first.
    let both = [lives[0].clone(), live_web("test", "acme.example/live/web:1.4.2", "kubectl-edit")];
    let mut backwards = both.clone();
    backwards.reverse();
    let all = |objects: [Object; 2]| run(&ReviewOptions::default().with_live("*", objects)).unwrap();
    assert_eq!(all(both.clone()).to_json(), all(backwards).to_json());
    assert_eq!(all(both.clone()).summary.live.unwrap().environments, 2);
    let first = ReviewOptions::default().with_live("test/apps", both).with_live("*", Vec::new());
    assert_eq!(run(&first).unwrap().summary.live.unwrap().brought_back, 1);

    let unknown = run(&ReviewOptions::default().with_live("prd", lives)).unwrap_err();
    assert_eq!(unknown.code(), "unknown-environment");
}
