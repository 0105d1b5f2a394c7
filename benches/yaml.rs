//! Text to tree and tree to text, beside `yaml_serde` (the maintained serde_yaml) and the library
//! parser that reads what the fast reader leaves, in CPU time, in one run.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench yaml [-- file.yaml …]
//! ```
//!
//! The input is made here; files named as arguments are read as further rows, and as one together.
//! Readers take turns and the best round of each counts; dropping the tree is not timed. The heap is
//! kept from shrinking between rounds, as that of a process that reads file after file: otherwise the
//! kernel's work for fresh pages is a third of the time of the fast reader.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use gitops_core::node::SourceMap;
use gitops_core::yaml::{self, Dialect, ReadOptions, Stream};
use gitops_core_benches::own_cpu;
use serde::Deserialize;

/// The system's allocator, with a count. One thread runs, so the count needs no locked addition.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all calls are handed to the system's allocator as they come.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.store(ALLOCATIONS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.store(ALLOCATIONS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: usize = 7;

fn main() {
    if own_cpu().is_none() {
        println!("left out: this system does not tell CPU time");
        return;
    }
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!(
        "{:<22} {:>8} {:>8} {:>9} {:>9} {:>11} {:>9} {:>7} {:>10} {:>10}",
        "MB of YAML per second",
        "MB",
        "docs",
        "to tree",
        "library",
        "yaml_serde",
        "emit",
        "ratio",
        "allocs",
        "theirs"
    );
    for (name, make) in [
        ("deployments", deployments as fn() -> String),
        ("services", services),
        ("config maps", config_maps),
        ("definitions", definitions),
        ("all of them", || [deployments(), services(), config_maps(), definitions()].concat()),
    ] {
        row(name, &make());
    }
    if !files.is_empty() {
        let texts: Vec<String> =
            files.iter().map(|file| std::fs::read_to_string(file).expect("a text file")).collect();
        row("the files given", &texts.join("---\n"));
    }
}

fn row(name: &str, text: &str) {
    let sources = SourceMap::new();
    let file = sources.add("f.yaml", text);
    let mut options = ReadOptions::default();
    (options.dialect, options.last_key_wins) = (Dialect::Kyaml, true);
    let mut ours = Best::default();
    let mut library = Best::default();
    let mut theirs = Best::default();
    let mut emit = Best::default();
    let mut documents = Stream::default();
    // Memory above the first tree, which stays in use.
    let mut lid: Vec<Vec<u8>> = Vec::new();
    for round in 0..ROUNDS {
        documents = ours.time(|| yaml::read(&sources, file, &options).expect("it is YAML"));
        if lid.is_empty() {
            lid.extend((0..200).map(|_| Vec::with_capacity(100_000)));
        }
        emit.time(|| yaml::write_stream(&documents.documents).expect("it can be written"));
        if round < 3 {
            library.time(|| yaml::read_by_library(&sources, file, &options).expect("it is YAML"));
        }
        theirs.time(|| {
            yaml_serde::Deserializer::from_str(text)
                .map(|document| yaml_serde::Value::deserialize(document).expect("it is YAML"))
                .collect::<Vec<_>>()
        });
    }
    let megabytes = text.len() as f64 / 1e6;
    let rate = |best: &Best| megabytes / best.seconds;
    println!(
        "{name:<22} {megabytes:>8.2} {:>8} {:>9.0} {:>9.0} {:>11.1} {:>9.0} {:>7.1} {:>10} {:>10}",
        documents.documents.len(),
        rate(&ours),
        rate(&library),
        rate(&theirs),
        rate(&emit),
        theirs.seconds / ours.seconds,
        ours.allocations,
        theirs.allocations,
    );
}

/// The best round.
struct Best {
    seconds: f64,
    allocations: u64,
}

impl Default for Best {
    fn default() -> Self {
        Self { seconds: f64::INFINITY, allocations: 0 }
    }
}

impl Best {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let allocations = ALLOCATIONS.load(Ordering::Relaxed);
        let before = own_cpu().unwrap_or_default();
        let result = work();
        self.seconds = self.seconds.min(own_cpu().unwrap_or_default() - before);
        self.allocations = ALLOCATIONS.load(Ordering::Relaxed) - allocations;
        result
    }
}

fn deployments() -> String {
    let mut out = String::new();
    for n in 0..2500 {
        let app = ["web", "api", "worker", "cache"][n % 4];
        let image = ["nginx", "redis", "registry.example.com/team/app", "busybox"][n / 3 % 4];
        _ = write!(
            out,
            "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {app}-{n:05}
  namespace: team-{}
  labels:
    app.kubernetes.io/name: {app}-{n:05}
    tier: {app}
  annotations:
    example.com/owner: team-{}
spec:
  replicas: {}
  selector:
    matchLabels:
      app.kubernetes.io/name: {app}-{n:05}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {app}-{n:05}
    spec:
      securityContext:
        runAsNonRoot: true
        runAsUser: 65534
      containers:
      - name: main
        image: {image}:1.{}.{}
        args: [\"--config\", \"/etc/{app}/config.yaml\"]
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        env:
        - name: LOG_LEVEL
          value: info
        - name: WORKERS
          value: \"{}\"
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        resources:
          requests:
            cpu: {}00m
            memory: {}Mi
          limits:
            memory: 1Gi
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 5
        volumeMounts:
        - name: config
          mountPath: /etc/{app}
      volumes:
      - name: config
        configMap:
          name: {app}-{n:05}
          defaultMode: 0644
",
            n % 40,
            n % 7,
            n % 5 + 1,
            n % 20,
            n % 10,
            n % 16,
            n % 9 + 1,
            n % 448 + 64,
        );
    }
    out
}

fn services() -> String {
    let mut out = String::new();
    for n in 0..4000 {
        _ = write!(
            out,
            "---
apiVersion: v1
kind: Service
metadata:
  name: svc-{n:05}
  namespace: team-{}
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: web-{n:05}
  ports:
    - name: http # the only one
      port: 80
      targetPort: {}
      protocol: TCP
",
            n % 40,
            8000 + n % 100,
        );
    }
    out
}

fn config_maps() -> String {
    let mut out = String::new();
    for n in 0..1500 {
        _ = write!(
            out,
            "---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-{n:05}
data:
  LOG_LEVEL: debug
  TIMEOUT: \"{}\"
  nginx.conf: |
    server {{
      listen 80;
      server_name web-{n:05}.example.com;
      location / {{
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
      }}

      location /metrics {{
        deny all;
      }}
    }}
  script.sh: |-
    #!/bin/sh
    set -eu
    exec /bin/server --name web-{n:05} \"$@\"
",
            n % 60,
        );
    }
    out
}

fn definitions() -> String {
    let mut out = String::new();
    for n in 0..40 {
        _ = write!(
            out,
            "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: kinds{n}.example.com
spec:
  group: example.com
  names: {{kind: Kind{n}, plural: kinds{n}}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
"
        );
        for field in 0..120 {
            _ = write!(
                out,
                "          field{field}:
            description: |-
              Field{field} is the name of the referent, which must be in the same namespace as the
              object that names it. More info: https://kubernetes.io/docs/concepts/overview/names/
            properties:
              key:
                description: The key to select. It must be a valid key of the data, and the reader
                  must be allowed to see it.
                type: string
              optional:
                default: false
                description: Specify whether the object or its key must be defined
                type: boolean
              limits:
                additionalProperties:
                  anyOf:
                  - type: integer
                  - type: string
                  pattern: '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))$'
                  x-kubernetes-int-or-string: true
                type: object
            required:
            - key
            type: object
"
            );
        }
    }
    out
}
