//! Random kustomizations: a graph of bases, overlays and components, each with some of all fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::patches::{self, field_path, path, spec_path};
use super::rng::Rng;
use super::text::{Style, raw};
use super::words::{self, DATA_KEYS, NAMES, VARS};
use super::{Case, objects};

/// The fields that a directory may have, beside its resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feature {
    ConfigMaps,
    Secrets,
    GeneratorOptions,
    Patches,
    StrategicMerge,
    Json6902,
    Images,
    Replicas,
    Prefix,
    Suffix,
    Namespace,
    Labels,
    CommonLabels,
    CommonAnnotations,
    Replacements,
    Vars,
    Configurations,
    Crds,
    SortOptions,
    Generators,
    Transformers,
    Validators,
    OldFields,
    Mistakes,
}

use Feature::*;

const FEATURES: &[(Feature, usize)] = &[
    (ConfigMaps, 25),
    (Secrets, 15),
    (GeneratorOptions, 10),
    (Patches, 35),
    (StrategicMerge, 12),
    (Json6902, 12),
    (Images, 20),
    (Replicas, 8),
    (Prefix, 25),
    (Suffix, 15),
    (Namespace, 25),
    (Labels, 20),
    (CommonLabels, 15),
    (CommonAnnotations, 15),
    (Replacements, 20),
    (Vars, 8),
    (Configurations, 12),
    (Crds, 5),
    (SortOptions, 8),
    (Generators, 5),
    (Transformers, 12),
    (Validators, 3),
    (OldFields, 8),
    (Mistakes, 4),
];

struct Directory {
    path: String,
    component: bool,
    objects: Vec<Value>,
    /// The directories that it is built from.
    uses: Vec<usize>,
}

/// The generator at work.
pub(super) struct Making {
    rng: Rng,
    pub(super) files: BTreeMap<String, String>,
    directories: Vec<Directory>,
    features: Vec<Feature>,
}

/// The kustomization of a seed.
pub fn generate(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let features =
        FEATURES.iter().filter(|(_, percent)| rng.chance(percent * 3 / 2)).map(|(feature, _)| *feature);
    let features = features.collect();
    let mut making = Making { rng, files: BTreeMap::new(), directories: Vec::new(), features };
    let count = [1, 1, 1, 2, 2, 2, 3, 3, 4, 5][making.rng.below(10)];
    for at in 0..count {
        let component = at + 1 < count && making.rng.chance(20);
        making.directory(at, at + 1 == count, component);
    }
    let target = making.directories.last().map(|directory| directory.path.clone()).unwrap_or_default();
    Case { name: format!("seed {seed}"), files: making.files, dirs: Vec::new(), target, unrestricted: false }
}

impl Making {
    /// A generator that adds to files that are there.
    pub(super) fn over(mut rng: Rng, files: BTreeMap<String, String>) -> Self {
        let features = FEATURES.iter().filter(|(feature, _)| !matches!(feature, Mistakes | OldFields));
        let features =
            features.filter(|(_, percent)| rng.chance(*percent)).map(|(feature, _)| *feature).collect();
        Self { rng, files, directories: Vec::new(), features }
    }

    /// Fields for a kustomization in `dir` that has these objects; the files they name are written.
    pub(super) fn fields(&mut self, dir: &str, objects: &[Value]) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::new();
        let mut objects = objects.to_vec();
        self.generators(dir, &mut fields, &mut objects);
        self.patches(dir, &mut fields, &objects);
        self.simple(&mut fields, &objects);
        self.replacements(dir, &mut fields, &objects);
        self.vars(&mut fields, &objects);
        self.configuration(dir, &mut fields, &objects);
        self.plugins(dir, &mut fields, &objects);
        fields
    }

    fn on(&mut self, feature: Feature) -> bool {
        self.features.contains(&feature) && self.rng.chance(55)
    }

    pub(super) fn write(&mut self, dir: &str, name: &str, documents: &[Value]) {
        let style = Style::random(&mut self.rng);
        let text = style.stream(&mut self.rng, documents);
        self.files.insert(format!("{dir}/{name}"), text);
    }

    fn directory(&mut self, at: usize, last: bool, component: bool) {
        let path = if self.rng.chance(15) && at > 0 { format!("overlays/d{at}") } else { format!("d{at}") };
        let up = if path.starts_with("overlays") { "../.." } else { ".." };
        let mut k: Vec<(&str, Value)> = Vec::new();
        let mut mine: Vec<Value> = Vec::new();
        let (mut resources, mut components) = (Vec::new(), Vec::new());
        let mut uses = Vec::new();
        for other in (0..self.directories.len()).rev() {
            let wanted = if last { self.rng.chance(90) } else { self.rng.chance(50) };
            let again = uses.contains(&other) && !self.rng.chance(4);
            let used = &self.directories[other];
            if wanted && !again {
                uses.push(other);
                uses.extend(&used.uses);
                let entry = format!("{up}/{}", used.path);
                let objects = used.objects.clone();
                if used.component {
                    components.push(json!(entry));
                } else {
                    resources.push(json!(if self.rng.chance(10) { format!("{entry}/") } else { entry }));
                }
                mine.extend(objects);
            }
        }
        let own = if resources.is_empty() { 1 + self.rng.below(6) } else { self.rng.below(3) };
        let own = if component { own / 2 } else { own };
        let mut new: Vec<Value> = Vec::new();
        for _ in 0..own {
            let object = objects::object(&mut self.rng);
            let clash = |other: &Value| {
                other["kind"] == object["kind"] && other["metadata"]["name"] == object["metadata"]["name"]
            };
            if self.rng.chance(2) || !(new.iter().any(clash) || mine.iter().any(clash)) {
                new.push(object);
            }
        }
        if !new.is_empty() {
            self.objects_files(&path, &new, &mut resources);
            mine.extend(new);
        }
        if !resources.is_empty() || self.rng.chance(50) {
            k.push(("resources", Value::Array(resources)));
        }
        if !components.is_empty() {
            k.push(("components", Value::Array(components)));
        }
        self.generators(&path, &mut k, &mut mine);
        self.patches(&path, &mut k, &mine);
        self.simple(&mut k, &mine);
        self.replacements(&path, &mut k, &mine);
        self.vars(&mut k, &mine);
        self.configuration(&path, &mut k, &mine);
        self.plugins(&path, &mut k, &mine);
        self.old_fields(&path, &mut k);
        let mut map = Map::new();
        if component {
            map.insert("apiVersion".into(), json!("kustomize.config.k8s.io/v1alpha1"));
            map.insert("kind".into(), json!("Component"));
        } else if self.rng.chance(60) {
            map.insert("apiVersion".into(), json!("kustomize.config.k8s.io/v1beta1"));
            map.insert("kind".into(), json!("Kustomization"));
        }
        while !k.is_empty() {
            let (key, value) = k.remove(self.rng.below(k.len()));
            map.insert(key.to_owned(), value);
        }
        if self.on(Mistakes) {
            self.mistake(&mut map);
        }
        let name = if self.rng.chance(90) { "kustomization.yaml" } else { "Kustomization" };
        self.write(&path, name, &[Value::Object(map)]);
        self.directories.push(Directory { path, component, objects: mine, uses });
    }

    fn objects_files(&mut self, dir: &str, objects: &[Value], resources: &mut Vec<Value>) {
        let mut rest = objects.to_vec();
        let mut count = 0;
        while !rest.is_empty() {
            let take = 1 + self.rng.below(rest.len());
            let documents: Vec<Value> = rest.drain(..take).collect();
            let name = format!("r{count}.yaml");
            if self.rng.chance(5) {
                let list = json!({"apiVersion": "v1", "kind": "List", "items": documents});
                self.write(dir, &name, &[list]);
            } else {
                self.write(dir, &name, &documents);
            }
            let at = self.rng.below(resources.len() + 1);
            resources.insert(at, json!(if self.rng.chance(5) { format!("./{name}") } else { name }));
            count += 1;
        }
    }

    fn generators(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>, objects: &mut Vec<Value>) {
        for (feature, field, kind) in
            [(ConfigMaps, "configMapGenerator", "ConfigMap"), (Secrets, "secretGenerator", "Secret")]
        {
            if self.on(feature) {
                let count = 1 + self.rng.below(2);
                let entries = (0..count).map(|at| self.generator(dir, kind, at, objects)).collect();
                k.push((field, Value::Array(entries)));
            }
        }
        if self.on(GeneratorOptions) {
            let options = self.generator_options();
            k.push(("generatorOptions", options));
        }
    }

    fn generator_options(&mut self) -> Value {
        let mut options = Map::new();
        if self.rng.chance(50) {
            options.insert("disableNameSuffixHash".into(), json!(self.rng.chance(70)));
        }
        if self.rng.chance(40) {
            options.insert("labels".into(), words::pairs(&mut self.rng, words::label));
        }
        if self.rng.chance(40) {
            options.insert("annotations".into(), words::pairs(&mut self.rng, |rng| json!(words::text(rng))));
        }
        if self.rng.chance(20) {
            options.insert("immutable".into(), json!(true));
        }
        Value::Object(options)
    }

    fn generator(&mut self, dir: &str, kind: &str, at: usize, objects: &mut Vec<Value>) -> Value {
        let mut entry = Map::new();
        let existing = objects.iter().position(|object| object["kind"] == kind);
        let merge = existing.is_some() && self.rng.chance(50);
        let (name, namespace) = match existing.filter(|_| merge) {
            Some(found) => {
                let metadata = &objects[found]["metadata"];
                (
                    metadata["name"].as_str().unwrap_or("x").to_owned(),
                    metadata["namespace"].as_str().map(str::to_owned),
                )
            }
            None => (
                if self.rng.chance(70) { format!("gen-{at}") } else { self.rng.word(NAMES) },
                self.rng.chance(20).then(|| self.rng.word(&["prod", "default", "team-a"])),
            ),
        };
        entry.insert("name".into(), json!(name));
        if let Some(namespace) = &namespace {
            entry.insert("namespace".into(), json!(namespace));
        }
        if merge || self.rng.chance(2) {
            entry.insert(
                "behavior".into(),
                json!(
                    self.rng
                        .word(&["merge", "merge", "merge", "merge", "replace", "replace", "create", "frob"])
                ),
            );
        }
        if self.rng.chance(75) {
            let mut literals = Vec::new();
            for key in self.rng.some(DATA_KEYS, 30) {
                let mut value = words::text(&mut self.rng);
                if self.rng.chance(10) {
                    value = format!("\"{value}\"");
                }
                if self.rng.chance(3) {
                    value = format!("'{value}");
                }
                literals.push(json!(format!("{key}={value}")));
            }
            entry.insert("literals".into(), Value::Array(literals));
        }
        if self.rng.chance(35) {
            let mut names = Vec::new();
            for file in self.rng.some(&["a.properties", "b.json", "long.txt", "tls.crt"], 40) {
                let text = match file {
                    "long.txt" => "x".repeat(self.rng.below(300)),
                    _ => words::text(&mut self.rng),
                };
                self.files.entry(format!("{dir}/{file}")).or_insert(text);
                names.push(json!(if self.rng.chance(30) {
                    format!("as-{file}={file}")
                } else {
                    file.to_owned()
                }));
            }
            entry.insert("files".into(), Value::Array(names));
        }
        if self.rng.chance(20) {
            let text = self.rng.word(&[
                "A=1\nB=two words\n",
                "# comment\n\n  LEAD=x \nQUOTED=\"q\"\n",
                "NOVALUE\nE=\n",
                "export G=1\n",
                "\u{feff}BOM=1\r\nCR=2\r\n",
                "A=1=2\nB=é\n",
            ]);
            self.files.entry(format!("{dir}/vars.env")).or_insert(text);
            if self.rng.chance(80) {
                entry.insert("envs".into(), json!(["vars.env"]));
            } else {
                entry.insert("env".into(), json!("vars.env"));
            }
        }
        if kind == "Secret" && self.rng.chance(30) {
            entry.insert("type".into(), json!(self.rng.word(&["kubernetes.io/tls", "Opaque", ""])));
        }
        if self.rng.chance(30) {
            entry.insert("options".into(), self.generator_options());
        }
        if !merge {
            let mut metadata = json!({ "name": name });
            if let Some(namespace) = namespace {
                metadata["namespace"] = json!(namespace);
            }
            objects.push(
                json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"key": "value"}}),
            );
        }
        Value::Object(entry)
    }

    fn patches(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if objects.is_empty() {
            return;
        }
        if self.on(Patches) {
            let count = 1 + self.rng.below(3);
            let entries = (0..count).map(|at| self.patch(dir, at, objects)).collect();
            k.push(("patches", Value::Array(entries)));
        }
        if self.on(StrategicMerge) {
            let mut entries = Vec::new();
            for at in 0..1 + self.rng.below(2) {
                let object = self.rng.pick(objects).clone();
                let mut documents = vec![patches::merge_patch(&mut self.rng, &object)];
                if self.rng.chance(20) {
                    let object = self.rng.pick(objects).clone();
                    documents.push(patches::merge_patch(&mut self.rng, &object));
                }
                if self.rng.chance(50) {
                    let style = Style::plain();
                    entries.push(json!(style.stream(&mut self.rng, &documents)));
                } else {
                    let name = format!("smp{at}.yaml");
                    self.write(dir, &name, &documents);
                    entries.push(json!(name));
                }
            }
            k.push(("patchesStrategicMerge", Value::Array(entries)));
        }
        if self.on(Json6902) {
            let object = self.rng.pick(objects).clone();
            let tree = patches::json_patch(&mut self.rng, &object);
            let api_version = object["apiVersion"].as_str().unwrap_or_default().to_owned();
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
            let mut target =
                json!({"version": version, "kind": object["kind"], "name": object["metadata"]["name"]});
            if !group.is_empty() {
                target["group"] = json!(group);
            }
            let mut entry = json!({ "target": target });
            if self.rng.chance(50) {
                entry["patch"] = json!(patches::patch_text(&mut self.rng, &tree));
            } else {
                self.write(dir, "j6902.yaml", &[tree]);
                entry["path"] = json!("j6902.yaml");
            }
            k.push(("patchesJson6902", json!([entry])));
        }
    }

    fn patch(&mut self, dir: &str, at: usize, objects: &[Value]) -> Value {
        let object = self.rng.pick(objects).clone();
        let json = self.rng.chance(40);
        let tree = if json {
            patches::json_patch(&mut self.rng, &object)
        } else {
            patches::merge_patch(&mut self.rng, &object)
        };
        let mut entry = Map::new();
        if self.rng.chance(65) {
            entry.insert("patch".into(), json!(patches::patch_text(&mut self.rng, &tree)));
        } else {
            let name = format!("patch{at}.yaml");
            let mut documents = vec![tree];
            if !json && self.rng.chance(10) {
                let object = self.rng.pick(objects).clone();
                documents.push(patches::merge_patch(&mut self.rng, &object));
            }
            self.write(dir, &name, &documents);
            entry.insert("path".into(), json!(name));
        }
        if json || self.rng.chance(35) {
            entry.insert("target".into(), patches::target(&mut self.rng, &object));
        }
        if self.rng.chance(8) {
            entry.insert(
                "options".into(),
                json!({
                    "allowNameChange": self.rng.chance(60), "allowKindChange": self.rng.chance(60),
                }),
            );
        }
        Value::Object(entry)
    }

    /// The fields with a plain value.
    fn simple(&mut self, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if self.on(Prefix) {
            k.push(("namePrefix", json!(self.rng.word(&["pre-", "dev-", "a", "pre-"]))));
        }
        if self.on(Suffix) {
            k.push(("nameSuffix", json!(self.rng.word(&["-suf", "-v2", "1"]))));
        }
        if self.on(Namespace) {
            k.push(("namespace", json!(self.rng.word(&["prod", "team-a", "default", "new-ns"]))));
        }
        if self.on(Labels) {
            let count = 1 + self.rng.below(2);
            let entries = (0..count).map(|_| self.label_entry(objects)).collect();
            k.push(("labels", Value::Array(entries)));
        }
        if self.on(CommonLabels) {
            k.push(("commonLabels", words::pairs(&mut self.rng, words::label)));
        }
        if self.on(CommonAnnotations) {
            k.push(("commonAnnotations", words::pairs(&mut self.rng, |rng| json!(words::text(rng)))));
        }
        if self.on(Images) {
            let count = 1 + self.rng.below(3);
            let entries = (0..count).map(|_| self.image()).collect();
            k.push(("images", Value::Array(entries)));
        }
        if self.on(Replicas) {
            let replicable: Vec<&Value> =
                objects.iter().filter(|object| object["spec"].get("replicas").is_some()).collect();
            let name = match replicable.as_slice() {
                [] => json!(self.rng.word(NAMES)),
                some => self.rng.pick(some)["metadata"]["name"].clone(),
            };
            if !replicable.is_empty() || self.rng.chance(10) {
                k.push(("replicas", json!([{"name": name, "count": self.rng.below(7)}])));
            }
        }
        if self.on(SortOptions) {
            let options = match self.rng.below(4) {
                0 => json!({"order": "fifo"}),
                1 => json!({"order": "legacy"}),
                _ => json!({"order": "legacy", "legacySortOptions": {
                    "orderFirst": self.rng.some(&["Namespace", "Service", "Widget", "ConfigMap"], 50),
                    "orderLast": self.rng.some(&["Deployment", "Secret", "Pod"], 50),
                }}),
            };
            k.push(("sortOptions", options));
        }
    }

    fn label_entry(&mut self, objects: &[Value]) -> Value {
        let mut entry = Map::new();
        entry.insert("pairs".into(), words::pairs(&mut self.rng, words::label));
        for field in ["includeSelectors", "includeTemplates", "includeVolumeClaimTemplates"] {
            if self.rng.chance(30) {
                entry.insert(field.into(), json!(self.rng.chance(80)));
            }
        }
        if self.rng.chance(25) && !objects.is_empty() {
            entry.insert("fields".into(), json!([self.field_spec(objects)]));
        }
        Value::Object(entry)
    }

    /// A field spec for something in one of the objects.
    fn field_spec(&mut self, objects: &[Value]) -> Value {
        let object = self.rng.pick(objects);
        let (steps, at) = path(&mut self.rng, object);
        let mut spec_path = spec_path(&steps);
        if at.is_object() && self.rng.chance(50) {
            spec_path.push_str("/labels");
        }
        let mut spec = json!({ "path": spec_path });
        if self.rng.chance(60) {
            spec["kind"] = object["kind"].clone();
        }
        if self.rng.chance(20) {
            let api_version = object["apiVersion"].as_str().unwrap_or_default();
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            spec["version"] = json!(version);
            if !group.is_empty() {
                spec["group"] = json!(group);
            }
        }
        if self.rng.chance(40) {
            spec["create"] = json!(self.rng.chance(70));
        }
        spec
    }

    fn image(&mut self) -> Value {
        let names = [
            "nginx",
            "postgres",
            "docker.io/library/nginx",
            "reg.example.com:5000/team/app",
            "ghcr.io/org/app",
            "ngin.",
            ".*",
            "nginx:1.25",
        ];
        let mut image = json!({ "name": self.rng.word(&names) });
        if self.rng.chance(50) {
            image["newName"] = json!(self.rng.word(&["mirror/nginx", "reg:5000/x", "postgres", "nginx"]));
        }
        if self.rng.chance(50) {
            image["newTag"] = json!(self.rng.word(&["1.27", "latest", "v2-alpine", "1"]));
        }
        if self.rng.chance(15) {
            image["digest"] =
                json!("sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3");
        }
        if self.rng.chance(10) {
            image["tagSuffix"] = json!("-s");
        }
        image
    }

    fn replacements(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if objects.is_empty() || !self.on(Replacements) {
            return;
        }
        let count = 1 + self.rng.below(2);
        let entries: Vec<Value> = (0..count).map(|_| self.replacement(objects)).collect();
        if self.rng.chance(25) {
            let document = if entries.len() == 1 && self.rng.chance(50) {
                entries[0].clone()
            } else {
                Value::Array(entries)
            };
            self.write(dir, "replacement.yaml", &[document]);
            k.push(("replacements", json!([{"path": "replacement.yaml"}])));
        } else {
            k.push(("replacements", Value::Array(entries)));
        }
    }

    fn replacement(&mut self, objects: &[Value]) -> Value {
        let mut replacement = Map::new();
        // A collection that is put into itself holds itself in kustomize, which is of no use to anybody.
        let (mut whole, mut from) = (false, Value::Null);
        if self.rng.chance(12) {
            replacement.insert("sourceValue".into(), json!(words::text(&mut self.rng)));
        } else {
            let object = self.rng.pick(objects).clone();
            let mut source = json!({"kind": object["kind"]});
            if self.rng.chance(90) {
                source["name"] = object["metadata"]["name"].clone();
            }
            if let Some(namespace) = object["metadata"].get("namespace")
                && self.rng.chance(50)
            {
                source["namespace"] = namespace.clone();
            }
            if self.rng.chance(80) {
                let (mut steps, mut at) = path(&mut self.rng, &object);
                for _ in 0..4 {
                    if (at.is_object() || at.is_array()) && self.rng.chance(90) {
                        (steps, at) = path(&mut self.rng, &object);
                    }
                }
                whole = at.is_object() || at.is_array();
                source["fieldPath"] = json!(field_path(&mut self.rng, &steps, false));
            }
            if self.rng.chance(15) {
                source["options"] = json!({"delimiter": self.rng.word(&["-", ".", "/", ":", "a"]), "index": self.rng.below(3)});
            }
            replacement.insert("source".into(), source);
            from = object["kind"].clone();
        }
        let mut targets = Vec::new();
        for _ in 0..1 + self.rng.below(2) {
            let object = self.rng.pick(objects).clone();
            if whole && (object["kind"] == from || !self.rng.chance(50)) {
                continue;
            }
            let mut select = Map::new();
            if whole || self.rng.chance(90) {
                select.insert("kind".into(), object["kind"].clone());
            }
            if self.rng.chance(60) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let name = if self.rng.chance(15) {
                    format!("{}.*", name.get(..1).unwrap_or_default())
                } else {
                    name.to_owned()
                };
                select.insert("name".into(), json!(name));
            }
            let mut paths = Vec::new();
            for _ in 0..1 + self.rng.below(2) {
                let (steps, _) = path(&mut self.rng, &object);
                let mut text = field_path(&mut self.rng, &steps, true);
                if text == "apiVersion" || text == "kind" {
                    text = "metadata.labels.app".into();
                }
                if self.rng.chance(15) {
                    text.push_str(&self.rng.word(&[
                        ".new",
                        ".annotations.x",
                        ".[example.com/k]",
                        ".labels.app",
                        ".a.b",
                        ".*",
                    ]));
                }
                paths.push(json!(text));
            }
            let mut target = json!({ "select": select });
            if self.rng.chance(92) {
                target["fieldPaths"] = Value::Array(paths);
            }
            if self.rng.chance(15) {
                let other = self.rng.pick(objects);
                let mut reject = json!({"kind": other["kind"]});
                if self.rng.chance(60) {
                    reject["name"] = other["metadata"]["name"].clone();
                }
                target["reject"] = json!([reject]);
            }
            if self.rng.chance(35) {
                let mut options = Map::new();
                if self.rng.chance(60) {
                    options.insert("create".into(), json!(true));
                }
                if self.rng.chance(40) {
                    options.insert("delimiter".into(), json!(self.rng.word(&[":", "-", "/", ".", "@"])));
                    options.insert("index".into(), json!(self.rng.below(5) as i64 - 1));
                }
                if self.rng.chance(5) {
                    options.insert("encoding".into(), json!("base64"));
                }
                target["options"] = Value::Object(options);
            }
            targets.push(target);
        }
        replacement.insert("targets".into(), Value::Array(targets));
        Value::Object(replacement)
    }

    fn vars(&mut self, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if objects.is_empty() || !self.on(Vars) {
            return;
        }
        let mut vars = Vec::new();
        for name in self.rng.some(VARS, 40) {
            let object = self.rng.pick(objects).clone();
            let mut var = json!({"name": name, "objref": {
                "kind": object["kind"], "name": object["metadata"]["name"], "apiVersion": object["apiVersion"],
            }});
            if let Some(namespace) = object["metadata"].get("namespace")
                && self.rng.chance(40)
            {
                var["objref"]["namespace"] = namespace.clone();
            }
            if self.rng.chance(60) {
                let (steps, _) = path(&mut self.rng, &object);
                let text = field_path(&mut self.rng, &steps, false).replace(".0", "[0]");
                var["fieldref"] = json!({ "fieldpath": text });
            }
            vars.push(var);
        }
        k.push(("vars", Value::Array(vars)));
    }

    fn configuration(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if objects.is_empty() {
            return;
        }
        if self.on(Configurations) {
            let mut config = Map::new();
            let fields = [
                "namePrefix",
                "nameSuffix",
                "namespace",
                "commonLabels",
                "labels",
                "templateLabels",
                "commonAnnotations",
                "varReference",
                "images",
                "replicas",
            ];
            for field in self.rng.some(&fields, 15) {
                config.insert(field.into(), json!([self.field_spec(objects)]));
            }
            if self.rng.chance(50) || config.is_empty() {
                let object = self.rng.pick(objects).clone();
                let mut reference = json!({
                    "kind": self.rng.word(&["ConfigMap", "Secret", "Widget", "Service"]),
                    "fieldSpecs": [self.field_spec(objects), {"path": "spec/configRef/name", "kind": "Widget"}, {"path": "spec/secret"}],
                });
                if self.rng.chance(20) {
                    reference["kind"] = object["kind"].clone();
                }
                if self.rng.chance(30) {
                    reference["version"] = json!("v1");
                }
                config.insert("nameReference".into(), json!([reference]));
            }
            self.write(dir, "config.yaml", &[Value::Object(config)]);
            k.push(("configurations", json!(["config.yaml"])));
        }
        if self.on(Crds) {
            let definition = json!({
                "example.com/v1.Widget": {"Schema": {
                    "properties": {"spec": {"properties": {
                        "configRef": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"},
                        "secret": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret", "x-kubernetes-object-ref-name-key": self.rng.word(&["name", "secret"])},
                        "selector": {"x-kubernetes-label-selector": ""},
                        "free": {"x-kubernetes-annotation": ""},
                        "count": {"x-kubernetes-identity": ""},
                    }, "$ref": "x"}, "metadata": {}},
                }},
            });
            self.write(dir, "crd.yaml", &[definition]);
            k.push(("crds", json!(["crd.yaml"])));
        }
    }

    fn plugins(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>, objects: &[Value]) {
        if self.on(Generators) {
            let mut plugin = self.generator(dir, "ConfigMap", 9, &mut Vec::new());
            plugin["apiVersion"] = json!("builtin");
            plugin["kind"] = json!("ConfigMapGenerator");
            let name = plugin["name"].clone();
            plugin["metadata"] = json!({ "name": name });
            if let Some(map) = plugin.as_object_mut() {
                map.shift_remove("name");
                map.shift_remove("behavior");
            }
            self.plugin_entry(dir, "generator.yaml", "generators", plugin, k);
        }
        if objects.is_empty() {
            return;
        }
        if self.on(Transformers) {
            let plugin = self.transformer(objects);
            self.plugin_entry(dir, "transformer.yaml", "transformers", plugin, k);
        }
        if self.on(Validators) {
            let plugin = json!({"apiVersion": "builtin", "kind": "LabelTransformer", "metadata": {"name": "v"},
                "labels": {"validated-by": "me"}, "fieldSpecs": [{"path": "metadata/labels", "create": true}]});
            self.plugin_entry(dir, "validator.yaml", "validators", plugin, k);
        }
    }

    fn plugin_entry(
        &mut self,
        dir: &str,
        file: &str,
        field: &'static str,
        plugin: Value,
        k: &mut Vec<(&'static str, Value)>,
    ) {
        if self.rng.chance(40) {
            let text = Style::plain().stream(&mut self.rng, &[plugin]);
            k.push((field, json!([text])));
        } else {
            self.write(dir, file, &[plugin]);
            k.push((field, json!([file])));
        }
    }

    fn transformer(&mut self, objects: &[Value]) -> Value {
        let specs = json!([self.field_spec(objects), {"path": "metadata/labels", "create": true}]);
        let object = self.rng.pick(objects).clone();
        let (kind, fields) = match self.rng.below(11) {
            0 => (
                "AnnotationsTransformer",
                json!({"annotations": {"t": words::text(&mut self.rng)}, "fieldSpecs": [{"path": "metadata/annotations", "create": true}]}),
            ),
            1 => ("LabelTransformer", json!({"labels": {"t": "x"}, "fieldSpecs": specs})),
            2 => ("PrefixTransformer", json!({"prefix": "t-", "fieldSpecs": [{"path": "metadata/name"}]})),
            3 => ("SuffixTransformer", json!({"suffix": "-t", "fieldSpecs": [{"path": "metadata/name"}]})),
            4 => (
                "NamespaceTransformer",
                json!({
                    "metadata": {"name": "n", "namespace": "from-plugin"},
                    "unsetOnly": self.rng.chance(30),
                    "setRoleBindingSubjects": self.rng.word(&["none", "allServiceAccounts", "defaultOnly"]),
                    "fieldSpecs": [{"path": "metadata/namespace", "create": true}],
                }),
            ),
            5 => (
                "ReplicaCountTransformer",
                json!({"replica": {"name": object["metadata"]["name"], "count": 9}, "fieldSpecs": [{"path": "spec/replicas", "create": true, "kind": "Deployment"}]}),
            ),
            6 => (
                "ImageTagTransformer",
                json!({"imageTag": self.image(), "fieldSpecs": [{"path": "spec/image"}]}),
            ),
            7 => {
                let tree = patches::merge_patch(&mut self.rng, &object);
                (
                    "PatchTransformer",
                    json!({"patch": Style::plain().stream(&mut self.rng, &[tree]), "target": patches::target(&mut self.rng, &object)}),
                )
            }
            8 => {
                let tree = patches::json_patch(&mut self.rng, &object);
                (
                    "PatchJson6902Transformer",
                    json!({"target": {"kind": object["kind"], "name": object["metadata"]["name"]}, "jsonOp": Style::plain().stream(&mut self.rng, &[tree])}),
                )
            }
            9 => ("ReplacementTransformer", json!({"replacements": [self.replacement(objects)]})),
            _ => (
                "ValueAddTransformer",
                json!({"value": "v1", "targets": [{"fieldPath": "metadata/labels/added", "selector": {"kind": object["kind"]}}]}),
            ),
        };
        let mut plugin = json!({"apiVersion": "builtin", "kind": kind, "metadata": {"name": "t"}});
        for (key, value) in fields.as_object().into_iter().flatten() {
            plugin[key] = value.clone();
        }
        plugin
    }

    fn old_fields(&mut self, dir: &str, k: &mut Vec<(&'static str, Value)>) {
        if !self.on(OldFields) {
            return;
        }
        if self.rng.chance(50) {
            let image = self.image();
            k.push(("imageTags", json!([image])));
        }
        if self.rng.chance(50) {
            self.write(&format!("{dir}/old"), "kustomization.yaml", &[json!({"resources": ["r.yaml"]})]);
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old"}});
            self.write(&format!("{dir}/old"), "r.yaml", &[object]);
            k.push(("bases", json!(["old"])));
        }
        if self.rng.chance(30) {
            k.push(("metadata", json!({"name": "k", "labels": {"a": "b"}})));
        }
        if self.rng.chance(20) {
            k.push(("vars", Value::Array(Vec::new())));
        }
    }

    /// What people get wrong.
    fn mistake(&mut self, k: &mut Map<String, Value>) {
        match self.rng.below(12) {
            0 => drop(k.insert("unknown".into(), json!(1))),
            1 => drop(k.insert("Resources".into(), json!([]))),
            2 => drop(k.insert("namespace".into(), raw("n"))),
            3 => drop(k.insert("resources".into(), json!(["missing.yaml"]))),
            4 => drop(k.insert("commonLabels".into(), json!({"a": 1}))),
            5 => drop(k.insert("images".into(), json!([{"name": "nginx", "newTag": 1.5}]))),
            6 => drop(k.insert("replicas".into(), json!([{"name": "nobody", "count": 1}]))),
            7 => drop(k.insert("resources".into(), json!("r0.yaml"))),
            8 => drop(k.insert("namePrefix".into(), Value::Null)),
            9 => drop(k.insert("kind".into(), json!("Component"))),
            10 => drop(k.insert("patches".into(), json!([{}]))),
            _ => drop(k.insert("resources".into(), json!([".."]))),
        }
    }
}
