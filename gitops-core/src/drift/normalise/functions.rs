//! Defaults that are more than a value: the functions that the rules name.

use super::defaulting::Effect;
use super::scalars::quantity_text;
use crate::knowledge::defaults::Function;
use crate::node::{Map, Node, Span, Value};
use crate::object::image::ImageReference;
use crate::object::quantity::Quantity;

/// What a function does to `field` of a mapping, given another field of it; `None` for nothing.
pub(super) fn call(function: Function, item: &Node, field: &[&str], other: &[&str]) -> Option<Effect> {
    let current = item.at(field);
    let given = item.at(other);
    let text = given.and_then(Node::as_str);
    let made = match function {
        Function::Copy if current.is_none() => given.cloned(),
        Function::CopyNumber if current.is_none() => given.cloned(),
        Function::CopyNumber if current.and_then(Node::as_str) == Some("") => match given {
            Some(given) => Some(given.clone()),
            None => return Some(Effect::Remove),
        },
        Function::PullPolicy if current.is_none() => Some(pull_policy(text.unwrap_or(""))),
        Function::TheOnlySource => only_source(item),
        Function::LowerCase if current.is_none() => text.map(|text| string(text.to_lowercase())),
        Function::ListKind if current.is_none() => text.map(|text| string(format!("{text}List"))),
        Function::StoredVersion if current.is_none() => stored_version(given),
        Function::NameLabel => text.and_then(|text| name_label(current, text)),
        Function::AmountsOf => given.and_then(|given| with_missing(current, given)),
        Function::HugePagesOfContainers => huge_pages(item),
        Function::RequestsOfContainers => requests(item),
        Function::AtLeastOne => {
            let below = current.and_then(Node::as_i64).is_some_and(|value| value < 0);
            below.then(|| Node::new(Value::Int(1), Span::NONE))
        }
        Function::AddressList => address_list(current, text),
        Function::FirstAddress if current.is_none() => {
            given.and_then(Node::as_seq).and_then(|items| items.first()?.get("ip")).cloned()
        }
        Function::Same => given.filter(|given| current != Some(*given)).cloned(),
        Function::Removed => return current.map(|_| Effect::Remove),
        _ => None,
    };
    made.map(Effect::Set)
}

fn string(text: impl Into<crate::node::Text>) -> Node {
    Node::string(text, Span::NONE)
}

/// `Always` for the tag `latest`, written or meant. A reference that is none has no tag.
fn pull_policy(image: &str) -> Node {
    // What could be the id of an image is no name.
    let is_id = image.len() == 64 && image.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let latest = |reference: ImageReference| match (reference.tag.as_deref(), reference.digest) {
        (Some(tag), _) => tag == "latest",
        (None, digest) => digest.is_none(),
    };
    let always = !is_id && ImageReference::parse(image).is_ok_and(latest);
    string(if always { "Always" } else { "IfNotPresent" })
}

/// A volume whose only field is its name is an empty directory.
fn only_source(volume: &Node) -> Option<Node> {
    let named_only = volume.as_map()?.keys().all(|key| key.as_str() == "name");
    named_only.then(|| Node::map(Map::new(), Span::NONE))
}

fn stored_version(versions: Option<&Node>) -> Option<Node> {
    let stored = |version: &&Node| version.get("storage").and_then(Node::as_bool) == Some(true);
    let version = versions?.as_seq()?.iter().find(stored)?;
    Some(Node::seq(vec![version.get("name").cloned().unwrap_or_else(|| string(""))], Span::NONE))
}

fn name_label(labels: Option<&Node>, name: &str) -> Option<Node> {
    const LABEL: &str = "kubernetes.io/metadata.name";
    let mut labels = labels.cloned().unwrap_or_else(|| Node::map(Map::new(), Span::NONE));
    if labels.get(LABEL).and_then(Node::as_str) == Some(name) {
        return None;
    }
    labels.as_map_mut()?.insert(LABEL, string(name));
    Some(labels)
}

/// The amounts with those of `given` that they lack; `None` if they lack none.
fn with_missing(amounts: Option<&Node>, given: &Node) -> Option<Node> {
    let mut amounts = amounts.cloned().unwrap_or_else(|| Node::map(Map::new(), Span::NONE));
    let lacking: Vec<_> = given
        .as_map()?
        .iter()
        .filter(|(key, _)| amounts.get(key).is_none())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if lacking.is_empty() {
        return None;
    }
    let map = amounts.as_map_mut()?;
    for (key, value) in lacking {
        map.insert(key, value);
    }
    Some(amounts)
}

/// `podIPs` of `podIP`, which counts more.
fn address_list(current: Option<&Node>, address: Option<&str>) -> Option<Node> {
    let address = address?;
    let first = current.and_then(Node::as_seq).and_then(|items| items.first()?.get("ip")?.as_str());
    if first == Some(address) {
        return None;
    }
    let mut entry = Map::new();
    entry.insert("ip", string(address));
    Some(Node::seq(vec![Node::map(entry, Span::NONE)], Span::NONE))
}

type Amounts = Vec<(String, Quantity)>;

fn amounts(resources: Option<&Node>) -> Amounts {
    let map = resources.and_then(Node::as_map);
    let read = |value: &Node| Quantity::parse(&quantity_text(value)?).ok();
    map.into_iter()
        .flat_map(Map::iter)
        .filter_map(|(key, value)| Some((key.to_string(), read(value)?)))
        .collect()
}

fn add(to: &mut Amounts, more: &Amounts) {
    for (key, amount) in more {
        match to.iter_mut().find(|(known, _)| known == key) {
            Some((_, sum)) => *sum = sum.add(amount).unwrap_or_else(|| sum.clone()),
            None => to.push((key.clone(), amount.clone())),
        }
    }
}

fn at_least(to: &mut Amounts, least: &Amounts) {
    for (key, amount) in least {
        match to.iter_mut().find(|(known, _)| known == key) {
            Some((_, value)) if *value < *amount => *value = amount.clone(),
            Some(_) => {}
            None => to.push((key.clone(), amount.clone())),
        }
    }
}

/// What the containers of a pod need at most at one time: init containers run one after the other, unless
/// they restart.
fn of_containers(pod: &Node, which: &str) -> Amounts {
    let list = |name| pod.at(&["spec", name]).and_then(Node::as_seq).unwrap_or_default();
    let of = |container: &Node| amounts(container.at(&["resources", which]));
    let mut sum = Amounts::new();
    for container in list("containers") {
        add(&mut sum, &of(container));
    }
    let (mut restarting, mut most) = (Amounts::new(), Amounts::new());
    for container in list("initContainers") {
        let mut now = of(container);
        if container.get("restartPolicy").and_then(Node::as_str) == Some("Always") {
            add(&mut sum, &now);
            add(&mut restarting, &now);
            now.clone_from(&restarting);
        } else {
            add(&mut now, &restarting);
        }
        at_least(&mut most, &now);
    }
    at_least(&mut sum, &most);
    sum
}

fn is_huge_page(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

/// Resources that a pod as a whole may ask for.
fn of_pods(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || is_huge_page(resource)
}

fn with_amounts(amounts: Option<&Node>, more: Amounts) -> Option<Node> {
    let more: Map = more.into_iter().map(|(key, amount)| (key.into(), string(amount.to_string()))).collect();
    with_missing(amounts, &Node::map(more, Span::NONE))
}

fn huge_pages(pod: &Node) -> Option<Node> {
    let resources = pod.at(&["spec", "resources"])?;
    let (limits, requests) = (resources.get("limits"), resources.get("requests"));
    if limits.is_none() && requests.is_none() {
        return None;
    }
    let mut found = of_containers(pod, "limits");
    found.retain(|(key, _)| is_huge_page(key) && requests.is_none_or(|requests| requests.get(key).is_none()));
    with_amounts(limits, found)
}

fn requests(pod: &Node) -> Option<Node> {
    let resources = pod.at(&["spec", "resources"])?;
    let mut found = of_containers(pod, "requests");
    // Huge pages cannot be promised twice.
    found.retain(|(key, _)| of_pods(key) && !is_huge_page(key));
    let requests = with_amounts(resources.get("requests"), found);
    let current = requests.as_ref().or(resources.get("requests"));
    let mut limits = amounts(resources.get("limits"));
    limits.retain(|(key, _)| of_pods(key));
    with_amounts(current, limits).or(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides_how_to_pull() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.2", "IfNotPresent"),
            ("r.io:5000/nginx", "Always"),
            ("nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "IfNotPresent"),
            ("", "IfNotPresent"),
            ("Not/An/Image:latest", "IfNotPresent"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image).as_str(), Some(policy), "{image}");
        }
    }
}
