//! One name for each environment, no longer than it takes to tell it from the others.

use std::collections::BTreeMap;

use super::{Environment, shown};

/// Lengthens names that occur twice: by the namespace of the declaring object, else by the path, else
/// by the file that declares it, else by a number. Names that are unique stay as they are, so that an
/// addition elsewhere renames nothing.
pub(super) fn make_unique(environments: &mut [Environment]) {
    let steps: [fn(&Environment) -> String; 3] = [with_namespace, with_path, with_file];
    for step in steps {
        for group in doubles(environments) {
            let longer: Vec<String> = group.iter().filter_map(|at| environments.get(*at)).map(step).collect();
            let mut distinct = longer.clone();
            distinct.sort();
            distinct.dedup();
            // A step that tells only some of them apart is taken too; the rest go on.
            if distinct.len() > 1 {
                for (at, name) in group.into_iter().zip(longer) {
                    if let Some(environment) = environments.get_mut(at) {
                        environment.name = name;
                    }
                }
            }
        }
    }
    for group in doubles(environments) {
        for (number, at) in group.into_iter().enumerate() {
            if let Some(environment) = environments.get_mut(at) {
                environment.name = format!("{} #{}", environment.name, number + 1);
            }
        }
    }
}

/// Positions of environments that share a name.
fn doubles(environments: &[Environment]) -> Vec<Vec<usize>> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, environment) in environments.iter().enumerate() {
        by_name.entry(&environment.name).or_default().push(at);
    }
    by_name.into_values().filter(|group| group.len() > 1).collect()
}

fn with_namespace(environment: &Environment) -> String {
    let Some(rest) = environment.name.strip_suffix(&environment.origin.name) else {
        return environment.name.clone();
    };
    let namespace = &environment.origin.namespace;
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{rest}{namespace}{slash}{}", environment.origin.name)
}

fn with_path(environment: &Environment) -> String {
    format!("{} ({})", environment.name, shown(&environment.path))
}

fn with_file(environment: &Environment) -> String {
    let file = environment.origin.location.as_ref().map_or("", |location| location.path.as_str());
    format!("{} in {file}", environment.name)
}
