//! Manifests, and the live objects that a cluster makes of them: what the drift benchmarks compare.

use std::fmt::Write as _;

use gitops_core::drift::{DriftOptions, normal_form};
use gitops_core::node::SourceMap;
use gitops_core::object::Object;
use gitops_core::yaml::{ReadOptions, read};
use serde_json::{Value as Json, json};

/// Deployments, Services and ConfigMaps in turn, as a stream of YAML documents.
pub fn manifests(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        let n = at / 3;
        let _ = match at % 3 {
            0 => write!(
                text,
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{n}\n  labels:\n    app.kubernetes.io/name: web-{n}\n    tier: front\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: web-{n}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: web-{n}\n    spec:\n      containers:\n      - name: main\n        image: nginx:1.{n}\n        args: [\"--config\", \"/etc/web/config.yaml\"]\n        ports:\n        - name: http\n          containerPort: 8080\n          protocol: TCP\n        env:\n        - name: LEVEL\n          value: \"{n}\"\n        - name: SETTINGS\n          valueFrom:\n            configMapKeyRef:\n              name: settings-{n}\n              key: level\n        resources:\n          limits:\n            memory: 1Gi\n        volumeMounts:\n        - name: settings\n          mountPath: /etc/web\n          readOnly: true\n      volumes:\n      - name: settings\n        configMap:\n          name: settings-{n}\n          defaultMode: 0644\n",
                n % 5 + 1
            ),
            1 => write!(
                text,
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: web-{n}\n  annotations:\n    example.com/owner: team-{}\nspec:\n  selector:\n    app.kubernetes.io/name: web-{n}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n",
                n % 7
            ),
            _ => write!(
                text,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{n}\ndata:\n  level: \"{n}\"\n  config.yaml: |\n    listen: 0.0.0.0:8080\n    upstream:\n      - http://web-{n}:80\n    timeout: 30s\n"
            ),
        };
        text.push_str("---\n");
    }
    text
}

/// The objects that a cluster has after Flux applied [`manifests`], as an API server lists them: with
/// defaults, with what it allocates, with status, and with who owns which field. The object at `changed` was
/// edited by hand.
pub fn live(manifests: &str, changed: Option<usize>) -> String {
    let sources = SourceMap::new();
    let file = sources.add("manifests.yaml", manifests);
    let stream = read(&sources, file, &ReadOptions::default()).expect("they can be read");
    let objects = stream.documents.into_iter().filter(|document| document.is_map());
    let items = objects.enumerate().map(|(at, document)| {
        let normal = normal_form(&Object::new(document), &DriftOptions::new());
        let object = serde_json::to_value(&normal.node).expect("an object is JSON");
        cluster_made(object, at, changed == Some(at))
    });
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
        "items": items.collect::<Vec<_>>()})
    .to_string()
}

fn cluster_made(mut object: Json, at: usize, changed: bool) -> Json {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    object["metadata"]["namespace"] = json!("default");
    object["metadata"]["uid"] = json!(format!("4b1f2a0c-6d0e-4c58-9a53-{at:012x}"));
    object["metadata"]["resourceVersion"] = json!((100_000 + at).to_string());
    object["metadata"]["creationTimestamp"] = json!("2026-05-04T08:15:30Z");
    let mut managers = vec![manager("kustomize-controller", "Apply", "", applied(&kind))];
    match kind.as_str() {
        "Deployment" => {
            let replicas = object["spec"]["replicas"].clone();
            object["metadata"]["generation"] = json!(3);
            object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("3");
            let condition = |kind: &str, reason: &str, message: String| {
                json!({"type": kind, "status": "True", "reason": reason, "message": message,
                    "lastTransitionTime": "2026-05-04T08:15:31Z", "lastUpdateTime": "2026-05-04T08:16:02Z"})
            };
            object["status"] = json!({"observedGeneration": 3, "replicas": replicas,
            "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
            "conditions": [
                condition("Available", "MinimumReplicasAvailable", "Deployment has minimum availability.".into()),
                condition("Progressing", "NewReplicaSetAvailable",
                    format!("ReplicaSet \"web-{:010x}\" has successfully progressed.", at * 7919)),
            ]});
            managers.push(manager("kube-controller-manager", "Update", "status", observed()));
        }
        "Service" => {
            let address = format!("10.{}.{}.{}", 96 + at / 65_536 % 32, at / 256 % 256, at % 256);
            object["spec"]["clusterIP"] = json!(address);
            object["spec"]["clusterIPs"] = json!([address]);
            object["spec"]["ipFamilies"] = json!(["IPv4"]);
            object["spec"]["ipFamilyPolicy"] = json!("SingleStack");
            object["status"] = json!({"loadBalancer": {}});
        }
        _ => {}
    }
    if changed {
        let fields = json!({"f:metadata": {"f:labels": {"f:tier": {}}}, "f:data": {"f:level": {}}});
        managers.push(manager("kubectl-edit", "Update", "", fields));
        match kind.as_str() {
            "ConfigMap" => object["data"]["level"] = json!("edited"),
            "Service" => object["spec"]["ports"][0]["targetPort"] = json!("edited"),
            _ => object["metadata"]["labels"]["tier"] = json!("edited"),
        }
    }
    object["metadata"]["managedFields"] = json!(managers);
    object
}

fn manager(name: &str, operation: &str, subresource: &str, fields: Json) -> Json {
    let mut entry = json!({"manager": name, "operation": operation, "apiVersion": "v1",
        "time": "2026-05-04T08:15:30Z", "fieldsType": "FieldsV1", "fieldsV1": fields});
    if !subresource.is_empty() {
        entry["subresource"] = json!(subresource);
    }
    entry
}

/// What Flux owns of the objects that [`manifests`] makes.
fn applied(kind: &str) -> Json {
    match kind {
        "Deployment" => json!({
            "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}, "f:tier": {}}},
            "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {
                "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}},
                "f:spec": {
                    "f:containers": {"k:{\"name\":\"main\"}": {
                        ".": {}, "f:args": {}, "f:image": {}, "f:name": {},
                        "f:env": {
                            "k:{\"name\":\"LEVEL\"}": {".": {}, "f:name": {}, "f:value": {}},
                            "k:{\"name\":\"SETTINGS\"}": {".": {}, "f:name": {}, "f:valueFrom": {"f:configMapKeyRef": {}}}},
                        "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {
                            ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
                        "f:resources": {"f:limits": {"f:memory": {}}},
                        "f:volumeMounts": {"k:{\"mountPath\":\"/etc/web\"}": {
                            ".": {}, "f:mountPath": {}, "f:name": {}, "f:readOnly": {}}}}},
                    "f:volumes": {"k:{\"name\":\"settings\"}": {
                        ".": {}, "f:configMap": {"f:defaultMode": {}, "f:name": {}}, "f:name": {}}}}}},
        }),
        "Service" => json!({
            "f:metadata": {"f:annotations": {"f:example.com/owner": {}}},
            "f:spec": {"f:selector": {}, "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {
                ".": {}, "f:name": {}, "f:port": {}, "f:targetPort": {}}}},
        }),
        _ => json!({"f:data": {"f:config.yaml": {}, "f:level": {}}}),
    }
}

/// What the controller of Deployments owns.
fn observed() -> Json {
    let condition = json!({".": {}, "f:lastTransitionTime": {}, "f:lastUpdateTime": {}, "f:message": {},
        "f:reason": {}, "f:status": {}, "f:type": {}});
    json!({
        "f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}},
        "f:status": {"f:availableReplicas": {}, "f:observedGeneration": {}, "f:readyReplicas": {},
            "f:replicas": {}, "f:updatedReplicas": {}, "f:conditions": {".": {},
                "k:{\"type\":\"Available\"}": condition, "k:{\"type\":\"Progressing\"}": condition}},
    })
}
