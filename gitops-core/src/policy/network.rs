//! Networks, as OPA's `net.cidr_*` functions and the CIDR library of CEL see them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use regorus::Value;

/// An address with the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Network {
    v4: bool,
    /// The address's bits from the left, of 128.
    bits: u128,
    prefix: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or an address alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => {
                // Go takes digits only.
                let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
                (address, Some(prefix.parse::<u32>().ok().filter(|_| digits)?))
            }
            None => (text, None),
        };
        let host = Self::host(address.parse().ok()?);
        prefix.map_or(Some(host), |prefix| host.with_prefix(prefix))
    }

    /// An address alone.
    pub(super) fn host(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self { bits: u128::from(u32::from(address)) << 96, v4: true, prefix: 32 },
            IpAddr::V6(address) => Self { bits: u128::from(address), v4: false, prefix: 128 },
        }
    }

    /// The network of an address alone; `None` if its prefix would be longer than the address.
    pub(super) fn with_prefix(self, prefix: u32) -> Option<Self> {
        (prefix <= self.prefix).then_some(Self { prefix, ..self })
    }

    pub(super) fn address(&self) -> IpAddr {
        if self.v4 {
            Ipv4Addr::from((self.bits >> 96) as u32).into()
        } else {
            Ipv6Addr::from(self.bits).into()
        }
    }

    /// All its addresses, in order.
    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let first = self.masked();
        // Addresses of four bytes stand at the left.
        let unit = if self.v4 { 1_u128 << 96 } else { 1 };
        std::iter::successors(Some(first), move |last| {
            last.bits.checked_add(unit).map(|bits| Self { bits, ..*last })
        })
        .take_while(move |address| {
            first.contains(&Self { prefix: if first.v4 { 32 } else { 128 }, ..*address })
        })
        .map(|address| address.address().to_string())
    }

    pub(super) fn prefix(&self) -> u32 {
        self.prefix
    }

    pub(super) fn contains(&self, other: &Self) -> bool {
        let differs = self.bits ^ other.bits;
        self.v4 == other.v4 && self.prefix <= other.prefix && differs.leading_zeros() >= self.prefix
    }

    /// The network without the bits beyond its prefix.
    pub(super) fn masked(mut self) -> Self {
        self.bits &= u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
        self
    }

    /// The network twice as large, if `self` and `other` are its halves.
    fn joined(&self, other: &Self) -> Option<Self> {
        let prefix = self.prefix.checked_sub(1)?;
        let whole = Self { prefix, ..*self }.masked();
        (self.prefix == other.prefix
            && self.v4 == other.v4
            && self.bits != other.bits
            && whole.contains(other))
        .then_some(whole)
    }

    pub(super) fn text(&self) -> String {
        format!("{}/{}", self.address(), self.prefix)
    }
}

/// Compares two networks; the first must have its prefix, the second may be an address.
pub(super) fn networks(args: &[Value], holds: impl Fn(&Network, &Network) -> bool) -> Value {
    match args {
        [Value::String(a), Value::String(b)] if a.contains('/') => {
            match (Network::parse(a), Network::parse(b)) {
                (Some(a), Some(b)) => Value::from(holds(&a, &b)),
                _ => Value::Undefined,
            }
        }
        _ => Value::Undefined,
    }
}

/// The networks of one argument of `net.cidr_contains_matches`, each with its index or key: a text, or a
/// collection of texts or of lists that begin with one.
fn indexed(value: &Value) -> Option<Vec<(Value, Network)>> {
    let network = |value: &Value| match value {
        Value::String(text) => Network::parse(text),
        Value::Array(items) => match items.iter().next() {
            Some(Value::String(text)) => Network::parse(text),
            _ => None,
        },
        _ => None,
    };
    match value {
        Value::String(text) => Some(vec![(value.clone(), Network::parse(text)?)]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| Some((Value::from(at as u64), network(item)?)))
            .collect(),
        Value::Set(items) => items.iter_sorted().map(|item| Some((item.clone(), network(item)?))).collect(),
        Value::Object(map) => {
            map.iter_sorted().map(|(key, item)| Some((key.clone(), network(item)?))).collect()
        }
        _ => None,
    }
}

/// Which networks of the first argument contain which of the second: pairs of their indexes.
pub(super) fn matches(args: &[Value]) -> Value {
    let [left, right] = args else { return Value::Undefined };
    let (Some(left), Some(right)) = (indexed(left), indexed(right)) else { return Value::Undefined };
    let mut pairs = std::collections::BTreeSet::new();
    for (a, network) in &left {
        for (b, _) in right.iter().filter(|(_, inner)| network.contains(inner)) {
            pairs.insert(Value::from(vec![a.clone(), b.clone()]));
        }
    }
    Value::from(pairs)
}

/// The fewest networks that cover the same addresses.
pub(super) fn merge(args: &[Value]) -> Value {
    let items: Vec<&Value> = match args {
        [Value::Array(items)] => items.iter().collect(),
        [Value::Set(items)] => items.iter_sorted().collect(),
        _ => return Value::Undefined,
    };
    let mut networks = Vec::with_capacity(items.len());
    for item in items {
        let Value::String(text) = item else { return Value::Undefined };
        let Some(network) = Network::parse(text) else { return Value::Undefined };
        networks.push(network.masked());
    }
    networks.sort();
    let mut merged: Vec<Network> = Vec::with_capacity(networks.len());
    for mut network in networks {
        if merged.last().is_some_and(|last| last.contains(&network)) {
            continue;
        }
        // What two halves make may be a half itself.
        while let Some(whole) = merged.last().and_then(|last| last.joined(&network)) {
            merged.pop();
            network = whole;
        }
        merged.push(network);
    }
    let texts: std::collections::BTreeSet<Value> =
        merged.iter().map(|network| Value::from(network.text())).collect();
    Value::from(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_begins_as_they_do() {
        for (a, b, expected) in [
            ("10.0.0.0/8", "10.1.2.3", Some(true)),
            ("10.0.0.0/8", "10.1.0.0/16", Some(true)),
            ("10.1.0.0/16", "10.0.0.0/8", Some(false)),
            ("0.0.0.0/0", "1.2.3.4", Some(true)),
            ("fd00::/8", "fd12::1", Some(true)),
            ("0.0.0.0/0", "::1", Some(false)),
            ("10.0.0.0/33", "10.0.0.0", None),
            ("10.0.0.0", "10.0.0.0", None),
            ("x/8", "10.0.0.0", None),
        ] {
            let found = networks(&[Value::from(a), Value::from(b)], Network::contains);
            assert_eq!(found, expected.map_or(Value::Undefined, Value::from), "{a} {b}");
        }
    }

    #[test]
    fn networks_merge_and_match() {
        let json = |text: &str| Value::from_json_str(text).unwrap();
        for (list, expected) in [
            (r#"["10.0.0.0/9", "10.128.0.0/9"]"#, vec!["10.0.0.0/8"]),
            (r#"["10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24"]"#, vec!["10.0.0.0/8", "192.168.0.0/24"]),
            (r#"["10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/9"]"#, vec!["10.0.0.0/8"]),
            (r#"["0.0.0.0/0", "::/0"]"#, vec!["0.0.0.0/0", "::/0"]),
        ] {
            let expected: std::collections::BTreeSet<Value> = expected.into_iter().map(Value::from).collect();
            assert_eq!(merge(&[json(list)]), Value::from(expected), "{list}");
        }
        assert_eq!(merge(&[json("[1]")]), Value::Undefined);
        let found = matches(&[
            json(r#"["10.0.0.0/8", "1.0.0.0/8"]"#),
            json(r#"{"a": "10.1.0.0/16", "b": ["1.2.3.4", "x"]}"#),
        ]);
        let expected =
            [json(r#"[0, "a"]"#), json(r#"[1, "b"]"#)].into_iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(found, Value::from(expected));
    }
}
