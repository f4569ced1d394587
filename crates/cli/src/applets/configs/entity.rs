//! Whose options are meant.

use std::net::ToSocketAddrs as _;

use anyhow::{Result, bail};
use ottla_client::admin::ConfigResource;

use super::super::options::Options;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Topics,
    Brokers,
    BrokerLoggers,
    ClientMetrics,
    Groups,
    Users,
    Clients,
    Ips,
}

/// One or several of a kind, or of several kinds: clients of users.
#[derive(Debug)]
pub(super) struct Entity {
    /// At least one.
    pub(super) kinds: Vec<Kind>,
    /// For each kind at most one; the empty name is what all of them have.
    pub(super) names: Vec<String>,
}

const KINDS: [(&str, Kind); 8] = [
    ("topics", Kind::Topics),
    ("clients", Kind::Clients),
    ("users", Kind::Users),
    ("brokers", Kind::Brokers),
    ("broker-loggers", Kind::BrokerLoggers),
    ("ips", Kind::Ips),
    ("client-metrics", Kind::ClientMetrics),
    ("groups", Kind::Groups),
];

/// Flags that name one of a kind, in the order in which the script looks at them.
const FLAGS: [(&str, Kind); 8] = [
    ("topic", Kind::Topics),
    ("client", Kind::Clients),
    ("user", Kind::Users),
    ("broker", Kind::Brokers),
    ("broker-logger", Kind::BrokerLoggers),
    ("ip", Kind::Ips),
    ("client-metrics", Kind::ClientMetrics),
    ("group", Kind::Groups),
];

/// Flags for what all of a kind have.
const DEFAULTS: [(&str, Kind); 4] = [
    ("client-defaults", Kind::Clients),
    ("user-defaults", Kind::Users),
    ("broker-defaults", Kind::Brokers),
    ("ip-defaults", Kind::Ips),
];

impl Kind {
    /// As `--entity-type` has it.
    pub(super) fn plural(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(plural, _)| plural)
    }

    /// Without its last letter, whatever that is.
    pub(super) fn singular(self) -> &'static str {
        let plural = self.plural();
        &plural[..plural.len() - 1]
    }

    pub(super) fn resource(self, name: &str) -> Result<ConfigResource> {
        Ok(match self {
            Kind::Topics => ConfigResource::topic(name),
            Kind::Brokers if name.is_empty() => ConfigResource::Broker(None),
            Kind::Brokers => ConfigResource::Broker(Some(self.broker(name)?)),
            Kind::BrokerLoggers => ConfigResource::BrokerLogger(self.broker(name)?),
            Kind::ClientMetrics => ConfigResource::ClientMetrics(name.into()),
            Kind::Groups => ConfigResource::group(name),
            Kind::Users | Kind::Clients | Kind::Ips => bail!("{} have quotas", self.plural()),
        })
    }

    /// Whether what there is of it are quotas.
    pub(super) fn has_quotas(self) -> bool {
        matches!(self, Kind::Users | Kind::Clients | Kind::Ips)
    }

    fn broker(self, name: &str) -> Result<i32> {
        match name.parse() {
            Ok(id) => Ok(id),
            Err(_not_a_number) => {
                bail!(
                    "The entity name for {} must be a valid integer broker id, but it is: {name}",
                    self.plural()
                )
            }
        }
    }
}

impl Entity {
    pub(super) fn parse(options: &Options) -> Result<Entity> {
        let (mut kinds, mut names) = (Vec::new(), Vec::new());
        for plural in options.values("entity-type") {
            let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == plural) else {
                bail!(
                    "Invalid entity type {plural}, the entity type must be one of topics, clients, users, brokers, \
                     ips, client-metrics, groups, broker-loggers with a --bootstrap-server or \
                     --bootstrap-controller argument"
                );
            };
            kinds.push(*kind);
        }
        let general = options.in_order(&["entity-name", "entity-default"]);
        names.extend(general.map(|(_, name)| name.unwrap_or_default().to_owned()));
        let is_general = !kinds.is_empty() || !names.is_empty();
        let mut is_specific = false;
        for (flag, kind) in FLAGS {
            if let Some(name) = options.value(flag)? {
                kinds.push(kind);
                names.push(name.to_owned());
                is_specific = true;
            }
        }
        for (_, kind) in DEFAULTS.iter().filter(|(flag, _)| options.has(flag)) {
            kinds.push(*kind);
            names.push(String::new());
            is_specific = true;
        }
        let entity = Entity { kinds, names };
        entity.check_kinds()?;
        if is_general && is_specific {
            bail!(
                "--entity-{{type,name,default}} should not be used in conjunction with specific entity flags"
            );
        }
        entity.check_names()?;
        Ok(entity)
    }

    /// The one that is meant, or the first.
    pub(super) fn kind(&self) -> Kind {
        self.kinds[0]
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    fn check_kinds(&self) -> Result<()> {
        let is_twice = |(at, kind): (usize, &Kind)| self.kinds[..at].contains(kind);
        if let Some(twice) = self.kinds.iter().enumerate().find_map(|it| is_twice(it).then_some(it.1)) {
            bail!("Duplicate entity type(s) specified: {}", twice.plural());
        }
        match self.kinds[..] {
            [] => bail!("At least one entity type must be specified"),
            [_] | [Kind::Users, Kind::Clients] | [Kind::Clients, Kind::Users] => Ok(()),
            [..] => bail!("Only 'users' and 'clients' entity types may be specified together"),
        }
    }

    fn check_names(&self) -> Result<()> {
        let kind = self.kind();
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            if matches!(kind, Kind::Brokers | Kind::BrokerLoggers) {
                kind.broker(name)?;
            }
            if kind == Kind::Ips && (name.as_str(), 0).to_socket_addrs().is_err() {
                let kind = kind.plural();
                bail!("The entity name for {kind} must be a valid IP or resolvable host, but it is: {name}");
            }
        }
        Ok(())
    }

    fn is_named(&self) -> bool {
        self.names.iter().any(|name| !name.is_empty())
    }

    pub(super) fn check_describe(&self, options: &Options) -> Result<()> {
        let kind = self.kind();
        let has_defaults = kind == Kind::Brokers || kind.has_quotas();
        if !has_defaults && options.has("entity-default") {
            bail!("--entity-default must not be specified with --describe of {}", kind.plural());
        }
        if kind == Kind::BrokerLoggers && !self.is_named() {
            bail!("An entity name must be specified with --describe of {}", kind.plural());
        }
        if self.names.len() > self.kinds.len() {
            bail!("More entity names specified than entity types");
        }
        Ok(())
    }

    pub(super) fn check_alter(&self) -> Result<()> {
        let kind = self.kind();
        if kind == Kind::Brokers || kind.has_quotas() {
            if self.names.is_empty() {
                bail!(
                    "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
                );
            }
        } else if !self.is_named() {
            bail!("An entity name must be specified with --alter of {}", kind.plural());
        }
        if self.names.len() != self.kinds.len() {
            bail!("An entity name must be specified for every entity type");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Entity> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Entity::parse(&super::super::SYNTAX.parse(&args).expect("it parses"))
    }

    #[test]
    fn kinds_and_names_are_told_by_flags_of_both_sorts() {
        for (line, kinds, names) in [
            ("--topic a", &[Kind::Topics][..], &["a"][..]),
            ("--entity-type topics --entity-name a", &[Kind::Topics], &["a"]),
            ("--entity-type brokers --entity-default", &[Kind::Brokers], &[""]),
            ("--user u --client c", &[Kind::Clients, Kind::Users], &["c", "u"]),
            ("--user u --client-defaults", &[Kind::Users, Kind::Clients], &["u", ""]),
            (
                "--entity-type users --entity-type clients --entity-default --entity-name c",
                &[Kind::Users, Kind::Clients],
                &["", "c"],
            ),
            ("--entity-type users", &[Kind::Users], &[]),
        ] {
            let entity = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(
                (&entity.kinds[..], entity.names.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
                (kinds, names),
                "{line}"
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (line, expected) in [
            ("--describe", "At least one entity type must be specified"),
            ("--topic a --group b", "Only 'users' and 'clients' entity types may be specified together"),
            ("--entity-type users --entity-type users", "Duplicate entity type(s) specified: users"),
            ("--entity-type topics --topic a", "Duplicate entity type(s) specified: topics"),
            ("--user a --entity-name b", "--entity-{type,name,default} should not be used in conjunction"),
            ("--broker x", "The entity name for brokers must be a valid integer broker id, but it is: x"),
            ("--ip not.an.address.invalid", "The entity name for ips must be a valid IP or resolvable host"),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.starts_with(expected), "{line}: {error}");
        }
    }
}
