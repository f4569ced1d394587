//! Where a broker listens.

use std::fmt;
use std::sync::Arc;

/// A host, by name or number, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
}

impl Address {
    pub(crate) fn new(host: &str, port: u16) -> Address {
        Address { host: host.into(), port }
    }

    /// Reads `host:port`, `[::1]:port`, and either behind a security protocol: `PLAINTEXT://host:port`.
    pub(crate) fn parse(text: &str) -> Result<Address, &'static str> {
        let plain = text.split_once("://").map_or(text, |(_protocol, rest)| rest);
        let (host, port) = plain.rsplit_once(':').ok_or("the port is missing")?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match port.parse() {
            _ if host.is_empty() => Err("the host is missing"),
            Ok(port) if port > 0 => Ok(Address::new(host, port)),
            _ => Err("the port is not a number from 1 to 65535"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, expected) in [
            ("a:9092", Ok(Address::new("a", 9092))),
            ("127.0.0.1:1", Ok(Address::new("127.0.0.1", 1))),
            ("[::1]:9092", Ok(Address::new("::1", 9092))),
            ("SSL://a.example:9093", Ok(Address::new("a.example", 9093))),
            ("a", Err("the port is missing")),
            (":9092", Err("the host is missing")),
            ("a:0", Err("the port is not a number from 1 to 65535")),
            ("a:70000", Err("the port is not a number from 1 to 65535")),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
        assert_eq!(Address::new("::1", 9).to_string(), "[::1]:9");
    }
}
