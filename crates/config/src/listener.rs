//! Listeners: where the process listens, what it tells clients, and which protocol is spoken there.
//!
//! `NAME://host:port`, with brackets around an IPv6 address; also `host:port` and `:port`, which Kafka does not take.
//! An empty host means every interface when listening and this machine's name when advertised.

use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr};

use crate::error::InvalidConfig;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityProtocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl SecurityProtocol {
    /// As Kafka numbers them in broker registrations.
    pub fn code(self) -> i16 {
        match self {
            SecurityProtocol::Plaintext => 0,
            SecurityProtocol::Ssl => 1,
            SecurityProtocol::SaslPlaintext => 2,
            SecurityProtocol::SaslSsl => 3,
        }
    }

    fn named(name: &str) -> Option<SecurityProtocol> {
        match name.to_ascii_uppercase().as_str() {
            "PLAINTEXT" => Some(SecurityProtocol::Plaintext),
            "SSL" => Some(SecurityProtocol::Ssl),
            "SASL_PLAINTEXT" => Some(SecurityProtocol::SaslPlaintext),
            "SASL_SSL" => Some(SecurityProtocol::SaslSsl),
            _ => None,
        }
    }
}

/// One address with the name under which options refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// In upper case, as Kafka has it.
    pub name: String,
    /// Without brackets; empty for every interface.
    pub host: String,
    /// 0 for any that is free.
    pub port: u16,
    pub protocol: SecurityProtocol,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}:{}", self.name, self.host, self.port)
    }
}

/// The listeners of a node, checked against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// What brokers' clients connect to. At least one.
    pub broker: Vec<Listener>,
    /// For controllers alone.
    pub controller: Vec<Listener>,
    /// What clients are told, by the names in `broker`. The port is 0, or the host empty, where that of the listener
    /// is: whoever has bound it knows better.
    pub advertised: Vec<Listener>,
}

/// The texts of the options that decide about listeners.
pub(crate) struct ListenerOptions<'a> {
    pub(crate) listeners: &'a [String],
    pub(crate) advertised: Option<&'a [String]>,
    pub(crate) protocols: &'a str,
    pub(crate) controllers: &'a [String],
}

impl Listeners {
    pub(crate) fn resolve(options: &ListenerOptions<'_>) -> Result<Listeners, InvalidConfig> {
        let protocols = Protocols::parse(options)?;
        let all = protocols.listeners("listeners", options.listeners, "PLAINTEXT")?;
        check_distinct(&all)?;
        let (controller, broker): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| protocols.controllers.contains(&one.name));
        let Some(first) = broker.first() else {
            return Err(InvalidConfig::new(
                "There must be at least one listener that is not in controller.listener.names.",
            ));
        };
        let advertised = match options.advertised {
            Some(texts) => protocols.advertised(texts, &first.name, &broker)?,
            None => broker.iter().map(advertised_by_default).collect(),
        };
        Ok(Listeners { broker, controller, advertised })
    }
}

struct Protocols {
    by_name: BTreeMap<String, SecurityProtocol>,
    controllers: Vec<String>,
}

impl Protocols {
    /// The controllers' listeners are plaintext where the map does not name them.
    fn parse(options: &ListenerOptions<'_>) -> Result<Protocols, InvalidConfig> {
        let controllers: Vec<String> =
            options.controllers.iter().map(|name| name.to_ascii_uppercase()).collect();
        let mut by_name: BTreeMap<_, _> =
            controllers.iter().map(|name| (name.clone(), SecurityProtocol::Plaintext)).collect();
        for entry in options.protocols.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, protocol) = entry.rsplit_once(':').unwrap_or((entry, ""));
            let protocol = SecurityProtocol::named(protocol).ok_or_else(|| {
                InvalidConfig::new(format!(
                    "Invalid security protocol `{protocol}` defined in listener.security.protocol.map"
                ))
            })?;
            by_name.insert(name.to_ascii_uppercase(), protocol);
        }
        Ok(Protocols { by_name, controllers })
    }

    fn listeners(
        &self,
        option: &str,
        texts: &[String],
        unnamed: &str,
    ) -> Result<Vec<Listener>, InvalidConfig> {
        texts.iter().map(|text| self.listener(option, text, unnamed)).collect()
    }

    fn listener(&self, option: &str, text: &str, unnamed: &str) -> Result<Listener, InvalidConfig> {
        let Address { name, host, port } = text.parse().map_err(|why| {
            InvalidConfig::new(format!("Invalid value {text} for configuration {option}: {why}"))
        })?;
        let name = name.unwrap_or_else(|| unnamed.to_owned());
        let Some(protocol) = self.by_name.get(&name).copied() else {
            return Err(InvalidConfig::new(format!("No security protocol defined for listener {name}")));
        };
        let needs = match protocol {
            SecurityProtocol::Plaintext => return Ok(Listener { name, host, port, protocol }),
            SecurityProtocol::Ssl => "TLS",
            SecurityProtocol::SaslPlaintext => "SASL",
            SecurityProtocol::SaslSsl => "TLS and SASL",
        };
        Err(InvalidConfig::new(format!(
            "the listener {text} needs {needs}, which is not supported yet: map {name} to PLAINTEXT in \
             listener.security.protocol.map, or leave it out of {option}"
        )))
    }

    fn advertised(
        &self,
        texts: &[String],
        unnamed: &str,
        broker: &[Listener],
    ) -> Result<Vec<Listener>, InvalidConfig> {
        let mut advertised = self.listeners("advertised.listeners", texts, unnamed)?;
        advertised.retain(|one| !self.controllers.contains(&one.name));
        if advertised.iter().any(|one| is_every_interface(&one.host)) {
            return Err(InvalidConfig::new(
                "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
            ));
        }
        let names = |listeners: &[Listener]| -> Vec<String> {
            listeners.iter().map(|one| one.name.clone()).collect()
        };
        let known = names(broker);
        if advertised.is_empty() || !advertised.iter().all(|one| known.contains(&one.name)) {
            return Err(InvalidConfig::new(format!(
                "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. \
                 Found {}. The valid options based on the current configuration are {}",
                names(&advertised).join(","),
                known.join(",")
            )));
        }
        Ok(advertised)
    }
}

fn advertised_by_default(listener: &Listener) -> Listener {
    let mut advertised = listener.clone();
    if is_every_interface(&advertised.host) {
        advertised.host.clear();
    }
    advertised
}

fn is_every_interface(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

/// Names differ; ports too, but for one IPv4 and one IPv6 address, and for ports that the system chooses.
fn check_distinct(listeners: &[Listener]) -> Result<(), InvalidConfig> {
    for (at, one) in listeners.iter().enumerate() {
        for other in &listeners[at + 1..] {
            if one.name == other.name {
                return Err(InvalidConfig::new("Each listener must have a different name"));
            }
            if one.port == other.port && one.port != 0 && !are_both_families(one, other) {
                return Err(InvalidConfig::new("Each listener must have a different port"));
            }
        }
    }
    Ok(())
}

fn are_both_families(one: &Listener, other: &Listener) -> bool {
    match (one.host.parse::<IpAddr>(), other.host.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one.is_ipv4() != other.is_ipv4(),
        _ => false,
    }
}

struct Address {
    name: Option<String>,
    host: String,
    port: u16,
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Address, &'static str> {
        let (name, address) = match text.split_once("://") {
            Some(("", _)) => return Err("the listener has no name"),
            Some((name, address)) => (Some(name.to_ascii_uppercase()), address),
            None => (None, text),
        };
        let (host, port) = split_port(address).ok_or("expected NAME://host:port")?;
        let port = port.parse().map_err(|_error| "the port must be a number from 0 to 65535")?;
        Ok(Address { name, host: host.to_owned(), port })
    }
}

/// `host:port` or `[address]:port`, which takes an IPv6 address without its brackets too, as Kafka does.
fn split_port(address: &str) -> Option<(&str, &str)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.strip_suffix(']')?,
        None => host,
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '%' | ':');
    host.chars().all(is_host).then_some((host, port))
}

/// A `host:port` that is no listener, as of `ottla.metrics.listener`. Empty is none.
pub(crate) fn parse_address(name: &str, text: &str) -> Result<Option<(String, u16)>, InvalidConfig> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(Address { name: None, host, port }) => Ok(Some((host, port))),
        _ => Err(InvalidConfig::new(format!(
            "Invalid value {text} for configuration {name}: expected host:port"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT";

    fn resolve(listeners: &str, advertised: Option<&str>, protocols: &str) -> Result<Listeners, String> {
        let items = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let advertised = advertised.map(items);
        Listeners::resolve(&ListenerOptions {
            listeners: &items(listeners),
            advertised: advertised.as_deref(),
            protocols,
            controllers: &["CONTROLLER".to_owned()],
        })
        .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(listeners: &str, advertised: Option<&str>, expected: [&str; 3]) {
        let found = resolve(listeners, advertised, MAP).unwrap();
        let shown = |of: &[Listener]| of.iter().map(Listener::to_string).collect::<Vec<_>>().join(",");
        assert_eq!([shown(&found.broker), shown(&found.controller), shown(&found.advertised)], expected);
    }

    #[test]
    fn every_form_of_a_listener_is_read() {
        check("PLAINTEXT://host:9092", None, ["PLAINTEXT://host:9092", "", "PLAINTEXT://host:9092"]);
        check("plaintext://:9092", None, ["PLAINTEXT://:9092", "", "PLAINTEXT://:9092"]);
        check("host:1", None, ["PLAINTEXT://host:1", "", "PLAINTEXT://host:1"]);
        check(":0", None, ["PLAINTEXT://:0", "", "PLAINTEXT://:0"]);
        check("[::1]:1", None, ["PLAINTEXT://[::1]:1", "", "PLAINTEXT://[::1]:1"]);
        check("PLAINTEXT://::1:1", None, ["PLAINTEXT://[::1]:1", "", "PLAINTEXT://[::1]:1"]);
    }

    #[test]
    fn controllers_are_apart_and_need_no_entry_in_the_map() {
        check(
            "PLAINTEXT://:1,CONTROLLER://localhost:2",
            None,
            ["PLAINTEXT://:1", "CONTROLLER://localhost:2", "PLAINTEXT://:1"],
        );
    }

    #[test]
    fn what_is_advertised_takes_names_from_what_is_listened_on() {
        check(":1", Some("kafka.example:2"), ["PLAINTEXT://:1", "", "PLAINTEXT://kafka.example:2"]);
        check(
            ":1,CONTROLLER://:3",
            Some("PLAINTEXT://a:2,CONTROLLER://b:3"),
            ["PLAINTEXT://:1", "CONTROLLER://:3", "PLAINTEXT://a:2"],
        );
        check("0.0.0.0:1", None, ["PLAINTEXT://0.0.0.0:1", "", "PLAINTEXT://:1"]);
        let error = resolve(":1", Some("SSL://a:2"), "SSL:PLAINTEXT,PLAINTEXT:PLAINTEXT").unwrap_err();
        assert!(
            error.ends_with("Found SSL. The valid options based on the current configuration are PLAINTEXT")
        );
    }

    #[test]
    fn names_of_ones_own_are_mapped_to_a_protocol() {
        let found =
            resolve("INTERNAL://a:1,external://b:2", None, "Internal:plaintext,EXTERNAL:PLAINTEXT").unwrap();
        assert_eq!(
            found.broker.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
            ["INTERNAL", "EXTERNAL"]
        );
    }

    #[test]
    fn what_cannot_be_listened_on_is_refused_with_the_reason() {
        for (listeners, advertised, protocols, expected) in [
            ("SSL://h:1", None, MAP, "the listener SSL://h:1 needs TLS, which is not supported yet"),
            ("SASL_PLAINTEXT://h:1", None, MAP, "needs SASL, which"),
            ("SASL_SSL://h:1", None, MAP, "needs TLS and SASL, which"),
            ("X://h:1", None, MAP, "No security protocol defined for listener X"),
            (
                "X://h:1",
                None,
                "X:Y",
                "Invalid security protocol `Y` defined in listener.security.protocol.map",
            ),
            ("PLAINTEXT://h", None, MAP, "listeners: expected NAME://host:port"),
            ("PLAINTEXT://h:x", None, MAP, "the port must be a number from 0 to 65535"),
            ("PLAINTEXT://h:70000", None, MAP, "the port must be a number from 0 to 65535"),
            ("PLAINTEXT://h:-1", None, MAP, "the port must be a number from 0 to 65535"),
            ("PLAINTEXT://a/b:1", None, MAP, "expected NAME://host:port"),
            ("PLAINTEXT://[::1:1", None, MAP, "expected NAME://host:port"),
            ("://h:1", None, MAP, "the listener has no name"),
            ("CONTROLLER://h:1", None, MAP, "There must be at least one listener"),
            (":1,:2", None, MAP, "Each listener must have a different name"),
            (":1,CONTROLLER://:1", None, MAP, "Each listener must have a different port"),
            (":1", Some("0.0.0.0:1"), MAP, "cannot use the nonroutable meta-address 0.0.0.0"),
            (":1", Some("CONTROLLER://a:1"), MAP, "must be equal to or a subset"),
        ] {
            let error = resolve(listeners, advertised, protocols).unwrap_err();
            assert!(error.contains(expected), "{listeners}: {error}");
        }
    }
}
