//! Random pods over all that Pod Security looks at, and over what it must not stumble upon: nulls, empty
//! lists and mappings, unknown fields, things without names.

use serde_json::{Map, Value as Json, json};

use crate::random::Rng;

/// The pod of a seed.
pub fn pod(seed: u64) -> Json {
    let mut rng = Rng::new(seed);
    // Pods differ in how careless their authors are, so that single faults can be told apart.
    let faults = *rng.pick(&[0, 3, 10, 40]);
    let mut pods = Pods { rng, faults };
    let mut metadata = json!({"name": "web"});
    if let Some(annotations) = pods.annotations() {
        metadata["annotations"] = annotations;
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pods.spec()})
}

/// The workload that makes a pod; which kind follows from the seed.
pub fn workload(seed: u64, pod: &Json) -> Json {
    const KINDS: &[(&str, &str)] = &[
        ("v1", "PodTemplate"),
        ("v1", "ReplicationController"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "CronJob"),
        ("batch/v1", "Job"),
    ];
    let (version, kind) = KINDS[seed as usize % KINDS.len()];
    let template = json!({"metadata": pod["metadata"], "spec": pod["spec"]});
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}});
    match kind {
        "PodTemplate" => object["template"] = template,
        "CronJob" => object["spec"] = json!({"jobTemplate": {"spec": {"template": template}}}),
        _ => object["spec"] = json!({"template": template}),
    }
    object
}

const NAMES: &[&str] = &["web", "log", "db"];

struct Pods {
    rng: Rng,
    /// In how many of 100 choices something bad is chosen.
    faults: usize,
}

impl Pods {
    /// One of the good values, or now and then one of the bad.
    fn value(&mut self, good: &[Json], bad: &[Json]) -> Json {
        let from = if self.rng.chance(self.faults) && !bad.is_empty() { bad } else { good };
        self.rng.pick(from).clone()
    }

    /// Sets a field in `percent` of 100 cases.
    fn set(&mut self, map: &mut Map<String, Json>, percent: usize, key: &str, good: &[Json], bad: &[Json]) {
        // A fault is to be seen also where the field is rare.
        if self.rng.chance(percent) || self.rng.chance(self.faults / 2) {
            let value = self.value(good, bad);
            map.insert(key.to_owned(), value);
        }
    }

    fn annotations(&mut self) -> Option<Json> {
        match self.rng.below(4) {
            0 => return None,
            1 => return Some(Json::Null),
            _ => {}
        }
        let good = [json!("runtime/default"), json!("localhost/x")];
        let seccomp =
            [json!("docker/default"), json!("unconfined"), json!(""), json!("Localhost/x"), Json::Null];
        let armor = [json!(""), json!("docker/default"), json!("unconfined"), json!("localhost"), Json::Null];
        let mut map = Map::new();
        self.set(&mut map, 20, "seccomp.security.alpha.kubernetes.io/pod", &good, &seccomp);
        for name in ["web", "log", "other", ""] {
            let key = format!("container.seccomp.security.alpha.kubernetes.io/{name}");
            self.set(&mut map, 20, &key, &good, &seccomp);
            let key = format!("container.apparmor.security.beta.kubernetes.io/{name}");
            self.set(&mut map, 20, &key, &good, &armor);
        }
        self.set(&mut map, 20, "container.apparmor.security.beta.kubernetes.io", &good, &armor);
        self.set(&mut map, 20, "owner", &[json!("unconfined")], &[]);
        Some(Json::Object(map))
    }

    fn spec(&mut self) -> Json {
        let off = [json!(false), Json::Null];
        let on = [json!(true)];
        let mut spec = Map::new();
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            self.set(&mut spec, 20, field, &off, &on);
        }
        self.set(&mut spec, 40, "hostUsers", &[json!(false), json!(true), Json::Null], &[]);
        let systems = ["windows", "linux", "Windows", ""].map(|name| json!({"name": name}));
        self.set(&mut spec, 30, "os", &systems, &[Json::Null, json!({})]);
        if self.rng.chance(60) {
            let context = self.pod_context();
            spec.insert("securityContext".into(), context);
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            let containers = match self.rng.below(8) {
                0 => Json::Null,
                1 => json!([]),
                2 | 3 if list != "containers" => continue,
                _ => (0..=self.rng.below(2)).map(|at| self.container(at)).collect(),
            };
            spec.insert(list.into(), containers);
        }
        let volumes = match self.rng.below(4) {
            0 => Json::Null,
            1 => json!([]),
            _ => (0..=self.rng.below(3)).map(|at| self.volume(at)).collect(),
        };
        spec.insert("volumes".into(), volumes);
        Json::Object(spec)
    }

    /// What the contexts of pods and of containers have in common.
    fn context(&mut self) -> Map<String, Json> {
        let mut map = Map::new();
        self.set(&mut map, 60, "runAsNonRoot", &[json!(true)], &[json!(false), Json::Null]);
        self.set(&mut map, 30, "runAsUser", &[json!(1000), Json::Null], &[json!(0)]);
        let profiles =
            [json!({"type": "RuntimeDefault"}), json!({"type": "Localhost", "localhostProfile": "x"})];
        let loose = [
            json!({"type": "Unconfined"}),
            json!({}),
            json!({"type": ""}),
            json!({"type": "runtime/default"}),
        ];
        let with_null = [&loose[..], &[Json::Null]].concat();
        self.set(&mut map, 60, "seccompProfile", &profiles, &with_null);
        self.set(&mut map, 20, "appArmorProfile", &profiles, &with_null);
        if self.rng.chance(30) {
            let mut options = Map::new();
            let types = ["", "container_t", "container_init_t", "container_kvm_t"].map(|name| json!(name));
            let more = [json!("container_engine_t"), json!("spc_t"), Json::Null];
            self.set(&mut options, 50, "type", &types, &more);
            self.set(&mut options, 20, "user", &[json!(""), Json::Null], &[json!("system_u")]);
            self.set(&mut options, 20, "role", &[json!(""), Json::Null], &[json!("sysadm_r")]);
            self.set(&mut options, 20, "level", &[json!("s0:c1")], &[]);
            map.insert("seLinuxOptions".into(), Json::Object(options));
        }
        let calm = [json!({"hostProcess": false}), json!({}), json!({"hostProcess": null}), Json::Null];
        self.set(&mut map, 20, "windowsOptions", &calm, &[json!({"hostProcess": true})]);
        map
    }

    fn pod_context(&mut self) -> Json {
        if self.rng.chance(5) {
            return Json::Null;
        }
        let mut map = self.context();
        const SYSCTLS: &[&str] = &[
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
        ];
        const LATER: &[&str] = &[
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_wmem",
            "net.ipv4.tcp_slow_start_after_idle",
            "net.ipv4.tcp_notsent_lowat",
            "kernel.msgmax",
            "net.ipv4.*",
        ];
        match self.rng.below(5) {
            0 => drop(map.insert("sysctls".into(), Json::Null)),
            1 => drop(map.insert("sysctls".into(), json!([]))),
            2 => {
                let sysctl = |name: &str| json!({"name": name, "value": "1"});
                let good: Vec<Json> = SYSCTLS.iter().map(|name| sysctl(name)).collect();
                let mut bad: Vec<Json> = LATER.iter().map(|name| sysctl(name)).collect();
                bad.extend([json!({"value": "1"}), Json::Null]);
                let list = (0..=self.rng.below(2)).map(|_| self.value(&good, &bad)).collect();
                map.insert("sysctls".into(), list);
            }
            _ => {}
        }
        Json::Object(map)
    }

    fn container(&mut self, at: usize) -> Json {
        if self.rng.chance(self.faults / 10) {
            return Json::Null;
        }
        let mut container = Map::new();
        if self.rng.chance(95) {
            container.insert("name".into(), json!(NAMES[at % NAMES.len()]));
        }
        container.insert("image".into(), json!("web:1"));
        if self.rng.chance(85) {
            let context = self.container_context();
            container.insert("securityContext".into(), context);
        }
        let ports =
            [json!({"containerPort": 80}), json!({"hostPort": 0}), json!({"hostPort": null}), json!({})];
        let host_ports = [
            json!({"containerPort": 80, "hostPort": 80}),
            json!({"hostPort": 65535}),
            json!({"hostPort": -1}),
        ];
        match self.rng.below(4) {
            0 => drop(container.insert("ports".into(), Json::Null)),
            1 => {
                let list = (0..self.rng.below(3)).map(|_| self.value(&ports, &host_ports)).collect();
                container.insert("ports".into(), list);
            }
            _ => {}
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let handlers = self.handlers();
            self.set(&mut container, 15, probe, &handlers.0, &handlers.1);
        }
        if self.rng.chance(20) {
            let mut hooks = Map::new();
            for hook in ["postStart", "preStop"] {
                let handlers = self.handlers();
                self.set(&mut hooks, 50, hook, &handlers.0, &handlers.1);
            }
            container.insert("lifecycle".into(), Json::Object(hooks));
        }
        Json::Object(container)
    }

    /// Good and bad handlers of probes and hooks.
    fn handlers(&mut self) -> (Vec<Json>, Vec<Json>) {
        let good = vec![
            json!({"httpGet": {"port": 80}}),
            json!({"tcpSocket": {"port": 80, "host": ""}}),
            json!({"httpGet": {"port": "http", "host": null}}),
            json!({"httpGet": null, "exec": {"command": ["check"]}}),
            json!({}),
            Json::Null,
        ];
        let bad = vec![
            json!({"httpGet": {"port": 80, "host": "10.0.0.1"}}),
            json!({"tcpSocket": {"port": 80, "host": "localhost"}}),
            json!({"httpGet": {"port": 80}, "tcpSocket": {"port": 80, "host": " "}}),
        ];
        (good, bad)
    }

    fn container_context(&mut self) -> Json {
        if self.rng.chance(self.faults / 5) {
            return Json::Null;
        }
        let mut map = self.context();
        let off = [json!(false), Json::Null];
        self.set(&mut map, 20, "privileged", &off, &[json!(true)]);
        self.set(&mut map, 90, "allowPrivilegeEscalation", &[json!(false)], &[json!(true), Json::Null]);
        self.set(&mut map, 20, "procMount", &[json!("Default"), Json::Null], &[json!("Unmasked"), json!("")]);
        if self.rng.chance(90) {
            let mut capabilities = Map::new();
            let drops = [json!(["ALL"]), json!(["NET_RAW", "ALL"])];
            let too_few = [json!(["all"]), json!(["NET_RAW"]), json!([]), Json::Null, json!([null])];
            self.set(&mut capabilities, 95, "drop", &drops, &too_few);
            let adds = [json!([]), Json::Null, json!(["NET_BIND_SERVICE"])];
            let too_many = [
                json!(["CHOWN"]),
                json!(["NET_BIND_SERVICE", "SYS_CHROOT"]),
                json!([
                    "AUDIT_WRITE",
                    "DAC_OVERRIDE",
                    "FOWNER",
                    "FSETID",
                    "KILL",
                    "MKNOD",
                    "SETFCAP",
                    "SETGID",
                    "SETPCAP",
                    "SETUID"
                ]),
                json!(["NET_RAW"]),
                json!(["net_bind_service"]),
                json!(["CAP_CHOWN"]),
                json!(["*"]),
                json!(["ALL"]),
                json!([null]),
            ];
            self.set(&mut capabilities, 30, "add", &adds, &too_many);
            map.insert("capabilities".into(), Json::Object(capabilities));
        } else if self.rng.chance(50) {
            map.insert("capabilities".into(), Json::Null);
        }
        Json::Object(map)
    }

    fn volume(&mut self, at: usize) -> Json {
        if self.rng.chance(self.faults / 10) {
            return Json::Null;
        }
        const MANAGED: &[&str] = &[
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ];
        const OTHERS: &[&str] = &[
            "hostPath",
            "hostPath",
            "hostPath",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "gitRepo",
            "nfs",
            "iscsi",
            "glusterfs",
            "rbd",
            "flexVolume",
            "cinder",
            "cephfs",
            "flocker",
            "fc",
            "azureFile",
            "vsphereVolume",
            "quobyte",
            "azureDisk",
            "portworxVolume",
            "photonPersistentDisk",
            "scaleIO",
            "storageos",
            "fromTheFuture",
        ];
        let mut volume = Map::new();
        if self.rng.chance(95) {
            volume.insert("name".into(), json!(format!("v{at}")));
        }
        let from = if self.rng.chance(self.faults) { OTHERS } else { MANAGED };
        let kind = self.rng.word(from);
        let value = if self.rng.chance(90) { json!({}) } else { Json::Null };
        volume.insert(kind, value);
        // Two types at once, which the API server refuses only later.
        if self.rng.chance(self.faults / 2) {
            let more = self.rng.word(OTHERS);
            let value = self.rng.pick(&[json!({}), Json::Null]).clone();
            volume.insert(more, value);
        }
        Json::Object(volume)
    }
}
