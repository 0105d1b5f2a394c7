//! Random policies, which the machine and the engine must answer alike.

use super::super::{check_expressions, parse};
use super::tests::{HEAD, LIBRARY, engine, machine};

/// A source of choices that is the same in every run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

struct Writer {
    choices: Choices,
    names: usize,
    /// What may be called or read besides the input.
    rules: Vec<String>,
}

impl Writer {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn known(&mut self, bound: &[String]) -> String {
        if bound.is_empty() { "spec.replicas".into() } else { bound[self.choices.below(bound.len())].clone() }
    }

    fn expr(&mut self, bound: &[String], depth: usize) -> String {
        if depth == 0 {
            return match self.choices.below(8) {
                0 => self.choices.of(&["1", "2", "0.5", "\"a\"", "\"1\"", "true", "false", "null"]).into(),
                1 => self.choices.of(&["spec.replicas", "spec.none", "spec.missing", "labels.a"]).into(),
                2 => self.choices.of(&["input.parameters.min", "input.parameters.names", "labels"]).into(),
                3 if !self.rules.is_empty() => {
                    let rule = self.choices.below(self.rules.len());
                    self.rules[rule].clone()
                }
                _ => self.known(bound),
            };
        }
        let a = self.expr(bound, depth - 1);
        match self.choices.below(16) {
            0 => format!("[{a}, {}]", self.expr(bound, depth - 1)),
            1 => format!("{{\"k\": {a}}}"),
            2 => format!("{{{a}, 1}}"),
            3 => format!("count({a})"),
            4 => format!("sprintf(\"%v-%v\", [{a}, {}])", self.known(bound)),
            5 => format!("{}[{a}]", self.known(bound)),
            6 => format!("{}.name", self.known(bound)),
            7 => format!("object.get({}, {a}, 7)", self.known(bound)),
            8 => self.comprehension(bound, depth),
            9 => format!("f({a})"),
            10 => format!("is_string({a})"),
            11 => format!("array.concat([{a}], [3])"),
            12 => format!("startswith({a}, \"a\")"),
            13 => format!("({a} == {})", self.expr(bound, depth - 1)),
            _ => a,
        }
    }

    fn comprehension(&mut self, bound: &[String], depth: usize) -> String {
        let mut inner = bound.to_vec();
        let body = self.body(&mut inner, 2, depth - 1);
        let value = self.known(&inner);
        match self.choices.below(3) {
            0 => format!("[{value} | {body}]"),
            1 => format!("{{{value} | {body}}}"),
            _ => {
                let key = self.known(&inner);
                format!("{{{key}: {value} | {body}}}")
            }
        }
    }

    fn collection(&mut self, bound: &[String]) -> String {
        match self.choices.below(5) {
            0 => "spec.containers".into(),
            1 => "labels".into(),
            2 => "input.parameters.names".into(),
            3 => "names.known".into(),
            _ => self.known(bound),
        }
    }

    fn condition(&mut self, bound: &mut Vec<String>, depth: usize) -> String {
        match self.choices.below(12) {
            0 | 1 => {
                let (name, value) = (self.name(), self.expr(bound, depth));
                bound.push(name.clone());
                format!("{name} := {value}")
            }
            2 => {
                let (name, value) = (self.name(), self.expr(bound, depth));
                bound.push(name.clone());
                if self.choices.below(2) == 0 {
                    format!("{name} = {value}")
                } else {
                    format!("{value} = {name}")
                }
            }
            3 | 4 => {
                let (key, name, of) = (self.name(), self.name(), self.collection(bound));
                bound.extend([key.clone(), name.clone()]);
                format!("{name} = {of}[{key}]")
            }
            5 => {
                let (name, of) = (self.name(), self.collection(bound));
                bound.push(name.clone());
                format!("{name} := {of}[_]")
            }
            6 => {
                let (key, name, of) = (self.name(), self.name(), self.collection(bound));
                bound.extend([key.clone(), name.clone()]);
                format!("some {key}, {name} in {of}")
            }
            7 => format!("not {}", self.expr(bound, depth)),
            8 => {
                let (a, b) = (self.expr(bound, depth), self.expr(bound, 0));
                format!("not {a} {} {b}", self.choices.of(&["==", "!=", "<", ">="]))
            }
            9 => {
                let (a, b) = (self.expr(bound, depth), self.expr(bound, 0));
                format!("{a} {} {b}", self.choices.of(&["==", "!=", "<", ">="]))
            }
            10 => {
                let (a, name, value) = (self.expr(bound, 0), self.name(), self.expr(bound, depth));
                bound.push(name.clone());
                format!("[{a}, {name}] = [{a}, {value}]")
            }
            _ => {
                let (of, name) = (self.collection(bound), self.name());
                let mut inner = bound.clone();
                inner.push(name.clone());
                format!("every {name} in {of} {{ {} != 99 }}", self.expr(&inner, depth))
            }
        }
    }

    fn body(&mut self, bound: &mut Vec<String>, conditions: usize, depth: usize) -> String {
        let made: Vec<String> = (0..conditions).map(|_| self.condition(bound, depth)).collect();
        made.join("; ")
    }

    fn module(&mut self) -> String {
        let mut text = HEAD.to_owned();
        let line = |text: &str, out: &mut String| {
            out.push_str(text);
            out.push('\n');
        };
        let mut bound = vec!["x".to_owned()];
        let body = self.body(&mut bound, 1, 1);
        let value = self.known(&bound);
        line(&format!("f(x) = {value} {{ {body} }} else = x {{ is_number(x) }}"), &mut text);
        for (name, kind) in [("q", 0), ("s", 1), ("o", 2), ("d", 3)] {
            let mut bound = Vec::new();
            let body = self.body(&mut bound, 3, 1);
            let (key, value) = (self.known(&bound), self.known(&bound));
            match kind {
                0 => line(&format!("q {{ {body} }}"), &mut text),
                1 => line(&format!("s[{value}] {{ {body} }}\ns[1]"), &mut text),
                2 => line(&format!("o[{key}] = {value} {{ {body} }}"), &mut text),
                _ => line(&format!("default d = 4\nd = 5 {{ {body} }}"), &mut text),
            }
            line(&format!("p[[\"{name}\", {name}]] {{ true }}"), &mut text);
            self.rules.push(name.to_owned());
        }
        let mut bound = Vec::new();
        let body = self.body(&mut bound, 5, 2);
        let last = bound.iter().rev().take(3).cloned().collect::<Vec<_>>().join(", ");
        line(&format!("p[[{last}]] {{ {body} }}"), &mut text);
        text
    }
}

#[test]
fn random_policies_are_answered_as_the_engine_answers_them() {
    let count = std::env::var("GITOPS_ROUNDS").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let seed = std::env::var("GITOPS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    let (mut alike, mut refused, mut found, mut wrong) = (0, 0, 0, Vec::new());
    for round in 0..count {
        let mut writer = Writer { choices: Choices(seed * 1_000_003 + round), names: 0, rules: Vec::new() };
        writer.choices.below(2);
        let text = writer.module();
        if check_expressions(&[parse(&text, false).unwrap(), parse(LIBRARY, false).unwrap()]).is_err() {
            continue;
        }
        let theirs = engine(&text, false);
        let ours = machine(&text, false).unwrap_or_else(|| panic!("left to the engine:\n{text}"));
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {
                alike += 1;
                found += ours.as_ref().and_then(|value| value.as_array()).map_or(0, Vec::len);
            }
            (Err(_), Err(_)) => alike += 1,
            // What OPA takes for undefined, or puts in order, is an error to regorus.
            (Ok(_), Err(error)) if REFUSED.iter().any(|part| error.contains(part)) => refused += 1,
            _ => wrong.push(format!("{text}\nmachine: {ours:?}\nengine: {theirs:?}")),
        }
    }
    println!("{alike} answered alike ({found} entries), {refused} refused by the engine alone");
    if let Ok(file) = std::env::var("GITOPS_WRONG") {
        std::fs::write(file, wrong.join("\n\n########\n")).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n\n"));
    assert!(alike > refused && found > alike, "{alike} alike with {found} entries, {refused} refused");
}

/// What regorus says of a policy that OPA evaluates.
const REFUSED: [&str; 4] = [
    "expects array/set/object. Got",
    "incompatible destructuring patterns",
    "used before definition below",
    "is unsafe (path",
];
