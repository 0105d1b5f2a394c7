//! Laws, and the answers of the real defaulting functions where they are at hand.

use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::*;
use crate::knowledge::types::Types;
use crate::node::Map;
use crate::object::quantity::Quantity;

fn data(file: &str) -> Option<String> {
    let root = std::env::var_os("GITOPS_CONFORMANCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    );
    let path = root.join(file);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("left out: {file} is missing; set GITOPS_CONFORMANCE to the conformance folder");
        return None;
    };
    Some(text(&bytes, file.ends_with(".gz")))
}

fn text(bytes: &[u8], zipped: bool) -> String {
    let mut text = String::new();
    match zipped {
        true => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap(),
        false => std::io::Cursor::new(bytes).read_to_string(&mut text).unwrap(),
    };
    text
}

fn show() -> bool {
    std::env::var_os("GITOPS_SHOW").is_some()
}

fn object(json: &Json) -> Object {
    Object::new(Node::from(json))
}

/// What Go reads of a value: fields of its type only. The recorded rows were read with a reader that
/// takes `RestartPolicy` for `restartPolicy`, which a server does not.
fn known_fields(types: &Types, shape: Shape, node: &mut Node) {
    match shape {
        Shape::Struct(id) => {
            let of = types.get(id).unwrap();
            let Some(map) = node.as_map() else { return };
            let mut known = Map::new();
            for (key, value) in map.iter() {
                let Some(field) = of.fields().iter().find(|field| field.name.eq_ignore_ascii_case(key))
                else {
                    continue;
                };
                let mut value = value.clone();
                known_fields(types, field.shape, &mut value);
                known.insert(field.name, value);
            }
            *node = Node::map(known, node.span);
        }
        Shape::List(inner) => {
            for item in node.as_seq_mut().into_iter().flatten() {
                known_fields(types, types.shape(inner), item);
            }
        }
        Shape::Map(inner) => {
            for (_, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
                known_fields(types, types.shape(inner), value);
            }
        }
        _ => {}
    }
}

/// The object as Go writes it: with its defaults, and what it writes of empty fields.
fn as_go(json: &Json, defaults: bool, version: KubernetesVersion) -> Node {
    let mut object = object(json);
    let types = types(version);
    if let Some(id) = types.of_kind(object.api_version(), object.kind()) {
        known_fields(types, Shape::Struct(id), &mut object.node);
    }
    canonicalise(&mut object, None, version);
    if defaults {
        default(&mut object, None, version);
    }
    if let Some(id) = types.of_kind(object.api_version(), object.kind()) {
        typed::complete(types, Shape::Struct(id), &mut object.node);
    }
    object.node
}

/// Takes away what the recorded rows leave out, statuses that are empty, and what a cluster does not store:
/// nulls and empty lists, which Go tells apart.
fn without_noise(node: &mut Node) {
    let pointless = |key: &str, value: &Node| {
        value.is_null()
            || value.as_seq().is_some_and(<[Node]>::is_empty)
            // The time of day.
            || key == "timeAdded"
            || (key == "status" && value.as_map().is_some_and(Map::is_empty))
    };
    if let Some(map) = node.as_map_mut() {
        for (_, value) in map.values_mut() {
            without_noise(value);
        }
        map.retain(|key, value| !pointless(key, value));
    }
    for item in node.as_seq_mut().into_iter().flatten() {
        without_noise(item);
    }
}

/// The paths at which two trees differ.
fn differences(ours: &Node, theirs: &Node, path: &str, out: &mut Vec<String>) {
    match (ours.as_map(), theirs.as_map(), ours.as_seq(), theirs.as_seq()) {
        (Some(a), Some(b), ..) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(key))) {
                let null = Node::string("(absent)", crate::node::Span::NONE);
                differences(
                    a.get(key).unwrap_or(&null),
                    b.get(key).unwrap_or(&null),
                    &format!("{path}.{key}"),
                    out,
                );
            }
        }
        (_, _, Some(a), Some(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b) {
                differences(a, b, &format!("{path}[]"), out);
            }
        }
        _ if ours == theirs => {}
        _ => {
            let show =
                |node: &Node| serde_json::to_string(node).unwrap().chars().take(120).collect::<String>();
            out.push(format!("{path}: {} is {}", show(ours), show(theirs)));
        }
    }
}

/// Compares rows with Go's answers; the numbers of rows that agree, and of all.
fn agreement(rows: &str, version: KubernetesVersion) -> (usize, usize) {
    let (mut good, mut all) = (0, 0);
    for line in rows.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        if row.get("error").is_some() {
            continue;
        }
        all += 1;
        let mut found = Vec::new();
        for (field, defaults) in [("roundtrip", false), ("defaulted", true)] {
            // Rows without the one say that it is the object.
            if row[field].is_null() {
                continue;
            }
            let (mut ours, mut theirs) = (as_go(&row["object"], defaults, version), Node::from(&row[field]));
            without_noise(&mut ours);
            without_noise(&mut theirs);
            differences(&ours, &theirs, field, &mut found);
        }
        good += usize::from(found.is_empty());
        if show() && !found.is_empty() {
            let object = &row["object"];
            println!("{version} {} {}\n  {}", object["apiVersion"], object["kind"], found.join("\n  "));
        }
    }
    (good, all)
}

#[test]
fn recorded_defaults() {
    let Some(rows) = data("drift/defaults.jsonl.gz") else { return };
    let (good, all) = agreement(&rows, KubernetesVersion::minor_release(32));
    println!("defaults: {good} of {all}");
    assert!(good == all && all >= 512, "{good} of {all}");
}

/// Rows that `tests/oracles/defaults/rows.sh` made: files `1.NN.jsonl` in the folder that
/// `GITOPS_DEFAULTS_ORACLE` names.
#[test]
fn random_objects_as_the_real_functions_default_them() {
    for version in KubernetesVersion::all() {
        let Some(rows) = oracle(&format!("{version}.jsonl")) else { continue };
        let (good, all) = agreement(&rows, version);
        println!("{version}: {good} of {all}");
        assert!(good == all, "{version}: {good} of {all}");
    }
}

/// Compares rows with what apimachinery reads of texts; the numbers of rows that agree, and of all.
fn quantity_agreement(rows: &str) -> (usize, usize) {
    let (mut good, mut all) = (0, 0);
    for line in rows.lines() {
        let mut row: Json = serde_json::from_str(line).unwrap();
        all += 1;
        let compare = row.as_object_mut().unwrap().remove("compare");
        let found = match Quantity::parse(row["in"].as_str().unwrap()) {
            Err(error) => json!({"in": row["in"], "error": error.to_string()}),
            Ok(quantity) => {
                for (other, order) in compare.iter().flat_map(|compare| compare.as_object().unwrap()) {
                    let ours = quantity.cmp(&Quantity::parse(other).unwrap()) as i64;
                    assert_eq!(Some(ours), order.as_i64(), "{} and {other}", row["in"]);
                }
                let mut found = json!({
                    "in": row["in"], "canonical": quantity.to_string(),
                    "format": format!("{:?}", quantity.format()).replace("Si", "SI"),
                    "milliValue": quantity.milli_value(), "sign": quantity.sign(),
                    "roundUpMilli": quantity.clone().rounded_up_to_milli().to_string(),
                });
                if let Some(int) = quantity.as_int() {
                    found["int64"] = int.into();
                }
                row.as_object_mut().unwrap().remove("dec");
                found
            }
        };
        good += usize::from(found == row);
        if show() && found != row {
            println!("ours {found}\nreal {row}");
        }
    }
    (good, all)
}

#[test]
fn recorded_quantities() {
    let Some(rows) = data("drift/quantities.jsonl") else { return };
    let (good, all) = quantity_agreement(&rows);
    println!("quantities: {good} of {all}");
    assert!(good == all && all >= 556, "{good} of {all}");
}

fn oracle(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("GITOPS_DEFAULTS_ORACLE") else {
        println!("left out: GITOPS_DEFAULTS_ORACLE names no folder; see tests/oracles/defaults/README.md");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    std::fs::read_to_string(&path).map_err(|_| println!("left out: {} is missing", path.display())).ok()
}

#[test]
fn random_quantities_as_apimachinery_reads_them() {
    let Some(rows) = oracle("quantities.jsonl") else { return };
    let (good, all) = quantity_agreement(&rows);
    println!("random quantities: {good} of {all}");
    assert!(good == all, "{good} of {all}");
}

#[test]
fn random_custom_resources_as_the_real_functions_default_them() {
    let Some(rows) = oracle("schemas.jsonl") else { return };
    let (mut good, mut all) = (0, 0);
    for line in rows.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let mut found = object(&row["object"]);
        normalise(&mut found, Some(&Node::from(&row["schema"])), KubernetesVersion::NEWEST);
        all += 1;
        good += usize::from(found == object(&row["defaulted"]));
        if show() && found != object(&row["defaulted"]) {
            println!("{row}\n  ours {}", serde_json::to_string(&found.node).unwrap());
        }
    }
    println!("random custom resources: {good} of {all}");
    assert!(good == all, "{good} of {all}");
}

/// Go's calls that the recorded tables keep: `int64(80)` is 80.
fn resolved(json: &Json) -> Json {
    match json {
        Json::Object(map) if map.contains_key("$call") => resolved(&map["args"][0]),
        Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), resolved(value))).collect(),
        Json::Array(items) => items.iter().map(resolved).collect(),
        other => other.clone(),
    }
}

/// What Flux makes of objects before it compares them has our normal form of the object. Rows about
/// decoding into Go types, and Flux' repair of what a dry run does to HorizontalPodAutoscalers, are not
/// about that.
#[test]
fn recorded_normal_forms_of_flux() {
    let Some(tables) = data("flux/normalize.json") else { return };
    let tables: Json = serde_json::from_str(&tables).unwrap();
    let table = tables.as_array().unwrap().iter().find(|table| table["func"] == "TestNormalizeUnstructured");
    let rows = table.unwrap()["table"].as_array().unwrap();
    for row in rows {
        let normal = |side: &str| {
            let mut object = object(&resolved(&row[side]["Object"]));
            normalise(&mut object, None, KubernetesVersion::NEWEST);
            without_server_fields(&mut object);
            let empty = |map: &Map| map.get("metadata").and_then(Node::as_map).is_some_and(Map::is_empty);
            if let Some(map) = object.node.as_map_mut().filter(|map| empty(map)) {
                map.remove("metadata");
            }
            object.node
        };
        let mut found = Vec::new();
        differences(&normal("object"), &normal("want"), "", &mut found);
        assert!(found.is_empty(), "{}: {found:?}", row["name"]);
    }
    println!("normal forms of Flux: {} of {}", rows.len(), rows.len());
}

fn same(a: Json, b: Json) {
    let normal = |json: &Json| {
        let mut object = object(json);
        normalise(&mut object, None, KubernetesVersion::NEWEST);
        object.node
    };
    let (a, b) = (normal(&a), normal(&b));
    let mut found = Vec::new();
    differences(&a, &b, "", &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn spellings_that_a_cluster_cannot_tell_apart() {
    let deployment = |container: Json| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
            "spec": {"selector": {}, "template": {"spec": {"containers": [container]}}}})
    };
    same(
        deployment(
            json!({"name": "c", "image": "i:1", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}),
        ),
        deployment(json!({"name": "c", "image": "i:1", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
            "imagePullPolicy": "IfNotPresent", "stdin": false, "env": [], "command": null})),
    );
    same(
        deployment(
            json!({"name": "c", "env": [{"name": "A", "value": ""}], "ports": [{"containerPort": 1}]}),
        ),
        deployment(
            json!({"name": "c", "env": [{"name": "A"}], "ports": [{"containerPort": 1, "protocol": "TCP"}]}),
        ),
    );
    let pod =
        |spec: Json| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec});
    same(
        pod(json!({"containers": [], "serviceAccount": "a"})),
        pod(json!({"containers": [], "serviceAccountName": "a", "serviceAccount": "a"})),
    );
    let secret = |rest: Json| {
        let mut all = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "creationTimestamp": null}});
        all.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        all
    };
    same(
        secret(json!({"stringData": {"a": "hello"}, "data": {"a": "eA==", "b": null}})),
        secret(json!({"data": {"a": "aGVs\nbG8=", "b": ""}, "type": "Opaque"})),
    );
    let role = |rules: Json| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": rules});
    same(role(json!(null)), role(json!([])));
    let service = |port: Json| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [port]}});
    same(service(json!({"port": 80})), service(json!({"port": 80, "targetPort": 80, "protocol": "TCP"})));
    same(service(json!({"port": 80, "targetPort": ""})), service(json!({"port": 80, "targetPort": 0})));
    let balancer = |ingress: Json| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "LoadBalancer"},
            "status": {"loadBalancer": {"ingress": [ingress, {"hostname": "h"}]}}})
    };
    same(balancer(json!({"ip": "10.0.0.1"})), balancer(json!({"ip": "10.0.0.1", "ipMode": "VIP"})));
    let set = |claim: Json| {
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"},
            "spec": {"selector": {}, "template": {}, "serviceName": "s", "volumeClaimTemplates": [claim]}})
    };
    same(
        set(json!({"metadata": {"name": "d"}, "spec": {"resources": {"requests": {"storage": "1024Mi"}}}})),
        set(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "d", "creationTimestamp": null}, "status": {"phase": "Pending"},
            "spec": {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"}})),
    );
}

#[test]
fn differences_that_a_cluster_tells() {
    let service = |port: Json| {
        let mut object = object(
            &json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "targetPort": port}]}}),
        );
        normalise(&mut object, None, KubernetesVersion::NEWEST);
        object.node
    };
    assert_ne!(service(json!("8080")), service(json!(8080)));
    assert_ne!(service(json!(80)), service(json!(81)));
}

#[test]
fn unknown_things_stay() {
    let given = json!({"apiVersion": "v1", "kind": "Pod", "metadata": "none", "new": {"x": null},
        "spec": {"containers": "many", "invented": [], "terminationGracePeriodSeconds": "soon"}});
    let mut object = object(&given);
    normalise(&mut object, None, KubernetesVersion::NEWEST);
    let kept = |path: &[&str]| assert_eq!(object.node.at(path), Node::from(&given).at(path), "{path:?}");
    kept(&["metadata"]);
    kept(&["new"]);
    kept(&["spec", "containers"]);
    kept(&["spec", "invented"]);
    kept(&["spec", "terminationGracePeriodSeconds"]);
}

#[test]
fn custom_kinds_have_the_defaults_of_their_schema() {
    let schema = Node::from(
        &json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "size": {"type": "integer", "default": 3},
            "gone": {"type": "string"},
            "port": {"x-kubernetes-int-or-string": true},
            "inner": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        }}}}),
    );
    let mut found = object(&json!({"apiVersion": "example.com/v1", "kind": "Thing",
        "metadata": {"name": "t", "creationTimestamp": null, "labels": {}},
        "spec": {"gone": null, "port": "80", "inner": {"metadata": {"creationTimestamp": null, "name": "i"}, "free": null}}}));
    normalise(&mut found, Some(&schema), KubernetesVersion::NEWEST);
    let expected =
        object(&json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"},
        "spec": {"port": "80", "size": 3, "inner": {"metadata": {"name": "i"}, "free": null}}}));
    assert_eq!(found, expected);
}

fn reversed(node: &Node) -> Node {
    match (node.as_map(), node.as_seq()) {
        (Some(map), _) => {
            let pairs = map.iter().rev().map(|(key, value)| (key.clone(), reversed(value)));
            Node::map(pairs.collect(), node.span)
        }
        (_, Some(items)) => Node::seq(items.iter().map(reversed).collect(), node.span),
        _ => node.clone(),
    }
}

#[test]
fn normal_forms_are_stable_and_blind_to_the_order_of_keys() {
    let Some(rows) = data("drift/defaults.jsonl.gz") else { return };
    for line in rows.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        for version in KubernetesVersion::all() {
            let mut once = object(&row["object"]);
            let mut other = Object::new(reversed(&once.node));
            normalise(&mut once, None, version);
            normalise(&mut other, None, version);
            assert_eq!(once, other, "{}", row["name"]);
            normalise(&mut other, None, version);
            assert_eq!(once, other, "{}", row["name"]);
        }
    }
}
