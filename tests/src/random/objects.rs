//! Random objects: every kind that kustomize knows something about, and some that it does not.

use serde_json::{Map, Value, json};

use super::rng::Rng;
use super::text::raw;
use super::words::{self, CONTAINERS, DATA_KEYS, IMAGES, NAMES, NAMESPACES, VARS};

/// Kinds that hold pods, with their API versions and the path to the pod's template.
const WORKLOADS: &[(&str, &str)] = &[
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("extensions/v1beta1", "Deployment"),
    ("apps/v1beta2", "StatefulSet"),
    ("batch/v1", "Job"),
    ("v1", "ReplicationController"),
    ("batch/v1", "CronJob"),
    ("batch/v1beta1", "CronJob"),
    ("v1", "Pod"),
    ("v1", "PodTemplate"),
];

/// All other kinds.
const OTHERS: &[(&str, &str)] = &[
    ("v1", "ConfigMap"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolume"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Node"),
    ("v1", "Endpoints"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
    ("networking.k8s.io/v1", "Ingress"),
    ("extensions/v1beta1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("networking.k8s.io/v1", "IngressClass"),
    ("policy/v1", "PodDisruptionBudget"),
    ("policy/v1beta1", "PodDisruptionBudget"),
    ("autoscaling/v1", "HorizontalPodAutoscaler"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "CSINode"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"),
    ("example.com/v1", "Widget"),
    ("example.com/v1", "Widget"),
    ("example.com/v1alpha1", "ClusterWidget"),
    ("serving.knative.dev/v1", "Service"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
];

/// Kinds whose objects have no namespace.
pub fn is_cluster_wide(kind: &str) -> bool {
    kind.starts_with("Cluster")
        || matches!(
            kind,
            "Namespace" | "PersistentVolume" | "Node" | "StorageClass" | "CSINode" | "PriorityClass"
        )
        || matches!(kind, "CustomResourceDefinition" | "APIService" | "IngressClass")
        || kind.ends_with("WebhookConfiguration")
        || kind.starts_with("ValidatingAdmission")
}

/// An object.
pub fn object(rng: &mut Rng) -> Value {
    let kinds = if rng.chance(40) { WORKLOADS } else { OTHERS };
    let (api_version, kind) = *rng.pick(kinds);
    let mut object = Map::new();
    object.insert("apiVersion".into(), json!(api_version));
    object.insert("kind".into(), json!(kind));
    object.insert("metadata".into(), metadata(rng, kind));
    for (key, value) in content(rng, api_version, kind).as_object().into_iter().flatten() {
        object.insert(key.clone(), value.clone());
    }
    if rng.chance(3) {
        object.insert("status".into(), json!({"conditions": [{"type": "Ready", "status": "True"}]}));
    }
    Value::Object(object)
}

fn metadata(rng: &mut Rng, kind: &str) -> Value {
    let mut metadata = Map::new();
    let mut name = rng.word(NAMES);
    if kind == "CustomResourceDefinition" {
        name = "widgets.example.com".into();
    }
    if kind == "Namespace" && rng.chance(70) {
        name = rng.word(&["prod", "team-a", "default"]);
    }
    metadata.insert("name".into(), json!(name));
    let namespace = rng.word(NAMESPACES);
    if !namespace.is_empty() && (!is_cluster_wide(kind) || rng.chance(5)) {
        metadata.insert("namespace".into(), json!(namespace));
    }
    if rng.chance(50) {
        metadata.insert("labels".into(), words::pairs(rng, words::label));
    }
    if rng.chance(35) {
        metadata.insert("annotations".into(), annotations(rng, kind));
    }
    if rng.chance(3) {
        metadata.insert("finalizers".into(), json!(["a/b", "c/d"]));
    }
    if rng.chance(3) {
        metadata.insert("creationTimestamp".into(), Value::Null);
    }
    if rng.chance(3) {
        let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": rng.word(NAMES), "uid": "u1"});
        metadata.insert("ownerReferences".into(), json!([owner]));
    }
    Value::Object(metadata)
}

fn annotations(rng: &mut Rng, kind: &str) -> Value {
    let mut pairs = words::pairs(rng, words::annotation);
    if let Some(map) = pairs.as_object_mut() {
        if rng.chance(4) {
            let value = rng.word(&["true", "false", ""]);
            map.insert("config.kubernetes.io/local-config".into(), json!(value));
        }
        if rng.chance(3) {
            map.insert("config.kubernetes.io/index".into(), json!("0"));
            map.insert("internal.config.kubernetes.io/path".into(), json!("a.yaml"));
        }
        if rng.chance(2) {
            map.insert("kustomize.config.k8s.io/needs-hash".into(), json!("true"));
        }
        if rng.chance(2) {
            map.insert("kustomize.config.k8s.io/behavior".into(), json!("merge"));
        }
        if kind == "Ingress" && rng.chance(60) {
            for key in ["nginx.ingress.kubernetes.io/auth-secret", "ingress.kubernetes.io/auth-secret"] {
                let name = rng.word(NAMES);
                map.insert(key.into(), json!(if rng.chance(20) { format!("prod/{name}") } else { name }));
            }
        }
        if kind == "Service" && rng.chance(20) {
            map.insert("service.beta.kubernetes.io/x".into(), raw("\"true\""));
        }
    }
    pairs
}

fn content(rng: &mut Rng, api_version: &str, kind: &str) -> Value {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Rollout" => workload(rng, kind),
        "ReplicationController" => {
            let mut spec = json!({"template": template(rng)});
            if rng.chance(50) {
                spec["selector"] = words::pairs(rng, words::label);
            }
            if rng.chance(50) {
                spec["replicas"] = json!(1 + rng.below(3));
            }
            json!({ "spec": spec })
        }
        "Job" => json!({"spec": {"template": template(rng), "backoffLimit": rng.below(5)}}),
        "CronJob" => json!({"spec": {
            "schedule": rng.word(&["* * * * *", "@daily", "0 0 * * *"]),
            "jobTemplate": {"spec": {"template": template(rng)}},
        }}),
        "Pod" => json!({"spec": pod(rng)}),
        "PodTemplate" => json!({"template": template(rng)}),
        "ConfigMap" => config_map(rng),
        "Secret" => secret(rng),
        "Service" if api_version == "v1" => service(rng),
        "Service" => json!({"spec": {"template": template(rng)}}),
        "ServiceAccount" => json!({
            "imagePullSecrets": [{"name": rng.word(NAMES)}],
            "secrets": [{"name": rng.word(NAMES)}, {"name": "other"}],
        }),
        "Namespace" => json!({}),
        "PersistentVolume" => json!({"spec": {
            "storageClassName": rng.word(NAMES),
            "capacity": {"storage": "1Gi"},
            "azureFile": {"secretName": rng.word(NAMES)},
        }}),
        "PersistentVolumeClaim" => json!({"spec": {
            "storageClassName": rng.word(NAMES),
            "volumeName": rng.word(NAMES),
            "accessModes": ["ReadWriteOnce"],
        }}),
        "Node" => json!({"spec": {"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}}),
        "Endpoints" => json!({"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]}),
        "Role" | "ClusterRole" => json!({"rules": [{
            "apiGroups": [""],
            "resources": [rng.word(&["configmaps", "secrets", "persistentvolumes"])],
            "resourceNames": [rng.word(NAMES), rng.word(NAMES)],
            "verbs": ["get"],
        }]}),
        "RoleBinding" | "ClusterRoleBinding" => binding(rng, kind),
        "Ingress" => ingress(rng, api_version),
        "NetworkPolicy" => json!({"spec": {
            "podSelector": selector(rng),
            "ingress": [{"from": [{"podSelector": selector(rng)}, {"namespaceSelector": {}}]}],
            "egress": [{"to": [{"podSelector": selector(rng)}]}],
        }}),
        "PodDisruptionBudget" => json!({"spec": {"minAvailable": 1, "selector": selector(rng)}}),
        "HorizontalPodAutoscaler" => json!({"spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": rng.word(&["Deployment", "StatefulSet", "ReplicaSet"]), "name": rng.word(NAMES)},
            "minReplicas": 1, "maxReplicas": 5,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}],
        }}),
        "StorageClass" => json!({
            "provisioner": "x",
            "parameters": {"secretName": rng.word(NAMES), "adminSecretName": rng.word(NAMES)},
        }),
        "CSINode" => json!({"spec": {"drivers": [{"name": "d", "nodeID": "n"}]}}),
        "PriorityClass" => json!({"value": 1000, "globalDefault": false}),
        "CustomResourceDefinition" => json!({"spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"name": rng.word(NAMES), "namespace": "prod"}}}},
        }}),
        "APIService" => {
            json!({"spec": {"group": "x", "version": "v1", "service": {"name": rng.word(NAMES), "namespace": rng.word(&["prod", "default"])}}})
        }
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => json!({"webhooks": [
            {"name": "a.example.com", "clientConfig": {"service": {"name": rng.word(NAMES), "namespace": rng.word(&["prod", "default", "team-a"]), "path": "/a"}}},
            {"name": "b.example.com", "clientConfig": {"url": "https://x"}, "admissionReviewVersions": ["v1"]},
        ]}),
        "ValidatingAdmissionPolicyBinding" => json!({"spec": {"policyName": rng.word(NAMES)}}),
        "ValidatingAdmissionPolicy" => {
            json!({"spec": {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}, "validations": [{"expression": "a > 1 && b"}]}})
        }
        "Widget" | "ClusterWidget" => widget(rng),
        "HTTPRoute" => json!({"spec": {
            "parentRefs": [{"name": rng.word(NAMES)}],
            "rules": [{"backendRefs": [{"name": rng.word(NAMES), "port": 80}]}],
        }}),
        "HelmRelease" => json!({"spec": {
            "chart": {"spec": {"chart": "x", "version": raw(&rng.word(&["1.0", "'1.0'", ">=1.0", "1.0.0"]))}},
            "valuesFrom": [{"kind": "ConfigMap", "name": rng.word(NAMES)}],
            "values": words::tree(rng, 3),
        }}),
        "Kustomization" => {
            json!({"spec": {"path": "./x", "interval": "10m", "postBuild": {"substitute": words::pairs(rng, words::annotation)}}})
        }
        _ => json!({}),
    }
}

fn selector(rng: &mut Rng) -> Value {
    match rng.below(4) {
        0 => json!({}),
        1 => json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}),
        _ => json!({"matchLabels": words::pairs(rng, words::label)}),
    }
}

fn workload(rng: &mut Rng, kind: &str) -> Value {
    let mut spec = Map::new();
    if rng.chance(60) && kind != "DaemonSet" {
        spec.insert("replicas".into(), if rng.chance(5) { raw("'3'") } else { json!(rng.below(4)) });
    }
    if rng.chance(80) {
        spec.insert("selector".into(), selector(rng));
    }
    spec.insert("template".into(), template(rng));
    if kind == "StatefulSet" {
        spec.insert("serviceName".into(), json!(rng.word(NAMES)));
        if rng.chance(60) {
            let mut claim = json!({"metadata": {"name": "data"}, "spec": {"storageClassName": rng.word(NAMES), "accessModes": ["ReadWriteOnce"]}});
            if rng.chance(40) {
                claim["metadata"]["labels"] = words::pairs(rng, words::label);
            }
            spec.insert("volumeClaimTemplates".into(), json!([claim]));
        }
    }
    if rng.chance(10) {
        spec.insert(
            "strategy".into(),
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}),
        );
    }
    json!({ "spec": spec })
}

fn template(rng: &mut Rng) -> Value {
    let mut template = Map::new();
    if rng.chance(70) {
        let mut metadata = Map::new();
        if rng.chance(80) {
            metadata.insert("labels".into(), words::pairs(rng, words::label));
        }
        if rng.chance(30) {
            metadata.insert("annotations".into(), words::pairs(rng, words::annotation));
        }
        if rng.chance(5) {
            metadata.insert("creationTimestamp".into(), Value::Null);
        }
        template.insert("metadata".into(), Value::Object(metadata));
    }
    template.insert("spec".into(), pod(rng));
    Value::Object(template)
}

fn pod(rng: &mut Rng) -> Value {
    let mut pod = Map::new();
    let mut used = Vec::new();
    for (field, percent) in [("initContainers", 25), ("containers", 97), ("ephemeralContainers", 3)] {
        if rng.chance(percent) {
            let mut containers = Vec::new();
            for _ in 0..1 + rng.below(3) {
                let name = rng.word(CONTAINERS);
                if !used.contains(&name) || rng.chance(3) {
                    used.push(name.clone());
                    containers.push(container(rng, &name));
                }
            }
            pod.insert(field.into(), Value::Array(containers));
        }
    }
    if rng.chance(50) {
        let count = 1 + rng.below(3);
        let volumes = (0..count).map(|at| volume(rng, at)).collect();
        pod.insert("volumes".into(), Value::Array(volumes));
    }
    for (field, percent) in [("serviceAccountName", 35), ("serviceAccount", 3), ("priorityClassName", 15)] {
        if rng.chance(percent) {
            pod.insert(field.into(), json!(rng.word(NAMES)));
        }
    }
    if rng.chance(20) {
        pod.insert("imagePullSecrets".into(), json!([{"name": rng.word(NAMES)}, {"name": "pull"}]));
    }
    if rng.chance(10) {
        let term = json!({"labelSelector": selector(rng), "topologyKey": "zone"});
        let field = rng.word(&["podAffinity", "podAntiAffinity"]);
        pod.insert(
            "affinity".into(),
            json!({field: {
                "requiredDuringSchedulingIgnoredDuringExecution": [term],
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}],
            }}),
        );
    }
    if rng.chance(10) {
        pod.insert("topologySpreadConstraints".into(), json!([
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector(rng)},
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"},
        ]));
    }
    if rng.chance(8) {
        pod.insert("hostAliases".into(), json!([{"ip": "10.0.0.1", "hostnames": ["a", "b"]}]));
    }
    if rng.chance(10) {
        pod.insert(
            "tolerations".into(),
            json!([{"key": "a", "operator": "Exists"}, {"key": "b", "value": "on"}]),
        );
    }
    if rng.chance(10) {
        pod.insert("nodeSelector".into(), words::pairs(rng, words::label));
    }
    if rng.chance(5) {
        pod.insert(
            "securityContext".into(),
            json!({"runAsNonRoot": true, "sysctls": [{"name": "a", "value": "1"}]}),
        );
    }
    Value::Object(pod)
}

fn container(rng: &mut Rng, name: &str) -> Value {
    let mut container = Map::new();
    container.insert("name".into(), json!(name));
    if rng.chance(90) {
        container.insert("image".into(), json!(rng.word(IMAGES)));
    }
    for field in ["command", "args"] {
        if rng.chance(25) {
            let mut items: Vec<Value> = (0..rng.below(4)).map(|_| json!(words::text(rng))).collect();
            if rng.chance(40) {
                items.push(json!(format!("--host=$({})", rng.word(VARS))));
            }
            container.insert(field.into(), Value::Array(items));
        }
    }
    if rng.chance(45) {
        let mut env: Vec<Value> = Vec::new();
        for name in rng.some(&["A", "B", "HOST", "LOG_LEVEL"], 40) {
            env.push(variable(rng, name));
        }
        container.insert("env".into(), Value::Array(env));
    }
    if rng.chance(25) {
        let mut sources = vec![json!({"configMapRef": {"name": rng.word(NAMES)}})];
        if rng.chance(50) {
            sources.push(json!({"prefix": "P_", "secretRef": {"name": rng.word(NAMES), "optional": true}}));
        }
        container.insert("envFrom".into(), Value::Array(sources));
    }
    if rng.chance(40) {
        let mut ports = Vec::new();
        for port in [80, 8080, 53] {
            if rng.chance(50) {
                let mut entry = json!({ "containerPort": port });
                if rng.chance(40) {
                    entry["protocol"] = json!(rng.word(&["TCP", "UDP"]));
                }
                if rng.chance(50) {
                    entry["name"] = json!(rng.word(&["http", "dns", "metrics"]));
                }
                ports.push(entry);
            }
        }
        container.insert("ports".into(), Value::Array(ports));
    }
    if rng.chance(30) {
        let mounts: Vec<Value> = rng
            .some(&["/data", "/etc/config", "/tmp", "$(X)/a"], 50)
            .into_iter()
            .map(|path| json!({"name": format!("v{}", path.len() % 3), "mountPath": path}))
            .collect();
        container.insert("volumeMounts".into(), Value::Array(mounts));
    }
    if rng.chance(25) {
        container.insert(
            "resources".into(),
            json!({
                "limits": {"cpu": raw(&rng.word(&["1", "500m", "\"1\"", "0.5", "1.0"])), "memory": "1Gi"},
                "requests": {"cpu": "100m"},
            }),
        );
    }
    if rng.chance(10) {
        container.insert("livenessProbe".into(), json!({"httpGet": {"path": "/", "port": raw(&rng.word(&["80", "http", "'80'"]))}, "periodSeconds": 10}));
    }
    Value::Object(container)
}

fn variable(rng: &mut Rng, name: &str) -> Value {
    let source = rng.word(NAMES);
    match rng.below(6) {
        0 => json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": source, "key": "key"}}}),
        1 => {
            json!({"name": name, "valueFrom": {"secretKeyRef": {"name": source, "key": "key", "optional": true}}})
        }
        2 => json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
        3 => json!({"name": name, "value": format!("$({})", rng.word(VARS))}),
        4 => json!({"name": name, "value": words::scalar(rng)}),
        _ => json!({"name": name, "value": words::text(rng)}),
    }
}

fn volume(rng: &mut Rng, at: usize) -> Value {
    let source = rng.word(NAMES);
    let name = format!("v{at}");
    match rng.below(9) {
        0 | 1 => {
            json!({"name": name, "configMap": {"name": source, "defaultMode": raw(&rng.word(&["420", "0644", "0o644"]))}})
        }
        2 | 3 => json!({"name": name, "secret": {"secretName": source}}),
        4 => json!({"name": name, "emptyDir": {}}),
        5 => json!({"name": name, "persistentVolumeClaim": {"claimName": source}}),
        6 => {
            json!({"name": name, "projected": {"sources": [{"configMap": {"name": source}}, {"secret": {"name": rng.word(NAMES)}}]}})
        }
        7 => json!({"name": name, "nfs": {"server": "$(HOST)", "path": "/"}}),
        _ => json!({"name": name, "image": {"reference": rng.word(IMAGES), "pullPolicy": "Always"}}),
    }
}

fn config_map(rng: &mut Rng) -> Value {
    let mut fields = Map::new();
    if rng.chance(90) {
        let mut data = Map::new();
        for key in rng.some(DATA_KEYS, 35) {
            let value = if rng.chance(10) { words::scalar(rng) } else { json!(words::text(rng)) };
            data.insert(key.into(), value);
        }
        fields.insert("data".into(), if rng.chance(3) { Value::Null } else { Value::Object(data) });
    }
    if rng.chance(10) {
        fields.insert("binaryData".into(), json!({"bin": "AAEC", "long": "QUJD".repeat(40)}));
    }
    if rng.chance(5) {
        fields.insert("immutable".into(), json!(true));
    }
    Value::Object(fields)
}

fn secret(rng: &mut Rng) -> Value {
    let mut fields = Map::new();
    if rng.chance(70) {
        fields.insert("type".into(), json!("Opaque"));
    }
    if rng.chance(70) {
        fields.insert("data".into(), json!({"password": "c2VjcmV0", "key": "eA=="}));
    }
    if rng.chance(40) {
        fields.insert("stringData".into(), words::pairs(rng, words::annotation));
    }
    Value::Object(fields)
}

fn service(rng: &mut Rng) -> Value {
    let mut spec = Map::new();
    if rng.chance(70) {
        spec.insert("selector".into(), words::pairs(rng, words::label));
    }
    let mut ports = Vec::new();
    for port in [80, 443, 53] {
        if rng.chance(50) {
            let mut entry = json!({ "port": port });
            if rng.chance(40) {
                entry["protocol"] = json!(rng.word(&["TCP", "UDP"]));
            }
            if rng.chance(50) {
                entry["targetPort"] = raw(&rng.word(&["8080", "http", "$(PORT)"]));
            }
            if rng.chance(50) {
                entry["name"] = json!(rng.word(&["http", "https", "dns"]));
            }
            ports.push(entry);
        }
    }
    if rng.chance(90) {
        spec.insert("ports".into(), Value::Array(ports));
    }
    if rng.chance(20) {
        spec.insert("type".into(), json!(rng.word(&["ClusterIP", "LoadBalancer"])));
    }
    json!({ "spec": spec })
}

fn binding(rng: &mut Rng, kind: &str) -> Value {
    let role = if kind == "RoleBinding" && rng.chance(60) { "Role" } else { "ClusterRole" };
    let mut subjects = Vec::new();
    for _ in 0..1 + rng.below(3) {
        let mut subject =
            json!({"kind": "ServiceAccount", "name": rng.word(&["app", "web", "default", "db"])});
        if rng.chance(60) {
            subject["namespace"] = json!(rng.word(&["prod", "default", "team-a", "other"]));
        }
        subjects.push(subject);
    }
    if rng.chance(20) {
        subjects.push(json!({"kind": rng.word(&["User", "Group"]), "name": "app", "apiGroup": "rbac.authorization.k8s.io"}));
    }
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": rng.word(NAMES)},
        "subjects": subjects,
    })
}

fn ingress(rng: &mut Rng, api_version: &str) -> Value {
    let backend = if api_version == "extensions/v1beta1" {
        json!({"serviceName": rng.word(NAMES), "servicePort": 80})
    } else {
        json!({"service": {"name": rng.word(NAMES), "port": {"number": 80}}})
    };
    let mut spec = json!({
        "rules": [
            {"host": rng.word(&["example.com", "$(HOST)", "*.example.com"]), "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": backend},
                {"path": "/a", "backend": backend},
            ]}},
        ],
    });
    if rng.chance(40) {
        spec["tls"] = json!([{"hosts": ["example.com"], "secretName": rng.word(NAMES)}]);
    }
    if rng.chance(20) {
        let field = if api_version == "extensions/v1beta1" { "backend" } else { "defaultBackend" };
        spec[field] = backend;
    }
    json!({ "spec": spec })
}

fn widget(rng: &mut Rng) -> Value {
    let mut spec = json!({
        "configRef": {"name": rng.word(NAMES), "kind": "ConfigMap"},
        "secret": rng.word(NAMES),
        "image": rng.word(IMAGES),
        "count": rng.below(5),
        "items": [{"name": "a", "value": 1}, {"name": "b", "value": words::scalar(rng)}],
        "free": words::tree(rng, 3),
    });
    if rng.chance(40) {
        spec["template"] = template(rng);
    }
    if rng.chance(30) {
        spec["selector"] = selector(rng);
    }
    if rng.chance(20) {
        spec["containers"] = json!([container(rng, "main")]);
    }
    json!({ "spec": spec })
}
