//! URLs, as Go's `url.ParseRequestURI` takes them and the URL library of Kubernetes shows them.

use crate::percent;

/// A URL in its parts.
#[derive(Clone, Debug)]
pub(super) struct Url {
    text: String,
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
}

impl Url {
    /// Reads an absolute URL or an absolute path; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return None;
        }
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest))
                if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
            {
                (scheme.to_ascii_lowercase(), rest)
            }
            _ if text.starts_with('/') => (String::new(), text),
            _ => return None,
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (rest.get(..end)?, rest.get(end..)?)
            }
            None if scheme.is_empty() || rest.starts_with('/') => ("", rest),
            None => return None,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let port_ok = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let valid = match host.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']')?;
                let address = address.split_once('%').map_or(address, |(address, _)| address);
                address.parse::<std::net::Ipv6Addr>().is_ok()
                    && (after.is_empty() || after.strip_prefix(':').is_some_and(port_ok))
            }
            None => {
                let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
                !name.contains([' ', '<', '>', '"', ':']) && port_ok(port)
            }
        };
        if !valid || percent::decode(path, false).is_none() {
            return None;
        }
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let (Some(key), Some(value)) = (unescape(key), unescape(value)) {
                pairs.push((key, value));
            }
        }
        Some(Self {
            text: text.to_owned(),
            scheme,
            host: host.to_owned(),
            path: path.to_owned(),
            query: pairs,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The host without its port, and without the brackets of an IPv6 address.
    pub(super) fn hostname(&self) -> &str {
        match self.host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
            None => self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name),
        }
    }

    pub(super) fn port(&self) -> &str {
        let after = self.host.rsplit_once(']').map_or(self.host.as_str(), |(_, after)| after);
        after.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// The path with what must be escaped in it escaped.
    pub(super) fn escaped_path(&self) -> String {
        let mut out = String::new();
        for byte in self.path.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }
}

fn unescape(text: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&percent::decode(text, true)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let url = Url::parse("https://user@example.com:8080/a b/%20?k=v&k=w+x").unwrap();
        assert_eq!((url.scheme.as_str(), url.hostname(), url.port()), ("https", "example.com", "8080"));
        assert_eq!(url.escaped_path(), "/a%20b/%20");
        assert_eq!(url.query, [("k".into(), "v".into()), ("k".into(), "w x".into())]);
        let six = Url::parse("http://[::1]:80").unwrap();
        assert_eq!((six.hostname(), six.port(), six.host.as_str()), ("::1", "80", "[::1]:80"));
        assert!(Url::parse("/path").is_some());
        for bad in ["", "example.com", "../x", "http://[::1", "http://a:b", "https://a/%zz", "mailto:x"] {
            assert!(Url::parse(bad).is_none(), "{bad}");
        }
    }
}
