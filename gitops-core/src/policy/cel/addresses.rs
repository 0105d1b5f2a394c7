//! Addresses and networks.

use std::net::IpAddr;

use super::eval::{Fail, Outcome};
use super::value::Value;
use crate::policy::network::Network;

/// Go's `netip.ParseAddr` without zones and without addresses of IPv4 in IPv6.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

/// A network as Go's `netip.ParsePrefix` reads it.
pub(super) fn network(text: &str) -> Option<Network> {
    let (ip, prefix) = text.split_once('/')?;
    let digits = !prefix.is_empty()
        && prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    Network::host(address(ip)?).with_prefix(prefix.parse().ok().filter(|_| digits)?)
}

pub(super) fn address_method(name: &str, args: &[Value]) -> Outcome {
    use Value as V;
    let parse = |text: &str| {
        address(text).ok_or_else(|| Fail::new("IP Address parse error during conversion from string"))
    };
    let parse_network = |text: &str| {
        network(text).ok_or_else(|| Fail::new("network address parse error during conversion from string"))
    };
    Ok(match (name, args) {
        ("family", [V::Ip(ip)]) => V::Int(if ip.is_ipv4() { 4 } else { 6 }),
        ("isUnspecified", [V::Ip(ip)]) => V::Bool(ip.is_unspecified()),
        ("isLoopback", [V::Ip(ip)]) => V::Bool(ip.is_loopback()),
        ("isLinkLocalMulticast", [V::Ip(ip)]) => V::Bool(match ip {
            IpAddr::V4(four) => four.octets().starts_with(&[224, 0, 0]),
            IpAddr::V6(six) => six.segments().first().is_some_and(|first| first & 0xff0f == 0xff02),
        }),
        ("isLinkLocalUnicast", [V::Ip(ip)]) => V::Bool(link_local(ip)),
        ("isGlobalUnicast", [V::Ip(ip)]) => V::Bool(
            !(ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_multicast()
                || link_local(ip)
                || matches!(ip, IpAddr::V4(four) if four.is_broadcast())),
        ),
        ("ip", [V::Cidr(network)]) => V::Ip(network.address()),
        ("prefixLength", [V::Cidr(network)]) => V::Int(i64::from(network.prefix())),
        ("masked", [V::Cidr(network)]) => V::Cidr(network.masked()),
        ("containsIP", [V::Cidr(network), V::Ip(other)]) => V::Bool(network.contains(&Network::host(*other))),
        ("containsIP", [V::Cidr(network), V::Text(other)]) => {
            V::Bool(network.contains(&Network::host(parse(other)?)))
        }
        ("containsCIDR", [V::Cidr(network), V::Cidr(other)]) => V::Bool(network.contains(other)),
        ("containsCIDR", [V::Cidr(network), V::Text(other)]) => {
            V::Bool(network.contains(&parse_network(other)?))
        }
        _ => return Err(Fail::no_overload()),
    })
}

fn link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80),
    }
}
