use serde_json::{Value as Json, json};

use super::*;
use crate::node::Node;
use crate::object::Object;

fn object(json: Json) -> Object {
    Object::new(Node::from(&json))
}

fn named(api_version: &str, kind: &str, namespace: &str, name: &str, more: Json) -> Object {
    let mut json = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        json["metadata"]["namespace"] = namespace.into();
    }
    for (key, value) in more.as_object().into_iter().flatten() {
        match (key.as_str(), value.as_object()) {
            ("metadata", Some(fields)) => {
                fields.iter().for_each(|(key, value)| json["metadata"][key.as_str()] = value.clone());
            }
            _ => json[key.as_str()] = value.clone(),
        }
    }
    object(json)
}

fn config(name: &str, annotations: Json) -> Object {
    named(
        "v1",
        "ConfigMap",
        "web",
        name,
        json!({"metadata": {"annotations": annotations}, "data": {"k": "v"}}),
    )
}

fn deployment(replicas: i64, app: &str, container: Json) -> Object {
    let labels = json!({"app": app});
    let mut pod = json!({"name": "main", "image": "app:1"});
    for (key, value) in container.as_object().into_iter().flatten() {
        pod[key.as_str()] = value.clone();
    }
    named(
        "apps/v1",
        "Deployment",
        "web",
        "app",
        json!({"spec": {"replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [pod]}}}}),
    )
}

/// `action code kind/name` of every step.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |step: &Step| format!("{} {} {}", step.action.name(), step.reason.code, step.id);
    plan.steps.iter().map(step).collect()
}

fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.dangers.iter().map(|danger| danger.code).collect()
}

fn pruning(live: &[Object], options: &PlanOptions) -> Plan {
    plan(&[], live, &Inventory::of(live), options)
}

#[test]
fn every_action_has_its_reason() {
    let desired = [
        config("new", json!({})),
        config("same", json!({})),
        named("v1", "ConfigMap", "web", "changed", json!({"data": {"k": "w"}})),
        deployment(1, "other", json!({})),
        config("same", json!({})),
        object(json!({"kind": "ConfigMap"})),
    ];
    let live = [
        config("same", json!({})),
        config("changed", json!({})),
        deployment(1, "app", json!({})),
        config("old", json!({})),
        config("not-ours", json!({})),
    ];
    let plan = plan(&desired, &live, &Inventory::of(&live[..4]), &PlanOptions::new(Order::CliUtils));
    assert_eq!(
        steps(&plan),
        [
            "blocked no-identity ConfigMap ",
            "configure fields-differ ConfigMap web/changed",
            "create not-in-cluster ConfigMap web/new",
            "unchanged in-sync ConfigMap web/same",
            "blocked duplicate-object ConfigMap web/same",
            "blocked immutable-field Deployment web/app",
            "prune not-in-git ConfigMap web/old",
        ]
    );
    assert_eq!(codes(&plan), ["selector-changed"]);
    assert_eq!(plan.summary.blocked, 3);
}

#[test]
fn an_immutable_field_replaces_only_by_force() {
    let (desired, live) = ([deployment(1, "other", json!({}))], [deployment(1, "app", json!({}))]);
    let options = PlanOptions::new(Order::Flux).with_force(true);
    assert_eq!(
        steps(&plan(&desired, &live, &Inventory::new(), &options)),
        ["replace immutable-field Deployment web/app"]
    );
    let secret = |immutable: bool, value: &str| {
        named(
            "v1",
            "Secret",
            "web",
            "s",
            json!({"immutable": immutable, "type": "Opaque", "data": {"k": value}}),
        )
    };
    let of = |immutable| {
        steps(&plan(
            &[secret(immutable, "eQ==")],
            &[secret(immutable, "eA==")],
            &Inventory::new(),
            &PlanOptions::default(),
        ))
    };
    assert_eq!(of(true), ["blocked immutable-field Secret web/s"]);
    assert_eq!(of(false), ["configure fields-differ Secret web/s"]);
}

#[test]
fn what_protects_from_pruning() {
    let flux = |key: &str| format!("kustomize.toolkit.fluxcd.io/{key}");
    let argo = "argocd.argoproj.io/sync-options";
    for (order, annotations, expected) in [
        (Order::Flux, json!({flux("prune"): "Disabled"}), "skip protected"),
        (Order::Flux, json!({flux("reconcile"): "disabled"}), "skip protected"),
        (Order::Flux, json!({flux("ssa"): "Ignore"}), "skip protected"),
        (Order::Flux, json!({argo: "Prune=false"}), "prune not-in-git"),
        (Order::ArgoCd, json!({argo: "Validate=false, Prune=false"}), "skip protected"),
        (Order::ArgoCd, json!({argo: "Prune=confirm"}), "blocked prune-needs-confirmation"),
        (Order::ArgoCd, json!({flux("prune"): "disabled"}), "prune not-in-git"),
        (Order::ArgoCd, json!({"helm.sh/resource-policy": "keep"}), "skip protected"),
        (Order::CliUtils, json!({"client.lifecycle.config.k8s.io/deletion": "detach"}), "skip protected"),
    ] {
        let plan = pruning(&[config("old", annotations.clone())], &PlanOptions::new(order));
        assert_eq!(steps(&plan), [format!("{expected} ConfigMap web/old")], "{annotations}");
    }
    let confirm = [config("old", json!({argo: "Prune=confirm"}))];
    let confirmed = PlanOptions::new(Order::ArgoCd).with_confirmed(true);
    assert_eq!(pruning(&confirm, &confirmed).summary.prune, 1);
    let off = PlanOptions::new(Order::Flux).with_prune(false);
    assert_eq!(steps(&pruning(&confirm, &off)), ["skip prune-disabled ConfigMap web/old"]);
    let orphan = PlanOptions::new(Order::Flux).with_deletion_policy(DeletionPolicy::Orphan);
    assert_eq!(steps(&pruning(&confirm, &orphan)), ["skip orphaned ConfigMap web/old"]);
}

#[test]
fn namespaces_and_definitions_never_go_silently() {
    let definition =
        json!({"spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}}});
    let live = [
        named("v1", "Namespace", "", "web", json!({})),
        named("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets.example.com", definition),
        config("one", json!({})),
        named("example.com/v1", "Widget", "other", "w", json!({})),
    ];
    let inventory = Inventory::of(&live[..2]);
    let blocked = plan(&[], &live, &inventory, &PlanOptions::new(Order::Flux));
    assert_eq!(
        steps(&blocked),
        [
            "blocked deletion-not-allowed Namespace web",
            "blocked deletion-not-allowed CustomResourceDefinition widgets.example.com",
        ]
    );
    assert_eq!(
        blocked.dangers.iter().map(|danger| danger.message.as_str()).collect::<Vec<_>>(),
        [
            "deletes every object of this kind in the cluster (1 live object)",
            "deletes the namespace and everything in it (1 live object)",
        ]
    );
    let options = PlanOptions::new(Order::Flux).with_allowed_deletion("Namespace");
    assert_eq!(plan(&[], &live, &inventory, &options).summary.prune, 1);
}

#[test]
fn owners_tell_what_is_ours() {
    let marked = |name: &str, labels: Json, annotations: Json| {
        named(
            "v1",
            "ConfigMap",
            "web",
            name,
            json!({"metadata": {"labels": labels, "annotations": annotations}}),
        )
    };
    let tracked =
        |app: &str, of: &str| json!({"argocd.argoproj.io/tracking-id": format!("{app}:/ConfigMap:web/{of}")});
    let live = [
        marked("ours", json!({}), tracked("shop", "ours")),
        marked("theirs", json!({}), tracked("billing", "theirs")),
        marked("copied", json!({}), tracked("shop", "ours")),
        marked("nobodys", json!({"app.kubernetes.io/instance": "shop"}), json!({})),
    ];
    let options = PlanOptions::new(Order::ArgoCd).with_owner(Owner::Application { name: "shop".into() });
    assert_eq!(
        steps(&plan(&[], &live, &Inventory::new(), &options)),
        ["prune not-in-git ConfigMap web/ours"]
    );
    let by_label = options.clone().with_owner(Owner::ApplicationByLabel { name: "shop".into() });
    assert_eq!(
        steps(&plan(&[], &live, &Inventory::new(), &by_label)),
        ["prune not-in-git ConfigMap web/nobodys"]
    );

    let wanted = [marked("theirs", json!({}), json!({}))];
    let shared = plan(&wanted, &live, &Inventory::new(), &options);
    assert_eq!(codes(&shared), ["owned-by-another"]);
    let refused = plan(&wanted, &live, &Inventory::new(), &options.with_fail_on_shared(true));
    assert!(steps(&refused).contains(&"blocked owned-by-another ConfigMap web/theirs".into()));

    let of_flux = |name: &str| {
        let labels = json!({"kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": "flux"});
        marked("settings", labels, json!({}))
    };
    let owner = Owner::Kustomization { name: "apps".into(), namespace: "flux".into() };
    let options = PlanOptions::new(Order::Flux).with_owner(owner);
    let of = |live: &[Object]| steps(&plan(&[], live, &Inventory::of(live), &options));
    assert_eq!(of(&[of_flux("apps")]), ["prune not-in-git ConfigMap web/settings"]);
    assert_eq!(of(&[of_flux("infra")]), ["skip owned-by-another ConfigMap web/settings"]);
    assert_eq!(
        of(&[marked("settings", json!({}), json!({}))]),
        ["skip owner-mark-missing ConfigMap web/settings"]
    );
}

#[test]
fn two_owners_contend_unless_both_are_meant() {
    let flux = |name: &str| Owner::Kustomization { name: name.into(), namespace: "flux".into() };
    let release = Owner::HelmRelease { name: "chart".into(), namespace: "flux".into() };
    let application = |name: &str| Owner::Application { name: name.into() };
    let labelled = |name: &str| Owner::ApplicationByLabel { name: name.into() };
    for (ours, marks, expected) in [
        (flux("a"), vec![flux("a")], false),
        (flux("a"), vec![flux("b")], true),
        (flux("a"), vec![flux("a"), release.clone()], false),
        (flux("a"), vec![release], true),
        (flux("a"), vec![flux("a"), application("a")], true),
        (application("a"), vec![application("a")], false),
        (labelled("a"), vec![application("a"), labelled("a")], false),
        (labelled("a"), vec![application("b"), labelled("a")], true),
    ] {
        let contended = marks.iter().any(|other| ours.contends_with(other, &marks));
        assert_eq!(contended, expected, "{ours} {marks:?}");
    }
}

#[test]
fn dangers_of_changes() {
    let claim = |size: &str| {
        named(
            "v1",
            "PersistentVolumeClaim",
            "web",
            "data",
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}),
        )
    };
    let binding = |subjects: Json| {
        named(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "",
            "admins",
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": subjects}),
        )
    };
    let user = |name: &str| json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name});
    let role = |verb: &str| {
        named(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "",
            "r",
            json!({"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": [verb]}]}),
        )
    };
    let privileged = json!({"securityContext": {"privileged": true}});
    let service = |kind: &str| {
        named("v1", "Service", "web", "s", json!({"spec": {"type": kind, "ports": [{"port": 80}]}}))
    };
    let cron = |suspend: bool| {
        named(
            "batch/v1",
            "CronJob",
            "web",
            "c",
            json!({"spec": {"schedule": "* * * * *", "suspend": suspend}}),
        )
    };
    for (live, desired, expected) in [
        (Some(claim("10Gi")), claim("9Gi"), "pvc-shrunk"),
        (Some(claim("10Gi")), claim("11Gi"), ""),
        (Some(deployment(3, "a", json!({}))), deployment(0, "a", json!({})), "replicas-to-zero"),
        (Some(deployment(3, "a", json!({}))), deployment(2, "a", json!({})), ""),
        (None, deployment(0, "a", json!({})), ""),
        (Some(deployment(1, "a", json!({}))), deployment(1, "a", privileged.clone()), "privileged-set"),
        (None, deployment(1, "a", privileged.clone()), "privileged-set"),
        (Some(deployment(1, "a", privileged.clone())), deployment(2, "a", privileged), ""),
        (None, binding(json!([user("eve")])), "cluster-admin-bound"),
        (
            Some(binding(json!([user("eve")]))),
            binding(json!([user("eve"), user("bob")])),
            "cluster-admin-bound",
        ),
        (Some(binding(json!([user("eve"), user("bob")]))), binding(json!([user("bob")])), ""),
        (Some(role("get")), role("*"), "all-rights-granted"),
        (Some(service("ClusterIP")), service("LoadBalancer"), "service-exposed"),
        (Some(cron(false)), cron(true), "suspended"),
    ] {
        let live: Vec<_> = live.into_iter().collect();
        let plan = plan(std::slice::from_ref(&desired), &live, &Inventory::new(), &PlanOptions::default());
        let expected: Vec<_> = Some(expected).filter(|code| !code.is_empty()).into_iter().collect();
        assert_eq!(codes(&plan), expected, "{desired:?}");
        let refused = plan.steps.iter().any(|step| step.action == Action::Blocked);
        assert_eq!(refused, expected == ["pvc-shrunk"]);
    }
}

#[test]
fn to_delete_most_objects_is_a_danger() {
    let live: Vec<_> = (0..6).map(|at| config(&format!("c{at}"), json!({}))).collect();
    let of = |kept: usize| codes(&plan(&live[..kept], &live, &Inventory::of(&live), &PlanOptions::default()));
    assert_eq!(of(0), ["most-objects-removed"]);
    assert!(of(3).is_empty());
}

#[test]
fn hooks_run_anew() {
    let hook = |annotations: Json| {
        named("batch/v1", "Job", "web", "migrate", json!({"metadata": {"annotations": annotations}}))
    };
    let again =
        hook(json!({"argocd.argoproj.io/hook": "PreSync,PostSync", "argocd.argoproj.io/sync-wave": "-2"}));
    let plan_of = |object: &Object, live: &[Object]| {
        plan(std::slice::from_ref(object), live, &Inventory::new(), &PlanOptions::default())
    };
    let made = plan_of(&again, std::slice::from_ref(&again));
    let phases: Vec<_> = made.steps.iter().map(|step| (step.action.name(), step.phase, step.wave)).collect();
    assert_eq!(phases, [("replace", Some("PreSync"), Some(-2)), ("replace", Some("PostSync"), Some(-2))]);
    assert_eq!(made.summary.replace, 1);
    let kept = hook(json!({"helm.sh/hook": "post-install", "helm.sh/hook-delete-policy": "hook-succeeded"}));
    let made = plan_of(&kept, &[]);
    assert_eq!(made.steps[0].hook_delete_policies, ["HookSucceeded"]);
    assert_eq!(made.steps[0].phase, Some("PostSync"));
    let unknown = hook(json!({"helm.sh/hook": "test"}));
    assert_eq!(steps(&plan_of(&unknown, &[])), ["skip hook-not-run Job web/migrate"]);
    let skipped = hook(json!({"argocd.argoproj.io/hook": "Skip"}));
    assert_eq!(steps(&plan_of(&skipped, &[])), ["skip hook-skipped Job web/migrate"]);
}

#[test]
fn waves_of_pruning_are_mirrored_and_may_come_last() {
    let waved = |name: &str, wave: &str, options: &str| {
        config(
            name,
            json!({"argocd.argoproj.io/sync-wave": wave, "argocd.argoproj.io/sync-options": options}),
        )
    };
    let live =
        [waved("a", "0", ""), waved("b", "1", ""), waved("c", "5", ""), waved("d", "2", "PruneLast=true")];
    let waves = |options: &PlanOptions| -> Vec<String> {
        let plan = pruning(&live, options);
        plan.steps.iter().map(|step| format!("{} {}", step.id.name, step.wave.unwrap())).collect()
    };
    assert_eq!(waves(&PlanOptions::default()), ["c 0", "b 2", "a 5", "d 6"]);
    assert_eq!(waves(&PlanOptions::default().with_prune_last(true)), ["a 6", "b 6", "c 6", "d 6"]);
}

#[test]
fn dependencies_order_and_circles_are_told() {
    let needs = |name: &str, on: &str| config(name, json!({"config.kubernetes.io/depends-on": on}));
    let reference = |name: &str| format!("/namespaces/web/ConfigMap/{name}");
    let options = PlanOptions::new(Order::CliUtils);
    let of = |objects: &[Object]| plan(objects, &[], &Inventory::new(), &options);
    let names = |plan: &Plan| plan.steps.iter().map(|step| step.id.name.clone()).collect::<Vec<_>>();
    let chain = of(&[needs("a", &reference("b")), needs("b", &reference("c")), config("c", json!({}))]);
    assert_eq!(names(&chain), ["c", "b", "a"]);
    assert_eq!(chain.steps[2].after[0].name, "b");
    let mutated = config(
        "a",
        json!({"config.kubernetes.io/apply-time-mutation":
        "- sourceRef:\n    kind: ConfigMap\n    name: source\n  sourcePath: $.data\n"}),
    );
    assert_eq!(names(&of(&[mutated, config("source", json!({}))])), ["source", "a"]);
    let circle = of(&[needs("a", &reference("b")), needs("b", &reference("a")), config("c", json!({}))]);
    assert_eq!(names(&circle), ["c", "a", "b"]);
    assert_eq!(circle.problems[0].code, "dependency-cycle");
    assert!(circle.problems[0].message.contains("ConfigMap web/a -> ConfigMap web/b -> ConfigMap web/a"));
    let lost = of(&[needs("a", &reference("gone")), needs("b", "nonsense")]);
    assert_eq!(
        lost.problems.iter().map(|p| p.code).collect::<Vec<_>>(),
        ["dependency-missing", "dependency-unreadable"]
    );
    // A Namespace goes after what lives in it.
    let live = [named("v1", "Namespace", "", "web", json!({})), config("a", json!({}))];
    assert_eq!(names(&pruning(&live, &options)), ["a", "web"]);
}

#[test]
fn flux_leaves_alone_what_is_marked() {
    let marked = |key: &str, value: &str| {
        named(
            "v1",
            "ConfigMap",
            "web",
            "c",
            json!({"metadata": {"annotations": {format!("kustomize.toolkit.fluxcd.io/{key}"): value}}, "data": {"k": "new"}}),
        )
    };
    let live = [config("c", json!({}))];
    let of = |object: Object, live: &[Object]| {
        steps(&plan(&[object], live, &Inventory::new(), &PlanOptions::new(Order::Flux)))
    };
    assert_eq!(of(marked("reconcile", "disabled"), &live), ["skip reconcile-disabled ConfigMap web/c"]);
    assert_eq!(of(marked("ssa", "Ignore"), &live), ["skip apply-ignored ConfigMap web/c"]);
    assert_eq!(of(marked("ssa", "IfNotPresent"), &live), ["skip exists-already ConfigMap web/c"]);
    assert_eq!(of(marked("ssa", "IfNotPresent"), &[]), ["create not-in-cluster ConfigMap web/c"]);
}

#[test]
fn inventories_are_read_and_written() {
    for id in
        ["_web__Namespace", "web_app_apps_Deployment", "_system__node_rbac.authorization.k8s.io_ClusterRole"]
    {
        assert_eq!(InventoryId::parse(id).unwrap().to_string(), id);
    }
    assert_eq!(
        InventoryId::parse("_system__node_rbac.authorization.k8s.io_ClusterRole").unwrap().name,
        "system:node"
    );
    for bad in ["", "a", "a_b", "a_b_c", "a__g_K", "a_b_c_d_e"] {
        assert_eq!(InventoryId::parse(bad).unwrap_err().code(), "inventory-id", "{bad}");
    }
    let kustomization =
        object(json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "status": {"inventory": {"entries": [{"id": "web_app_apps_Deployment", "v": "v1"}]}}}));
    let inventory = Inventory::of_owner(&kustomization).unwrap();
    assert!(inventory.contains(&deployment(1, "a", json!({}))));
    let json = serde_json::to_value(&inventory).unwrap();
    assert_eq!(json, json!({"entries": [{"id": "web_app_apps_Deployment", "v": "v1"}]}));
    let application = object(json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "status": {"resources": [{"group": "apps", "kind": "Deployment", "namespace": "web", "name": "app"}]}}));
    assert_eq!(Inventory::of_owner(&application).unwrap().ids().count(), 1);
    let gone = plan(&[], &[], &inventory, &PlanOptions::default());
    assert_eq!(gone.gone.len(), 1);
}

#[test]
fn going_back_tells_what_it_takes_back() {
    let old = [deployment(3, "a", json!({})), config("dropped", json!({}))];
    let new = [deployment(5, "a", json!({"image": "app:2"})), config("added", json!({}))];
    let plan = roll_back(&old, &new, &new, &Inventory::new(), &PlanOptions::new(Order::Flux));
    insta::assert_snapshot!(plan);
}

#[test]
fn a_plan_as_people_read_it() {
    let annotated = |wave: &str| json!({"argocd.argoproj.io/sync-wave": wave});
    let job = named(
        "batch/v1",
        "Job",
        "web",
        "migrate",
        json!({"metadata": {"annotations": {"argocd.argoproj.io/hook": "PreSync"}}}),
    );
    let secret =
        |value: &str| named("v1", "Secret", "web", "token", json!({"type": "Opaque", "data": {"t": value}}));
    let desired = [
        job,
        named("v1", "Namespace", "", "web", json!({})),
        config("first", annotated("-1")),
        deployment(0, "a", json!({})),
        secret("bmV3"),
        config("same", json!({})),
    ];
    let live = [
        deployment(3, "a", json!({})),
        secret("b2xk"),
        config("same", json!({})),
        config("kept", json!({"argocd.argoproj.io/sync-options": "Prune=false"})),
        config("old", annotated("3")),
        named("v1", "Namespace", "", "legacy", json!({})),
        named("v1", "ConfigMap", "legacy", "c", json!({})),
    ];
    let plan = plan(&desired, &live, &Inventory::of(&live[..6]), &PlanOptions::default());
    insta::assert_snapshot!(plan);
    let json = serde_json::to_string(&plan).unwrap();
    assert!(!json.contains("bmV3") && !json.contains("b2xk"));
}

#[test]
fn the_order_of_what_is_given_does_not_matter() {
    let mut objects = vec![
        named("v1", "Namespace", "", "web", json!({})),
        deployment(1, "a", json!({})),
        named("v1", "Service", "web", "app", json!({"spec": {"ports": [{"port": 80}]}})),
    ];
    objects.extend((0..9).map(|at| {
        let wave = (at % 3).to_string();
        let on = format!("/namespaces/web/ConfigMap/c{}", (at + 1) % 9);
        let on = if at == 8 { String::from("/Namespace/web") } else { on };
        config(
            &format!("c{at}"),
            json!({"argocd.argoproj.io/sync-wave": wave, "config.kubernetes.io/depends-on": on}),
        )
    }));
    let mut backwards = objects.clone();
    backwards.reverse();
    for order in [Order::ArgoCd, Order::Flux, Order::CliUtils] {
        let options = PlanOptions::new(order);
        let of = |desired: &[Object], live: &[Object]| {
            serde_json::to_string(&plan(desired, live, &Inventory::of(&objects), &options)).unwrap()
        };
        assert_eq!(of(&objects[..7], &objects), of(&backwards[5..], &backwards), "{order:?}");
    }
}

#[test]
fn what_is_applied_needs_no_plan() {
    let objects = [
        deployment(2, "a", json!({})),
        config("c", json!({})),
        named("v1", "Namespace", "", "web", json!({})),
    ];
    for order in [Order::ArgoCd, Order::Flux, Order::CliUtils] {
        let plan = plan(&objects, &objects, &Inventory::of(&objects), &PlanOptions::new(order));
        assert!(plan.is_empty() && plan.dangers.is_empty(), "{plan}");
    }
}

#[test]
fn a_namespace_that_a_cluster_wide_object_names_is_none() {
    let role =
        |namespace: &str| named("rbac.authorization.k8s.io/v1", "ClusterRole", namespace, "r", json!({}));
    let live = [role("")];
    let plan = plan(&[role("web")], &live, &Inventory::of(&live), &PlanOptions::new(Order::Flux));
    assert!(plan.is_empty() && plan.dangers.is_empty(), "{plan}");
}

#[test]
fn inventories_and_revisions_name_objects_as_the_cluster_does() {
    let role =
        |namespace: &str| named("rbac.authorization.k8s.io/v1", "ClusterRole", namespace, "r", json!({}));
    let custom = |namespace: &str| named("x.example/v1", "Thing", namespace, "t", json!({}));
    let settings = |namespace: &str| named("v1", "ConfigMap", namespace, "c", json!({}));
    let options = PlanOptions::new(Order::Flux);
    // Which entry means which live object.
    for (entry, live, is) in [
        (role("web"), role(""), true),
        (custom("web"), custom(""), true),
        (settings(""), settings("default"), true),
        (custom(""), custom("default"), true),
        (settings("web"), settings(""), false),
        (settings(""), settings("web"), false),
        (custom(""), custom("web"), false),
        (role(""), named("", "ClusterRole", "", "r", json!({})), false),
    ] {
        let inventory = Inventory::of(&[entry]);
        assert_eq!(inventory.contains(&live), is, "{inventory:?} {live:?}");
        let made = plan(&[], std::slice::from_ref(&live), &inventory, &options);
        assert_eq!((made.summary.prune, made.gone.len()), (usize::from(is), usize::from(!is)));
    }
    // What one revision says with a namespace and another without is one object.
    for (target, current, live, takes_back) in [
        (role("web"), role(""), vec![role("")], 0),
        (role("web"), role(""), vec![], 0),
        (custom("web"), custom(""), vec![custom("")], 0),
        (custom("web"), custom(""), vec![custom("default")], 2),
        (settings(""), settings("default"), vec![], 0),
        (settings("web"), settings("default"), vec![], 2),
    ] {
        let made = roll_back(&[target], &[current], &live, &Inventory::new(), &options);
        assert_eq!(made.undoes.len(), takes_back, "{:?}", made.undoes);
    }
    let twice = plan(&[role("web"), role("")], &[], &Inventory::new(), &options);
    assert_eq!((twice.summary.create, twice.summary.blocked), (1, 1));
}
